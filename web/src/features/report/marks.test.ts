import { expect, it } from 'vitest'
import { meanwhile, plainSentence, rangesOf, unitsOf } from './marks'

it('finds in a browser what the gate counted in code points', () => {
  expect(unitsOf('a😀b', 2)).toBe(3)
  const text = '  😀 on IT01 '
  const [range] = rangesOf(text, [{ reason: 'no such host', value: 'IT01', start: 5, end: 9 }])
  expect(text.slice(range!.from, range!.to)).toBe('IT01')
})

it('underlines nothing for what concerns the whole sentence, or what is not there any more', () => {
  expect(rangesOf('short', [{ reason: 'r', value: '' }])).toEqual([])
  expect(rangesOf('short', [{ reason: 'r', value: '', start: null, end: null }])).toEqual([])
  expect(rangesOf('', [{ reason: 'r', value: 'x', start: 3, end: 9 }])).toEqual([])
})

it('makes one plain line of what is pasted', () => {
  expect(plainSentence('a\r\n b\u00a0\tc')).toBe('a b c')
})

it('knows whether somebody else changed a word, or only decided', () => {
  const base = { etag: 'v1', text: 'a' }
  expect(meanwhile(base, base)).toBe('nothing')
  expect(meanwhile(base, { etag: 'v2', text: 'a' })).toBe('decided')
  expect(meanwhile(base, { etag: 'v2', text: 'b' })).toBe('reworded')
})
