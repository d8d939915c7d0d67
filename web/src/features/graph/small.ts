/** The graph small: no words, things in rows by kind and in the order in which they came in. */
import { parseTime } from '@/lib/time'
import type { GraphEdge, GraphNode } from './queries'

const KINDS = ['ip', 'domain', 'url', 'host', 'user', 'process', 'file', 'hash', 'service', 'registry'] as const
const PAD = 14
const TOP = 30 // ties within the uppermost row bow over it

export interface SmallNode {
  node: GraphNode
  x: number
  y: number
}

export interface SmallTie {
  id: string
  path: string
  hostile: boolean
}

export interface SmallPicture {
  nodes: SmallNode[]
  ties: SmallTie[]
  height: number
}

const rowOf = (type: string) => {
  const found = (KINDS as readonly string[]).indexOf(type)
  return found < 0 ? KINDS.length : found
}

export function smallPicture(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  width: number,
  row = 30,
): SmallPicture {
  const since = new Map<string, number>()
  for (const edge of edges) {
    const time = parseTime(edge.first)
    for (const id of [edge.source, edge.target]) since.set(id, Math.min(since.get(id) ?? Infinity, time))
  }
  const tied = nodes.filter((node) => since.has(node.id)).sort((a, b) => since.get(a.id)! - since.get(b.id)!)
  const kinds = [...new Set(tied.map((node) => rowOf(node.type)))].sort((a, b) => a - b)
  const step = tied.length > 1 ? (width - 2 * PAD) / (tied.length - 1) : 0
  const placed = tied.map((node, i) => ({
    node,
    x: Math.round(PAD + i * step),
    y: TOP + kinds.indexOf(rowOf(node.type)) * row,
  }))
  const at = new Map(placed.map((one) => [one.node.id, one]))
  const ties = new Map<string, SmallTie>()
  for (const edge of edges) {
    const [a, b] = [at.get(edge.source), at.get(edge.target)]
    const id = `${edge.source}>${edge.target}`
    if (!a || !b) continue
    const hostile = edge.techniques.length > 0 || (ties.get(id)?.hostile ?? false)
    ties.set(id, { id, path: curve(a, b), hostile })
  }
  return { nodes: placed, ties: [...ties.values()], height: TOP + PAD + Math.max(0, kinds.length - 1) * row }
}

function curve(a: SmallNode, b: SmallNode): string {
  const bow = a.y === b.y ? -Math.min(18, 6 + Math.abs(b.x - a.x) / 8) : 0
  const middle = (a.y + b.y) / 2 + bow
  return `M${a.x},${a.y} C${a.x},${middle} ${b.x},${middle} ${b.x},${b.y}`
}
