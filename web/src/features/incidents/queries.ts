/** What is asked about incidents, and how long the answers hold. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import type { paths } from '@/lib/api/schema'
import { runsAsked } from './asked'

export type Incident = Schemas['IncidentOut']
export type IncidentWhole = Schemas['IncidentWhole']
export type Run = Schemas['RunOut']
export type Metrics = Schemas['IncidentMetrics']
type Asked = NonNullable<paths['/v1/incidents']['get']['parameters']['query']>
export type Status = NonNullable<Asked['status']>[number]
export type Severity = NonNullable<Asked['severity']>[number]
export type Sort = NonNullable<Asked['sort']>
export type Filter = Pick<Asked, 'status' | 'severity' | 'text' | 'open' | 'lead' | 'tag' | 'sort'>

export const STATUSES: Status[] = [
  'detection-and-analysis',
  'containment',
  'eradication',
  'recovery',
  'post-incident',
  'closed',
]
export const SEVERITIES: Severity[] = ['critical', 'high', 'medium', 'low', 'informational']
const PAGE = 200

/** The first 200 that fit; the latest changed first, unless told. */
export const incidentsQuery = (filter: Filter = {}) =>
  queryOptions({
    queryKey: ['incidents', filter],
    queryFn: async ({ signal }) => {
      const query = { sort: '-updated' as const, ...filter, limit: PAGE }
      return (await bodyOf(api.GET('/v1/incidents', { params: { query }, signal }))).items
    },
    placeholderData: keepPreviousData,
  })

export const metricsQuery = () =>
  queryOptions({
    queryKey: ['incident-metrics'],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/metrics/incidents', { signal })),
  })

export const incidentQuery = (key: string) =>
  queryOptions({
    queryKey: ['incident', key],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/incidents/{key}', { params: { path: { key } }, signal })),
  })

const AGAIN_MS = 2000
const WORKING = new Set(['queued', 'running', 'cancelling'])

/** The latest analyses of one incident, or of all, newest first: an export of a report is a run, too, without findings. */
export const runsQuery = (incident?: string) =>
  queryOptions({
    queryKey: ['runs', incident ?? ''],
    queryFn: async ({ signal }) => {
      return (await bodyOf(api.GET('/v1/runs', { params: { query: runsAsked(incident) }, signal }))).items
    },
    // How far a run is, its events tell on its own page; of many at once, the list is asked.
    refetchInterval: (query) => (query.state.data?.some((run) => WORKING.has(run.state)) ? AGAIN_MS : false),
  })

export type Change = Schemas['IncidentChange']

/** Change fields of an incident as it was seen; who was faster is not written over. */
export function changeIncident(seen: Incident, fields: Change) {
  const params = { path: { key: seen.key }, header: { 'If-Match': `"v${seen.version}"` } }
  return bodyOf(api.PATCH('/v1/incidents/{key}', { params, body: fields }))
}

export const closeIncident = (key: string, body: Schemas['Closing']) =>
  bodyOf(api.POST('/v1/incidents/{key}/close', { params: { path: { key } }, body }))

export const savedViewsQuery = () =>
  queryOptions({
    queryKey: ['filters', 'incidents'],
    queryFn: async ({ signal }) => {
      const query = { kind: 'incidents' as const, limit: 200 }
      return (await bodyOf(api.GET('/v1/filters', { params: { query }, signal }))).items
    },
  })
