'use client'
import { useEffect, useRef } from 'react'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { stampText, zoneName } from '@/lib/time'
import { useFilm, usePacedState } from './context'
import type { Film } from './engine/film'
import { layDown, Layer } from './engine/layers'
import type { Mark } from './engine/marks'
import { colourOf, readPalette, type Palette } from './engine/palette'
import { aired, panned, timeAt, widthOf, xOf, type Span } from './engine/scale'
import type { Overview } from './source'

const HEIGHT = 36
const GRIP = 6
const FINGER = 16
const TOLD_MS = 125

/** The whole incident in one strip: where we are in it, and a way to be elsewhere. */
export function OverviewStrip({ overview, marks }: { overview: Overview; marks: Mark[] }) {
  const film = useFilm()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [zone] = useZone()
  // Whoever has it read out hears where it stands, not each place that it went through.
  const playhead = usePacedState((state) => state.playhead, TOLD_MS)

  useEffect(() => {
    const element = canvas.current!
    const all = aired({ from: overview.since, to: overview.until }, 0.01)
    const pen = element.getContext('2d')!
    // Both cost a look at the page's layout: taken when they change, not at each frame.
    let palette = readPalette(element)
    let width = sizeStrip(element)
    let layer = new Layer()
    let frame = 0
    const draw = () => {
      frame = 0
      paintStrip(pen, layer, { film, all, overview, marks, palette, width })
    }
    const ask = () => {
      if (frame === 0) frame = requestAnimationFrame(draw)
    }
    const sized = new ResizeObserver(() => {
      width = sizeStrip(element)
      layer = new Layer()
      ask()
    })
    sized.observe(element)
    const themed = new MutationObserver(() => {
      palette = readPalette(element)
      ask()
    })
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    const heard = film.subscribe(ask)
    const unbind = bindStrip(element, film, all)
    return () => {
      cancelAnimationFrame(frame)
      sized.disconnect()
      themed.disconnect()
      heard()
      unbind()
    }
  }, [film, overview, marks])

  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={say.timeline.playhead}
      aria-valuemin={overview.since}
      aria-valuemax={overview.until}
      aria-valuenow={playhead ?? overview.since}
      aria-valuetext={playhead === null ? '–' : `${stampText(playhead, zone)} ${zoneName(zone, playhead)}`}
      className="h-9 min-w-0 flex-1 rounded-md bg-sunk"
      title={say.timeline.allTime}
    >
      <canvas ref={canvas} className="h-9 w-full touch-none" />
    </div>
  )
}

function sizeStrip(element: HTMLCanvasElement): number {
  const ratio = Math.min(window.devicePixelRatio || 1, 2)
  element.width = Math.round(element.clientWidth * ratio)
  element.height = HEIGHT * ratio
  element.getContext('2d')!.setTransform(ratio, 0, 0, ratio, 0, 0)
  return element.clientWidth
}

interface Strip {
  film: Film
  all: Span
  overview: Overview
  marks: Mark[]
  palette: Palette
  width: number
}

function paintStrip(pen: CanvasRenderingContext2D, layer: Layer, strip: Strip): void {
  const { film, all, palette, width } = strip
  if (width === 0) return
  pen.clearRect(0, 0, width, HEIGHT)
  const { view, playhead } = film.get()
  const drawing = layer.kept(pen.canvas, [view.from, view.to, palette, width], (to) => paintWhole(to, strip))
  if (drawing) layDown(pen, drawing, width)
  else paintWhole(pen, strip)
  if (playhead !== null) {
    const x = xOf(playhead, all, width)
    pen.fillStyle = palette.accent
    pen.fillRect(x - 1, 0, 2, HEIGHT)
    pen.beginPath()
    pen.arc(x, 5, 3.5, 0, Math.PI * 2)
    pen.fill()
  }
}

/** All but the playhead. */
function paintWhole(pen: CanvasRenderingContext2D, { film, all, overview, marks, palette, width }: Strip): void {
  const { view } = film.get()
  const most = Math.max(1, ...overview.buckets.map((bucket) => bucket.total))
  const wide = Math.max(1, (overview.resolution * 1000 * width) / widthOf(all))
  for (const bucket of overview.buckets) {
    const x = xOf(bucket.at, all, width)
    const lit = bucket.at + overview.resolution * 1000 >= view.from && bucket.at <= view.to
    pen.globalAlpha = lit ? 0.75 : 0.32
    pen.fillStyle = palette.log
    const high = Math.sqrt(bucket.total / most) * (HEIGHT - 14)
    pen.fillRect(x, HEIGHT - 3 - high, Math.max(1, wide - 0.5), high)
  }
  pen.globalAlpha = 1
  for (const mark of marks) {
    pen.fillStyle = palette[colourOf(mark)]
    pen.fillRect(xOf(mark.time, all, width) - 0.75, 4, 1.5, 5)
  }
  const [from, to] = [Math.max(0, xOf(view.from, all, width)), Math.min(width, xOf(view.to, all, width))]
  pen.fillStyle = palette.glow
  pen.fillRect(from, 0, Math.max(2, to - from), HEIGHT)
  pen.fillStyle = palette['ink-2']
  for (const edge of [from, to]) {
    pen.fillRect(edge - 0.75, 0, 1.5, HEIGHT)
    pen.beginPath()
    pen.roundRect(edge - 2.5, HEIGHT / 2 - 6, 5, 12, 2)
    pen.fill()
  }
}

/** Drag the bracket to move it, its edges to widen it; elsewhere a press moves the playhead. */
function bindStrip(element: HTMLCanvasElement, film: Film, all: Span): () => void {
  let held: { kind: 'move' | 'from' | 'to' | 'head'; view: Span; at: number } | null = null
  const time = (event: PointerEvent) => {
    const box = element.getBoundingClientRect()
    return timeAt(event.clientX - box.left, all, box.width)
  }
  const down = (event: PointerEvent) => {
    const { view } = film.get()
    const box = element.getBoundingClientRect()
    const x = event.clientX - box.left
    const [from, to] = [xOf(view.from, all, box.width), xOf(view.to, all, box.width)]
    const grip = event.pointerType === 'touch' ? FINGER : GRIP
    const kind =
      Math.abs(x - from) < grip
        ? 'from'
        : Math.abs(x - to) < grip
          ? 'to'
          : x > from && x < to && event.shiftKey
            ? 'move'
            : 'head'
    element.setPointerCapture(event.pointerId)
    held = { kind, view, at: time(event) }
    if (kind === 'head') film.seek(time(event))
  }
  const move = (event: PointerEvent) => {
    if (!held) return
    const at = time(event)
    if (held.kind === 'head') film.seek(at)
    else if (held.kind === 'move') film.look(panned(held.view, at - held.at))
    else if (held.kind === 'from') film.look({ from: Math.min(at, held.view.to - 10), to: held.view.to })
    else film.look({ from: held.view.from, to: Math.max(at, held.view.from + 10) })
  }
  const up = () => {
    held = null
  }
  element.addEventListener('pointerdown', down)
  element.addEventListener('pointermove', move)
  element.addEventListener('pointerup', up)
  element.addEventListener('pointercancel', up)
  return () => {
    element.removeEventListener('pointerdown', down)
    element.removeEventListener('pointermove', move)
    element.removeEventListener('pointerup', up)
    element.removeEventListener('pointercancel', up)
  }
}
