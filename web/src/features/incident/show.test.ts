import { expect, it } from 'vitest'
import { beatAt, beatsOf, chapterFrom, holdOf } from './show'
import { litGraph, litTechniques, momentAt, techniqueTimes, timesOfStory } from './step'
import type { Entry } from './story'

const entry = (second: number, chapter: string, verb: string, host = 'ws07', more: Partial<Entry> = {}) =>
  ({
    id: `${second}`, time: second * 1000, chapter, text: `${verb} ${second}`, lanes: { host },
    entry: { verb, kind: 'log', techniques: [`T${second}`], entities: [], evidence: [`e${second}`] }, ...more,
  }) as unknown as Entry // prettier-ignore
const STORY = {
  entries: [
    entry(1, 'delivery', 'downloaded'), entry(2, 'execution', 'spawned'), entry(3, 'collection', 'read-object', 'cloud'),
    entry(4, 'collection', 'read-object', 'cloud'), entry(5, 'collection', 'read-object', 'cloud'),
    entry(6, 'execution', 'spawned', 'srv02'),
  ],
} // prettier-ignore

it('tells once what one kind of act did again and again, and opens each chapter once', () => {
  const beats = beatsOf(STORY)
  expect(beats.map((beat) => [beat.chapter, beat.entries.length, beat.opens])).toEqual([
    ['delivery', 1, true],
    ['execution', 1, true],
    ['collection', 3, true],
    ['execution', 1, false],
  ])
  expect(holdOf(beats[2]!)).toBeGreaterThan(holdOf(beats[3]!))
  expect(Math.max(...beats.map(holdOf))).toBeLessThan(9000)
  expect(beatsOf({ entries: [] })).toEqual([])
})

it('goes from chapter to chapter, first to the beginning of its own', () => {
  const beats = beatsOf(STORY)
  expect(beatAt(beats, null)).toBe(-1)
  expect(beatAt(beats, 4500)).toBe(2)
  expect([chapterFrom(beats, 0, 1), chapterFrom(beats, 2, 1)]).toEqual([1, 3])
  expect([chapterFrom(beats, 3, -1), chapterFrom(beats, 2, -1), chapterFrom(beats, 0, -1)]).toEqual([2, 1, 0])
})

it('lights techniques and things up as they come in, and marks those of the act that is shown', () => {
  const times = timesOfStory(STORY)
  expect(momentAt(STORY, times, null)).toEqual({ moment: -1, entry: null })
  expect(momentAt(STORY, times, 500)).toEqual({ moment: 0, entry: null })
  const { entry: shown } = momentAt(STORY, times, 3500)
  const report = {
    techniques: [{ id: 'T9', evidence: ['x'] }],
    events: { x: { time: '1970-01-01T00:00:09Z' } },
  } as never
  const known = techniqueTimes(report, STORY)
  expect(known.get('T9')).toBe(9000)
  const { lit, now } = litTechniques(known, 3500, shown)
  expect([[...lit].sort(), [...now]]).toEqual([['T1', 'T2', 'T3'], ['T3']])
  const edge = (source: string, target: string, second: number) => ({
    source, target, first: new Date(second * 1000).toISOString(), evidence: [`e${second}`],
  }) // prettier-ignore
  const things = litGraph([edge('a', 'b', 1), edge('b', 'c', 3), edge('c', 'd', 6)], 3500, shown)
  expect([[...things.nodes], [...things.ties.lit], [...things.ties.now]]).toEqual([
    ['a', 'b', 'c'],
    ['a>b', 'b>c'],
    ['b>c'],
  ])
})
