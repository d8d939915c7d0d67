/** Answers that were asked for before the page's script had come (src/early): each is taken once, by its address. */

export type Early = Map<string, Promise<Response>>

declare global {
  interface Window {
    early?: Early
  }
}

// Later the page is no longer beginning, and wants to know how things are now.
const STALE_MS = 15_000

/** An address without its origin, whatever the order of its query and the way that it is encoded. */
export function addressOf(href: string): string {
  const url = new URL(href)
  url.searchParams.sort()
  return `${decodeURI(url.pathname)}?${url.searchParams}`
}

/** `fetch`, but for what is on its way already. */
export async function fetchOnce(request: Request): Promise<Response> {
  const early = typeof window === 'undefined' ? undefined : window.early
  const address = early?.size && request.method === 'GET' ? addressOf(request.url) : ''
  const answer = early?.get(address)
  if (!answer) return fetch(request)
  early?.delete(address)
  if (performance.now() > STALE_MS) return fetch(request)
  return answer.catch(() => fetch(request))
}
