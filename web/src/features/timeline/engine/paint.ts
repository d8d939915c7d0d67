/** Draws one frame of the timeline. Knows what is where; holds nothing. */
import type { Zone } from '@/lib/time'
import { dayText } from '@/lib/time'
import type { Density } from './density'
import type { LaneBox } from './lanes'
import { placeLabels, type Label } from './labels'
import { drawGlyph } from './glyphs'
import { layDown, type Layer, type Layers } from './layers'
import { weightOf, type Mark, type Placed } from './marks'
import { colourOf, type Palette } from './palette'
import { xOf, type Span } from './scale'
import { clipped, widthOfText } from './texts'
import { ticksOf } from './ticks'
import type { Tile } from './tiles'

export const AXIS = 30
const DIM = 0.26
const LATER = DIM + 0.14

export interface Dot {
  id: string
  time: number
  lane: string
  kind: string
}

export interface Scene {
  width: number
  height: number
  view: Span
  zone: Zone
  palette: Palette
  boxes: LaneBox[]
  tiles: Tile[]
  /** Counts by lane, and the highest rate (events per second) of the view: full height. */
  density: Density
  peak: number
  marks: Placed[]
  /** All marks, seen or not. */
  all: readonly Mark[]
  /** All marks of the view that reach another lane or last, one by one. */
  links: Mark[]
  dots: Dot[]
  playhead: number | null
  hover: number | null
  brush: Span | null
  picked: string | null
  font: string
  layers: Layers
}

type Pen = CanvasRenderingContext2D

/** Draw it all; answers with the labels that found room. */
export function paint(pen: Pen, scene: Scene): Label[] {
  const { layers, view, width, height, boxes, palette, font } = scene
  pen.fillStyle = palette.surface
  pen.fillRect(0, 0, width, height)
  const byId = new Map(boxes.map((box) => [box.lane.id, box]))
  const place = [view.from, view.to, width, height, boxes, palette, font]
  onLayer(pen, scene, layers.back, [...place, scene.zone], (to) => {
    paintLanes(to, scene)
    paintAxis(to, scene)
  })
  paintDensity(pen, scene, byId, place)
  paintDots(pen, scene, byId)
  const { playhead } = scene
  const past = playhead === null ? -1 : scene.all.filter((mark) => mark.time <= playhead).length
  onLayer(pen, scene, layers.front, [...place, scene.marks, past, scene.picked], (to) => {
    paintLinks(to, scene, byId)
    layers.labels = paintMarks(to, scene, byId)
  })
  paintHeads(pen, scene)
  return layers.labels
}

function onLayer(pen: Pen, scene: Scene, layer: Layer, shows: unknown[], draw: (pen: Pen) => void): void {
  const drawing = layer.kept(pen.canvas, shows, draw)
  if (drawing) layDown(pen, drawing, scene.width)
  else draw(pen)
}

function paintLanes(pen: Pen, { boxes, palette, width }: Scene): void {
  pen.fillStyle = palette.hair
  for (const box of boxes) pen.fillRect(0, Math.round(box.top + box.height) - 1, width, 1)
}

function paintAxis(pen: Pen, { view, width, height, zone, palette, font }: Scene): void {
  pen.font = `500 11px ${font}`
  pen.textBaseline = 'middle'
  const ticks = ticksOf(view, width, zone)
  for (const tick of ticks) {
    const x = Math.round(tick.x) + 0.5
    pen.fillStyle = palette.hair
    pen.globalAlpha = tick.major ? 1 : 0.55
    pen.fillRect(x - 0.5, AXIS, 1, height - AXIS)
    pen.globalAlpha = 1
    pen.fillStyle = tick.major ? palette.ink : palette['ink-3']
    const wide = widthOfText(pen, tick.text)
    if (x - wide / 2 > 84 || tick.major)
      pen.fillText(tick.text, Math.min(Math.max(x - wide / 2, 2), width - wide - 2), AXIS / 2)
  }
  if (!ticks.some((tick) => tick.major && tick.x < 110 && tick.x > -40)) {
    pen.fillStyle = palette['ink-2']
    pen.fillText(dayText(view.from, zone), 2, AXIS / 2)
  }
}

/** What lies after the playhead is fainter. */
function paintDensity(pen: Pen, scene: Scene, byId: Map<string, LaneBox>, place: unknown[]): void {
  const { view, width, playhead, tiles, density, peak, layers } = scene
  const cut = playhead === null ? width : Math.max(0, Math.min(width, xOf(playhead, view, width)))
  const shows = [...place, density, peak, ...tiles.map((tile) => tile.counted)]
  const drawing = layers.density.kept(pen.canvas, shows, (to) => paintBuckets(to, scene, byId, width))
  if (!drawing) return paintBuckets(pen, scene, byId, cut)
  layDown(pen, drawing, width, 0, cut)
  pen.globalAlpha = LATER
  layDown(pen, drawing, width, cut)
  pen.globalAlpha = 1
}

function paintBuckets(pen: Pen, scene: Scene, byId: Map<string, LaneBox>, cut: number): void {
  const { view, width, palette, tiles } = scene
  for (const tile of tiles) {
    if (!tile.counted) continue
    const wide = xOf(tile.from + tile.resolution * 1000, view, width) - xOf(tile.from, view, width)
    const gap = wide >= 5 ? 1 : wide >= 3 ? 0.5 : 0
    for (const bucket of scene.density.of(tile)) {
      const x = xOf(bucket.at, view, width)
      if (x + wide < 0 || x > width) continue
      for (const [lane, count] of bucket.lanes) {
        const box = byId.get(lane)
        if (!box) continue
        const share = Math.sqrt(Math.min(1, count / tile.resolution / scene.peak))
        const high = Math.max(1, share * box.height * 0.6)
        pen.fillStyle = box.lane.role === 'victim' ? palette.asset : palette.log
        pen.globalAlpha = (box.lane.role === 'victim' ? 0.34 : 0.42) * (x > cut ? LATER : 1)
        pen.fillRect(x, box.top + box.height - 2 - high, Math.max(wide - gap, 0.75), high)
      }
    }
  }
  pen.globalAlpha = 1
}

const DOT_COLOURS: Record<string, keyof Palette> = { alert: 'act-medium', comm: 'said', action: 'ours' }

function paintDots(pen: Pen, { dots, view, width, palette, playhead }: Scene, byId: Map<string, LaneBox>): void {
  for (const dot of dots) {
    const box = byId.get(dot.lane)
    if (!box) continue
    const x = xOf(dot.time, view, width)
    pen.fillStyle = palette[DOT_COLOURS[dot.kind] ?? 'ink-3']
    pen.globalAlpha = playhead !== null && dot.time > playhead ? DIM : 0.9
    pen.fillRect(x - 1, box.top + box.height - 9, 2, 6)
  }
  pen.globalAlpha = 1
}

const lineOf = (box: LaneBox) => box.top + box.height * 0.42

function paintLinks(pen: Pen, { links, view, width, palette, playhead }: Scene, byId: Map<string, LaneBox>): void {
  pen.lineWidth = 1.25
  for (const mark of links) {
    const x = xOf(mark.time, view, width)
    const from = byId.get(mark.lane)
    const to = mark.toLane ? byId.get(mark.toLane) : undefined
    const alpha = playhead !== null && mark.time > playhead ? DIM * 0.6 : 0.75
    pen.globalAlpha = alpha
    if (from && to && from !== to) {
      const [a, b] = [lineOf(from), lineOf(to)]
      pen.strokeStyle = palette[colourOf(mark)]
      pen.beginPath()
      pen.moveTo(x, a)
      const sway = Math.min(26, Math.abs(b - a) * 0.3)
      pen.bezierCurveTo(x + sway, a + (b - a) * 0.25, x + sway, a + (b - a) * 0.75, x + 1, b)
      pen.stroke()
      pen.beginPath()
      pen.fillStyle = palette[colourOf(mark)]
      pen.arc(x + 1, b, 2.75, 0, Math.PI * 2)
      pen.fill()
    }
    if (from && mark.until !== undefined) {
      const end = Math.min(xOf(mark.until, view, width), width + 10)
      if (end - x < 8) continue
      pen.globalAlpha = alpha * 0.45
      pen.fillStyle = palette[colourOf(mark)]
      pen.fillRect(Math.max(x, -5), lineOf(from) - 1.25, end - Math.max(x, -5), 2.5)
    }
  }
  pen.globalAlpha = 1
}

function paintMarks(pen: Pen, scene: Scene, byId: Map<string, LaneBox>): Label[] {
  const { marks, palette, playhead, picked, font, width } = scene
  pen.font = `500 11px ${font}`
  const seen = marks.filter(({ mark }) => byId.has(mark.lane))
  const taken = seen.map(({ mark, x }) => {
    const y = lineOf(byId.get(mark.lane)!)
    return { left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }
  })
  const wishes = seen.map(({ mark, x, stands }, of) => {
    const text = stands > 1 ? `${mark.text} +${stands - 1}` : mark.text
    const past = playhead === null || mark.time <= playhead
    const weight = weightOf(mark) + (past ? 1 : 0) + (mark.id === picked ? 100 : 0)
    return { of, x, y: lineOf(byId.get(mark.lane)!), width: Math.min(widthOfText(pen, text), 260), weight }
  })
  const labels = placeLabels(
    wishes,
    14,
    width,
    taken.map((box) => ({ ...box, left: box.left + 1, right: box.right - 1 })),
  )
  for (const label of labels) {
    const { mark, stands } = seen[label.of]!
    pen.globalAlpha = playhead !== null && mark.time > playhead ? DIM + 0.1 : 1
    // A halo of the ground, so that density does not run through the letters.
    pen.strokeStyle = palette.surface
    pen.lineWidth = 4
    pen.lineJoin = 'round'
    const text = clipped(pen, stands > 1 ? `${mark.text} +${stands - 1}` : mark.text, 260)
    pen.strokeText(text, label.x, label.y + 0.5)
    pen.fillStyle = mark.id === picked ? palette.ink : palette['ink-2']
    pen.fillText(text, label.x, label.y + 0.5)
  }
  for (const { mark, x, stands } of seen) {
    const y = lineOf(byId.get(mark.lane)!)
    const size = mark.glyph === 'act' ? 5 + Math.min(2.5, Math.log2(stands) * 0.7) : 5
    pen.globalAlpha = playhead !== null && mark.time > playhead ? DIM : 1
    if (mark.id === picked) ring(pen, x, y, palette.accent)
    pen.fillStyle = palette[colourOf(mark)]
    drawGlyph(pen, mark.glyph, x, y, size)
  }
  pen.globalAlpha = 1
  return labels
}

function ring(pen: Pen, x: number, y: number, colour: string): void {
  pen.strokeStyle = colour
  pen.lineWidth = 1.5
  pen.beginPath()
  pen.arc(x, y, 10, 0, Math.PI * 2)
  pen.stroke()
}

function paintHeads(pen: Pen, { brush, hover, playhead, view, width, height, palette }: Scene): void {
  if (brush) {
    const from = xOf(Math.min(brush.from, brush.to), view, width)
    const to = xOf(Math.max(brush.from, brush.to), view, width)
    pen.fillStyle = palette.glow
    pen.fillRect(from, AXIS, to - from, height - AXIS)
    pen.fillStyle = palette.accent
    pen.fillRect(from, AXIS, 1, height - AXIS)
    pen.fillRect(to - 1, AXIS, 1, height - AXIS)
  }
  if (hover !== null) {
    pen.globalAlpha = 0.35
    pen.fillStyle = palette['ink-3']
    pen.fillRect(Math.round(xOf(hover, view, width)), AXIS, 1, height - AXIS)
    pen.globalAlpha = 1
  }
  if (playhead !== null) paintPlayhead(pen, Math.round(xOf(playhead, view, width)), height, palette)
}

function paintPlayhead(pen: Pen, x: number, height: number, palette: Palette): void {
  const trail = pen.createLinearGradient(x - 64, 0, x, 0)
  trail.addColorStop(0, 'transparent')
  trail.addColorStop(1, palette.glow)
  pen.fillStyle = trail
  pen.fillRect(x - 64, AXIS, 64, height - AXIS)
  pen.fillStyle = palette.accent
  pen.fillRect(x - 0.75, AXIS - 8, 1.5, height - AXIS + 8)
  pen.beginPath()
  pen.roundRect(x - 5.5, AXIS - 17, 11, 10, [3, 3, 0, 0])
  pen.moveTo(x - 5.5, AXIS - 7)
  pen.lineTo(x, AXIS - 1)
  pen.lineTo(x + 5.5, AXIS - 7)
  pen.closePath()
  pen.fill()
}
