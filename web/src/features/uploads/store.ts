/** Uploads under way: resumable, some at once, the run begun when all have come. Lives as long as the page. */
import type { QueryClient } from '@tanstack/react-query'
import type { Upload as Tus } from 'tus-js-client'
import { api, bodyOf, currentToken } from '@/lib/api/client'
import { say } from '@/lib/strings'
import { isLitter, type Found } from './collect'

export interface Upload {
  id: number
  incident: string
  path: string
  size: number
  sent: number
  state: 'waiting' | 'sending' | 'done' | 'failed'
  problem: string
}

const ABREAST = 3
const CHUNK = 16 << 20
const RETRIES = [0, 1000, 3000, 8000, 15_000]

let uploads: Upload[] = []
let last = 0
/** Of those that are not through: how to go on from where the line broke. */
const begun = new Map<number, { queries: QueryClient; goOn: () => Promise<void> }>()
const listeners = new Set<() => void>()

export const getUploads = () => uploads
export function subscribeUploads(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function change(id: number, patch: Partial<Upload>): void {
  uploads = uploads.map((one) => (one.id === id ? { ...one, ...patch } : one))
  for (const listener of listeners) listener()
}

export function forgetUploads(): void {
  begun.clear()
  uploads = uploads.filter((one) => one.state === 'waiting' || one.state === 'sending')
  for (const listener of listeners) listener()
}

const stateOf = (id: number) => uploads.find((one) => one.id === id)?.state

/** Send the files to the incident, then start a run over all of its evidence, if any came through. */
export async function sendEvidence(incident: string, found: readonly Found[], queries: QueryClient): Promise<void> {
  const files = found.filter((one) => !isLitter(one.path))
  const fresh = files.map(({ file, path }): Upload => {
    last += 1
    return { id: last, incident, path, size: file.size, sent: 0, state: 'waiting', problem: '' }
  })
  uploads = [...uploads, ...fresh]
  for (const listener of listeners) listener()
  fresh.forEach((one, i) => begun.set(one.id, { queries, goOn: sender(one, files[i]!.file) }))
  await sendAll(fresh.map((one) => one.id))
  await analyse(incident, fresh, queries)
}

/** Go on with what failed: what has come stays, the rest is sent from there; then what came is analysed. */
export async function retryUploads(): Promise<void> {
  const failed = uploads.filter((one) => one.state === 'failed' && begun.has(one.id))
  const queries = failed[0] && begun.get(failed[0].id)?.queries
  if (!queries) return
  for (const one of failed) change(one.id, { state: 'waiting', problem: '' })
  await sendAll(failed.map((one) => one.id))
  for (const incident of new Set(failed.map((one) => one.incident))) {
    const some = failed.filter((one) => one.incident === incident)
    await analyse(incident, some, queries)
  }
}

async function sendAll(ids: readonly number[]): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < ids.length) {
      const id = ids[next]!
      next += 1
      await begun.get(id)?.goOn()
      if (stateOf(id) === 'done') begun.delete(id)
    }
  }
  await Promise.all(Array.from({ length: Math.min(ABREAST, ids.length) }, worker))
}

async function analyse(incident: string, sent: readonly Upload[], queries: QueryClient): Promise<void> {
  if (sent.some((one) => stateOf(one.id) === 'done')) {
    await bodyOf(api.POST('/v1/incidents/{key}/runs', { params: { path: { key: incident } }, body: {} }))
  }
  await queries.invalidateQueries({ queryKey: ['runs'] })
  await queries.invalidateQueries({ queryKey: ['incident', incident] })
  await queries.invalidateQueries({ queryKey: ['artifacts', incident] })
}

/** Sends one file; called again, it goes on where it ended. */
function sender(upload: Upload, file: File): () => Promise<void> {
  // The protocol's own object knows the address that the bytes go to, once there is one.
  let tus: Tus | null = null
  let over: (patch: Partial<Upload>) => void = () => undefined
  return async () => {
    // Only whoever uploads needs the protocol.
    const protocol = await import('tus-js-client').catch(() => null)
    if (!protocol) return change(upload.id, { state: 'failed', problem: say.problems.offline })
    const { Upload: TusUpload } = protocol
    change(upload.id, { state: 'sending' })
    await new Promise<void>((resolve) => {
      over = (patch) => {
        change(upload.id, patch)
        resolve()
      }
      tus ??= new TusUpload(file, {
        endpoint: `/v1/incidents/${encodeURIComponent(upload.incident)}/uploads`,
        chunkSize: CHUNK,
        retryDelays: RETRIES,
        metadata: { filename: upload.path },
        storeFingerprintForResuming: false,
        onBeforeRequest: (request) => {
          const token = currentToken()
          if (token) request.setHeader('X-CSRF-Token', token)
        },
        onProgress: (sent) => change(upload.id, { sent }),
        onSuccess: () => over({ state: 'done', sent: file.size }),
        onError: (error) => over({ state: 'failed', problem: told(error) }),
      })
      tus.start()
    })
  }
}

function told(error: Error): string {
  const body = 'originalResponse' in error ? (error.originalResponse as { getBody(): string } | null)?.getBody() : ''
  try {
    const problem = JSON.parse(body ?? '') as { title?: string; detail?: string }
    return [problem.title, problem.detail].filter(Boolean).join(': ')
  } catch {
    return error.message.slice(0, 200)
  }
}
