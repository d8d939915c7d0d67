import { expect, it } from 'vitest'
import { hexLines, sizeText } from '../artifacts/queries'
import { withTerm } from '../timeline/source'
import { csvCell } from '../timeline/save'
import { beside, boardOf, dueOf, type Action } from './queries'

it('puts cards where they belong, in their order', () => {
  const card = (id: string, rank: string, state: Action['state']) =>
    ({ id, rank, state, phase: 'containment' }) as Action
  const board = boardOf([card('b', 'n', 'open'), card('a', 'c', 'open'), card('c', 'a', 'done')])
  expect(
    board
      .get('open')!
      .get('containment')!
      .map((one) => one.id),
  ).toEqual(['a', 'b'])
  expect(board.get('done')!.get('containment')).toHaveLength(1)
})

it('says what is late, and lets rest what is over', () => {
  const now = Date.parse('2031-05-14T22:00:00Z')
  const due = (due_at: string | null, state: Action['state'] = 'open') => dueOf({ due_at, state }, now)?.how ?? null
  expect(due('2031-05-14T21:59:59Z')).toBe('late')
  expect(due('2031-05-14T22:30:00Z')).toBe('soon')
  expect(due('2031-05-15T22:00:00Z')).toBe('calm')
  expect([due(null), due('2031-05-14T21:00:00Z', 'done')]).toEqual([null, null])
})

it('shows bytes as they are', () => {
  const [line] = hexLines(new Uint8Array([0x4d, 0x5a, 0x00, 0xff]), 16)
  expect(line).toEqual({ at: '00000010', hex: '4d 5a 00 ff', text: 'MZ··' })
  expect([sizeText(406), sizeText(16_404_480), sizeText(999_999_999_999)]).toEqual(['406 B', '16.4 MB', '1000 GB'])
})

it('makes a search of a value, whatever stands in it', () => {
  expect(withTerm('', 'host.name', 'IT01')).toBe('host.name:"IT01"')
  expect(withTerm('a OR b', 'Logon ID', 'x"y')).toBe('(a OR b) AND "Logon ID":"x""y"')
  expect(withTerm('kind:log', 'user', 'SYSTEM', true)).toBe('kind:log AND NOT user:"SYSTEM"')
  expect(withTerm('user:"a"', 'user', 'a')).toBe('user:"a"')
})

it('writes no formula into a table', () => {
  expect(csvCell('=cmd|calc')).toBe("'=cmd|calc")
  expect(csvCell('a,"b"')).toBe('"a,""b"""')
})

it('an action goes to the column beside it, and not over the edge', () => {
  expect([beside('suggested', 1), beside('in-progress', -1), beside('blocked', 1)]).toEqual(['open', 'open', 'done'])
  expect([beside('open', -1), beside('done', 1), beside('dismissed', 1)]).toEqual([null, null, null])
})
