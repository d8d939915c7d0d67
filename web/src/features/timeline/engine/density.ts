/** A tile's counts by lane, added up once: frames come faster than counts. */
import { overlaps, type Span } from './scale'
import type { Counted, Tile } from './tiles'

export interface Summed {
  at: number
  /** The most events a second of one lane. */
  rate: number
  lanes: [lane: string, events: number][]
}

export class Density {
  private readonly kept = new WeakMap<Counted, Summed[]>()

  constructor(private readonly laneOf: (value: string) => string) {}

  /** The buckets of a tile, none while it is on its way. */
  of(tile: Tile): readonly Summed[] {
    if (!tile.counted) return []
    const found = this.kept.get(tile.counted)
    if (found) return found
    const made = tile.counted.buckets.map((bucket): Summed => {
      const sums = new Map<string, number>()
      for (const value in bucket.byValue) {
        const lane = this.laneOf(value)
        sums.set(lane, (sums.get(lane) ?? 0) + bucket.byValue[value]!)
      }
      return { at: bucket.at, rate: Math.max(0, ...sums.values()) / tile.resolution, lanes: [...sums] }
    })
    this.kept.set(tile.counted, made)
    return made
  }

  /** The highest rate of a lane in a bucket of the view. */
  peak(tiles: readonly Tile[], view: Span): number {
    let peak = 0
    for (const tile of tiles) {
      for (const { at, rate } of this.of(tile)) {
        if (rate > peak && overlaps({ from: at, to: at + tile.resolution * 1000 }, view)) peak = rate
      }
    }
    return peak
  }
}
