/** Histograms at the resolution that the view needs, fetched in aligned tiles, kept, and asked for ahead. */
import { overlaps, widthOf, type Span } from './scale'

/** Seconds per bucket that the store counts without effort (stores/events/counting.py). */
export const RESOLUTIONS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200,
  31_449_600,
] as const
export const TILE_BUCKETS = 400
/** A stand-in so many times coarser is enough for who is still on the way. */
const ENOUGH = 4
const SETTLED_MS = 90
const AHEAD_MS = 300

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
 * wants any more is cancelled. While a tile is on its way a coarser or finer one that is at hand stands in for it. Whoever
 * zooms passes many resolutions: where a stand-in is near enough, the tile itself is fetched once the view has settled, and
 * what lies beside once the same tiles have been wanted for a while.
 */
export class TileStore {
  private readonly kept = new Map<string, Tile>()
  private readonly flights = new Map<string, AbortController>()
  private queue: Tile[] = []
  private needed = ''
  private looked: Span | null = null
  private settled: ReturnType<typeof setTimeout> | undefined
  private ahead: Tile[] = []
  private rest: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly fetchTile: FetchTile,
    private readonly changed: () => void,
    private readonly bounds: Span | null = null,
    private readonly most = 160,
    private readonly abreast = 2,
  ) {}

  /**
   * What can be drawn now, coarser first, and whether something is still on its way. Fetched is what `goal` lacks: a view
   * that moves to another passes stretches that nobody will look at.
   */
  want(span: Span, width: number, goal = span): { tiles: Tile[]; resolution: number; waiting: boolean } {
    const resolution = resolutionFor(span, width)
    const shown = this.over(span, resolution)
    const lacking = shown.filter((tile) => !tile.counted)
    const standIns = lacking.length ? this.standIns(lacking, resolution) : []
    const needed = goal === span ? shown : this.over(goal, resolutionFor(goal, width))
    const near = standIns.length > 0 && standIns[0]!.resolution <= resolution * ENOUGH && cover(standIns, lacking, span)
    this.schedule(needed, goal, width, near && goal === span)
    const tiles = [...standIns, ...shown.filter((tile) => tile.counted)]
    return { tiles, resolution, waiting: needed.some((tile) => !tile.counted && !tile.failed) }
  }

  /** Ask again for what failed. */
  again(): void {
    for (const tile of this.kept.values()) tile.failed = false
    this.looked = null
    this.changed()
  }

  stop(): void {
    clearTimeout(this.rest)
    clearTimeout(this.settled)
    for (const flight of this.flights.values()) flight.abort()
    this.flights.clear()
    this.queue = []
  }

  private over(span: Span, resolution: number): Tile[] {
    return this.inBounds(tilesOver(span, resolution), resolution).map((index) => this.take(resolution, index))
  }

  private inBounds(indexes: number[], resolution: number): number[] {
    const bounds = this.bounds
    return bounds ? indexes.filter((index) => overlaps(tileSpan(resolution, index), bounds)) : indexes
  }

  private neighbours(span: Span, width: number): Tile[] {
    const resolution = resolutionFor(span, width)
    const over = tilesOver(span, resolution)
    const beside = over.length ? [over[0]! - 1, over[over.length - 1]! + 1] : []
    return this.inBounds(beside, resolution).map((index) => this.take(resolution, index))
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

  private schedule(needed: Tile[], goal: Span, width: number, canWait: boolean): void {
    const keys = needed.map((tile) => tile.key).join()
    if (keys !== this.needed) {
      this.needed = keys
      this.ahead = []
      clearTimeout(this.rest)
      this.rest = setTimeout(() => {
        this.ahead = this.neighbours(goal, width)
        this.fetch([...needed, ...this.ahead])
      }, AHEAD_MS)
    }
    const moved = this.looked !== goal
    this.looked = goal
    if (moved) clearTimeout(this.settled)
    if (!canWait) this.fetch([...needed, ...this.ahead])
    else if (moved) this.settled = setTimeout(() => this.fetch([...needed, ...this.ahead]), SETTLED_MS)
  }

  private fetch(wanted: Tile[]): void {
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

/** Whether these tiles lie under all that is seen of the others. */
function cover(tiles: readonly Tile[], others: readonly Tile[], seen: Span): boolean {
  return others.every((other) => {
    const [from, to] = [Math.max(other.from, seen.from), Math.min(other.to, seen.to)]
    let reached = from
    for (const tile of [...tiles].sort((a, b) => a.from - b.from))
      if (tile.from <= reached) reached = Math.max(reached, tile.to)
    return reached >= to
  })
}
