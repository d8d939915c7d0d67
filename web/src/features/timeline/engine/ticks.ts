/** Where the axis is marked and what stands there: from years to milliseconds, in UTC or local time. */
import { partsOf, type Zone } from '@/lib/time'
import { timeAt, widthOf, xOf, type Span } from './scale'

export interface Tick {
  x: number
  time: number
  text: string
  /** Begins a larger unit (a day among hours): drawn stronger, with the unit's name. */
  major: boolean
}

const S = 1000
const M = 60 * S
const H = 60 * M
const D = 24 * H

type Unit = 'ms' | 'clock' | 'day' | 'month' | 'year'
interface Step {
  unit: Unit
  /** Milliseconds for `ms`, `clock` and `day`; else months. */
  every: number
  about: number
}

const fixed = (unit: Unit, ...sizes: number[]): Step[] => sizes.map((every) => ({ unit, every, about: every }))
const months = (unit: Unit, ...sizes: number[]): Step[] =>
  sizes.map((every) => ({ unit, every, about: every * 30.4375 * D }))

const STEPS: Step[] = [
  ...fixed('ms', 1, 2, 5, 10, 20, 50, 100, 200, 500),
  ...fixed('clock', S, 2 * S, 5 * S, 10 * S, 15 * S, 30 * S),
  ...fixed('clock', M, 2 * M, 5 * M, 10 * M, 15 * M, 30 * M, H, 2 * H, 3 * H, 6 * H, 12 * H),
  ...fixed('day', D, 2 * D, 7 * D),
  ...months('month', 1, 3, 6),
  ...months('year', 12, 24, 60, 120, 240),
]
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The step whose marks stand at least `apart` pixels from each other. */
export function stepFor(span: Span, width: number, apart: number): Step {
  const least = (widthOf(span) / Math.max(1, width)) * apart
  return STEPS.find((step) => step.about >= least) ?? STEPS[STEPS.length - 1]!
}

/** Marks of the axis, in order. */
export function ticksOf(span: Span, width: number, zone: Zone, apart = 96): Tick[] {
  const step = stepFor(span, width, apart)
  const times =
    step.unit === 'month' || step.unit === 'year' ? monthTimes(span, step, zone) : evenTimes(span, step, zone)
  return times.map((time) => ({ x: xOf(time, span, width), time, ...textAt(time, step, zone) }))
}

function zoneShift(time: number, zone: Zone): number {
  return zone === 'utc' ? 0 : -new Date(time).getTimezoneOffset() * M
}

function evenTimes(span: Span, step: Step, zone: Zone): number[] {
  const shift = zoneShift(span.from, zone)
  // Weeks are counted from a Monday; 1970-01-01 was a Thursday.
  const origin = step.every === 7 * D ? 4 * D : 0
  const first = Math.ceil((span.from + shift - origin) / step.every) * step.every + origin - shift
  const times: number[] = []
  for (let time = first; time <= span.to && times.length < 500; time += step.every) {
    // Where summer time begins in between, days are moved with it.
    times.push(step.unit === 'day' ? time + shift - zoneShift(time, zone) : time)
  }
  return times
}

function monthTimes(span: Span, step: Step, zone: Zone): number[] {
  const begin = partsOf(span.from, zone)
  const times: number[] = []
  let month = Math.floor((begin.year * 12 + begin.month - 1) / step.every) * step.every
  for (; times.length < 500; month += step.every) {
    const year = Math.floor(month / 12)
    const time = zone === 'utc' ? Date.UTC(year, month % 12, 1) : new Date(year, month % 12, 1).getTime()
    if (time > span.to) break
    if (time >= span.from) times.push(time)
  }
  return times
}

function textAt(time: number, step: Step, zone: Zone): { text: string; major: boolean } {
  const p = partsOf(Math.round(time * 1000) / 1000, zone)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${p.day} ${MONTHS[p.month - 1]!}`
  switch (step.unit) {
    case 'ms':
      return p.ms === 0
        ? { text: `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`, major: true }
        : { text: `.${String(p.ms).padStart(3, '0')}`, major: false }
    case 'clock':
      if (p.hour === 0 && p.minute === 0 && p.second === 0) return { text: `${day} ${p.year}`, major: true }
      return step.every < M
        ? { text: `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`, major: p.second === 0 }
        : { text: `${two(p.hour)}:${two(p.minute)}`, major: false }
    case 'day':
      return p.day === 1 ? { text: `${day} ${p.year}`, major: true } : { text: day, major: false }
    case 'month':
      return p.month === 1 ? { text: String(p.year), major: true } : { text: MONTHS[p.month - 1]!, major: false }
    case 'year':
      return { text: String(p.year), major: false }
  }
}

/** The time of the nearest mark of a finer step, for a playhead that snaps. */
export function snapped(x: number, span: Span, width: number): number {
  const step = stepFor(span, width, 4)
  const time = timeAt(x, span, width)
  return step.unit === 'month' || step.unit === 'year' ? time : Math.round(time / step.every) * step.every
}
