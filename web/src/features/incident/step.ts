/** What of the matrix and of the graph is lit when the playhead stands somewhere: the same for every page that follows it. */
import { firstFrom } from '@/features/timeline/engine/marks'
import { parseTime } from '@/lib/time'
import type { Report } from './report'
import type { Entry, Story } from './story'

/** Acts of the story up to a time, and the one that is being shown. `moment` changes only where something changes. */
export interface Moment {
  moment: number
  entry: Entry | null
}

export function momentAt(story: Pick<Story, 'entries'>, times: readonly number[], at: number | null): Moment {
  if (at === null) return { moment: -1, entry: null }
  const moment = firstFrom(times, at + 0.0005)
  return { moment, entry: story.entries[moment - 1] ?? null }
}

export const timesOfStory = (story: Pick<Story, 'entries'>) => story.entries.map((one) => one.time)

/** When each technique is first seen: in the story, else in the records that show it. */
export function techniqueTimes(
  report: Pick<Report, 'techniques' | 'events'>,
  story: Pick<Story, 'entries'>,
): Map<string, number> {
  const found = new Map<string, number>()
  const see = (id: string, time: number) => found.set(id, Math.min(found.get(id) ?? Infinity, time))
  for (const { entry, time } of story.entries) for (const id of entry.techniques) see(id, time)
  for (const { id, evidence } of report.techniques) {
    if (found.has(id)) continue
    for (const event of evidence) if (report.events[event]) see(id, parseTime(report.events[event].time))
  }
  return found
}

export interface Lit {
  lit: ReadonlySet<string>
  now: ReadonlySet<string>
}

export function litTechniques(times: ReadonlyMap<string, number>, at: number, entry: Entry | null): Lit {
  const lit = new Set([...times].filter(([, time]) => time <= at + 0.0005).map(([id]) => id))
  return { lit, now: new Set(entry?.entry.techniques ?? []) }
}

interface Act {
  source: string
  target: string
  first: string
  evidence: readonly string[]
}

/** Things and ties (`a>b`) that have come in by then; `now` are those of the act that is being shown. */
export function litGraph(edges: readonly Act[], at: number, entry: Entry | null): { nodes: Set<string>; ties: Lit } {
  const nodes = new Set<string>()
  const [lit, now] = [new Set<string>(), new Set<string>()]
  const shown = new Set(entry?.entry.evidence ?? [])
  for (const edge of edges) {
    if (parseTime(edge.first) > at + 0.0005) continue
    const tie = `${edge.source}>${edge.target}`
    lit.add(tie)
    nodes.add(edge.source).add(edge.target)
    if (edge.evidence.some((id) => shown.has(id))) now.add(tie)
  }
  return { nodes, ties: { lit, now } }
}
