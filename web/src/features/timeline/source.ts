/** Where the timeline's counts and events come from: the gateway's event routes. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import { isoTime, parseTime } from '@/lib/time'
import { COUNTED, eventsAsked, overviewAsked } from './asked'
import type { Grouping } from './engine/lanes'
import type { Span } from './engine/scale'
import type { Counted, FetchTile } from './engine/tiles'

export type EventRow = Schemas['EventOut']
export type EventWhole = Schemas['EventWhole']
type Histogram = Schemas['HistogramOut']

const AROUND = 25

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
      const params = { path: { key }, query: overviewAsked(by, q) }
      const found = await bodyOf(api.GET('/v1/incidents/{key}/events/histogram', { params, signal }))
      const since = found.since ? parseTime(found.since) : 0
      return { ...countedOf(found), since, until: found.until ? parseTime(found.until) : since, events: found.events }
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })

/** About how many events lie in a stretch, by the buckets that it covers. */
export function roughly(overview: Counted, span: Span): number {
  const wide = overview.resolution * 1000
  return overview.buckets.reduce((sum, { at, total }) => {
    const covered = Math.min(at + wide, span.to) - Math.max(at, span.from)
    return covered > 0 ? sum + (total * covered) / wide : sum
  }, 0)
}

/** How many events lie in a stretch. */
export const windowCountQuery = (key: string, span: Span, q: string) =>
  queryOptions({
    queryKey: ['window-count', key, isoTime(span.from), isoTime(span.to), q],
    queryFn: async ({ signal }) => {
      const query = { q, buckets: 1, since: isoTime(span.from), until: isoTime(span.to) }
      const params = { path: { key }, query }
      return (await bodyOf(api.GET('/v1/incidents/{key}/events/histogram', { params, signal }))).events
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

type Page = Schemas['EventPage']

/** Events of a stretch in order of time, from `at` on in both directions: what is far away costs no more than what is near. */
export const eventsQuery = (key: string, span: Span, q: string, at: number | null = null) =>
  infiniteQueryOptions({
    queryKey: ['events', key, isoTime(span.from), isoTime(span.to), q, at],
    queryFn: ({ signal, pageParam }) => {
      const query = { ...eventsAsked(span, q, pageParam === null ? at : null), cursor: pageParam ?? undefined }
      return bodyOf(api.GET('/v1/incidents/{key}/events', { params: { path: { key }, query }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page) => page.next,
    getPreviousPageParam: (page: Page) => (page.items.length ? page.previous : null),
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

export type Around = Schemas['AroundOut']

/** What came before an event and after it, on its host alone or everywhere. */
export const aroundQuery = (key: string, id: string, time: string, sameHost: boolean) =>
  queryOptions({
    queryKey: ['around', key, id, sameHost],
    queryFn: ({ signal }) => {
      const query = { before: AROUND, after: AROUND, same_host: sameHost, time }
      const params = { path: { key, event_id: id }, query }
      return bodyOf(api.GET('/v1/incidents/{key}/events/{event_id}/around', { params, signal }))
    },
    staleTime: 60_000,
  })

export const fieldsQuery = (key: string) =>
  queryOptions({
    queryKey: ['event-fields', key],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/incidents/{key}/events/fields', { params: { path: { key } }, signal }))).items,
    staleTime: 5 * 60_000,
  })

/** The most frequent values of a field within a stretch and a search. */
export const valuesQuery = (key: string, field: string, span: Span, q: string, limit = 12) =>
  queryOptions({
    queryKey: ['values', key, field, isoTime(span.from), isoTime(span.to), q, limit],
    queryFn: ({ signal }) => {
      const query = { field, limit, q, since: isoTime(span.from), until: isoTime(span.to) }
      return bodyOf(api.GET('/v1/incidents/{key}/events/values', { params: { path: { key }, query }, signal }))
    },
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

/** Names of the graph's and the report's kinds of things, as the search knows them. */
const SEARCHED: Record<string, string> = {
  ip: 'ip',
  hash: 'hash',
  'cloud-key': '',
  'cloud-identity': '',
  'cloud-resource': '',
}

/** A field as the search names it; '' where any field may hold the value. */
export const searchedField = (field: string) => SEARCHED[field] ?? field

/** A search with one more term: `host.name:"IT01"`; a quote within is doubled. */
export function withTerm(q: string, field: string, value: string, not = false): string {
  const name = /^[\w.]*$/.test(field) ? field : `"${field.replace(/"/g, '""')}"`
  const quoted = `"${value.replace(/"/g, '""')}"`
  const within = value === '' && name ? `${not ? '' : 'NOT '}${name}:*` : ''
  const term = within || `${not ? 'NOT ' : ''}${name && `${name}:`}${quoted}`
  const old = q.trim()
  if (old.includes(term)) return old
  return old ? `${/\sOR\s/i.test(old) ? `(${old})` : old} AND ${term}` : term
}

/** A record's time, and what it says itself where its clock was wrong. */
export function timesOf(event: { time: string; time_recorded: string }): { time: number; recorded?: number } {
  const [time, recorded] = [parseTime(event.time), parseTime(event.time_recorded)]
  return Math.abs(time - recorded) < 1 ? { time } : { time, recorded }
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
