/** Kept views of the timeline: what of the address they hold, and how one is put on again. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type KeptView = Schemas['FilterOut']

/** What of the address makes a view. The stretch, playhead and record mean something on their own incident alone. */
const EVERYWHERE = ['q', 'by', 'hide', 'pane', 'facets', 'step'] as const
const HERE = ['from', 'to', 't', 'e', 'hosts'] as const

export const viewsQuery = () =>
  queryOptions({
    queryKey: ['filters', 'timeline'],
    queryFn: async ({ signal }) => {
      const params = { query: { kind: 'timeline' as const, limit: 100 } }
      return (await bodyOf(api.GET('/v1/filters', { params, signal }))).items
    },
    staleTime: 60_000,
  })

/** The view of an address, as it is kept. */
export function viewOf(incident: string, params: URLSearchParams): Record<string, string> {
  const kept: Record<string, string> = { incident }
  for (const name of [...EVERYWHERE, ...HERE]) {
    const value = params.get(name)
    if (value) kept[name] = value
  }
  return kept
}

/** What is to change in the address so that it shows a kept view. */
export function patchOf(view: Pick<KeptView, 'view' | 'query'>, incident: string): Record<string, string | null> {
  const kept = view.view as Record<string, unknown>
  const text = (name: string) => (typeof kept[name] === 'string' ? (kept[name] as string) : null)
  const names = text('incident') === incident ? [...EVERYWHERE, ...HERE] : EVERYWHERE
  return { ...Object.fromEntries(names.map((name) => [name, text(name)])), q: view.query || null }
}

export const keepView = (name: string, shared: boolean, view: Record<string, string>) =>
  bodyOf(api.POST('/v1/filters', { body: { name, kind: 'timeline', query: view['q'] ?? '', view, shared } }))

export const forgetView = (id: string) => api.DELETE('/v1/filters/{filter_id}', { params: { path: { filter_id: id } } })
