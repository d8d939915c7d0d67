import { expect, it } from 'vitest'
import { placeOf, readOf, type Mention } from './queries'

const mention = (type: string, id: string, read = false) =>
  ({ comment: { id: `of-${id}`, incident: 'INC 1', anchor: { type, id } }, title: 't', read }) as unknown as Mention

it('leads to the very sentence or record, else to the page', () => {
  expect(placeOf(mention('claim', 'summary-1'))).toBe('/incidents/INC%201/report?claim=summary-1')
  expect(placeOf(mention('event', 'ab'))).toBe('/incidents/INC%201/timeline?e=ab&talk=1')
  expect(placeOf(mention('action', 'x'))).toBe('/incidents/INC%201/actions')
  expect(placeOf(mention('incident', 'x'))).toBe('/incidents/INC%201')
})

it('counts what is read once', () => {
  const list = {
    items: [mention('claim', 'a'), mention('claim', 'b', true), mention('claim', 'c')],
    unread: 7,
    next: null,
  }
  const after = readOf(list, new Set(['of-a', 'of-b']))
  expect(after.items.map((one) => one.read)).toEqual([true, true, false])
  expect(after.unread).toBe(6)
})
