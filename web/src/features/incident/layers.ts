/** What stands on the axis beside the acts of the story: rules that matched, what is rare, the board, what was marked. */
import type { Schemas } from '@/lib/api/client'
import { FOUND, laneId, MARKED, OURS, RARE } from '@/features/timeline/engine/lanes'
import type { Glyph, Mark, Severity } from '@/features/timeline/engine/marks'
import { headlineOf, timesOf, type EventRow } from '@/features/timeline/source'
import { plainLine } from '@/lib/evidence'
import { incidentPath } from '@/lib/route'
import { parseTime } from '@/lib/time'
import type { Report } from './report'

export const LAYERS = ['acts', 'found', 'rare', 'chat', 'ours', 'marked'] as const
export type Layer = (typeof LAYERS)[number]

const LAYER_OF: Partial<Record<Glyph, Layer>> = {
  act: 'acts', found: 'found', rare: 'rare', said: 'chat', ours: 'ours', pin: 'marked',
} // prettier-ignore
const LEVELS: Severity[] = ['low', 'medium', 'high', 'critical']
const MOST_EACH = 20
const TEXT = 72

export const hiddenLayers = (text: string | null): ReadonlySet<string> =>
  new Set((text ?? '').split(',').filter(Boolean))

export function shownMarks(marks: readonly Mark[], hidden: ReadonlySet<string>): Mark[] {
  return hidden.size ? marks.filter((mark) => !hidden.has(LAYER_OF[mark.glyph] ?? '')) : [...marks]
}

/** Records that a rule or a statistic points at: each where it happened. */
export function findingMarks(report: Report): Mark[] {
  const at = (id: string) => report.events[id]
  const marks = (key: string, glyph: Glyph, lane: string, severity: Severity, text: string, evidence: string[]) =>
    evidence.slice(0, MOST_EACH).flatMap((id): Mark[] => {
      const event = at(id)
      if (!event) return []
      const { time, recorded } = timesOf(event)
      const own = `${key}/${id}`
      return [{ id: own, time, recorded, lane, glyph, severity, text: plainLine(text, TEXT), events: [id] }]
    })
  const found = report.detections.flatMap((one) => {
    const level = LEVELS.includes(one.level as Severity) ? (one.level as Severity) : 'low'
    return marks(`found/${one.rule_id}`, 'found', FOUND, level, one.title, one.evidence)
  })
  const rare = report.anomalies.flatMap((one, i) =>
    marks(`rare/${i}`, 'rare', RARE, one.score > 0.8 ? 'medium' : 'low', one.summary, one.evidence),
  )
  return [...found, ...rare]
}

/** Actions of the board that somebody took up: where they were done, or else begun. */
export function actionMarks(incident: string, actions: readonly Schemas['ActionOut'][]): Mark[] {
  return actions
    .filter((one) => one.state !== 'suggested' && one.state !== 'dismissed')
    .map((one) => ({
      id: `action/${one.id}`,
      time: parseTime(one.done_at ?? one.created_at),
      lane: OURS,
      glyph: 'ours' as const,
      severity: 'medium' as const,
      text: plainLine(one.title, TEXT),
      events: [],
      href: incidentPath(incident, 'actions'),
    }))
}

export function pinMarks(events: readonly EventRow[]): Mark[] {
  return events.map((event) => {
    const tags = (event.tags ?? []).map((tag) => `#${tag}`).join(' ')
    return {
      id: `pin/${event.id}`,
      ...timesOf(event),
      lane: MARKED,
      glyph: 'pin' as const,
      severity: 'low' as const,
      text: plainLine([tags, headlineOf(event)].filter(Boolean).join('  '), TEXT),
      events: [event.id],
    }
  })
}

/** By how many seconds the clock of each host was corrected; hosts whose clock was right are not among them. */
export function clocksOf(report: Report): Map<string, number> {
  const found = new Map<string, number>()
  for (const event of Object.values(report.events)) {
    const host =
      event.fields['Hostname'] ?? event.fields['Computer'] ?? event.fields['host'] ?? event.fields['host.name']
    const { time, recorded } = timesOf(event)
    if (typeof host === 'string' && recorded !== undefined) found.set(laneId(host, 'host'), (time - recorded) / 1000)
  }
  return found
}
