/** Two hosts held against each other: what is on one and not on the other, what is much more on one. */
import type { Schemas } from '@/lib/api/client'

type Values = Schemas['Values']

export interface Difference {
  value: string
  a: number
  b: number
  /** 0: as much on both; the higher, the more it tells. */
  weight: number
}

/** Values of two hosts joined; hosts differ in how much they write, so their shares are compared and not their counts. */
export function differences(a: Values | undefined, b: Values | undefined): Difference[] {
  const found = new Map<string, Difference>()
  const [allA, allB] = [Math.max(1, a?.events ?? 1), Math.max(1, b?.events ?? 1)]
  const add = (side: 'a' | 'b', values: Values | undefined) => {
    for (const { value, events } of values?.values ?? []) {
      if (value === '') continue
      const key = value.toLowerCase()
      const one = found.get(key) ?? { value, a: 0, b: 0, weight: 0 }
      one[side] += events
      found.set(key, one)
    }
  }
  add('a', a)
  add('b', b)
  for (const one of found.values()) {
    const [p, q] = [one.a / allA, one.b / allB]
    const apart = Math.abs(p - q) / Math.max(p, q)
    one.weight = apart * Math.log2(2 + Math.max(one.a, one.b)) * (one.a && one.b ? 0.5 : 1)
  }
  return [...found.values()].sort((x, y) => y.weight - x.weight || y.a + y.b - x.a - x.b)
}

/** The two hosts of an address, or those that the story reached first. */
export function pairOf(text: string | null, hosts: readonly string[]): [string, string] | null {
  const asked = (text ?? '').split(',').filter(Boolean)
  const first = asked[0] ?? hosts[0]
  const second = asked[1] ?? hosts.find((one) => one !== first)
  return first && second ? [first, second] : null
}

/** A search on these hosts alone. */
export function onHosts(q: string, hosts: readonly string[]): string {
  const some = hosts.map((one) => `host:"${one.replace(/"/g, '""')}"`).join(' OR ')
  return q.trim() ? `(${q.trim()}) AND (${some})` : `(${some})`
}
