/** What the timeline asks for first, in the API's words: the page asks so, and so does what asks before it (src/early). */
import { isoTime } from '@/lib/time'
import type { Grouping } from './engine/lanes'
import type { Span } from './engine/scale'

/** What the store counts by for a grouping. Accounts are not counted beforehand: they share one row. */
export const COUNTED: Record<Grouping, 'host' | 'source' | 'kind' | 'none'> = {
  host: 'host',
  source: 'source',
  kind: 'kind',
  user: 'none',
}
const OVERVIEW_BUCKETS = 360
/** A dozen are seen; whoever scrolls gets more before they are missed. */
export const PAGE = 100
const COLUMNS =
  'host.name,user.name,event.code,event.action,process.name,process.executable,process.command_line,destination.ip,destination.port,dns.question.name,file.path,url.full'

export const overviewAsked = (by: Grouping, q: string) => ({ by: COUNTED[by], q, buckets: OVERVIEW_BUCKETS })

/** A page of a stretch in order of time, from `at` on. */
export const eventsAsked = (span: Span, q: string, at: number | null) => ({
  q,
  since: isoTime(span.from),
  until: isoTime(span.to),
  order: 'oldest' as const,
  limit: PAGE,
  fields: COLUMNS,
  ...(at !== null && { at: isoTime(at) }),
})
