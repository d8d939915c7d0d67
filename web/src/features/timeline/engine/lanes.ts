/** Rows of the timeline: which there are, in which order, and how high each is. */
import type { Mark } from './marks'

export type Grouping = 'host' | 'user' | 'source' | 'kind'
export const GROUPINGS: Grouping[] = ['host', 'user', 'source', 'kind']

export interface Lane {
  id: string
  label: string
  /** Values of the field that this lane gathers, as the store spells them. */
  values: string[]
  role: 'victim' | 'attacker' | 'plain' | 'people' | 'ours' | 'rest' | 'found' | 'rare' | 'marked'
  events: number
}

export interface LaneBox {
  lane: Lane
  top: number
  height: number
}

export const REST = '\u0000rest'
export const PEOPLE = '\u0000people'
export const OURS = '\u0000ours'
export const FOUND = '\u0000found'
export const RARE = '\u0000rare'
export const MARKED = '\u0000marked'

/** Rows that belong to no value of a grouping, from above: what rules and statistics say, people, ourselves. */
const OWN: Record<string, Lane['role']> = {
  [FOUND]: 'found',
  [RARE]: 'rare',
  [PEOPLE]: 'people',
  [OURS]: 'ours',
  [MARKED]: 'marked',
}
const LOW = new Set<Lane['role']>(['rest', ...Object.values(OWN)])

/** A value as a lane's name: hosts by their first part in lower case, for logs spell them in many ways. */
export function laneId(value: string, by: Grouping): string {
  return by === 'host' || by === 'user' ? spelling(value, by).toLowerCase() : value
}

/** The same as it is spelled. */
function spelling(value: string, by: Grouping): string {
  if (by !== 'host') return by === 'user' ? (value.split('\\').pop() ?? value) : value
  return /^[\d.]+$|:/.test(value) ? value : (value.split('.')[0] ?? value)
}

/**
 * The lanes of a grouping: first those with marks, in the order in which the story reaches them, then by how much they
 * hold; beyond `most` they share one row. What rules found, people and our own acts have rows
 * of their own at the end.
 */
export function lanesOf(
  counts: readonly { value: string; events: number }[],
  marks: readonly Mark[],
  by: Grouping,
  roles: ReadonlyMap<string, Lane['role']>,
  most = 11,
): Lane[] {
  const lanes = new Map<string, Lane>()
  const lane = (id: string, label: string): Lane => {
    const found = lanes.get(id) ?? { id, label, values: [], role: roles.get(id) ?? 'plain', events: 0 }
    lanes.set(id, found)
    return found
  }
  const reached = new Map<string, number>()
  for (const mark of marks) {
    if (mark.lane in OWN || mark.lane === REST) continue
    lane(mark.lane, mark.lane)
    if (!reached.has(mark.lane)) reached.set(mark.lane, reached.size)
  }
  const loudest = new Map<string, number>()
  for (const { value, events } of counts) {
    if (value === '') continue
    const one = lane(laneId(value, by), laneId(value, by))
    // Called as most of its records spell it.
    if (events > (loudest.get(one.id) ?? 0)) {
      one.label = spelling(value, by)
      loudest.set(one.id, events)
    }
    one.values.push(value)
    one.events += events
  }
  const rank = (one: Lane) => reached.get(one.id) ?? Number.MAX_SAFE_INTEGER
  const sorted = [...lanes.values()].sort((a, b) => rank(a) - rank(b) || b.events - a.events || (a.id < b.id ? -1 : 1))
  const shown = sorted.slice(0, most)
  const rest = sorted.slice(most)
  const none = counts.find((one) => one.value === '')
  if (rest.length || none || marks.some((mark) => mark.lane === REST)) {
    const values = [...rest.flatMap((one) => one.values), ...(none ? [''] : [])]
    const events = rest.reduce((sum, one) => sum + one.events, none?.events ?? 0)
    shown.push({ id: REST, label: '', values, role: 'rest', events })
  }
  for (const [id, role] of Object.entries(OWN)) {
    if (marks.some((mark) => mark.lane === id)) shown.push({ id, label: '', values: [], role, events: 0 })
  }
  return shown
}

/** A search leaves the lanes in their order and takes away the rows of marks that have none left. */
export const seenLanes = (lanes: readonly Lane[], marks: readonly Mark[]): Lane[] =>
  lanes.filter((lane) => !(lane.id in OWN) || marks.some((mark) => mark.lane === lane.id))

const MOST_HIGH = 72
const FEW_HIGH = 150 // two hosts held against each other may take the room

/** Where each lane stands between `top` and `bottom`: rows of people and of ours are lower than the rest. */
export function boxesOf(lanes: readonly Lane[], top: number, bottom: number): LaneBox[] {
  const share = (lane: Lane) => (LOW.has(lane.role) ? 0.72 : 1)
  const whole = lanes.reduce((sum, lane) => sum + share(lane), 0) || 1
  const most = lanes.length > 3 ? MOST_HIGH : FEW_HIGH
  const unit = Math.min(most, (bottom - top) / whole)
  let y = top
  return lanes.map((lane) => {
    const box = { lane, top: y, height: unit * share(lane) }
    y += box.height
    return box
  })
}

const MOST_KNOWN = 10_000

/** The lane that holds a value, for whatever is not named by a lane of its own. */
export function laneFinder(lanes: readonly Lane[], by: Grouping): (value: string) => string {
  const own = new Set(lanes.map((lane) => lane.id))
  // A tile asks for the same twenty values in each of its buckets.
  const found = new Map<string, string>()
  return (value) => {
    const before = found.get(value)
    if (before !== undefined) return before
    const id = laneId(value, by)
    const lane = value !== '' && own.has(id) ? id : REST
    if (found.size < MOST_KNOWN) found.set(value, lane)
    return lane
  }
}
