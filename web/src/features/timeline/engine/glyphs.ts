/** The drawn words of the language: a diamond is an attacker's act, a square ours, a speech mark what was said. */
import type { Glyph } from './marks'

type Pen = CanvasRenderingContext2D

export function drawGlyph(pen: Pen, glyph: Glyph, x: number, y: number, size: number): void {
  pen.beginPath()
  switch (glyph) {
    case 'act':
    case 'found':
      pen.moveTo(x, y - size)
      pen.lineTo(x + size * 0.82, y)
      pen.lineTo(x, y + size)
      pen.lineTo(x - size * 0.82, y)
      pen.closePath()
      break
    case 'rare':
      pen.moveTo(x, y - size * 0.85)
      pen.lineTo(x + size * 0.9, y + size * 0.75)
      pen.lineTo(x - size * 0.9, y + size * 0.75)
      pen.closePath()
      break
    case 'pin':
      pennant(pen, x, y, size)
      break
    case 'ours':
      pen.rect(x - size * 0.74, y - size * 0.74, size * 1.48, size * 1.48)
      break
    case 'said':
    case 'talk':
      speech(pen, x, y, size)
      break
    case 'asset':
      pen.arc(x, y, size * 0.8, 0, Math.PI * 2)
      break
    case 'log':
      pen.arc(x, y, size * 0.45, 0, Math.PI * 2)
  }
  if (HOLLOW.has(glyph)) outline(pen)
  else pen.fill()
}

/** Found by a rule or by being rare: a sign of something, not yet an act. And what we say of a record, beside what was said in it. */
const HOLLOW = new Set<Glyph>(['found', 'rare', 'talk'])

function outline(pen: Pen): void {
  pen.strokeStyle = pen.fillStyle
  pen.lineWidth = 1.5
  pen.lineJoin = 'miter'
  pen.stroke()
}

function pennant(pen: Pen, x: number, y: number, size: number): void {
  pen.rect(x - 0.75, y - size, 1.5, size * 2.1)
  pen.moveTo(x + 0.75, y - size)
  pen.lineTo(x + size * 1.5, y - size * 0.45)
  pen.lineTo(x + 0.75, y + size * 0.1)
  pen.closePath()
}

function speech(pen: Pen, x: number, y: number, size: number): void {
  const wide = size * 0.95
  const high = size * 0.72
  pen.roundRect(x - wide, y - high - 1, wide * 2, high * 2 - 1, 2)
  pen.moveTo(x - wide * 0.5, y + high - 2)
  pen.lineTo(x - wide * 0.62, y + high + 2.5)
  pen.lineTo(x + wide * 0.15, y + high - 2)
  pen.closePath()
}
