/** Where the timeline's counts and events come from: the gateway's event routes. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import { isoTime, parseTime } from '@/lib/time'
import type { Grouping } from './engine/lanes'
import type { Span } from './engine/scale'
import type { Counted, FetchTile } from './engine/tiles'

export type EventRow = Schemas['EventOut']
export type EventWhole = Schemas['EventWhole']
type Histogram = Schemas['HistogramOut']

/** What the store counts by for a grouping. Accounts are not counted beforehand: they share one row. */
const COUNTED: Record<Grouping, 'host' | 'source' | 'kind' | 'none'> = {
  host: 'host',
  source: 'source',
  kind: 'kind',
  user: 'none',
}
const OVERVIEW_BUCKETS = 360
export const PAGE = 500
const COLUMNS =
  'host.name,user.name,event.code,event.action,process.name,process.executable,process.command_line,destination.ip,destination.port,dns.question.name,file.path,url.full'

function countedOf(found: Histogram): Counted {
  return {
    resolution: found.resolution,
    from: found.since ? parseTime(found.since) : 0,
    values: found.values,
    buckets: found.buckets.map((bucket) => ({
      at: parseTime(bucket.start),
      total: bucket.events,
      byValue: found.values.length ? withOthers(bucket) : { '': bucket.events },
    })),
  }
}

function withOthers(bucket: Histogram['buckets'][number]): Record<string, number> {
  return bucket.others ? { ...bucket.by_value, '\u0000others': bucket.others } : bucket.by_value
}

export interface Overview extends Counted {
  since: number
  until: number
  events: number
}

/** All of the incident in a few hundred buckets: its extent, the lanes, the strip below. */
export const overviewQuery = (key: string, by: Grouping, q: string) =>
  queryOptions({
    queryKey: ['overview', key, by, q],
    queryFn: async ({ signal }): Promise<Overview> => {
      const query = { by: COUNTED[by], q, buckets: OVERVIEW_BUCKETS }
      const params = { path: { key }, query }
      const found = await bodyOf(api.GET('/v1/incidents/{key}/events/histogram', { params, signal }))
      const since = found.since ? parseTime(found.since) : 0
      return { ...countedOf(found), since, until: found.until ? parseTime(found.until) : since, events: found.events }
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })

export function tileFetcher(key: string, by: Grouping, q: string): FetchTile {
  return async (span, resolution, signal) => {
    const query = { by: COUNTED[by], q, resolution, since: isoTime(span.from), until: isoTime(span.to) }
    const params = { path: { key }, query }
    return countedOf(await bodyOf(api.GET('/v1/incidents/{key}/events/histogram', { params, signal })))
  }
}

/** Events of a stretch in order of time, page by page. */
export const eventsQuery = (key: string, span: Span, q: string) =>
  infiniteQueryOptions({
    queryKey: ['events', key, isoTime(span.from), isoTime(span.to), q],
    queryFn: ({ signal, pageParam }) => {
      const query = {
        q, cursor: pageParam ?? undefined, since: isoTime(span.from), until: isoTime(span.to), order: 'oldest' as const,
        limit: PAGE, fields: COLUMNS,
      } // prettier-ignore
      return bodyOf(api.GET('/v1/incidents/{key}/events', { params: { path: { key }, query }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })

export const eventQuery = (key: string, id: string) =>
  queryOptions({
    queryKey: ['event', key, id],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/incidents/{key}/events/{event_id}', { params: { path: { key, event_id: id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const searchCheckQuery = (key: string, q: string, at: number) =>
  queryOptions({
    queryKey: ['search-check', key, q, at],
    queryFn: ({ signal }) =>
      bodyOf(
        api.POST('/v1/incidents/{key}/events/search/check', { params: { path: { key } }, body: { q, at }, signal }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })

/** Sums of an overview by value, for the lanes. */
export function countsOf(overview: Counted): { value: string; events: number }[] {
  const sums = new Map<string, number>()
  for (const bucket of overview.buckets) {
    for (const [value, events] of Object.entries(bucket.byValue)) {
      const name = value.startsWith('\u0000') ? '' : value
      sums.set(name, (sums.get(name) ?? 0) + events)
    }
  }
  return [...sums].map(([value, events]) => ({ value, events }))
}

/** A search with one more term: `host.name:"IT01"`; a quote within is doubled. */
export function withTerm(q: string, field: string, value: string, not = false): string {
  const name = /^[\w.]+$/.test(field) ? field : `"${field.replace(/"/g, '""')}"`
  const term = `${not ? 'NOT ' : ''}${name}:"${value.replace(/"/g, '""')}"`
  const old = q.trim()
  if (old.includes(term)) return old
  return old ? `${/\sOR\s/i.test(old) ? `(${old})` : old} AND ${term}` : term
}

/** One line that says what an event is, for lists. */
export function headlineOf(event: EventRow): string {
  const f = event.fields
  const text = (name: string) => (f[name] === undefined ? '' : String(f[name]))
  const program = text('process.name') || text('process.executable').split(/[\\/]/).pop() || ''
  const target =
    text('process.command_line') ||
    text('dns.question.name') ||
    text('url.full') ||
    text('file.path') ||
    [text('destination.ip'), text('destination.port')].filter(Boolean).join(':')
  const told = [program, target].filter(Boolean).join('  ')
  return told || event.message || text('event.action')
}
