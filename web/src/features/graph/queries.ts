/** The incident as things and what one did to another. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Graph = Schemas['Graph']
export type GraphNode = Schemas['NodeOut']
export type GraphEdge = Schemas['EdgeOut']
export type Process = Schemas['ProcessOut']

const MOST_PROCESSES = 1000

export const graphQuery = (key: string) =>
  queryOptions({
    queryKey: ['graph', key],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/incidents/{key}/graph', { params: { path: { key } }, signal })),
    staleTime: 60_000,
  })

export const processesQuery = (key: string, host: string) =>
  queryOptions({
    queryKey: ['processes', key, host],
    queryFn: ({ signal }) => {
      const params = { path: { key }, query: { host, limit: MOST_PROCESSES } }
      return bodyOf(api.GET('/v1/incidents/{key}/processes', { params, signal }))
    },
    enabled: host !== '',
    staleTime: 60_000,
  })
