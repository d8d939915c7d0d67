/** How the attacker went from machine to machine: stops in the order in which each was first reached, and ways between. */
import { OURS, PEOPLE, REST } from '@/features/timeline/engine/lanes'
import type { Report } from '@/features/incident/report'
import type { Entry, Story } from '@/features/incident/story'

export const OUTSIDE = '\u0000outside'
export const CLOUD = 'cloud'

export interface Stop {
  id: string
  time: number
  events: string[]
}

export interface Move {
  id: string
  from: string
  to: string
  time: number
  /** With whose account, and how. */
  account: string
  techniques: string[]
  text: string
  events: string[]
  /** How many acts went this way. */
  acts: number
  /** An open way in: a logon or an execution; else it was only reached. */
  entered: boolean
}

export interface Moves {
  stops: Stop[]
  moves: Move[]
}

const NOWHERE = new Set<string>([REST, OURS, PEOPLE])
const MOST_EVENTS = 12

export function movesOf(story: Pick<Story, 'entries'>, report: Pick<Report, 'entities'>): Moves {
  const entities = new Map(report.entities.map((one) => [one.id, one]))
  const stops = new Map<string, Stop>()
  const moves = new Map<string, Move>()
  const reach = (id: string, { time, entry }: Entry) => {
    if (!NOWHERE.has(id) && !stops.has(id)) stops.set(id, { id, time, events: entry.evidence })
  }
  const go = (from: string, to: string, one: Entry, entered: boolean) => {
    const id = `${from}>${to}`
    const known = moves.get(id)
    const { entry, time, text } = one
    const techniques = [...new Set([...(known?.techniques ?? []), ...entry.techniques])]
    // Of several acts along one way the logon tells with which account.
    const tells =
      known && (known.entered || !entered) ? known : { time, text, account: accountOf(one, entities), entered }
    const events = [...new Set([...(known?.events ?? []), ...entry.evidence])].slice(0, MOST_EVENTS)
    moves.set(id, { ...tells, id, from, to, techniques, events, acts: (known?.acts ?? 0) + 1 })
  }
  for (const one of story.entries) {
    const { entry, lanes, toHost, reaches } = one
    if (entry.kind === 'comm' || entry.kind === 'action' || NOWHERE.has(lanes.host)) continue
    const first = !stops.has(toHost ?? lanes.host)
    if (!toHost && first && (stops.size === 0 || lanes.host === CLOUD)) {
      reach(OUTSIDE, one)
      go(OUTSIDE, lanes.host, one, true)
    }
    reach(lanes.host, one)
    if (toHost) {
      reach(toHost, one)
      go(lanes.host, toHost, one, true)
    } else if (reaches && reaches !== lanes.host) go(lanes.host, reaches, one, false)
  }
  const known = [...moves.values()].filter((move) => stops.has(move.from) && stops.has(move.to))
  return { stops: [...stops.values()].sort((a, b) => a.time - b.time), moves: known.sort((a, b) => a.time - b.time) }
}

function accountOf({ entry, lanes }: Entry, entities: ReadonlyMap<string, Report['entities'][number]>): string {
  const named = entry.entities.map((id) => entities.get(id)).filter((one) => one !== undefined)
  const own = ['user', 'cloud-identity', 'cloud-key']
    .map((type) => named.find((one) => one.type === type))
    .find((one) => one !== undefined)
  const user = lanes.user === REST ? '' : lanes.user
  return own ? (own.value.split(/[\\/]/).pop() ?? own.value) : user
}

export interface PlacedStop extends Stop {
  x: number
  y: number
}

export interface PlacedMove extends Move {
  path: string
  /** Where its words stand. */
  label: { x: number; y: number }
  below: boolean
}

const STEP = 230
const FAR = 420 // two stops do not stand at the ends of the room
const LIFT = 96
const RADIUS = 26
const UNDER = 88

/** Stops on a line by time; ways to the next above it, those that pass something over below it, wider the further they go. */
export function placeMoves({ stops, moves }: Moves, width: number, height: number) {
  const step = Math.min(FAR, Math.max(STEP, stops.length > 1 ? (width - 200) / (stops.length - 1) : 0))
  const left = stops.length > 1 ? Math.max(100, (width - (stops.length - 1) * step) / 2) : width / 2
  const middle = Math.max(210, height * 0.46)
  const placed = stops.map((stop, i): PlacedStop => ({
    ...stop,
    x: Math.round(left + i * step),
    y: Math.round(middle),
  }))
  const at = new Map(placed.map((stop, i) => [stop.id, { stop, i }]))
  const ways = moves.flatMap((move): PlacedMove[] => {
    const [from, to] = [at.get(move.from), at.get(move.to)]
    if (!from || !to) return []
    const apart = Math.abs(to.i - from.i)
    const below = apart !== 1 || to.i < from.i
    const side = below ? 1 : -1
    const lift = below ? 60 + apart * 34 : LIFT
    const [x1, x2] = [
      from.stop.x + Math.sign(to.i - from.i) * RADIUS * 0.6,
      to.stop.x - Math.sign(to.i - from.i) * RADIUS * 0.8,
    ]
    // Below stand the names of the stops: what runs there begins and ends under them.
    const [y1, y2] = below
      ? [from.stop.y + UNDER, to.stop.y + UNDER + 5]
      : [from.stop.y - RADIUS, to.stop.y - RADIUS - 5]
    const peak = middle + side * ((below ? UNDER : RADIUS) + lift)
    const path = `M${x1},${y1} C${x1 + (x2 - x1) * 0.12},${peak} ${x2 - (x2 - x1) * 0.12},${peak} ${x2},${y2}`
    const label = {
      x: Math.round((x1 + x2) / 2),
      y: Math.round(middle + side * ((below ? UNDER : RADIUS) + lift * 0.78)),
    }
    return [{ ...move, path, label, below }]
  })
  const deep = Math.max(0, ...ways.filter((way) => way.below).map((way) => way.label.y + 90))
  const room = left + Math.max(0, stops.length - 1) * step + (stops.length > 1 ? 100 : 0)
  return { stops: placed, ways, width: Math.max(width, room), height: Math.max(height, middle + 120, deep) }
}
