import { expect, it } from 'vitest'
import { dayOf, endOf, isShorter } from './retention'

const KEPT = '2033-01-01T08:00:00Z'

it('keeps until the end of the day, and never a moment less than before', () => {
  expect(endOf('2033-01-02', KEPT)).toBe('2033-01-02T23:59:59Z')
  expect(endOf('2033-01-01', KEPT)).toBe(KEPT)
  expect(endOf('', null)).toBeNull()
  expect(dayOf(KEPT)).toBe('2033-01-01')
})

it('tells a day that would be sooner, or none, from one that holds', () => {
  expect([isShorter('2032-12-31', KEPT), isShorter('', KEPT)]).toEqual([true, true])
  expect([isShorter('2033-01-01', KEPT), isShorter('2030-01-01', null), isShorter('', null)]).toEqual([
    false,
    false,
    false,
  ])
})
