/** The film: a playhead that moves through time at a chosen speed, and stops where the film ends. */
import type { Span } from './scale'

export const SPEEDS = [1, 10, 60, 300, 900, 3600] as const
export type Speed = (typeof SPEEDS)[number]

/** Where the playhead stands after `elapsed` real milliseconds, and whether it goes on. */
export function played(at: number, elapsed: number, speed: number, film: Span): { at: number; playing: boolean } {
  const next = at + elapsed * speed
  return next >= film.to ? { at: film.to, playing: false } : { at: next, playing: true }
}

/** The time of the next mark behind (or before) the playhead, null when there is none. `times` are in order. */
export function nextMark(times: readonly number[], at: number, direction: 1 | -1): number | null {
  const apart = 0.0005
  if (direction > 0) return times.find((time) => time > at + apart) ?? null
  for (let i = times.length - 1; i >= 0; i -= 1) if (times[i]! < at - apart) return times[i]!
  return null
}

/** The view moved, if it must be, so that the playhead stays well inside; null when it is. */
export function followed(view: Span, at: number): Span | null {
  const wide = view.to - view.from
  if (at >= view.from && at <= view.from + wide * 0.86) return null
  const from = at - wide * (at < view.from ? 0.14 : 0.32)
  return { from, to: from + wide }
}

/** The speed at which a whole film lasts some `seconds`. */
export function speedFor(film: Span, seconds = 45): Speed {
  const wanted = (film.to - film.from) / 1000 / seconds
  return SPEEDS.find((speed) => speed >= wanted) ?? SPEEDS[SPEEDS.length - 1]!
}
