/** Where an incident's timeline opens: what the address says, else the story. No part of React here: src/early asks by it. */
import { GROUPINGS, type Grouping } from '@/features/timeline/engine/lanes'
import { aired, type Span } from '@/features/timeline/engine/scale'
import { parseTime } from '@/lib/time'

export interface Where {
  view: Span | null
  playhead: number | null
}

export function whereOf(params: URLSearchParams): Where {
  const [from, to, at] = ['from', 'to', 't'].map((name) => parseTime(params.get(name) ?? ''))
  return { view: from! < to! ? { from: from!, to: to! } : null, playhead: Number.isFinite(at) ? at! : null }
}

export const groupingOf = (params: URLSearchParams): Grouping =>
  GROUPINGS.find((one) => one === params.get('by')) ?? 'host'

/** From the first act to the last, whose times these are, in order. */
export function storySpan(times: readonly number[]): Span | null {
  const [first, last] = [times[0], times[times.length - 1]]
  return first === undefined || last === undefined ? null : { from: first, to: Math.max(last, first + 1000) }
}

/** What a story's stretch is shown with: some air on both sides. */
export const storyView = (span: Span): Span => aired(span)
