/** Uploads under way: resumable, some at once, the run begun when all have come. Lives as long as the page. */
import type { QueryClient } from '@tanstack/react-query'
import { api, bodyOf, currentToken } from '@/lib/api/client'
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
  uploads = uploads.filter((one) => one.state === 'waiting' || one.state === 'sending')
  for (const listener of listeners) listener()
}

/** Send the files to the incident, then start a run over all of its evidence, if any came through. */
export async function sendEvidence(incident: string, found: readonly Found[], queries: QueryClient): Promise<void> {
  const files = found.filter((one) => !isLitter(one.path))
  const begun = files.map(({ file, path }): Upload => {
    last += 1
    return { id: last, incident, path, size: file.size, sent: 0, state: 'waiting', problem: '' }
  })
  uploads = [...uploads, ...begun]
  for (const listener of listeners) listener()
  let next = 0
  const worker = async () => {
    while (next < files.length) {
      const i = next
      next += 1
      await send(begun[i]!, files[i]!.file)
    }
  }
  await Promise.all(Array.from({ length: Math.min(ABREAST, files.length) }, worker))
  if (begun.some((one) => uploads.find((now) => now.id === one.id)?.state === 'done')) {
    await bodyOf(api.POST('/v1/incidents/{key}/runs', { params: { path: { key: incident } }, body: {} }))
  }
  await queries.invalidateQueries({ queryKey: ['runs'] })
  await queries.invalidateQueries({ queryKey: ['incident', incident] })
  await queries.invalidateQueries({ queryKey: ['artifacts', incident] })
}

async function send(upload: Upload, file: File): Promise<void> {
  // Only whoever uploads needs the protocol.
  const { Upload: Tus } = await import('tus-js-client')
  change(upload.id, { state: 'sending' })
  await new Promise<void>((resolve) => {
    const over = (patch: Partial<Upload>) => {
      change(upload.id, patch)
      resolve()
    }
    const tus = new Tus(file, {
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

function told(error: Error): string {
  const body = 'originalResponse' in error ? (error.originalResponse as { getBody(): string } | null)?.getBody() : ''
  try {
    const problem = JSON.parse(body ?? '') as { title?: string; detail?: string }
    return [problem.title, problem.detail].filter(Boolean).join(': ')
  } catch {
    return error.message.slice(0, 200)
  }
}
