/** Where things stand: across by when they first came in, down by what they are. No framework, no randomness. */
import { plainLine } from '@/lib/evidence'
import { parseTime } from '@/lib/time'
import type { GraphEdge, GraphNode } from './queries'

/** Lanes from above: the network, then machines and people, then what ran and what it left. */
const LANES = [
  'ip', 'domain', 'url', 'host', 'user', 'process', 'file', 'hash', 'service', 'registry', 'pipe', 'certificate',
  'cloud-identity', 'cloud-key', 'cloud-resource',
] // prettier-ignore
export const GUTTER = 124
const ROW = 34
const LANE_PAD = 14
const RIGHT = 40
const AXIS = 30
const CHAR = 6.7
const MOST_CHARS = 24
const SIGN = 22
const TICK_APART = 96
const FOOT = 8
const MOST_SPARE = 24

export interface Placed {
  node: GraphNode
  label: string
  x: number
  y: number
  time: number
}

/** All acts from one thing to another. */
export interface Tie {
  id: string
  source: string
  target: string
  edges: GraphEdge[]
  acts: number
  /** Whether a technique of the attacker is among them. */
  hostile: boolean
  path: string
}

export interface Layout {
  nodes: Placed[]
  ties: Tie[]
  lanes: { type: string; top: number; height: number }[]
  ticks: { x: number; time: number }[]
  /** Things that nothing ties to another. */
  apart: GraphNode[]
  width: number
  height: number
}

const PATHS = new Set(['file', 'user', 'process', 'cloud-resource', 'cloud-identity'])

/** The last part of a path, an account without its domain, a host without what follows the dot: the rest is in the panel. */
export function shortLabel(node: Pick<GraphNode, 'type' | 'label'>): string {
  const text = plainLine(node.label, 300)
  const short = PATHS.has(node.type)
    ? (text.split(/[\\/]/).filter(Boolean).pop() ?? text)
    : node.type === 'host'
      ? (text.split('.')[0] ?? text)
      : text
  return short.length > MOST_CHARS ? `${short.slice(0, MOST_CHARS - 1)}…` : short
}

export function tiesOf(edges: readonly GraphEdge[]): Omit<Tie, 'path'>[] {
  const found = new Map<string, Omit<Tie, 'path'>>()
  for (const edge of edges) {
    const id = `${edge.source}>${edge.target}`
    const tie = found.get(id) ?? { id, source: edge.source, target: edge.target, edges: [], acts: 0, hostile: false }
    tie.edges.push(edge)
    tie.acts += edge.count
    tie.hostile ||= edge.techniques.length > 0
    found.set(id, tie)
  }
  return [...found.values()]
}

export function layOut(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  room: { width: number; height: number },
): Layout {
  const since = firstTimes(edges)
  const tied = nodes.filter((node) => since.has(node.id))
  const apart = nodes.filter((node) => !since.has(node.id))
  const byTime = [...tied].sort((a, b) => since.get(a.id)! - since.get(b.id)! || (a.id < b.id ? -1 : 1))
  const times = [...new Set(byTime.map((node) => since.get(node.id)!))]
  const width = Math.max(room.width, GUTTER + RIGHT + times.length * 40 + 120)
  const xOf = stretch(times, GUTTER + 20, width - RIGHT - MOST_CHARS * CHAR)
  const rows = packed(byTime, since, xOf)
  const all = rows.reduce((sum, lane) => sum + lane.rows, 0)
  const bare = AXIS + all * ROW + rows.length * 2 * LANE_PAD
  // Lanes take the room there is, within reason.
  const row = ROW + Math.max(0, Math.min(MOST_SPARE, (room.height - bare - FOOT) / Math.max(1, all)))
  const lanes: Layout['lanes'] = []
  const placed: Placed[] = []
  let top = AXIS
  for (const lane of rows) {
    const height = lane.rows * row + 2 * LANE_PAD
    lanes.push({ type: lane.type, top, height })
    for (const one of lane.things) placed.push({ ...one, y: Math.round(top + LANE_PAD + (one.row + 0.5) * row) })
    top += height
  }
  const at = new Map(placed.map((one) => [one.node.id, one]))
  const ties = tiesOf(edges).flatMap((tie) => {
    const [from, to] = [at.get(tie.source), at.get(tie.target)]
    return from && to ? [{ ...tie, path: pathOf(from, to) }] : []
  })
  return { nodes: placed, ties, lanes, ticks: ticksOf(xOf), apart, width, height: top + FOOT }
}

interface Lane {
  type: string
  rows: number
  things: (Omit<Placed, 'y'> & { row: number })[]
}

/** Each kind's things in as few rows as their names allow. */
function packed(byTime: GraphNode[], since: Map<string, number>, xOf: Map<number, number>): Lane[] {
  const types = [...LANES, ...new Set(byTime.map((one) => one.type).filter((one) => !LANES.includes(one)))]
  return types.flatMap((type): Lane[] => {
    const ends: number[] = []
    const things = byTime
      .filter((node) => node.type === type)
      .map((node) => {
        const time = since.get(node.id)!
        const [x, label] = [xOf.get(time)!, shortLabel(node)]
        const free = ends.findIndex((end) => end < x)
        const row = free < 0 ? ends.length : free
        ends[row] = x + SIGN + label.length * CHAR
        return { node, label, x, time, row }
      })
    return things.length ? [{ type, rows: ends.length, things }] : []
  })
}

function firstTimes(edges: readonly GraphEdge[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const edge of edges) {
    const time = parseTime(edge.first)
    for (const id of [edge.source, edge.target]) found.set(id, Math.min(found.get(id) ?? Infinity, time))
  }
  return found
}

/** Times in order over the width: what is far apart stands further apart, but a quiet night does not take the page. */
function stretch(times: number[], from: number, to: number): Map<number, number> {
  const gaps = times.slice(1).map((time, i) => 1 + Math.log2(1 + (time - times[i]!) / 1000))
  const all = gaps.reduce((sum, gap) => sum + gap, 0) || 1
  let sum = 0
  return new Map(
    times.map((time, i) => {
      if (i > 0) sum += gaps[i - 1]!
      return [time, Math.round(from + ((to - from) * sum) / all)]
    }),
  )
}

function ticksOf(xOf: Map<number, number>): Layout['ticks'] {
  const ticks: Layout['ticks'] = []
  for (const [time, x] of xOf) {
    if (!ticks.length || x - ticks[ticks.length - 1]!.x >= TICK_APART) ticks.push({ time, x })
  }
  return ticks
}

const RADIUS = 9

/** A curve from edge to edge of the two signs; within a lane it bows, so that it does not run through what lies between. */
function pathOf(from: Placed, to: Placed): string {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  if (Math.abs(dy) < 1) {
    const bow = Math.min(26, 10 + Math.abs(dx) / 12)
    const way = Math.sign(dx) || 1
    return `M${from.x + way * 4},${from.y - RADIUS} C${from.x + dx * 0.25},${from.y - bow - 6} ${to.x - dx * 0.25},${to.y - bow - 6} ${to.x - way * 4},${to.y - RADIUS}`
  }
  const down = Math.sign(dy)
  const [y1, y2] = [from.y + down * RADIUS, to.y - down * (RADIUS + 3)]
  const pull = Math.max(18, Math.abs(y2 - y1) * 0.5)
  return `M${from.x},${y1} C${from.x},${y1 + down * pull} ${to.x},${y2 - down * pull} ${to.x},${y2}`
}

/** The thing that arrow keys lead to: sideways the next by time, up and down the nearest of another row. */
export function stepTo(nodes: readonly Placed[], from: string | null, key: string): string | null {
  const order = [...nodes].sort((a, b) => a.x - b.x || a.y - b.y)
  const here = order.findIndex((one) => one.node.id === from)
  const now = order[here]
  if (!now) return order[0]?.node.id ?? null
  if (key === 'ArrowRight') return (order[here + 1] ?? now).node.id
  if (key === 'ArrowLeft') return (order[here - 1] ?? now).node.id
  if (key === 'Home') return order[0]!.node.id
  if (key === 'End') return order[order.length - 1]!.node.id
  const way = key === 'ArrowDown' ? 1 : -1
  const beyond = order.filter((one) => (one.y - now.y) * way > 1)
  const far = (one: Placed) => Math.abs(one.y - now.y) * 2 + Math.abs(one.x - now.x)
  return beyond.reduce((best, one) => (far(one) < far(best) ? one : best), beyond[0] ?? now).node.id
}

export interface Filter {
  roles: ReadonlySet<string> | null
  type: string
  text: string
}

/** What fits, with what it is tied to when a kind or a text was asked for: a thing alone tells nothing. */
export function sift(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  { roles, type, text }: Filter,
): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const allowed = nodes.filter((node) => roles === null || roles.has(node.role))
  const q = text.trim().toLowerCase()
  const ids = new Set(allowed.map((node) => node.id))
  const among = edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target))
  if (!type && !q) return { nodes: allowed, edges: among }
  const hit = new Set(
    allowed
      .filter((node) => (!type || node.type === type) && (!q || node.label.toLowerCase().includes(q)))
      .map((node) => node.id),
  )
  const kept = among.filter((edge) => hit.has(edge.source) || hit.has(edge.target))
  const near = new Set([...hit, ...kept.flatMap((edge) => [edge.source, edge.target])])
  return { nodes: allowed.filter((node) => near.has(node.id)), edges: kept }
}
