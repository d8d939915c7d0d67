/** The report as a film: acts on lanes, chapters, and which claims rest on which record. */
import { OURS, PEOPLE, REST, laneId, type Grouping, type Lane } from '@/features/timeline/engine/lanes'
import type { Mark, Severity } from '@/features/timeline/engine/marks'
import type { Span } from '@/features/timeline/engine/scale'
import { timesOf } from '@/features/timeline/source'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { parseTime } from '@/lib/time'
import { storySpan } from './opening'
import type { Claim, Report, ReportSchemas, TimelineEntry } from './report'

export type ChapterName = keyof typeof say.incident.chapters

export interface Chapter {
  name: ChapterName
  time: number
  until: number
  /** The act that begins it, as it stands on the timeline. */
  mark: string
  acts: number
}

export interface Story {
  entries: Entry[]
  chapters: Chapter[]
  span: Span | null
  standing: Record<'verified' | 'inferred' | 'unknown' | 'rejected', number>
  claimsOf: ReadonlyMap<string, Claim[]>
  roles: ReadonlyMap<string, Lane['role']>
}

/** An entry of the report's timeline with all that decides where and how it is drawn. */
export interface Entry {
  id: string
  entry: TimelineEntry
  time: number
  severity: Severity
  chapter: ChapterName
  text: string
  lanes: Record<Grouping, string>
  toHost?: string
  /** Another host that it spoke to, without being on it. */
  reaches?: string
  /** What its record says, where the clock was corrected. */
  recorded?: number
}

const LEVELS: Severity[] = ['low', 'medium', 'high', 'critical']
const CHAPTERS: Record<string, ChapterName> = {
  downloaded: 'delivery', fetched: 'delivery', requested: 'delivery', 'accepted-connection': 'delivery',
  'failed-logon': 'delivery', 'issued-credentials': 'credentials', 'created-account': 'persistence',
  'changed-group': 'persistence', 'installed-service': 'persistence', 'created-task': 'persistence',
  'set-registry': 'persistence', 'subscribed-events': 'persistence', executed: 'execution', spawned: 'execution',
  'ran-script': 'execution', 'hosted-powershell': 'execution', injected: 'privilege', 'ran-sudo': 'privilege',
  'created-pipe': 'privilege', 'connected-pipe': 'privilege', 'accessed-process': 'credentials',
  'dumped-memory': 'credentials', 'logged-on': 'movement', connected: 'control', flow: 'control', resolved: 'control',
  'presented-certificate': 'control', 'read-object': 'collection', 'called-api': 'discovery',
  'deleted-file': 'cleanup', exited: 'cleanup',
} // prettier-ignore
const BY_TACTIC: Record<string, ChapterName> = {
  discovery: 'discovery', 'credential-access': 'credentials', 'lateral-movement': 'movement', collection: 'collection',
  exfiltration: 'collection', impact: 'cleanup', 'privilege-escalation': 'privilege', persistence: 'persistence',
} // prettier-ignore
const OUR_ACT = /[“"]Action: /

export function tellStory(report: Report): Story {
  const tactics = new Map(report.techniques.map((one) => [one.id, one.tactics]))
  const levels = levelsByEvent(report)
  const entities = new Map(report.entities.map((one) => [one.id, one]))
  const hostOfAddress = addressesOfHosts(report, entities)
  const entries = report.timeline
    .map((entry, i): Entry => {
      const named = entry.entities.map((id) => entities.get(id)).filter((one) => one !== undefined)
      const id = entry.evidence[0] ? `${entry.evidence[0]}/${i}` : `entry/${i}`
      return {
        id, entry, time: parseTime(entry.time), severity: severityOf(entry, levels), chapter: chapterOf(entry, tactics),
        text: shortText(entry), ...placesOf(entry, named, report, hostOfAddress), recorded: recordedOf(entry, report),
      } // prettier-ignore
    })
    .sort((a, b) => a.time - b.time)
  // What was reached before anything ran was on the way in.
  for (const one of entries) {
    if (one.chapter === 'execution') break
    if (one.chapter === 'control') one.chapter = 'delivery'
  }
  return {
    entries,
    chapters: chaptersOf(entries),
    span: storySpan(entries.map((one) => one.time)),
    standing: standingOf(report),
    claimsOf: claimsByEvent(report),
    roles: rolesOf(report),
  }
}

function levelsByEvent(report: Report): Map<string, Severity> {
  const found = new Map<string, Severity>()
  for (const detection of report.detections) {
    const level = LEVELS.includes(detection.level as Severity) ? (detection.level as Severity) : 'low'
    for (const id of detection.evidence) {
      if (LEVELS.indexOf(level) > LEVELS.indexOf(found.get(id) ?? 'low') || !found.has(id)) found.set(id, level)
    }
  }
  return found
}

function severityOf(entry: TimelineEntry, levels: Map<string, Severity>): Severity {
  const least = entry.kind === 'alert' ? 'high' : entry.techniques.length ? 'medium' : 'low'
  return entry.evidence.reduce<Severity>((most, id) => {
    const level = levels.get(id) ?? 'low'
    return LEVELS.indexOf(level) > LEVELS.indexOf(most) ? level : most
  }, least)
}

function chapterOf(entry: TimelineEntry, tactics: Map<string, string[]>): ChapterName {
  if (entry.kind === 'comm' || entry.kind === 'action') return 'response'
  const shown = new Set(entry.techniques.flatMap((id) => tactics.get(id) ?? []))
  const own = CHAPTERS[entry.verb]
  if (own && !['execution', 'control', 'persistence', 'privilege'].includes(own)) return own
  const telling = [
    'credential-access',
    'lateral-movement',
    'collection',
    'exfiltration',
    'discovery',
    'privilege-escalation',
  ]
  const tactic = telling.find((name) => shown.has(name))
  return (tactic && BY_TACTIC[tactic]) || own || 'execution'
}

const DID: Record<string, string> = { connect: 'connected', fetch: 'fetched', send: 'sent' }
const SENSED = /^A network sensor saw (\S+) (connect|fetch|send) /

/** The act in a few words: what the lane already says (host, account, process number) is left out. */
export function shortText(entry: Pick<TimelineEntry, 'summary' | 'kind'>, most = 72): string {
  const said = /wrote: [“"](?:Action: )?(.*)[”"]$/s.exec(entry.summary)
  const text = said
    ? said[1]!
    : entry.summary
        .replace(/^Alert on \S+: /, '')
        .replace(SENSED, (_, who: string, did: string) => `${who} ${DID[did]} `)
        .replace(/^A network sensor saw /, '')
        .replace(/ \(pid \d+\)/g, '')
        .replace(/ \(\d+ records until [^)]*\)/, '')
        .replace(/ on [\w.-]+(?= (?:connected|looked|downloaded|opened|wrote|set|injected|ran|as)\b|[.:]|$)/g, '')
        .replace(/ as [^ :]+(?: [A-Z]+)?(?=[.:]|$)/, '')
        .replace(
          /^\S+ started (\S+?)(?:: [“"](.*)[”"])?\.?$/,
          (_, program: string, line?: string) => line ?? `${program} starts`,
        )
        .replace(/^(\S+) called /, 'called ')
        .replace(/^\S+ with access key \S+ /, '')
  return plainLine(text.replace(/\.$/, ''), most)
}

function placesOf(
  entry: TimelineEntry,
  named: ReportSchemas['Entity'][],
  report: Report,
  hostOfAddress: ReadonlyMap<string, string>,
): Pick<Entry, 'lanes' | 'toHost' | 'reaches'> {
  const first = (type: string) => named.find((one) => one.type === type)?.value
  const cloud = (
    named.find((one) => one.type === 'cloud-identity') ?? named.find((one) => one.type.startsWith('cloud'))
  )?.value
  const host = first('host') ?? /^Alert on ([\w.-]+):/.exec(entry.summary)?.[1]
  const source = report.events[entry.evidence[0] ?? '']?.source ?? ''
  const rest = (value: string | undefined, by: Grouping) => (value ? laneId(value, by) : REST)
  const lanes = {
    host: host ? laneId(host, 'host') : cloud ? 'cloud' : rest(hostOf(named, hostOfAddress), 'host'),
    user: rest(first('user') ?? cloud?.split('/').pop(), 'user'),
    source: rest(source, 'source'),
    kind: entry.kind,
  }
  if (entry.kind === 'comm' || entry.kind === 'action') {
    const own = OUR_ACT.test(entry.summary) || entry.kind === 'action' ? OURS : PEOPLE
    return { lanes: { host: own, user: own, source: own, kind: own } }
  }
  if (entry.verb !== 'logged-on' || !host) {
    return { lanes, reaches: named.map((one) => hostOfAddress.get(one.value)).find((one) => one && one !== lanes.host) }
  }
  const from = named
    .filter((one) => one.type === 'ip')
    .map((one) => hostOfAddress.get(one.value))
    .find(Boolean)
  return from && from !== lanes.host ? { lanes: { ...lanes, host: from }, toHost: lanes.host } : { lanes }
}

function hostOf(named: ReportSchemas['Entity'][], hostOfAddress: ReadonlyMap<string, string>): string | undefined {
  return named.map((one) => hostOfAddress.get(one.value)).find(Boolean)
}

/** Addresses of hosts, as the cited records pair them: a connection's own end stands in the record of its host. */
function addressesOfHosts(report: Report, entities: ReadonlyMap<string, ReportSchemas['Entity']>): Map<string, string> {
  const own = new Set(
    [...entities.values()].filter((one) => one.type === 'ip' && one.role === 'victim').map((one) => one.value),
  )
  const found = new Map<string, string>()
  for (const event of Object.values(report.events)) {
    const host = event.fields['Hostname'] ?? event.fields['Computer'] ?? event.fields['host']
    const address = event.fields['SourceIp'] ?? event.fields['id.orig_h']
    if (typeof host === 'string' && typeof address === 'string' && own.has(address) && !found.has(address)) {
      found.set(address, laneId(host, 'host'))
    }
  }
  return found
}

function recordedOf(entry: TimelineEntry, report: Report): number | undefined {
  const event = report.events[entry.evidence[0] ?? '']
  return event && timesOf(event).recorded
}

const LEAST_ACTS = 1
const MOST_CHAPTERS = 9

/** Chapters in the order in which they begin, each where its first act stands. */
function chaptersOf(entries: Entry[]): Chapter[] {
  const found = new Map<ChapterName, Chapter>()
  for (const one of entries) {
    if (one.chapter === 'response' && one.lanes.host !== OURS) continue
    const chapter = found.get(one.chapter)
    if (chapter) {
      chapter.acts += 1
      chapter.until = one.time
    } else {
      found.set(one.chapter, { name: one.chapter, time: one.time, until: one.time, mark: one.id, acts: 1 })
    }
  }
  const all = [...found.values()].filter((one) => one.acts >= LEAST_ACTS)
  if (all.length <= MOST_CHAPTERS) return all
  const kept = new Set([...all].sort((a, b) => b.acts - a.acts).slice(0, MOST_CHAPTERS))
  return all.filter((one) => kept.has(one))
}

function standingOf(report: Report): Story['standing'] {
  const standing = { verified: 0, inferred: 0, unknown: 0, rejected: report.report.rejections?.length ?? 0 }
  for (const section of report.report.sections) {
    for (const claim of section.claims)
      if (claim.status in standing) standing[claim.status as keyof typeof standing] += 1
  }
  return standing
}

function claimsByEvent(report: Report): Map<string, Claim[]> {
  const found = new Map<string, Claim[]>()
  for (const section of report.report.sections) {
    for (const claim of section.claims) {
      for (const id of claim.evidence) found.set(id, [...(found.get(id) ?? []), claim])
    }
  }
  return found
}

function rolesOf(report: Report): Map<string, Lane['role']> {
  const found = new Map<string, Lane['role']>()
  for (const { type, value, role } of report.entities) {
    if (role !== 'victim' && role !== 'attacker') continue
    if (type === 'host') found.set(laneId(value, 'host'), role)
    if (type === 'user') found.set(laneId(value, 'user'), role)
    if (type.startsWith('cloud')) found.set('cloud', 'victim')
  }
  return found
}

/** The entries as marks of a grouping. */
export function marksOf(story: Story, by: Grouping): Mark[] {
  return story.entries.map(({ id, entry, time, severity, text, lanes, toHost, recorded }) => ({
    id,
    time,
    recorded,
    lane: lanes[by],
    toLane: by === 'host' ? toHost : undefined,
    glyph: lanes[by] === OURS ? 'ours' : entry.kind === 'comm' ? 'said' : 'act',
    severity,
    text,
    events: entry.evidence,
  }))
}
