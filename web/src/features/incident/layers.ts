/** What stands on the axis beside the acts of the story: rules that matched, what is rare, the board, what was marked. */
import type { Talked } from '@/features/comments/queries'
import type { Schemas } from '@/lib/api/client'
import { FOUND, laneId, MARKED, OURS, RARE } from '@/features/timeline/engine/lanes'
import type { Glyph, Mark, Severity } from '@/features/timeline/engine/marks'
import { headlineOf, timesOf, type EventRow } from '@/features/timeline/source'
import { plainLine } from '@/lib/evidence'
import { incidentPath } from '@/lib/route'
import { say } from '@/lib/strings'
import { parseTime } from '@/lib/time'
import type { Report } from './report'

export const LAYERS = ['acts', 'found', 'rare', 'chat', 'ours', 'marked'] as const
export type Layer = (typeof LAYERS)[number]

const LAYER_OF: Partial<Record<Glyph, Layer>> = {
  act: 'acts', found: 'found', rare: 'rare', said: 'chat', ours: 'ours', pin: 'marked', talk: 'marked',
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

/** Actions of the board that somebody took up: where they were done, or else begun. They rest on what they cite. */
export function actionMarks(incident: string, actions: readonly Schemas['ActionOut'][], report: Report): Mark[] {
  const claims = report.report?.sections.flatMap((section) => section.claims) ?? []
  const cited = ({ type, id }: { type: string; id: string }): string[] => {
    if (type === 'event') return [id]
    if (type === 'detection') return report.detections.flatMap((one) => (one.rule_id === id ? one.evidence : []))
    return type === 'claim' ? claims.flatMap((one) => (one.id === id ? one.evidence : [])) : []
  }
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
      rests: (one.citations ?? []).flatMap(cited),
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

/** Events that people talked of, where they happened. */
export function talkMarks(talked: ReadonlyMap<string, Talked>, when: ReadonlyMap<string, number> = new Map()): Mark[] {
  return [...talked].flatMap(([id, { comments, open_threads: open }]): Mark[] => {
    const time = when.get(id)
    const text = say.comments.show(open, comments)
    return time === undefined
      ? []
      : [{ id: `talk/${id}`, time, lane: MARKED, glyph: 'talk', severity: 'low', text, events: [id] }]
  })
}

const MOST_RECORDS = 2000
const restsOn = (mark: Mark) => [...mark.events, ...(mark.rests ?? [])].slice(0, MOST_EACH)

/** The records that marks rest on, as many as can be asked about at once. */
export const recordsOf = (marks: readonly Mark[]) => [...new Set(marks.flatMap(restsOn))].sort().slice(0, MOST_RECORDS)

/** The marks with a record among those that meet a search; what rests on no record meets none. */
export const meeting = (marks: readonly Mark[], met: { has: (id: string) => boolean }) =>
  marks.filter((mark) => restsOn(mark).some((id) => met.has(id)))

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
