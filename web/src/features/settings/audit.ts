/** The chain of the audit log, checked in the browser as `docs/audit.md` says; and what an entry changed. */
import type { Schemas } from '@/lib/api/client'

export type Entry = Schemas['AuditEntryOut']
export type Checked = 'fits' | 'broken' | 'unread'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** One text for equal values: members sorted, no spaces. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join(',')}}`
}

/** `2026-03-10T10:00:00.000000Z`, whatever number of digits the API gave. */
export function microseconds(at: string): string {
  const [, whole = '', digits = ''] = /^([^.Z+]+)(?:\.(\d+))?/.exec(at) ?? []
  return `${whole}.${digits.padEnd(6, '0').slice(0, 6)}Z`
}

export function lineOf(organisation: string, entry: Entry): string {
  const text = (value: unknown) => (value === null || value === undefined ? null : canonical(value as Json))
  return JSON.stringify([
    'ircopilot/audit/1', organisation, entry.seq, microseconds(entry.at), entry.actor.kind, entry.actor.id,
    entry.actor.label, entry.address, entry.request_id, entry.act, entry.target, text(entry.before), text(entry.after),
    entry.prev_hash,
  ]) // prettier-ignore
}

async function sha256(text: string): Promise<string | null> {
  if (!('subtle' in crypto)) return null
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Each entry by its number: whether its hash is that of its content, and the next one follows it, where both are there. */
export async function checkChain(organisation: string, entries: readonly Entry[]): Promise<Map<number, Checked>> {
  const bySeq = new Map(entries.map((one) => [one.seq, one]))
  const found = new Map<number, Checked>()
  for (const one of entries) {
    const hash = await sha256(lineOf(organisation, one))
    const next = bySeq.get(one.seq + 1)
    const follows = next === undefined || next.prev_hash === one.hash
    // Of an entry on a restricted incident the reader has its place in the chain, and not its content.
    const same = one.restricted ? true : hash === null ? null : hash === one.hash
    found.set(one.seq, !follows || same === false ? 'broken' : same === null || one.restricted ? 'unread' : 'fits')
  }
  return found
}

export interface Difference {
  field: string
  before?: string
  after?: string
}

/** What was and what is since, field by field; what stayed the same is left out. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [a, b] = [flat(before), flat(after)]
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((field) => a.get(field) !== b.get(field))
    .map((field) => ({ field, before: a.get(field), after: b.get(field) }))
}

function flat(value: unknown): Map<string, string> {
  const found = new Map<string, string>()
  if (value === null || value === undefined) return found
  if (typeof value !== 'object' || Array.isArray(value)) return found.set('', shown(value))
  for (const [name, member] of Object.entries(value)) found.set(name, shown(member))
  return found
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : canonical((value ?? null) as Json))
