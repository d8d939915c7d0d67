/** The pointer's language: wheel and pinch zoom where it points, drag pans, shift-drag marks a stretch, the axis scrubs. */
import type { Engine } from './engine'
import { AXIS } from './paint'
import { panned, timeAt, widthOf, xOf, zoomed, type Span } from './scale'

type Held = { kind: 'pan'; from: Span; x: number } | { kind: 'scrub' } | { kind: 'brush'; begun: number }
const STILL = 4 // pixels: less than that is a click

export function bindGestures(engine: Engine): () => void {
  const { canvas, film } = engine
  const pointers = new Map<number, { x: number; y: number }>()
  let held: Held | null = null
  let moved = 0
  let pinch: { apart: number; view: Span; at: number } | null = null

  const place = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const time = (x: number) => timeAt(x, film.get().view, engine.plotWidth)

  const wheel = (event: WheelEvent) => {
    event.preventDefault()
    const { view } = film.get()
    const lines = event.deltaMode === 1 ? 16 : 1
    const sideways = event.shiftKey ? event.deltaY : event.deltaX
    if (!event.ctrlKey && Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      film.look(panned(view, (sideways * lines * widthOf(view)) / engine.plotWidth))
      return
    }
    const strength = event.ctrlKey ? 0.012 : 0.0022
    const delta = Math.max(-240, Math.min(240, event.deltaY * lines))
    film.look(zoomed(view, Math.exp(delta * strength), time(place(event).x)))
  }

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return
    const at = place(event)
    canvas.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, at)
    moved = 0
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()]
      pinch = { apart: Math.abs(a!.x - b!.x) || 1, view: film.get().view, at: time((a!.x + b!.x) / 2) }
      held = null
      return
    }
    const { playhead, view } = film.get()
    const onHead = playhead !== null && Math.abs(xOf(playhead, view, engine.plotWidth) - at.x) < 5
    if (at.y < AXIS || onHead) {
      held = { kind: 'scrub' }
      film.set({ playing: false, hover: null })
      film.seek(time(at.x))
    } else if (event.shiftKey) {
      held = { kind: 'brush', begun: time(at.x) }
    } else {
      held = { kind: 'pan', from: view, x: at.x }
    }
  }

  const move = (event: PointerEvent) => {
    const at = place(event)
    const before = pointers.get(event.pointerId)
    if (before) {
      moved += Math.abs(at.x - before.x) + Math.abs(at.y - before.y)
      pointers.set(event.pointerId, at)
    }
    if (pinch && pointers.size === 2) {
      const [a, b] = [...pointers.values()]
      film.look(zoomed(pinch.view, pinch.apart / (Math.abs(a!.x - b!.x) || 1), pinch.at))
    } else if (held?.kind === 'scrub') {
      film.set({ playhead: Math.max(film.get().whole.from, Math.min(time(at.x), film.get().whole.to)) })
    } else if (held?.kind === 'brush') {
      film.set({ brush: { from: held.begun, to: time(at.x) } })
    } else if (held?.kind === 'pan' && moved > STILL) {
      film.look(panned(held.from, ((held.x - at.x) * widthOf(held.from)) / engine.plotWidth))
      canvas.style.cursor = 'grabbing'
    } else if (!before) {
      film.set({ hover: time(at.x) })
      engine.point(at)
      canvas.style.cursor = at.y < AXIS ? 'col-resize' : 'default'
    }
  }

  const up = (event: PointerEvent) => {
    const at = place(event)
    pointers.delete(event.pointerId)
    if (pointers.size < 2) pinch = null
    canvas.style.cursor = 'default'
    if (held?.kind === 'brush') {
      const brush = film.get().brush
      film.set({ brush: null })
      if (brush && moved > STILL) {
        film.glideTo({ from: Math.min(brush.from, brush.to), to: Math.max(brush.from, brush.to) })
      }
    } else if (held?.kind === 'pan' && moved <= STILL && event.type === 'pointerup') {
      engine.choose(at.x, at.y)
    }
    held = null
  }

  const leave = () => {
    film.set({ hover: null })
    engine.point(null)
  }
  const double = (event: MouseEvent) => {
    const { view } = film.get()
    film.glideTo(zoomed(view, event.shiftKey ? 3 : 1 / 3, time(place(event).x)))
  }

  canvas.addEventListener('wheel', wheel, { passive: false })
  canvas.addEventListener('pointerdown', down)
  canvas.addEventListener('pointermove', move)
  canvas.addEventListener('pointerup', up)
  canvas.addEventListener('pointercancel', up)
  canvas.addEventListener('pointerleave', leave)
  canvas.addEventListener('dblclick', double)
  return () => {
    canvas.removeEventListener('wheel', wheel)
    canvas.removeEventListener('pointerdown', down)
    canvas.removeEventListener('pointermove', move)
    canvas.removeEventListener('pointerup', up)
    canvas.removeEventListener('pointercancel', up)
    canvas.removeEventListener('pointerleave', leave)
    canvas.removeEventListener('dblclick', double)
  }
}
