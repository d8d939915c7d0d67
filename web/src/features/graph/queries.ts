/** The incident as things and what one did to another. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Graph = Schemas['Graph']
export type GraphNode = Schemas['NodeOut']
export type GraphEdge = Schemas['EdgeOut']
export type Process = Schemas['ProcessOut']

const MOST_PROCESSES = 1000

/** As many things as the gateway lets stand by themselves. */
export const MOST_NODES = 500
const MOST_MEMBERS = 100

export const graphQuery = (key: string, most?: number) =>
  queryOptions({
    queryKey: most ? ['graph', key, most] : ['graph', key],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/incidents/{key}/graph', { params: { path: { key }, query: { most } }, signal })),
    staleTime: 60_000,
  })

/** What stands together as one thing of a kind and role. */
export const membersQuery = (key: string, node: Pick<GraphNode, 'id' | 'type' | 'role' | 'members'>) =>
  queryOptions({
    queryKey: ['graph-members', key, node.id],
    queryFn: async ({ signal }) => {
      const query = { type: node.type as never, role: node.role as never, limit: MOST_MEMBERS }
      return (await bodyOf(api.GET('/v1/incidents/{key}/entities', { params: { path: { key }, query }, signal }))).items
    },
    enabled: node.members > 1,
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
