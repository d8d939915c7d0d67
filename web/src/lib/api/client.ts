/** The one way to the gateway: typed by its OpenAPI, with the session's token, problems as errors. */
import createClient, { type Middleware } from 'openapi-fetch'
import { say } from '../strings'
import { fetchOnce } from './early'
import { Problem, problemOf } from './problem'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

const CSRF_HEADER = 'X-CSRF-Token'
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
let csrfToken: string | null = null
/** Asked by POST for the length of what is asked, and keeping nothing: there is nothing to be done once only. */
const ASKS = /\/(check|preview)$/
const lost = new Set<() => void>()

/** The token that goes with what changes something; given with the session. */
export function rememberToken(token: string | null): void {
  csrfToken = token
}

export const currentToken = () => csrfToken

/** Told whenever an answer says that nobody is signed in (any more). */
export function onSessionLost(listener: () => void): () => void {
  lost.add(listener)
  return () => lost.delete(listener)
}

const session: Middleware = {
  onRequest({ request, schemaPath }) {
    if (!SAFE.has(request.method)) {
      if (csrfToken) request.headers.set(CSRF_HEADER, csrfToken)
      const once = (request.method === 'POST' || request.method === 'PATCH') && !ASKS.test(schemaPath)
      if (once && !request.headers.has('Idempotency-Key')) request.headers.set('Idempotency-Key', crypto.randomUUID())
    }
    return request
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok || response.status === 304) return response
    const problem = await problemOf(response)
    // A password that was wrong is a 401, too, of somebody who is in.
    const { status, kind } = problem
    const outside = (status === 401 && kind !== 'sign-in-refused') || kind === 'second-factor-required'
    if (outside && !schemaPath.startsWith('/v1/auth/')) for (const listener of lost) listener()
    throw problem
  },
  onError({ error }) {
    if (error instanceof Problem || (error instanceof DOMException && error.name === 'AbortError')) return undefined
    return new Problem({ type: 'offline', title: say.problems.offline, status: 0, detail: '' })
  },
}

export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin', fetch: fetchOnce })
api.use(session)

/** The body of an answer; a problem was thrown before. */
export async function bodyOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T
}
