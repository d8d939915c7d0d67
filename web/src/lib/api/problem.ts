/** Errors as the API tells them (RFC 9457). */

export interface ProblemDocument {
  type: string
  title: string
  status: number
  detail: string
  next_step?: string
  request_id?: string
  /** Of a search that cannot be read: the character, from 0. */
  position?: number
  at?: number
  errors?: { at: string; reason: string }[]
}

const URN = 'urn:ircopilot:error:'

export class Problem extends Error {
  readonly status: number
  /** The last part of the problem's type: `unknown-incident`. */
  readonly kind: string

  constructor(readonly document: ProblemDocument) {
    super(document.detail || document.title)
    this.name = 'Problem'
    this.status = document.status
    this.kind = document.type.startsWith(URN) ? document.type.slice(URN.length) : document.type
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    const document = (await response.clone().json()) as Partial<ProblemDocument>
    if (typeof document.type === 'string') {
      return new Problem({ title: '', detail: '', status: response.status, ...document } as ProblemDocument)
    }
  } catch {
    // Not JSON: something in between answered.
  }
  return new Problem({ type: 'unexpected', title: response.statusText, status: response.status, detail: '' })
}

export const isProblem = (error: unknown, kind?: string): error is Problem =>
  error instanceof Problem && (kind === undefined || error.kind === kind)
