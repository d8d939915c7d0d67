import { expect, it } from 'vitest'
import { clicked, inTurns, tagsOf } from './bulk'
import { barsOf, placeOf } from './charts'
import type { Metrics } from './queries'
import { addressOf, ALL, isNarrowed, queryOf, viewOf, viewOfQuery, type View } from './view'

const VIEW: View = {
  text: 'lsass & co',
  severity: ['critical', 'high'],
  status: ['containment'],
  lead: 'm-1',
  tag: ['it01', 'finance'],
  open: true,
  sort: '-opened',
}

it('a view comes back from its address and from what is saved', () => {
  const params = new URLSearchParams(Object.entries(addressOf(VIEW)).map(([name, value]) => [name, value ?? '']))
  expect(viewOf(params)).toEqual(VIEW)
  expect(viewOfQuery(queryOf(VIEW))).toEqual(VIEW)
  expect(queryOf(VIEW)).toContain('severity=critical&severity=high')
})

it('what nobody knows in an address is left out, and nothing narrowed is nothing said', () => {
  expect(viewOf(new URLSearchParams('severity=grave,high&sort=random&status='))).toEqual({ ...ALL, severity: ['high'] })
  expect(queryOf(ALL)).toBe('')
  expect([isNarrowed(ALL), isNarrowed({ ...ALL, sort: 'key' }), isNarrowed({ ...ALL, open: true })]).toEqual([
    false,
    false,
    true,
  ])
})

it('a deed on many goes on after one has failed, and tells which', async () => {
  const steps: number[] = []
  let [now, most] = [0, 0]
  const act = async (n: number) => {
    now += 1
    most = Math.max(most, now)
    await Promise.resolve()
    now -= 1
    if (n === 2) throw new Error('changed')
  }
  const failed = await inTurns([1, 2, 3, 4], 2, act, (done) => steps.push(done))
  expect(failed.map((one) => one.item)).toEqual([2])
  expect(steps).toEqual([1, 2, 3, 4])
  expect(most).toBe(2)
})

it('shift takes all between two clicks', () => {
  const order = ['a', 'b', 'c', 'd']
  const one = clicked(new Set(), order, 'b', null, false)
  expect([...clicked(one, order, 'd', 'b', true)].sort()).toEqual(['b', 'c', 'd'])
  expect([...clicked(new Set(order), order, 'a', null, false)]).toEqual(['b', 'c', 'd'])
  expect(tagsOf(' it01, finance;it01 ,')).toEqual(['it01', 'finance'])
})

it('open incidents are counted by severity and age, and times stand on one scale', () => {
  const metrics = {
    open: [
      { severity: 'high', status: 'containment', younger_than_days: 1, incidents: 2 },
      { severity: 'high', status: 'recovery', younger_than_days: 1, incidents: 1 },
      { severity: 'low', status: 'recovery', younger_than_days: null, incidents: 4 },
    ],
  } as unknown as Metrics
  const bars = barsOf(metrics)
  expect(bars.all).toBe(7)
  expect(bars.most).toBe(4)
  expect(bars.rows.map((row) => [row.severity, row.n, row.parts.map((part) => part.n)])).toEqual([
    ['critical', 0, []],
    ['high', 3, [3]],
    ['medium', 0, []],
    ['low', 4, [4]],
  ])
  expect([placeOf(0), placeOf(60), placeOf(1e9)]).toEqual([0, 0, 1])
  expect(placeOf(3600)).toBeGreaterThan(placeOf(600))
})
