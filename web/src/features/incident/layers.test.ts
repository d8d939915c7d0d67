import { expect, it } from 'vitest'
import { FOUND, lanesOf, MARKED, OURS, RARE, seenLanes } from '@/features/timeline/engine/lanes'
import {
  actionMarks,
  clocksOf,
  findingMarks,
  hiddenLayers,
  meeting,
  pinMarks,
  recordsOf,
  shownMarks,
  talkMarks,
} from './layers'
import type { Report } from './report'

const event = (time: string, recorded = time) => ({ time, time_recorded: recorded, fields: { Hostname: 'A.example' } })
const report = {
  detections: [{ rule_id: 'r', title: 'A rule', level: 'high', evidence: ['e1', 'gone'] }],
  anomalies: [{ kind: 'rare', summary: 'only once', score: 1, evidence: ['e2'] }],
  events: { e1: event('2026-03-10T08:00:00Z', '2026-03-10T10:00:00Z'), e2: event('2026-03-10T09:00:00Z') },
} as unknown as Report
const action = (state: string, more = {}) =>
  ({ id: state, title: 'Isolate', state, created_at: '2026-03-10T10:00:00Z', done_at: null, ...more }) as never

it('puts what rules and rarity point at where it happened, with the time of the record beside', () => {
  const marks = findingMarks(report)
  expect(marks.map((mark) => [mark.lane, mark.glyph, mark.severity])).toEqual([
    [FOUND, 'found', 'high'],
    [RARE, 'rare', 'medium'],
  ])
  expect(marks[0]!.recorded! - marks[0]!.time).toBe(7_200_000)
  expect(clocksOf(report)).toEqual(new Map([['a', -7200]]))
})

it('shows of the board what somebody took up, at the time at which it was done', () => {
  const marks = actionMarks('INC-1', [
    action('suggested'), action('dismissed'), action('open'), action('done', { done_at: '2026-03-10T11:00:00Z' }),
  ], report) // prettier-ignore
  expect(marks.map((mark) => new Date(mark.time).getUTCHours())).toEqual([10, 11])
  expect(marks[0]).toMatchObject({ lane: OURS, href: '/incidents/INC-1/actions' })
})

it('gives what is marked a lane, and hides what is switched off', () => {
  const pins = pinMarks([
    { id: 'e1', ...event('2026-03-10T08:00:00Z'), tags: ['x'], message: 'm', fields: {} } as never,
  ])
  expect(pins[0]).toMatchObject({ lane: MARKED, text: '#x  m', events: ['e1'] })
  const all = [...findingMarks(report), ...pins]
  expect(shownMarks(all, hiddenLayers('found,rare')).map((mark) => mark.glyph)).toEqual(['pin'])
  expect(shownMarks(all, hiddenLayers(null))).toHaveLength(3)
  const lanes = lanesOf([{ value: 'A', events: 1 }], all, 'host', new Map())
  expect(seenLanes(lanes, pins).map((lane) => lane.role)).toEqual(['plain', 'marked'])
  expect(lanes.map((lane) => lane.role)).toEqual(['plain', 'found', 'rare', 'marked'])
})

it('shows under a search what rests on a record that meets it, and nothing that rests on none', () => {
  const cites = (type: string, id: string) => action('open', { id, citations: [{ type, id }] })
  const ours = actionMarks('INC-1', [cites('detection', 'r'), cites('event', 'e2'), action('done')], report)
  const all = [...findingMarks(report), ...ours]
  expect(recordsOf(all)).toEqual(['e1', 'e2', 'gone'])
  expect(meeting(all, new Set(['e1'])).map((mark) => mark.id)).toEqual(['found/r/e1', 'action/r'])
  expect(meeting(all, new Set()).length).toBe(0)
})

it('puts what people talked of where it happened', () => {
  const talked = new Map([
    ['e1', { anchor: { type: 'event', id: 'e1' }, comments: 2, open_threads: 1 }],
    ['gone', { anchor: { type: 'event', id: 'gone' }, comments: 1, open_threads: 1 }],
  ]) as never
  const marks = talkMarks(talked, new Map([['e1', 5]]))
  expect(marks).toMatchObject([{ time: 5, lane: MARKED, glyph: 'talk', text: '2 comments', events: ['e1'] }])
  expect(shownMarks(marks, hiddenLayers('marked'))).toEqual([])
})
