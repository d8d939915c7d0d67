import { expect, it } from 'vitest'
import { wordDiff } from './words'

const join = (before: string, after: string) =>
  wordDiff(before, after)
    .map((one) => ({ same: one.text, removed: `[-${one.text}]`, added: `[+${one.text}]` })[one.how])
    .join('')

it('tells words that fell away from those that came', () => {
  expect(join('It ran at 22:04 on IT01.', 'It ran at 22:05 on IT01.')).toBe('It ran at [-22:04 ][+22:05 ]on IT01.')
  expect(join('', 'all new')).toBe('[+all new]')
  expect(join('the same', 'the same')).toBe('the same')
})

it('gives both sentences back whole', () => {
  const [before, after] = ['a b c d e f', 'a x c e f g']
  const pieces = wordDiff(before, after)
  const without = (how: string) => pieces.filter((one) => one.how !== how).map((one) => one.text)
  expect(without('added').join('').replace(/\s+/g, ' ')).toBe('a b c d e f')
  expect(without('removed').join('').replace(/\s+/g, ' ').trim()).toBe(after)
})
