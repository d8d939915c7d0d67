/** What is asked about evidence. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Artifact = Schemas['ArtifactOut']
/** So many bytes are looked at at a time. */
export const STEP = 2048

export const artifactsQuery = (key: string) =>
  infiniteQueryOptions({
    queryKey: ['artifacts', key],
    queryFn: ({ signal, pageParam }) => {
      const query = { limit: 100, cursor: pageParam ?? undefined }
      return bodyOf(api.GET('/v1/incidents/{key}/artifacts', { params: { path: { key }, query }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

const of = (key: string, sha256: string) => ({ path: { key, sha256 } })

export const errorsQuery = (key: string, sha256: string) =>
  queryOptions({
    queryKey: ['artifact-errors', key, sha256],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/incidents/{key}/artifacts/{sha256}/errors', { params: of(key, sha256), signal })),
  })

export const custodyQuery = (key: string, sha256: string) =>
  queryOptions({
    queryKey: ['custody', key, sha256],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/incidents/{key}/artifacts/{sha256}/custody', { params: of(key, sha256), signal })))
        .items,
  })

export const rawQuery = (key: string, sha256: string, offset: number) =>
  queryOptions({
    queryKey: ['raw', key, sha256, offset],
    queryFn: ({ signal }) => {
      const params = { ...of(key, sha256), query: { offset, length: STEP } }
      return bodyOf(api.GET('/v1/incidents/{key}/artifacts/{sha256}/raw', { params, signal }))
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

export const verifyArtifact = (key: string, sha256: string) =>
  bodyOf(api.POST('/v1/incidents/{key}/artifacts/{sha256}/verify', { params: of(key, sha256) }))

/** Put a legal hold on the bytes, or lift it; the reason stands in their custody. */
export const holdArtifact = (key: string, sha256: string, reason: string, held: boolean) => {
  const asked = { params: of(key, sha256), body: { reason } }
  return bodyOf(
    held
      ? api.PUT('/v1/incidents/{key}/artifacts/{sha256}/hold', asked)
      : api.POST('/v1/incidents/{key}/artifacts/{sha256}/hold/lift', asked),
  )
}

/** `16.4 MB` */
export function sizeText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let [n, i] = [bytes, 0]
  while (n >= 1000 && i < units.length - 1) [n, i] = [n / 1000, i + 1]
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`
}

/** Bytes as lines of a hex view: place, hexadecimal, text. */
export function hexLines(bytes: Uint8Array, offset: number): { at: string; hex: string; text: string }[] {
  const lines = []
  for (let i = 0; i < bytes.length; i += 16) {
    const row = [...bytes.subarray(i, i + 16)]
    lines.push({
      at: (offset + i).toString(16).padStart(8, '0'),
      hex: row.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      text: row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(''),
    })
  }
  return lines
}

/** The byte that a locator names: `offset:8192`; null of one that counts lines or records. */
export function offsetOf(locator: string): number | null {
  const found = /^offset:(\d{1,15})$/.exec(locator)
  return found ? Number(found[1]) : null
}

/** A place as somebody types it, `8192` or `0x2000`, at the start of its line of sixteen; null if it is none of the artifact. */
export function placeOfText(text: unknown, size: number): number | null {
  if (typeof text !== 'string' || !/^(0x[0-9a-f]{1,13}|\d{1,15})$/i.test(text.trim())) return null
  const place = Number(text.trim())
  return place < size ? place - (place % 16) : null
}
