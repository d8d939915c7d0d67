import { expect, it } from 'vitest'
import { handsOf } from './hands'
import type { ReportVersion } from './queries'

const decided = (...by: (string | null)[]) =>
  ({ sections: [{ claims: by.map((decided_by) => ({ decided_by })) }] }) as unknown as ReportVersion

it('names who had a hand in a version, who did most first, and nobody for a draft', () => {
  expect(handsOf(decided('Ben', 'Ada <ada@example.org>', null, 'Ada <ada@example.org>'))).toEqual(['Ada', 'Ben'])
  expect(handsOf(decided(null))).toEqual([])
})
