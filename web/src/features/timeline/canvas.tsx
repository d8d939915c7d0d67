'use client'
import { Clock } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Sign } from '@/components/glyphs'
import { plainLine } from '@/lib/evidence'
import { onBack } from '@/lib/live'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, offsetText, spanText, zoneName, type Zone } from '@/lib/time'
import { useFilm, useFilmState } from './context'
import { Engine, type Pointed } from './engine/engine'
import {
  FOUND,
  laneFinder,
  MARKED,
  OURS,
  PEOPLE,
  RARE,
  REST,
  type Grouping,
  type Lane,
  type LaneBox,
} from './engine/lanes'
import type { Glyph, Mark } from './engine/marks'
import { AXIS, type Dot } from './engine/paint'
import { aired, sameSpan, type Span } from './engine/scale'
import { headlineOf, tileFetcher, timesOf, type EventRow } from './source'

export interface TimelineCanvasProps {
  incident: string
  by: Grouping
  q: string
  lanes: Lane[]
  marks: Mark[]
  events: EventRow[]
  /** By how many seconds the clock of a lane's host was corrected. */
  clocks: ReadonlyMap<string, number>
  picked: string | null
  onPick: (events: string[], mark: Mark | null) => void
  onLane: (lane: Lane) => void
  onReady: (engine: Engine | null) => void
  onWaiting: (waiting: boolean) => void
}

export const GUTTER = 128
/** What a step goes to: what happened, not what was found or marked in it. */
export const STEPS: ReadonlySet<Glyph> = new Set(['act', 'said', 'ours'])

/** The drawn part: lane names at the left, the canvas, and what is under the pointer. */
export function TimelineCanvas(props: TimelineCanvasProps) {
  const { incident, by, q, lanes, marks, events, picked } = props
  const film = useFilm()
  const canvas = useRef<HTMLCanvasElement>(null)
  const engine = useRef<Engine | null>(null)
  const told = useRef(props)
  const [boxes, setBoxes] = useState<LaneBox[]>([])
  const [pointed, setPointed] = useState<Pointed | null>(null)
  const [zone] = useZone()
  const fetchTile = useMemo(() => tileFetcher(incident, by, q), [incident, by, q])
  useEffect(() => {
    told.current = props
  })

  useEffect(() => {
    const made = new Engine(canvas.current!, film, {
      onPick: ({ mark, dot }) => {
        if (mark) told.current.onPick(mark.events, mark)
        else if (dot) told.current.onPick([dot.id], null)
      },
      onPoint: (at) => setPointed(at && (at.mark || at.dot) ? at : null),
      onLayout: setBoxes,
      onWaiting: (waiting) => told.current.onWaiting(waiting),
    })
    engine.current = made
    told.current.onReady(made)
    return () => {
      told.current.onReady(null)
      made.destroy()
    }
  }, [film])

  useEffect(() => {
    // Steps go from act to act; what rules found and people marked stands beside them.
    const { whole } = film.get()
    const steps = marks.filter((mark) => STEPS.has(mark.glyph) && mark.time <= whole.to)
    film.marks = steps.map((mark) => mark.time)
    engine.current?.show({ marks, lanes, by, fetchTile, zone })
  }, [film, marks, lanes, by, fetchTile, zone])

  useEffect(() => {
    const laneOf = laneFinder(lanes, by)
    const value = (event: EventRow): string => {
      if (by === 'host') return String(event.fields['host.name'] ?? '')
      if (by === 'user') return String(event.fields['user.name'] ?? '')
      return by === 'source' ? event.source : event.kind
    }
    const dots = events.map((event): Dot => {
      return { id: event.id, time: Date.parse(event.time), lane: laneOf(value(event)), kind: event.kind }
    })
    engine.current?.showDots(dots)
  }, [events, lanes, by])

  useEffect(() => engine.current?.pick(picked), [picked])
  useEffect(() => onBack(() => engine.current?.again()), [])

  const dotted = pointed?.dot ? events.find((event) => event.id === pointed.dot!.id) : undefined
  return (
    <div className="relative flex min-h-0 flex-1">
      <ul className="relative w-32 shrink-0" aria-label={say.timeline.group}>
        {boxes.map((box) => (
          <li key={box.lane.id} className="absolute inset-x-0" style={{ top: box.top, height: box.height }}>
            <LaneName
              lane={box.lane}
              clock={by === 'host' ? props.clocks.get(box.lane.id) : undefined}
              onChoose={() => props.onLane(box.lane)}
            />
            {box.lane.id in OWN_NAMES && box.lane.id !== REST && <Beyond lane={box.lane.id} marks={marks} />}
          </li>
        ))}
      </ul>
      <canvas ref={canvas} className="min-w-0 flex-1 touch-none" aria-hidden data-testid="timeline-canvas" />
      {pointed && (
        <div
          className="pointer-events-none absolute z-10 max-w-96 rounded-md bg-lifted px-2.5 py-1.5 text-xs shadow-lg"
          style={tipPlace(pointed, canvas.current?.clientWidth ?? 0, canvas.current?.clientHeight ?? 0)}
        >
          <p className="flex items-center gap-1.5 text-ink-3 tabular-nums">
            {pointed.mark && <Sign glyph={pointed.mark.glyph} severity={pointed.mark.severity} className="size-3" />}
            {clockText(pointed.mark?.time ?? pointed.dot!.time, zone, true)} {zoneName(zone)}
            {pointed.stands > 1 && <span>+{pointed.stands - 1}</span>}
            <Corrected mark={pointed.mark} event={dotted} zone={zone} />
          </p>
          <p className="line-clamp-3 [overflow-wrap:anywhere] text-ink">
            {pointed.mark ? pointed.mark.text : dotted ? plainLine(headlineOf(dotted), 160) : ''}
          </p>
        </div>
      )}
    </div>
  )
}

function tipPlace({ x, y }: Pointed, width: number, height: number): React.CSSProperties {
  const side = x > width * 0.62 ? { right: width - x + 14 } : { left: x + GUTTER + 14 }
  return y > height * 0.6 ? { ...side, bottom: height - y + 10 } : { ...side, top: Math.max(y, AXIS) + 12 }
}

/** Beside every corrected time: by how much, and what the record says itself. */
function Corrected({ mark, event, zone }: { mark: Mark | null; event: EventRow | undefined; zone: Zone }) {
  const { time, recorded } = mark ?? (event ? timesOf(event) : { time: 0, recorded: undefined })
  if (recorded === undefined) return null
  return (
    <span className="ml-1 flex items-center gap-1">
      <Clock size={10} aria-hidden /> {offsetText((time - recorded) / 1000)} ·{' '}
      {say.clock.recorded(clockText(recorded, zone))}
    </span>
  )
}

/** What a row of marks has before and after the stretch that is seen: an empty row says where to look. */
function Beyond({ lane, marks }: { lane: string; marks: Mark[] }) {
  const film = useFilm()
  const { from, to } = useFilmState((state) => state.view, sameSpan)
  const own = marks.filter((mark) => mark.lane === lane)
  const go = (span: Span) => film.glideTo(span)
  const [before, after] = [own.filter((mark) => (mark.until ?? mark.time) < from), own.filter((mark) => mark.time > to)]
  // The board goes on when the evidence has ended: that is told beside what is seen.
  if (lane !== OURS && before.length + after.length < own.length) return null
  return (
    <span className="absolute -right-2 bottom-0.5 flex gap-1">
      <Away
        marks={before}
        away={from - (before.at(-1)?.time ?? 0)}
        said={(n) => `‹ ${say.layers.earlier(n)}`}
        go={go}
      />
      <Away marks={after} away={(after[0]?.time ?? 0) - to} said={(n) => `${say.layers.later(n)} ›`} go={go} />
    </span>
  )
}

interface AwayProps {
  marks: Mark[]
  away: number
  said: (n: number) => string
  go: (span: Span) => void
}

function Away({ marks, away, said, go }: AwayProps) {
  const [first, last] = [marks[0], marks[marks.length - 1]]
  if (!first || !last) return null
  const span = { from: first.time, to: Math.max(last.time, first.time + 60_000) }
  return (
    <button
      type="button"
      onClick={() => go(aired(span, 0.2))}
      title={spanText(away)}
      className="rounded bg-raised px-1 text-2xs text-ink-2 hover:bg-lifted hover:text-ink"
    >
      {said(marks.length)}
    </button>
  )
}

const OWN_NAMES: Record<string, string> = {
  [REST]: say.timeline.rest,
  [PEOPLE]: say.timeline.people,
  [OURS]: say.timeline.ours,
  [FOUND]: say.layers.found,
  [RARE]: say.layers.rare,
  [MARKED]: say.marks.lane,
}
const GLYPH_OF: Partial<Record<Lane['role'], Glyph>> = {
  victim: 'asset', people: 'said', ours: 'ours', found: 'found', rare: 'rare', marked: 'pin',
} // prettier-ignore

export const laneName = (lane: Lane) =>
  OWN_NAMES[lane.id] ?? say.timeline.kinds[lane.label] ?? plainLine(lane.label, 60)

function LaneName({ lane, clock, onChoose }: { lane: Lane; clock: number | undefined; onChoose: () => void }) {
  const glyph = GLYPH_OF[lane.role]
  const name = laneName(lane)
  const told = clock === undefined ? name : say.clock.lane(name, offsetText(clock))
  const body = (
    <>
      {glyph ? <Sign glyph={glyph} className="size-3" /> : <span className="w-3 shrink-0" />}
      <span className="min-w-0">
        <span className="block truncate">{name}</span>
        {clock !== undefined && (
          <span className="flex items-center gap-1 text-2xs leading-3 whitespace-nowrap text-ink-3">
            <Clock size={9} aria-hidden /> {offsetText(clock)}
          </span>
        )}
      </span>
    </>
  )
  const look = 'flex h-full w-full items-center gap-2 pr-2 pl-3 text-left text-xs'
  return lane.values.length && lane.id !== REST ? (
    <button type="button" onClick={onChoose} title={told} className={`${look} text-ink-2 hover:text-ink`}>
      {body}
    </button>
  ) : (
    <span className={`${look} text-ink-3`}>{body}</span>
  )
}
