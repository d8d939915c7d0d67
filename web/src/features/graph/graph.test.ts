import { expect, it } from 'vitest'
import { GUTTER, layOut, shortLabel, sift, stepTo, tiesOf } from './layout'
import type { GraphEdge, GraphNode, Process } from './queries'
import { treeOf } from './tree'

const node = (id: string, type = 'process', role = 'unknown') =>
  ({ id, type, label: id, role, members: 1 }) as GraphNode
const edge = (source: string, target: string, minute: number, techniques: string[] = []) =>
  ({
    source, target, verb: 'spawned', count: 2, first: `2026-03-10T08:${String(minute).padStart(2, '0')}:00Z`,
    last: '2026-03-10T09:59:00Z', summary: '', techniques, evidence: ['e'],
  }) as GraphEdge // prettier-ignore

const ROOM = { width: 1200, height: 700 }
const NODES = [node('a', 'host', 'victim'), node('b'), node('c'), node('d', 'ip', 'attacker'), node('lone', 'hash')]
const EDGES = [edge('a', 'b', 1), edge('b', 'c', 5), edge('a', 'd', 50, ['T1071']), edge('a', 'd', 51)]

it('stands what came later further right, each kind in its lane, and nothing on another', () => {
  const { nodes, lanes, ties, apart, width } = layOut(NODES, EDGES, ROOM)
  const at = Object.fromEntries(nodes.map((one) => [one.node.id, one]))
  expect(at['a']!.x).toBe(at['b']!.x)
  expect(at['c']!.x).toBeGreaterThan(at['b']!.x)
  expect(at['d']!.x).toBeGreaterThan(at['c']!.x)
  expect(nodes.every((one) => one.x >= GUTTER && one.x < width)).toBe(true)
  expect(lanes.map((lane) => lane.type)).toEqual(['ip', 'host', 'process'])
  expect(apart.map((one) => one.id)).toEqual(['lone'])
  expect(ties).toHaveLength(3)
  expect(new Set(nodes.map((one) => `${one.x}/${one.y}`)).size).toBe(nodes.length)
})

it('keeps 150 things of one moment apart', () => {
  const many = Array.from({ length: 150 }, (_, i) => node(`p${i}`))
  const { nodes } = layOut(
    [node('root', 'host'), ...many],
    many.map((one) => edge('root', one.id, 1)),
    ROOM,
  )
  expect(new Set(nodes.map((one) => `${one.x}/${one.y}`)).size).toBe(151)
})

it('gathers the acts between two, and knows hostile ones', () => {
  const tie = tiesOf(EDGES).find((one) => one.target === 'd')!
  expect([tie.acts, tie.edges.length, tie.hostile]).toEqual([4, 2, true])
})

it('sifts by role strictly, by kind and text with what is tied to it', () => {
  const roles = new Set(['victim', 'attacker'])
  expect(sift(NODES, EDGES, { roles, type: '', text: '' }).nodes.map((one) => one.id)).toEqual(['a', 'd'])
  const some = sift(NODES, EDGES, { roles: null, type: 'ip', text: '' })
  expect([some.nodes.map((one) => one.id), some.edges.length]).toEqual([['a', 'd'], 2])
  expect(sift(NODES, EDGES, { roles: null, type: '', text: 'nowhere' }).nodes).toEqual([])
})

it('goes by arrow keys through time and lanes, and halts at the ends', () => {
  const { nodes } = layOut(NODES, EDGES, ROOM)
  expect(stepTo(nodes, null, 'ArrowRight')).toBe('a')
  expect(stepTo(nodes, 'a', 'ArrowRight')).toBe('b')
  expect(stepTo(nodes, 'a', 'ArrowUp')).toBe('d')
  expect(stepTo(nodes, 'd', 'ArrowUp')).toBe('d')
  expect(stepTo(nodes, 'd', 'ArrowRight')).toBe('d')
})

it('says names short, and what would hide in them', () => {
  expect(shortLabel({ type: 'file', label: 'C:\\Users\\x\\evil.exe' })).toBe('evil.exe')
  expect(shortLabel({ type: 'host', label: 'IT01.example.org' })).toBe('IT01')
  expect(shortLabel({ type: 'ip', label: '203.0.113.45' })).toBe('203.0.113.45')
  expect(shortLabel({ type: 'user', label: 'a\u202eb' })).toBe('a⟨U+202E⟩b')
})

const process = (key: string, parent: string, acts: string[] = []) =>
  ({ key, parent, name: key, acts, techniques: [], evidence: [] }) as unknown as Process

it('makes a tree, of the story with what led to it, whatever names itself its parent', () => {
  const all = [process('init', ''), process('sh', 'init'), process('id', 'sh', ['act']), process('cron', 'init')]
  expect(treeOf(all, false).map((one) => [one.process.key, one.depth])).toEqual([
    ['init', 0], ['sh', 1], ['id', 2], ['cron', 1],
  ]) // prettier-ignore
  expect(treeOf(all, true).map((one) => one.process.key)).toEqual(['init', 'sh', 'id'])
  expect(treeOf([process('x', 'x'), process('y', 'gone')], false)).toHaveLength(2)
})
