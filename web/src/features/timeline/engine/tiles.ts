/** Histograms at the resolution that the view needs, fetched in aligned tiles, kept, and asked for ahead. */
import { overlaps, widthOf, type Span } from './scale'

/** Seconds per bucket that the store counts without effort (stores/events/counting.py). */
export const RESOLUTIONS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200,
  31_449_600,
] as const
export const TILE_BUCKETS = 400

/** Counts of one stretch by value: bucket i of `counts` covers `from + i * resolution` seconds. */
export interface Counted {
  resolution: number
  from: number
  buckets: { at: number; total: number; byValue: Record<string, number> }[]
  values: string[]
}

export interface Tile extends Span {
  key: string
  resolution: number
  index: number
  counted: Counted | null
  failed: boolean
}

export type FetchTile = (span: Span, resolution: number, signal: AbortSignal) => Promise<Counted>

/** The finest resolution whose buckets are at least `least` pixels wide. */
export function resolutionFor(span: Span, width: number, least = 3): number {
  const seconds = (widthOf(span) / 1000 / Math.max(1, width)) * least
  return RESOLUTIONS.find((r) => r >= seconds) ?? RESOLUTIONS[RESOLUTIONS.length - 1]!
}

export const tileSpan = (resolution: number, index: number): Span => {
  const wide = resolution * 1000 * TILE_BUCKETS
  return { from: index * wide, to: (index + 1) * wide }
}

/** Indexes of the tiles that a stretch touches. */
export function tilesOver(span: Span, resolution: number): number[] {
  const wide = resolution * 1000 * TILE_BUCKETS
  const first = Math.floor(span.from / wide)
  const last = Math.ceil(span.to / wide) - 1
  return Array.from({ length: Math.max(0, Math.min(last - first + 1, 64)) }, (_, i) => first + i)
}

/**
 * The tiles at hand. `want` is called for each view; what it lacks is fetched, at most `abreast` at once, what nobody
 * wants any more is cancelled. While a tile is on its way a coarser or finer one that is at hand stands in for it.
 */
export class TileStore {
  private readonly kept = new Map<string, Tile>()
  private readonly flights = new Map<string, AbortController>()
  private queue: Tile[] = []

  constructor(
    private readonly fetchTile: FetchTile,
    private readonly changed: () => void,
    private readonly bounds: Span | null = null,
    private readonly most = 160,
    private readonly abreast = 3,
  ) {}

  /** What can be drawn now, coarser first, and what is still on its way. */
  want(span: Span, width: number): { tiles: Tile[]; resolution: number; waiting: boolean } {
    const resolution = resolutionFor(span, width)
    const needed = this.inBounds(tilesOver(span, resolution), resolution)
    const ahead = this.inBounds(this.neighbours(span, resolution), resolution)
    const wanted = [...needed, ...ahead].map((index) => this.take(resolution, index))
    this.schedule(wanted)
    const shown = wanted.slice(0, needed.length)
    const lacking = shown.filter((tile) => !tile.counted)
    const standIns = lacking.length ? this.standIns(lacking, resolution) : []
    const tiles = [...standIns, ...shown.filter((tile) => tile.counted)]
    return { tiles, resolution, waiting: lacking.some((tile) => !tile.failed) }
  }

  /** Ask again for what failed. */
  again(): void {
    for (const tile of this.kept.values()) tile.failed = false
    this.changed()
  }

  stop(): void {
    for (const flight of this.flights.values()) flight.abort()
    this.flights.clear()
    this.queue = []
  }

  private inBounds(indexes: number[], resolution: number): number[] {
    const bounds = this.bounds
    return bounds ? indexes.filter((index) => overlaps(tileSpan(resolution, index), bounds)) : indexes
  }

  private neighbours(span: Span, resolution: number): number[] {
    const over = tilesOver(span, resolution)
    return over.length ? [over[0]! - 1, over[over.length - 1]! + 1] : []
  }

  private take(resolution: number, index: number): Tile {
    const key = `${resolution}/${index}`
    const found = this.kept.get(key)
    const tile = found ?? { key, resolution, index, counted: null, failed: false, ...tileSpan(resolution, index) }
    this.kept.delete(key)
    this.kept.set(key, tile)
    for (const [old] of this.kept) {
      if (this.kept.size <= this.most) break
      this.kept.delete(old)
    }
    return tile
  }

  private standIns(lacking: Tile[], resolution: number): Tile[] {
    const found = [...this.kept.values()].filter(
      (tile) => tile.counted && tile.resolution !== resolution && lacking.some((one) => overlaps(one, tile)),
    )
    const coarser = found.filter((tile) => tile.resolution > resolution).sort((a, b) => a.resolution - b.resolution)
    const nearest = coarser[0]?.resolution ?? Math.max(...found.map((tile) => tile.resolution))
    return found.filter((tile) => tile.resolution === nearest)
  }

  private schedule(wanted: Tile[]): void {
    const keys = new Set(wanted.map((tile) => tile.key))
    for (const [key, flight] of this.flights) {
      if (!keys.has(key)) {
        this.flights.delete(key)
        flight.abort()
      }
    }
    this.queue = wanted.filter((tile) => !tile.counted && !tile.failed && !this.flights.has(tile.key))
    this.launch()
  }

  private launch(): void {
    while (this.flights.size < this.abreast && this.queue.length) {
      const tile = this.queue.shift()!
      const flight = new AbortController()
      this.flights.set(tile.key, flight)
      void this.fly(tile, flight)
    }
  }

  private async fly(tile: Tile, flight: AbortController): Promise<void> {
    try {
      tile.counted = await this.fetchTile({ from: tile.from, to: tile.to }, tile.resolution, flight.signal)
    } catch {
      tile.failed = !flight.signal.aborted
    }
    if (this.flights.get(tile.key) === flight) this.flights.delete(tile.key)
    this.launch()
    if (!flight.signal.aborted) this.changed()
  }
}
