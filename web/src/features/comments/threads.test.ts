import { expect, it } from 'vitest'
import type { Comment } from './queries'
import { authorOf, bodyPieces, fitting, mentionAt, tallyOf, threadsByAnchor, withMention } from './threads'

const ADA = { id: '0123456789abcdef', name: 'Ada Byron', email: 'ada@example.org' }
const BOT = { id: 'fedcba9876543210', name: 'pager', email: null }
const comment = (id: string, thread: string, claim: string, more: Partial<Comment> = {}) =>
  ({ id, thread, anchor: { type: 'claim', id: claim }, deleted_at: null, resolved_at: null, ...more }) as Comment

it('gathers comments into threads, each where it belongs', () => {
  const gone = { deleted_at: '2031-05-14T22:00:00Z' }
  const claims = threadsByAnchor([
    comment('a', 'a', 'c1', gone),
    comment('b', 'a', 'c1'),
    comment('d', 'd', 'c1', { resolved_at: '2031-05-14T22:00:00Z' }),
    comment('e', 'e', 'c2', gone),
  ])
  expect(claims.get('c1')!.map((one) => [one.id, one.resolved, one.comments.length])).toEqual([
    ['a', false, 2],
    ['d', true, 1],
  ])
  expect(tallyOf(claims.get('c1')!)).toEqual({ open: 1, resolved: 1, comments: 1 })
  expect(claims.has('c2')).toBe(false)
})

it('knows when somebody is about to be named', () => {
  expect(mentionAt('is this @ad', 11)).toEqual({ from: 8, typed: 'ad' })
  expect(mentionAt('@', 1)).toEqual({ from: 0, typed: '' })
  expect(mentionAt('ada@exa', 7)).toBeNull()
  expect(mentionAt('@ada done', 9)).toBeNull()
  expect(fitting([ADA, BOT], 'by').map((one) => one.name)).toEqual(['Ada Byron'])
  expect(fitting([ADA, BOT], '')).toHaveLength(2)
})

it('writes the member where the mention was typed', () => {
  expect(withMention('ask @ad about it', 7, ADA)).toEqual({ text: 'ask @ada@example.org about it', caret: 21 })
  expect(withMention('@p', 2, BOT).text).toBe('@fedcba9876543210 ')
  expect(withMention('nobody', 6, ADA)).toEqual({ text: 'nobody', caret: 6 })
})

it('names authors without their addresses', () => {
  const names = ['Ada Byron <ada@example.org>', 'a key', '<b>'].map((author_name) => authorOf({ author_name }))
  expect(names).toEqual(['Ada Byron', 'a key', '<b>'])
})

it('shows members by name, and everything else as it was written', () => {
  expect(bodyPieces('<b>@ada@example.org</b> or @eve@example.org', [ADA])).toEqual([
    { text: '<b>', member: false },
    { text: '@Ada Byron', member: true },
    { text: '</b> or @eve@example.org', member: false },
  ])
})
