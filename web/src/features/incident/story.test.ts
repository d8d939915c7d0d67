import { expect, it } from 'vitest'
import { shortText } from './story'

const short = (summary: string) => shortText({ summary, kind: 'log' })

it('says an act without what its lane says, in a sentence that stands', () => {
  expect(short('A network sensor saw 192.168.1.41 connect to 10.0.5.13:80.')).toBe(
    '192.168.1.41 connected to 10.0.5.13:80',
  )
  expect(short('A network sensor saw 10.0.0.1 fetch a program over HTTP.')).toBe('10.0.0.1 fetched a program over HTTP')
  expect(short('WAFRole/i-0317 with access key ASIA5FLZVX4O called ListBuckets in account 1.')).toBe(
    'called ListBuckets in account 1',
  )
})
