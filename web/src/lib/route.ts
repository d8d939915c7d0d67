'use client'
/** Where we are: the path's pieces and the query, and how to go elsewhere without a page load. */
import { usePathname, useRouter, useSearchParams } from 'next/navigation'
import { useCallback, useMemo } from 'react'

/** Paths that share a shell: between them only the address changes. */
const shellOf = (path: string) => {
  const [first = '', second] = path.split('/').filter(Boolean)
  return first === 'incidents' && second ? 'incident' : first === 'incidents' ? '' : first
}

export function useSegments(): string[] {
  // One shell serves many addresses: what depends on the address is left to the browser, which asking for the query says.
  useSearchParams()
  const path = usePathname()
  return useMemo(() => path.split('/').filter(Boolean).map(decode), [path])
}

function decode(piece: string): string {
  try {
    return decodeURIComponent(piece)
  } catch {
    return piece
  }
}

export function useGo(): (href: string) => void {
  const router = useRouter()
  const path = usePathname()
  return useCallback(
    (href: string) => {
      const target = new URL(href, window.location.href)
      if (shellOf(target.pathname) === shellOf(path)) window.history.pushState(null, '', href)
      else router.push(href)
    },
    [router, path],
  )
}

/** The query, and how to change parts of it: null takes a part out. `replace` leaves no step in the history. */
export function useQueryState(): [URLSearchParams, (patch: Record<string, string | null>, push?: boolean) => void] {
  const params = useSearchParams()
  const change = useCallback((patch: Record<string, string | null>, push = false) => {
    const url = new URL(window.location.href)
    for (const [name, value] of Object.entries(patch)) {
      if (value === null || value === '') url.searchParams.delete(name)
      else url.searchParams.set(name, value)
    }
    const href = url.pathname + readable(url.searchParams) + url.hash
    if (href === window.location.pathname + window.location.search + window.location.hash) return
    if (push) window.history.pushState(null, '', href)
    else window.history.replaceState(null, '', href)
  }, [])
  return [useMemo(() => new URLSearchParams(params.toString()), [params]), change]
}

/** A query that people can read: colons, slashes and commas may stand in one as they are (RFC 3986 §3.4). */
function readable(params: URLSearchParams): string {
  const text = params.toString().replace(/%3A/g, ':').replace(/%2F/g, '/').replace(/%2C/g, ',')
  return text ? `?${text}` : ''
}

export const incidentPath = (key: string, tab = '') => `/incidents/${encodeURIComponent(key)}${tab && `/${tab}`}`
