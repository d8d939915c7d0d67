import { expect, it } from 'vitest'
import { writersOf, type Person } from './presence'

const ADA: Person = {
  id: '1',
  name: 'Ada Byron <ada@example.org>',
  at: [{ page: 'timeline' }, { page: 'report', report: 2, claim: 'c1' }],
}
const BEN: Person = { id: '2', name: 'Ben', at: [{ page: 'report', report: 1, claim: 'c2' }] }

it('knows who writes which sentence of the version that is shown, and of no other', () => {
  expect([...writersOf([ADA, BEN], 2)]).toEqual([['c1', 'Ada Byron']])
  expect([...writersOf([ADA, BEN], 1)]).toEqual([['c2', 'Ben']])
  expect(writersOf([], 1).size).toBe(0)
})
