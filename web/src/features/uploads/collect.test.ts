import { expect, it } from 'vitest'
import { isLitter, titleOf } from './collect'

it('names an incident after the folder that begins it', () => {
  const file = {} as File
  expect(titleOf([{ file, path: 'IT01 triage/logs/auth.log' }])).toBe('IT01 triage')
  expect(titleOf([{ file, path: 'Security.evtx' }])).toBe('Security')
  expect(titleOf([])).toBe('')
})

it('takes no litter of file managers for evidence', () => {
  expect(['a/.DS_Store', 'Thumbs.db', 'a/._x'].every(isLitter)).toBe(true)
  expect(['a/b.log', 'my.DS_Store.log'].some(isLitter)).toBe(false)
})
