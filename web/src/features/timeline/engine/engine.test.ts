import { describe, expect, it, vi } from 'vitest'
import { Density } from './density'
import { Film } from './film'
import { placeLabels } from './labels'
import { boxesOf, laneFinder, lanesOf, OURS, PEOPLE, REST } from './lanes'
import { firstFrom, placed, type Mark } from './marks'
import { followed, nextMark, played, speedFor } from './playback'
import { between, LEAST_SPAN, MOST_SPAN, panned, timeAt, within, xOf, zoomed } from './scale'
import { ticksOf } from './ticks'
import { resolutionFor, TileStore, TILE_BUCKETS, tilesOver, tileSpan, type Counted } from './tiles'

const T = Date.UTC(2026, 2, 10, 8, 40)
const MIN = 60_000
const view = { from: T, to: T + 60 * MIN }
const mark = (over: Partial<Mark>): Mark => ({
  id: 'm', time: T, lane: 'it01', glyph: 'act', severity: 'high', text: 'act', events: [], ...over,
}) // prettier-ignore

describe('scale', () => {
  it('goes from time to pixels and back', () => {
    expect(xOf(T + 30 * MIN, view, 1000)).toBe(500)
    expect(timeAt(500, view, 1000)).toBe(T + 30 * MIN)
    expect(panned(view, MIN)).toEqual({ from: T + MIN, to: T + 61 * MIN })
  })

  it('keeps the time under the pointer while it zooms, to milliseconds and to decades', () => {
    const anchor = T + 12 * MIN
    for (const factor of [0.5, 0.001, 7, 1e9, 1e-12]) {
      const next = zoomed(view, factor, anchor)
      expect(xOf(anchor, next, 1000)).toBeCloseTo(200, 3)
      expect(next.to - next.from).toBeGreaterThanOrEqual(LEAST_SPAN - 1e-3)
      expect(next.to - next.from).toBeLessThanOrEqual(MOST_SPAN + 1)
    }
    expect(within({ from: T, to: T })).toEqual({ from: T - LEAST_SPAN / 2, to: T + LEAST_SPAN / 2 })
  })

  it('moves between views and ends exactly where it should', () => {
    const to = { from: T + 10 * MIN, to: T + 11 * MIN }
    expect(between(view, to, 1)).toBe(to)
    const half = between(view, to, 0.5)
    expect(half.from).toBeGreaterThan(view.from)
    expect(half.to).toBeLessThan(view.to)
    expect(half.from).toBeLessThanOrEqual(to.from)
  })
})

describe('ticks', () => {
  it.each([
    [20, '.004'],
    [10_000, '08:40:05'],
    [60 * MIN, '09:00'],
    [3 * 86_400_000, '11 Mar 2026'],
    [400 * 86_400_000, '2027'],
    [30 * 365 * 86_400_000, '2040'],
  ])('names the units of a stretch of %d ms', (wide, text) => {
    const ticks = ticksOf({ from: T, to: T + wide }, 1200, 'utc')
    expect(ticks.map((tick) => tick.text)).toContain(text)
    expect(ticks.length).toBeLessThan(16)
    expect(ticks.every((tick, i) => i === 0 || tick.x - ticks[i - 1]!.x > 60)).toBe(true)
  })
})

describe('tiles', () => {
  const counted = (resolution: number, from: number): Counted => ({ resolution, from, buckets: [], values: [] })

  it('chooses a resolution whose buckets can be seen, and tiles that cover the view', () => {
    expect(resolutionFor(view, 1200)).toBe(10)
    const tiles = tilesOver(view, 10)
    expect(tileSpan(10, tiles[0]!).from).toBeLessThanOrEqual(view.from)
    expect(tileSpan(10, tiles[tiles.length - 1]!).to).toBeGreaterThanOrEqual(view.to)
    expect(tileSpan(10, 1).to - tileSpan(10, 1).from).toBe(TILE_BUCKETS * 10_000)
  })

  it('fetches each tile once, lets a coarser one stand in, and cancels what nobody looks at', async () => {
    const asked: { resolution: number; signal: AbortSignal; done: () => void }[] = []
    const changed = vi.fn()
    const store = new TileStore(
      (span, resolution, signal) =>
        new Promise((resolve) =>
          asked.push({ resolution, signal, done: () => resolve(counted(resolution, span.from)) }),
        ),
      changed,
    )
    expect(store.want(view, 1200)).toMatchObject({ tiles: [], waiting: true, resolution: 10 })
    store.want(view, 1200)
    expect(asked).toHaveLength(1)
    // What lies beside comes later, two at a time.
    asked[0]!.done()
    await vi.waitFor(() => expect(asked).toHaveLength(3))
    for (const one of [...asked]) one.done()
    await vi.waitFor(() => expect(changed).toHaveBeenCalled())
    await vi.waitFor(() => expect(store.want(view, 1200).waiting).toBe(false))

    const close = { from: T + MIN, to: T + 3 * MIN }
    const closer = store.want(close, 1200)
    expect(closer.waiting).toBe(true)
    expect(closer.tiles.map((tile) => tile.resolution)).toContain(10)
    const flying = asked.filter((one) => one.resolution === closer.resolution)
    store.want({ from: T + 5000 * MIN, to: T + 5002 * MIN }, 1200)
    expect(flying.every((one) => one.signal.aborted)).toBe(true)
  })

  it('fetches what a moving view goes to, and nothing that it passes', async () => {
    const asked: number[] = []
    const store = new TileStore((span, resolution) => {
      asked.push(resolution)
      return Promise.resolve(counted(resolution, span.from))
    }, vi.fn())
    const goal = { from: T + MIN, to: T + 3 * MIN }
    const whole = { from: T - 4000 * MIN, to: T + 4000 * MIN }
    expect(store.want(whole, 1200, goal)).toMatchObject({ tiles: [], waiting: true })
    await vi.waitFor(() => expect(store.want(whole, 1200, goal).waiting).toBe(false))
    expect(new Set(asked)).toEqual(new Set([resolutionFor(goal, 1200)]))
    expect(store.want(goal, 1200).tiles.length).toBeGreaterThan(0)
    store.stop()
  })

  it('lets whoever zooms pass resolutions for which a stand-in is near enough', async () => {
    const asked: number[] = []
    const store = new TileStore((span, resolution) => {
      asked.push(resolution)
      return Promise.resolve(counted(resolution, span.from))
    }, vi.fn())
    store.want(view, 1200)
    await vi.waitFor(() => expect(store.want(view, 1200).waiting).toBe(false))
    for (const minutes of [20, 19, 18]) store.want({ from: T, to: T + minutes * MIN }, 1200)
    expect(new Set(asked)).toEqual(new Set([10]))
    const last = { from: T, to: T + 18 * MIN }
    expect(store.want(last, 1200)).toMatchObject({ resolution: 5, waiting: true })
    await vi.waitFor(() => expect(store.want(last, 1200).waiting).toBe(false))
    expect(asked).toContain(5)
    store.stop()
  })

  it('remembers that a tile failed instead of asking for ever', async () => {
    const fetchTile = vi.fn().mockRejectedValue(new Error('429'))
    const changed = vi.fn()
    const store = new TileStore(fetchTile, changed, view)
    store.want(view, 1200)
    await vi.waitFor(() => expect(store.want(view, 1200).waiting).toBe(false))
    const calls = fetchTile.mock.calls.length
    store.want(view, 1200)
    expect(fetchTile.mock.calls.length).toBe(calls)
  })
})

describe('lanes', () => {
  it('follows the story, joins spellings of a host, and gathers the rest', () => {
    const marks = [mark({ lane: 'app' }), mark({ lane: 'it01' }), mark({ lane: PEOPLE }), mark({ lane: OURS })]
    const counts = [
      { value: 'IT01.corp.example', events: 5 },
      { value: 'it01', events: 1 },
      { value: 'noise', events: 900 },
      { value: '', events: 3 },
    ]
    const lanes = lanesOf(counts, marks, 'host', new Map([['it01', 'victim']]), 3)
    expect(lanes.map((lane) => lane.id)).toEqual(['app', 'it01', 'noise', REST, PEOPLE, OURS])
    expect(lanes[1]).toMatchObject({ label: 'IT01', role: 'victim', events: 6, values: ['IT01.corp.example', 'it01'] })
    const find = laneFinder(lanes, 'host')
    expect([find('IT01.other.example'), find(''), find('gone')]).toEqual(['it01', REST, REST])
    const boxes = boxesOf(lanes, 30, 330)
    expect(boxes[0]!.top).toBe(30)
    expect(boxes[5]!.top + boxes[5]!.height).toBeLessThanOrEqual(330.001)
  })
})

describe('marks and labels', () => {
  it('lets the heaviest of marks that lie on each other stand for all', () => {
    const marks = [mark({ id: 'a', severity: 'low' }), mark({ id: 'b', time: T + 100, severity: 'critical' })]
    expect(placed(marks, view, 1000)).toMatchObject([{ mark: { id: 'b' }, stands: 2 }])
    expect(placed(marks, { from: T - 50, to: T + 200 }, 1000)).toHaveLength(2)
    expect(placed([mark({ time: T - 90 * MIN })], view, 1000)).toHaveLength(0)
  })

  it('puts no label on another', () => {
    const wishes = Array.from({ length: 40 }, (_, of) => ({ of, x: of * 21, y: 50, width: 90, weight: of % 5 }))
    const labels = placeLabels(wishes, 14, 1000)
    expect(labels.length).toBeGreaterThan(4)
    const sorted = labels.map((one) => [one.x, one.x + 90] as const).sort((a, b) => a[0] - b[0])
    expect(sorted.every(([from], i) => i === 0 || from >= sorted[i - 1]![1])).toBe(true)
    expect(labels.some((one) => wishes[one.of]!.weight === 4)).toBe(true)
  })

  it('finds the first time at or after another', () => {
    expect([firstFrom([1, 3, 5], 3), firstFrom([1, 3, 5], 4), firstFrom([], 4)]).toEqual([1, 2, 0])
  })
})

describe('film', () => {
  it('plays at its speed and halts at the end', () => {
    expect(played(T, 1000, 60, view)).toEqual({ at: T + MIN, playing: true })
    expect(played(T + 59.9 * MIN, 1000, 60, view)).toEqual({ at: view.to, playing: false })
    expect(speedFor({ from: 0, to: 45_000 })).toBe(1)
    expect(speedFor({ from: 0, to: 63 * MIN })).toBe(300)
    expect(nextMark([T, T + 5], T, 1)).toBe(T + 5)
    expect(nextMark([T, T + 5], T + 5, 1)).toBeNull()
    expect(nextMark([T, T + 5], T + 5, -1)).toBe(T)
    expect(followed(view, T + MIN)).toBeNull()
    expect(followed(view, T + 59 * MIN)!.from).toBeGreaterThan(T)
  })

  it('runs by frames, and steps from mark to mark where motion is not wanted', () => {
    let now = 0
    let frames: (() => void)[] = []
    const run = (work: () => void) => frames.push(work)
    const film = new Film(view, view, () => false, () => now, run, () => undefined) // prettier-ignore
    film.set({ speed: 60 })
    film.toggle()
    for (let i = 0; i < 10; i += 1) {
      now += 100
      const due = frames
      frames = []
      for (const work of due) work()
    }
    expect(film.get().playhead).toBe(T + MIN)
    film.toggle()
    expect(film.get().playing).toBe(false)

    const still = new Film(view, view, () => true)
    still.marks = [T + MIN, T + 2 * MIN]
    still.toggle()
    still.toggle()
    expect(still.get()).toMatchObject({ playhead: T + 2 * MIN, playing: false })
    still.glideTo({ from: T, to: T + MIN })
    expect(still.get().view.to).toBe(T + MIN)
  })
})

describe('density', () => {
  it('adds up a tile by lane once, and finds the highest rate of the view alone', () => {
    const laneOf = vi.fn((value: string) => (value === 'noise' ? REST : 'it01'))
    const density = new Density(laneOf)
    const buckets: Counted['buckets'] = [
      { at: T, total: 60, byValue: { 'IT01.corp.example': 20, it01: 10, noise: 15 } },
      { at: T + 10 * MIN, total: 900, byValue: { noise: 900 } },
    ]
    const counted: Counted = { resolution: 10, from: T, buckets, values: [] }
    const tile = { key: '', resolution: 10, index: 0, counted, failed: false, from: T, to: T + 60 * MIN }
    expect(density.peak([tile], { from: T, to: T + MIN })).toBe(3)
    expect(density.peak([tile], view)).toBe(90)
    expect(density.of(tile)[0]!.lanes).toEqual([['it01', 30], [REST, 15]]) // prettier-ignore
    expect(laneOf).toHaveBeenCalledTimes(4)
    expect(density.of({ ...tile, counted: null })).toEqual([])
  })
})
