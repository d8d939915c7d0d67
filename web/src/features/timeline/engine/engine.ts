/** The canvas: listens to the film and to the pointer, draws when something changed, and says what was pointed at. */
import type { Zone } from '@/lib/time'
import type { Film } from './film'
import { Density } from './density'
import { bindGestures } from './gestures'
import { boxesOf, laneFinder, type Grouping, type Lane, type LaneBox } from './lanes'
import type { Label } from './labels'
import { placed, type Mark, type Placed } from './marks'
import { Layers } from './layers'
import { AXIS, paint, type Dot } from './paint'
import { readPalette, type Palette } from './palette'
import { drawPicture } from './picture'
import { sameSpan, type Span } from './scale'
import { forgetTexts } from './texts'
import { TileStore, type FetchTile } from './tiles'

export interface Pointed {
  mark: Mark | null
  stands: number
  dot: Dot | null
  lane: Lane | null
  x: number
  y: number
}

export interface EngineEvents {
  onPick(pointed: Pointed): void
  onPoint(pointed: Pointed | null): void
  onLayout(boxes: LaneBox[]): void
  onWaiting(waiting: boolean): void
}

export interface Content {
  marks: Mark[]
  lanes: Lane[]
  by: Grouping
  fetchTile: FetchTile
  zone: Zone
}

const REACH = 9

export class Engine {
  private pen: CanvasRenderingContext2D
  private width = 0
  private height = 0
  private frame = 0
  private boxes: LaneBox[] = []
  private tiles: TileStore | null = null
  private density = new Density(() => '')
  private shown: Placed[] = []
  private palette: Palette
  private font: string
  private content: Content | null = null
  private dots: Dot[] = []
  private picked: string | null = null
  private peak = 0
  private labels: Label[] = []
  private waiting = false
  private layers = new Layers()
  private placedFor: { marks: Mark[]; view: Span; width: number } | null = null
  private readonly unbind: (() => void)[] = []

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly film: Film,
    private readonly events: EngineEvents,
  ) {
    // Opaque: what lies below need not be mixed with it at each frame.
    this.pen = canvas.getContext('2d', { alpha: false })!
    this.palette = readPalette(canvas)
    this.font = getComputedStyle(canvas).fontFamily
    const sized = new ResizeObserver(() => this.resize())
    sized.observe(canvas)
    const themed = new MutationObserver(() => this.retheme())
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    const heard = film.subscribe((now, before) => {
      if (now !== before) this.invalidate()
    })
    this.unbind.push(
      () => sized.disconnect(),
      () => themed.disconnect(),
      heard,
      bindGestures(this),
      onFont(() => {
        this.layers = new Layers()
        this.invalidate()
      }),
    )
    this.resize()
  }

  show(content: Content): void {
    const sameTiles = this.content?.fetchTile === content.fetchTile
    if (!sameTiles) {
      this.tiles?.stop()
      const whole = this.film.get().whole
      this.tiles = new TileStore(content.fetchTile, () => this.invalidate(), whole)
      this.peak = 0
    }
    if (this.content?.lanes !== content.lanes || this.content.by !== content.by)
      this.density = new Density(laneFinder(content.lanes, content.by))
    this.content = content
    this.layout()
  }

  showDots(dots: Dot[]): void {
    this.dots = dots
    this.invalidate()
  }

  pick(id: string | null): void {
    this.picked = id
    this.invalidate()
  }

  /** The gateway answers again. */
  again(): void {
    this.tiles?.again()
  }

  destroy(): void {
    cancelAnimationFrame(this.frame)
    this.tiles?.stop()
    for (const undo of this.unbind) undo()
  }

  get plotWidth(): number {
    return this.width
  }

  /** What lies at a place of the canvas: a mark before a dot before a lane. */
  pointedAt(x: number, y: number): Pointed {
    const box = this.boxes.find((one) => y >= one.top && y < one.top + one.height) ?? null
    const pointed: Pointed = { mark: null, stands: 0, dot: null, lane: box?.lane ?? null, x, y }
    if (!box) return pointed
    const onLane = this.shown.filter(({ mark }) => mark.lane === box.lane.id)
    const label = this.labels.find((one) => {
      const of = this.visibleMarks()[one.of]
      return of && y > one.y - 8 && y < one.y + 8 && x >= one.x && x < one.x + 200 && of.mark.lane === box.lane.id
    })
    const near = nearest(onLane, x)
    const found = near && Math.abs(near.x - x) <= REACH ? near : label ? this.visibleMarks()[label.of] : undefined
    if (found && (y < box.top + box.height * 0.8 || !this.dots.length)) {
      return { ...pointed, mark: found.mark, stands: found.stands }
    }
    const { view } = this.film.get()
    const scale = this.width / (view.to - view.from)
    let best = REACH
    for (const dot of this.dots) {
      const away = Math.abs((dot.time - view.from) * scale - x)
      if (dot.lane === box.lane.id && away < best) [best, pointed.dot] = [away, dot]
    }
    return pointed
  }

  point(at: { x: number; y: number } | null): void {
    this.events.onPoint(at && at.y > AXIS ? this.pointedAt(at.x, at.y) : null)
  }

  choose(x: number, y: number): void {
    this.events.onPick(this.pointedAt(x, y))
  }

  invalidate(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw())
  }

  /** The picture as it stands with names of its lanes and a heading, for a PNG. */
  picture(names: ReadonlyMap<string, string>, heading: string[]): HTMLCanvasElement {
    const { palette, font, boxes } = this
    const copy = document.createElement('canvas')
    drawPicture(copy, { source: this.canvas, width: this.width, palette, font, boxes, names, heading })
    return copy
  }

  private visibleMarks(): Placed[] {
    const ids = new Set(this.boxes.map((box) => box.lane.id))
    return this.shown.filter(({ mark }) => ids.has(mark.lane))
  }

  private retheme(): void {
    this.palette = readPalette(this.canvas)
    this.invalidate()
  }

  private resize(): void {
    const box = this.canvas.getBoundingClientRect()
    const ratio = Math.min(window.devicePixelRatio || 1, 2)
    // As many pixels as it covers on the screen: one more or less, and all of them are scaled at each frame.
    this.canvas.width = Math.round(box.right * ratio) - Math.round(box.left * ratio)
    this.canvas.height = Math.round(box.bottom * ratio) - Math.round(box.top * ratio)
    this.width = this.canvas.width / ratio
    this.height = this.canvas.height / ratio
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.layers = new Layers()
    this.layout()
    // It is empty, which is black, until it is drawn: at once, for it is shown after this.
    this.pen.fillStyle = this.palette.surface
    this.pen.fillRect(0, 0, this.width, this.height)
    cancelAnimationFrame(this.frame)
    this.draw()
  }

  private layout(): void {
    this.boxes = boxesOf(this.content?.lanes ?? [], AXIS + 2, this.height)
    this.events.onLayout(this.boxes)
    this.invalidate()
  }

  /** Where the marks stand is reckoned anew only when the view or the marks are others. */
  private place(marks: Mark[], view: Span): void {
    const was = this.placedFor
    if (was && was.marks === marks && was.width === this.width && sameSpan(was.view, view)) return
    this.placedFor = { marks, view, width: this.width }
    this.shown = placed(marks, view, this.width)
  }

  private draw(): void {
    this.frame = 0
    const { content } = this
    if (!content || this.width < 10) return
    const { view, playhead, hover, brush } = this.film.get()
    const wanted = this.tiles!.want(view, this.width, this.film.goal)
    const peak = this.density.peak(wanted.tiles, view)
    // The scale breathes with the view instead of jumping.
    this.peak = this.peak === 0 || !this.film.get().playing ? peak : this.peak + (peak - this.peak) * 0.2
    this.place(content.marks, view)
    this.labels = paint(this.pen, {
      width: this.width, height: this.height, view, zone: content.zone, palette: this.palette, boxes: this.boxes,
      tiles: wanted.tiles, density: this.density, peak: this.peak || 1, marks: this.shown, all: content.marks, links: content.marks.filter((mark) => reaches(mark, view)), dots: this.dots, playhead, hover, brush,
      picked: this.picked, font: this.font, layers: this.layers,
    }) // prettier-ignore
    if (wanted.waiting !== this.waiting) {
      this.waiting = wanted.waiting
      this.events.onWaiting(wanted.waiting)
    }
  }
}

/** A font that comes late changes how wide texts are. */
function onFont(change: () => void): () => void {
  const come = () => {
    forgetTexts()
    change()
  }
  document.fonts.addEventListener('loadingdone', come)
  return () => document.fonts.removeEventListener('loadingdone', come)
}

const reaches = (mark: Mark, view: { from: number; to: number }) =>
  (mark.toLane !== undefined || mark.until !== undefined) &&
  mark.time <= view.to &&
  (mark.until ?? mark.time) >= view.from

function nearest(marks: Placed[], x: number): Placed | undefined {
  let found: Placed | undefined
  for (const one of marks) if (!found || Math.abs(one.x - x) < Math.abs(found.x - x)) found = one
  return found
}
