/** Who named me, where, and what of it I have read. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import { incidentPath } from '@/lib/route'

export type Mention = Schemas['MentionOut']
export type Mentions = Schemas['Mentions']

const SHOWN = 30

export const mentionsQuery = queryOptions({
  queryKey: ['mentions'],
  queryFn: ({ signal }) => bodyOf(api.GET('/v1/mentions', { params: { query: { limit: SHOWN } }, signal })),
  staleTime: 30_000,
})

export const sendRead = (comments: string[]) => api.POST('/v1/mentions/read', { body: { comments } })

/** The list once these were read. */
export function readOf(old: Mentions, ids: ReadonlySet<string>): Mentions {
  const fresh = old.items.filter((one) => !one.read && ids.has(one.comment.id)).length
  const items = old.items.map((one) => (ids.has(one.comment.id) ? { ...one, read: true } : one))
  return { ...old, items, unread: Math.max(0, old.unread - fresh) }
}

const PAGES: Record<string, string> = { action: 'actions', artifact: 'evidence', entity: 'graph', report: 'report' }

/** Where it was said: the very sentence or record with its thread open, else the page that it is on. */
export function placeOf({ comment }: Mention): string {
  const { type, id } = comment.anchor
  if (type === 'claim') return `${incidentPath(comment.incident, 'report')}?claim=${encodeURIComponent(id)}`
  if (type === 'event') return `${incidentPath(comment.incident, 'timeline')}?e=${encodeURIComponent(id)}&talk=1`
  return incidentPath(comment.incident, PAGES[type] ?? '')
}
