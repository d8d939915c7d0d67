/** What stands on the time axis beside plain events: acts, alerts, messages, what we did. */
import { xOf, type Span } from './scale'

export type Glyph = 'act' | 'asset' | 'ours' | 'said' | 'log' | 'found' | 'rare' | 'pin' | 'talk'
export type Severity = 'low' | 'medium' | 'high' | 'critical'

export interface Mark {
  id: string
  time: number
  /** For what lasts: a process, a connection. */
  until?: number
  lane: string
  /** Another lane that it reaches: a logon, a connection. */
  toLane?: string
  glyph: Glyph
  severity: Severity
  text: string
  events: string[]
  /** Records that it rests on without telling of them: what an action of the board cites. */
  rests?: string[]
  /** The time that its record has, where the clock was corrected. */
  recorded?: number
  /** Where it is told of, when no record is. */
  href?: string
}

export interface Placed {
  mark: Mark
  x: number
  /** How many marks this one stands for; they would lie on each other. */
  stands: number
}

const RANK: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 }
const WEIGHT: Partial<Record<Glyph, number>> = { pin: 5, act: 4, ours: 3 }
export const weightOf = (mark: Mark) => RANK[mark.severity] + (WEIGHT[mark.glyph] ?? 0)

/** The marks of a view by lane; of those closer than `apart` pixels on a lane the heaviest stands for all. */
export function placed(marks: readonly Mark[], span: Span, width: number, apart = 9): Placed[] {
  const byLane = new Map<string, Placed>()
  const found: Placed[] = []
  for (const mark of marks) {
    const x = xOf(mark.time, span, width)
    const end = mark.until === undefined ? x : xOf(mark.until, span, width)
    if (end < -20 || x > width + 20) continue
    const key = `${mark.lane}/${mark.glyph}`
    const before = byLane.get(key)
    if (before && x - before.x < apart) {
      before.stands += 1
      if (weightOf(mark) > weightOf(before.mark)) before.mark = mark
      continue
    }
    const one = { mark, x, stands: 1 }
    byLane.set(key, one)
    found.push(one)
  }
  return found
}

/** The first index of a list in order whose time is at or after `time`. */
export function firstFrom(times: readonly number[], time: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < time) low = middle + 1
    else high = middle
  }
  return low
}
