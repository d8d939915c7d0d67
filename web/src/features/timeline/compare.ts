/** Two hosts held against each other: what is on one and not on the other, what is much more on one. */
import type { Schemas } from '@/lib/api/client'

type Values = Schemas['Values']

export interface Difference {
  /** As most records of either host spell it. */
  value: string
  a: number
  b: number
  /** 0: as much on both; the higher, the more it tells. */
  weight: number
}

/**
 * A program by what it is, not by how a log spells its place: case, drive or device, quotes, `%SystemRoot%`, the folder for
 * 32 bits, whose profile, which version. The folder itself counts: svchost.exe out of Temp is another program.
 */
export function identityOf(value: string): string {
  return value
    .toLowerCase()
    .replace(/^"|"$/g, '')
    .replace(/^[\\/]{2}[?.][\\/]|^\\\?\?\\/, '')
    .replace(/^(?:[a-z]:|[\\/]device[\\/]harddiskvolume\d+)(?=[\\/])/, '')
    .replace(/^(?:%systemroot%|%windir%|[\\/]systemroot)(?=[\\/])/, '\\windows')
    .replace(/^[\\/]program files \(x86\)(?=[\\/])/, '\\program files')
    .replace(/^([\\/]windows[\\/])syswow64(?=[\\/])/, '$1system32')
    .replace(/^([\\/]users[\\/])[^\\/]+(?=[\\/])/, '$1*')
    .replace(/([\\/])v?\d+(?:\.\d+){2,}[^\\/]*(?=[\\/])/g, '$1*')
}

/** The last part of a path. */
export const baseName = (value: string) => value.split(/[\\/]/).pop() || value

/** The identity of each of these values: a bare name is the program of that name, if there is but one. */
function identities(values: readonly string[]): (value: string) => string {
  const places = new Map<string, Set<string>>()
  for (const key of values.map(identityOf)) {
    const name = baseName(key)
    if (name !== key) places.set(name, (places.get(name) ?? new Set()).add(key))
  }
  return (value) => {
    const key = identityOf(value)
    const known = places.get(key)
    return known?.size === 1 ? [...known][0]! : key
  }
}

/** What to call each: its name, and where it lies beside it if another has the same. */
export function namesOf(all: readonly Pick<Difference, 'value'>[]): Map<string, string> {
  const count = new Map<string, number>()
  for (const { value } of all) {
    const name = baseName(value).toLowerCase()
    count.set(name, (count.get(name) ?? 0) + 1)
  }
  return new Map(
    all.map(({ value }) => {
      const alone = (count.get(baseName(value).toLowerCase()) ?? 0) < 2
      return [value, alone ? baseName(value) : value.split(/[\\/]/).slice(-2).join('\\')]
    }),
  )
}

/** Values of two hosts joined; hosts differ in how much they write, so their shares are compared and not their counts. */
export function differences(a: Values | undefined, b: Values | undefined): Difference[] {
  const found = new Map<string, Difference>()
  const [allA, allB] = [Math.max(1, a?.events ?? 1), Math.max(1, b?.events ?? 1)]
  const loudest = new Map<string, number>()
  const all = [...(a?.values ?? []), ...(b?.values ?? [])].map((one) => one.value)
  const keyOf = identities(all)
  const add = (side: 'a' | 'b', values: Values | undefined) => {
    for (const { value, events } of values?.values ?? []) {
      if (value === '') continue
      const key = keyOf(value)
      const one = found.get(key) ?? { value, a: 0, b: 0, weight: 0 }
      one[side] += events
      if (events > (loudest.get(key) ?? 0)) {
        loudest.set(key, events)
        one.value = value
      }
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
