/** What people say of an incident's claims and events. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Comment = Schemas['CommentOut']
const PAGE = 200
const MOST_PAGES = 10

/** What is talked about: one event, or every claim of the incident's report. */
export type About = { type: 'claim'; id?: undefined } | { type: 'event'; id: string }

/** All comments on that, oldest first. */
export const commentsQuery = (key: string, { type, id }: About) =>
  queryOptions({
    queryKey: ['comments', key, type, id],
    queryFn: async ({ signal }) => {
      const found: Comment[] = []
      let cursor: string | undefined
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const query = { anchor_type: type, anchor_id: id, limit: PAGE, cursor }
        const params = { path: { key }, query }
        const got = await bodyOf(api.GET('/v1/incidents/{key}/comments', { params, signal }))
        found.push(...got.items)
        if (!got.next) break
        cursor = got.next
      }
      return found
    },
  })

export type Talked = Schemas['AnchorCount']

/** How much was said of which event. */
export const talkedQuery = (key: string) =>
  queryOptions({
    queryKey: ['comments', key, 'counts'],
    queryFn: async ({ signal }) => {
      const params = { path: { key } }
      const { items } = await bodyOf(api.GET('/v1/incidents/{key}/comments/counts', { params, signal }))
      return items.filter((one) => one.anchor.type === 'event' && one.comments > 0)
    },
    staleTime: 30_000,
  })

export interface Anchor {
  type: About['type']
  id: string
}

/** One thing that is done to comments. */
export type Deed =
  | { say: string; on: Anchor }
  | { say: string; answer: string }
  | { rewrite: Comment; body: string }
  | { remove: Comment }
  | { settle: string; resolved: boolean }

export async function doDeed(key: string, deed: Deed): Promise<void> {
  const at = '/v1/incidents/{key}/comments' as const
  const path = (comment_id: string) => ({ key, comment_id })
  if ('on' in deed) {
    const body = { body: deed.say, anchor: deed.on }
    await api.POST(at, { params: { path: { key } }, body })
  } else if ('answer' in deed) {
    await api.POST(at, { params: { path: { key } }, body: { body: deed.say, reply_to: deed.answer } })
  } else if ('rewrite' in deed) {
    const header = { 'If-Match': `"v${deed.rewrite.version}"` }
    await api.PATCH(`${at}/{comment_id}`, {
      params: { path: path(deed.rewrite.id), header },
      body: { body: deed.body },
    })
  } else if ('remove' in deed) {
    await api.DELETE(`${at}/{comment_id}`, { params: { path: path(deed.remove.id) } })
  } else {
    const params = { path: path(deed.settle) }
    await (deed.resolved
      ? api.POST(`${at}/{comment_id}/resolve`, { params })
      : api.POST(`${at}/{comment_id}/reopen`, { params }))
  }
}
