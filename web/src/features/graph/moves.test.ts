import { expect, it } from 'vitest'
import type { Entry } from '@/features/incident/story'
import { OURS, REST } from '@/features/timeline/engine/lanes'
import { movesOf, OUTSIDE, placeMoves } from './moves'

const entry = (minute: number, host: string, verb: string, more: Partial<Entry> = {}, account = 'u1') =>
  ({
    id: `${minute}`, time: Date.UTC(2026, 2, 10, 8, minute), text: verb, lanes: { host },
    entry: { verb, kind: 'log', techniques: ['T1021'], entities: [account], evidence: [`e${minute}`] }, ...more,
  }) as unknown as Entry // prettier-ignore
const report = { entities: [{ id: 'u1', type: 'user', value: 'CORP\\svc-deploy' }] } as never
const STORY = [
  entry(1, 'ws07', 'downloaded'),
  entry(2, REST, 'flow'),
  entry(3, 'ws07', 'connected', { reaches: 'srv02' }, 'none'),
  entry(4, 'ws07', 'logged-on', { toHost: 'srv02' }),
  entry(5, 'srv02', 'logged-on', { toHost: 'jump01' }),
  entry(6, 'cloud', 'called-api'),
  entry(7, OURS, 'said', {
    entry: { kind: 'comm', techniques: [], entities: [], evidence: [], verb: 'said' } as never,
  }),
  entry(8, 'ws07', 'connected', { reaches: 'never-entered' }),
]

it('tells from where to where, with which account, in the order in which each machine was first reached', () => {
  const { stops, moves } = movesOf({ entries: STORY }, report)
  expect(stops.map((stop) => stop.id)).toEqual([OUTSIDE, 'ws07', 'srv02', 'jump01', 'cloud'])
  expect(moves.map((move) => `${move.from}>${move.to}`)).toEqual([
    `${OUTSIDE}>ws07`, 'ws07>srv02', 'srv02>jump01', `${OUTSIDE}>cloud`,
  ]) // prettier-ignore
  const [, entered] = moves
  expect(entered).toMatchObject({ account: 'svc-deploy', entered: true, acts: 2, events: ['e3', 'e4'] })
})

it('places ways to the next above the line and the others below, none on another, all within', () => {
  const { stops, ways, width, height } = placeMoves(movesOf({ entries: STORY }, report), 900, 600)
  expect(stops.every((stop, i) => i === 0 || stop.x > stops[i - 1]!.x)).toBe(true)
  expect(ways.map((way) => way.below)).toEqual([false, false, false, true])
  expect(ways.every((way) => way.label.x > 0 && way.label.x < width && way.label.y > 0 && way.label.y < height)).toBe(
    true,
  )
  expect(new Set(ways.map((way) => `${way.label.x}/${way.label.y}`)).size).toBe(ways.length)
})

it('has nothing to say where nobody moved', () => {
  expect(movesOf({ entries: [] }, report)).toEqual({ stops: [], moves: [] })
  expect(placeMoves({ stops: [], moves: [] }, 900, 600).ways).toEqual([])
})
