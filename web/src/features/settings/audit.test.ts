import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { canonical, checkChain, differences, lineOf, microseconds, type Entry } from './audit'

const ORG = 'org-1'

function entry(seq: number, prev_hash: string, more: Partial<Entry> = {}): Entry {
  const one: Entry = {
    seq,
    at: '2026-03-10T10:00:00Z',
    actor: { kind: 'user', id: 'a', label: 'Ada <ada@example.org>' },
    address: '127.0.0.1',
    request_id: 'r',
    act: 'incident.close',
    target: 'incident/INC-7',
    restricted: false,
    before: { status: 'recovery' },
    after: { status: 'closed', note: 'ü \u2028 "' },
    prev_hash,
    hash: '',
    ...more,
  }
  return { ...one, hash: createHash('sha256').update(lineOf(ORG, one)).digest('hex') }
}

it('writes the line that is hashed as the documentation says', () => {
  expect(canonical({ b: [1, null, true], a: { d: 'x', c: '"' } })).toBe('{"a":{"c":"\\"","d":"x"},"b":[1,null,true]}')
  expect(microseconds('2026-03-10T10:00:00Z')).toBe('2026-03-10T10:00:00.000000Z')
  expect(microseconds('2026-03-10T10:00:00.1234Z')).toBe('2026-03-10T10:00:00.123400Z')
  expect(lineOf(ORG, entry(1, '', { before: null }))).toContain(',"incident/INC-7",null,"{\\"note\\"')
})

it('finds what was changed, and what does not follow', async () => {
  const first = entry(1, '')
  const second = entry(2, first.hash)
  expect([...(await checkChain(ORG, [second, first])).values()]).toEqual(['fits', 'fits'])
  const forged = { ...first, target: 'incident/INC-8' }
  expect((await checkChain(ORG, [second, forged])).get(1)).toBe('broken')
  const hidden = { ...first, target: 'restricted', before: null, after: null, restricted: true }
  expect((await checkChain(ORG, [second, hidden])).get(1)).toBe('unread')
  const elsewhere = entry(2, 'f'.repeat(64))
  expect((await checkChain(ORG, [elsewhere, hidden])).get(1)).toBe('broken')
  expect((await checkChain(ORG, [elsewhere, first])).get(1)).toBe('broken')
})

it('tells what an entry changed, field by field', () => {
  expect(differences({ role: 'lead', name: 'Bo' }, { role: 'admin', name: 'Bo', scopes: ['a'] })).toEqual([
    { field: 'role', before: 'lead', after: 'admin' },
    { field: 'scopes', before: undefined, after: '["a"]' },
  ])
  expect(differences(null, null)).toEqual([])
})
