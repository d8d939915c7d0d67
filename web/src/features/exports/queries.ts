/** Documents of a report: what can be made, what was made, what is to be left out of them. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Format = Schemas['ExportFormat']
export type Made = Schemas['ExportOut']
export type Wish = Schemas['NewExport']
export type Tlp = NonNullable<Wish['tlp']>
export type Output = Schemas['OutputOut']
export type Entity = Schemas['EntityOut']

const AGAIN_MS = 800
const ASKED = 60
const SUGGESTED = 6
/** What people leave out most, first. */
const FIRST = ['host', 'user', 'ip', 'domain', 'cloud-identity', 'url']

export const formatsQuery = () =>
  queryOptions({
    queryKey: ['export-formats'],
    queryFn: async ({ signal }) => (await bodyOf(api.GET('/v1/export-formats', { signal }))).items,
    staleTime: Number.POSITIVE_INFINITY,
  })

export const isOver = (made: Pick<Made, 'state'>) => ['done', 'failed', 'cancelled'].includes(made.state)

/** What was exported, newest first; asked again while something is being made. */
export const madeQuery = (key: string) =>
  queryOptions({
    queryKey: ['exports', key],
    queryFn: async ({ signal }) => {
      const params = { path: { key }, query: { limit: 200 } }
      return (await bodyOf(api.GET('/v1/incidents/{key}/exports', { params, signal }))).items
    },
    refetchInterval: (query) => (query.state.data?.some((one) => !isOver(one)) ? AGAIN_MS : false),
  })

export const outputsQuery = (run: string) =>
  queryOptions({
    queryKey: ['outputs', run],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/runs/{run_id}/outputs', { params: { path: { run_id: run } }, signal }))).items,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Things of the incident by what somebody types. */
export const entitiesQuery = (key: string, q: string) =>
  queryOptions({
    queryKey: ['entities', key, q],
    queryFn: async ({ signal }) => {
      const params = { path: { key }, query: { q, limit: ASKED } }
      const { items } = await bodyOf(api.GET('/v1/incidents/{key}/entities', { params, signal }))
      return items.sort((a, b) => placeOf(a.type) - placeOf(b.type)).slice(0, SUGGESTED)
    },
    placeholderData: keepPreviousData,
    enabled: q.length > 1,
  })

const placeOf = (type: string) => (FIRST.includes(type) ? FIRST.indexOf(type) : FIRST.length)

export const makeExport = (key: string, body: Wish) =>
  bodyOf(api.POST('/v1/incidents/{key}/exports', { params: { path: { key } }, body }))

export interface Looked {
  format: string
  file: Blob
  sha256: string
  /** In how many places each value, then each thing, was replaced. */
  places: number[]
}

/** The very document that would be made of a wish now; `newest` is the version that it is of when it names none. */
export const lookedQuery = (key: string, wish: Wish | null, newest: number) =>
  queryOptions({
    queryKey: ['export-preview', key, wish, newest],
    queryFn: async ({ signal }): Promise<Looked> => {
      const at = '/v1/incidents/{key}/exports/preview' as const
      const params = { path: { key } }
      const { data, response } = await api.POST(at, { params, body: wish!, signal, parseAs: 'blob' })
      return {
        format: wish!.format,
        file: data as unknown as Blob,
        sha256: (response.headers.get('ETag') ?? '').replaceAll('"', ''),
        places: numbersIn(response.headers.get('Redacted-Places')),
      }
    },
    enabled: wish !== null && newest > 0,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })

export const numbersIn = (header: string | null) => header?.split(',').map(Number) ?? []

/** In how many places each of the redactions was made: the gateway tells of values first, then of things. */
export function placesOf(all: readonly Redaction[], places: readonly number[]): Map<Redaction, number> {
  const asked = [...all.filter((one) => one.entity === null), ...all.filter((one) => one.entity !== null)]
  return new Map(asked.length === places.length ? asked.map((one, i) => [one, places[i]!] as const) : [])
}

export const fileOf = (key: string, made: Made, part: 'file' | 'manifest' = 'file') =>
  `/v1/incidents/${encodeURIComponent(key)}/exports/${encodeURIComponent(made.id)}/${part}`

export async function loadMade(key: string, made: Made, signal: AbortSignal): Promise<Blob> {
  const params = { path: { key, export_id: made.id } }
  const at = '/v1/incidents/{key}/exports/{export_id}/file' as const
  return (await bodyOf(api.GET(at, { params, signal, parseAs: 'blob' }))) as unknown as Blob
}

export async function loadOutput(run: string, name: string, signal: AbortSignal): Promise<Blob> {
  const params = { path: { run_id: run, name } }
  return (await bodyOf(
    api.GET('/v1/runs/{run_id}/outputs/{name}', { params, signal, parseAs: 'blob' }),
  )) as unknown as Blob
}

export interface Redaction {
  /** An entity's id, which stands for all its spellings; null is the text itself. */
  entity: string | null
  text: string
}

export interface Choices {
  /** Left null, it is the one that is offered first. */
  format: string | null
  version: number | null
  /** Left undefined, it is the incident's. */
  tlp?: Tlp | null
  /** null is all of them, also those that a later version brings. */
  sections: string[] | null
  redactions: Redaction[]
}

type Option = 'version' | 'tlp' | 'sections' | 'redact_values' | 'redact_entities'

/** Whether a format takes an option: its JSON Schema says so. */
export const takes = (format: Format | undefined, option: Option): boolean => {
  const properties = format?.options['properties']
  return typeof properties === 'object' && properties !== null && option in properties
}

/** The markings that a format's schema allows. */
export function markingsOf(format: Format | undefined): Tlp[] {
  const found: Tlp[] = []
  const walk = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(walk)
    else if (typeof node === 'object' && node !== null) {
      for (const [name, value] of Object.entries(node)) {
        if (name === 'enum' && Array.isArray(value)) found.push(...(value.filter(isMarking) as Tlp[]))
        else walk(value)
      }
    }
  }
  const properties = format?.options['properties'] as Record<string, unknown> | undefined
  walk(properties?.['tlp'])
  return [...new Set(found)]
}

const isMarking = (value: unknown) => typeof value === 'string' && value.startsWith('TLP:')

/** What is asked of the gateway: only what the format takes. */
export function wishOf(choices: Choices, format: Format): Wish {
  const wish: Wish = { format: format.name, sections: [], redact_values: [], redact_entities: [] }
  if (takes(format, 'version') && choices.version !== null) wish.version = choices.version
  if (takes(format, 'tlp') && choices.tlp) wish.tlp = choices.tlp
  if (takes(format, 'sections') && choices.sections !== null) wish.sections = choices.sections
  if (takes(format, 'redact_values'))
    wish.redact_values = choices.redactions.filter((one) => one.entity === null).map((one) => one.text)
  if (takes(format, 'redact_entities')) wish.redact_entities = choices.redactions.flatMap((one) => one.entity ?? [])
  return wish
}

const LEAST = 2
const MOST = 500

/** With one more to be left out, once; a text too short would hit by chance and is not taken. */
export function withRedaction(all: Redaction[], one: Redaction): Redaction[] {
  const text = one.text.trim()
  if (one.entity === null && (text.length < LEAST || text.length > MOST)) return all
  if (all.some((other) => other.entity === one.entity && (one.entity !== null || other.text === text))) return all
  return [...all, { ...one, text }]
}

/** Sections with one put in or taken out, in the report's order; all of them is null, and none is not possible. */
export function toggled(all: string[], chosen: string[] | null, id: string): string[] | null {
  const now = new Set(chosen ?? all)
  if (now.has(id)) now.delete(id)
  else now.add(id)
  const next = all.filter((one) => now.has(one))
  if (next.length === all.length) return null
  return next.length ? next : chosen
}

/** The marking of a document out of the incident's own, if the format knows it. */
export function presetOf(marked: string | undefined, known: readonly Tlp[]): Tlp | null {
  return known.find((one) => one === `TLP:${(marked ?? '').toUpperCase()}`) ?? null
}
