/** The canvas as a picture that stands by itself: a heading, names of the lanes, and the drawing. */
import type { LaneBox } from './lanes'
import type { Palette } from './palette'

export interface PictureParts {
  source: HTMLCanvasElement
  /** Of the drawing, in CSS pixels: the canvas may have more. */
  width: number
  palette: Palette
  font: string
  boxes: LaneBox[]
  names: ReadonlyMap<string, string>
  heading: string[]
}

const GUTTER = 148
const EDGE = 20
const HEAD = 62

export function drawPicture(copy: HTMLCanvasElement, parts: PictureParts): void {
  const { source, palette, font, boxes, names, heading } = parts
  const ratio = source.width / Math.max(1, parts.width)
  copy.width = source.width + Math.round((GUTTER + EDGE) * ratio)
  copy.height = source.height + Math.round((HEAD + EDGE) * ratio)
  const pen = copy.getContext('2d')!
  pen.fillStyle = palette.surface
  pen.fillRect(0, 0, copy.width, copy.height)
  pen.drawImage(source, Math.round(GUTTER * ratio), Math.round(HEAD * ratio))
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.textBaseline = 'middle'
  const most = parts.width + GUTTER - EDGE
  heading.forEach((line, i) => {
    pen.font = `${i === 0 ? 600 : 500} ${i === 0 ? 15 : 12}px ${font}`
    pen.fillStyle = i === 0 ? palette.ink : palette['ink-2']
    pen.fillText(line, EDGE, 20 + i * 21, most)
  })
  pen.font = `500 12px ${font}`
  for (const box of boxes) {
    pen.fillStyle = box.lane.role === 'victim' ? palette.asset : palette['ink-2']
    pen.fillText(names.get(box.lane.id) ?? box.lane.label, EDGE, HEAD + box.top + box.height / 2, GUTTER - EDGE - 8)
  }
}
