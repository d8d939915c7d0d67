import { expect, it } from 'vitest'
import { grouped } from './grouped'

it.each([0, 7, 999, 1000, 12_345, 999_999, 1_000_000, 1_234_567_890])('groups %d as the locale does', (n) => {
  expect(grouped(n)).toBe(n.toLocaleString('en'))
})
