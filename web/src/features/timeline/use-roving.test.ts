import { expect, it } from 'vitest'
import { LEAP, rowAfter } from './use-roving'

it('goes from row to row by keys, and not beyond the ends', () => {
  expect(['ArrowDown', 'ArrowUp', 'PageDown', 'Home', 'End'].map((key) => rowAfter(key, 3, 40))).toEqual([
    4,
    2,
    3 + LEAP,
    0,
    39,
  ])
  expect([rowAfter('ArrowUp', 0, 40), rowAfter('PageDown', 35, 40)]).toEqual([0, 39])
  expect([rowAfter('Enter', 3, 40), rowAfter('ArrowDown', -1, 0)]).toEqual([null, null])
})
