/** Which incidents are looked at, in which order: in the address as people read it, saved as the API's own parameters. */
import { SEVERITIES, STATUSES, type Filter, type Severity, type Sort, type Status } from './queries'

export interface View {
  text: string
  severity: Severity[]
  status: Status[]
  /** A member's id, or empty for anybody. */
  lead: string
  tag: string[]
  /** Only those that are not closed. */
  open: boolean
  sort: Sort
}

export const SORTS: readonly Sort[] = ['-updated', '-opened', 'opened', '-severity', 'key']
export const ALL: View = { text: '', severity: [], status: [], lead: '', tag: [], open: false, sort: '-updated' }

const known = <T extends string>(all: readonly T[], given: readonly string[]): T[] =>
  all.filter((one) => given.includes(one))
const listed = (text: string | null) => (text ?? '').split(',').filter(Boolean)

/** Out of the address: `?find=…&severity=high,critical&status=…&lead=…&tag=…&open=1&sort=…`. */
export function viewOf(params: URLSearchParams): View {
  return {
    text: params.get('find') ?? '',
    severity: known(SEVERITIES, listed(params.get('severity'))),
    status: known(STATUSES, listed(params.get('status'))),
    lead: params.get('lead') ?? '',
    tag: listed(params.get('tag')),
    open: params.get('open') === '1',
    sort: known(SORTS, [params.get('sort') ?? ''])[0] ?? ALL.sort,
  }
}

/** For the address: null takes a part out. */
export function addressOf(view: View): Record<string, string | null> {
  return {
    find: view.text || null,
    severity: view.severity.join(',') || null,
    status: view.status.join(',') || null,
    lead: view.lead || null,
    tag: view.tag.join(',') || null,
    open: view.open ? '1' : null,
    sort: view.sort === ALL.sort ? null : view.sort,
  }
}

export function filterOf(view: View): Filter {
  return {
    text: view.text,
    severity: view.severity,
    status: view.status,
    lead: view.lead || undefined,
    tag: view.tag,
    open: view.open || undefined,
    sort: view.sort,
  }
}

/** As it is saved: the parameters of `GET /v1/incidents`. */
export function queryOf(view: View): string {
  const params = new URLSearchParams()
  if (view.text) params.set('text', view.text)
  for (const one of view.severity) params.append('severity', one)
  for (const one of view.status) params.append('status', one)
  if (view.lead) params.set('lead', view.lead)
  for (const one of view.tag) params.append('tag', one)
  if (view.open) params.set('open', 'true')
  if (view.sort !== ALL.sort) params.set('sort', view.sort)
  return params.toString()
}

export function viewOfQuery(query: string): View {
  const params = new URLSearchParams(query)
  return {
    text: params.get('text') ?? '',
    severity: known(SEVERITIES, params.getAll('severity')),
    status: known(STATUSES, params.getAll('status')),
    lead: params.get('lead') ?? '',
    tag: params.getAll('tag'),
    open: params.get('open') === 'true',
    sort: known(SORTS, [params.get('sort') ?? ''])[0] ?? ALL.sort,
  }
}

export const sameView = (a: View, b: View) => queryOf(a) === queryOf(b)
export const isNarrowed = (view: View) => !sameView({ ...view, sort: ALL.sort }, ALL)
