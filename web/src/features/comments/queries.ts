/** What people say of an incident's claims. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Comment = Schemas['CommentOut']
const PAGE = 200
const MOST_PAGES = 10

/** All comments on claims, oldest first. */
export const commentsQuery = (key: string) =>
  queryOptions({
    queryKey: ['comments', key],
    queryFn: async ({ signal }) => {
      const found: Comment[] = []
      let cursor: string | undefined
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const query = { anchor_type: 'claim' as const, limit: PAGE, cursor }
        const params = { path: { key }, query }
        const got = await bodyOf(api.GET('/v1/incidents/{key}/comments', { params, signal }))
        found.push(...got.items)
        if (!got.next) break
        cursor = got.next
      }
      return found
    },
  })

/** One thing that is done to comments. */
export type Deed =
  | { say: string; claim: string }
  | { say: string; answer: string }
  | { rewrite: Comment; body: string }
  | { remove: Comment }
  | { settle: string; resolved: boolean }

export async function doDeed(key: string, deed: Deed): Promise<void> {
  const at = '/v1/incidents/{key}/comments' as const
  const path = (comment_id: string) => ({ key, comment_id })
  if ('claim' in deed) {
    const body = { body: deed.say, anchor: { type: 'claim' as const, id: deed.claim } }
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
