'use client'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Blank } from '@/components/ui/states'
import { Sign } from '@/components/glyphs'
import type { Report } from '@/features/incident/report'
import type { Step } from '@/features/incident/step-bar'
import type { Story } from '@/features/incident/story'
import { laneId } from '@/features/timeline/engine/lanes'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, spanText, zoneName } from '@/lib/time'
import { CLOUD, movesOf, OUTSIDE, placeMoves, type PlacedMove, type PlacedStop } from './moves'

interface Props {
  story: Story
  report: Report
  step: Step
  onEvidence: (events: string[]) => void
}

/** From machine to machine: each stop where it was first reached, each way with the account and technique that opened it. */
export function MovesMap({ story, report, step, onEvidence }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState({ width: 0, height: 0 })
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      setRoom({ width: Math.floor(width), height: Math.floor(height) })
    })
    if (box.current) watch.observe(box.current)
    return () => watch.disconnect()
  }, [])
  const moves = useMemo(() => movesOf(story, report), [story, report])
  const placed = useMemo(() => placeMoves(moves, room.width, room.height), [moves, room])
  const spelled = useMemo(() => spelledOf(report), [report])
  const { at, entry } = step
  const came = (time: number) => at === null || time <= at + 0.0005
  const hosts = moves.stops.filter((stop) => stop.id !== OUTSIDE)
  if (!hosts.length) return <Blank title={say.moves.none} about={say.moves.noneAbout} />
  return (
    <div ref={box} className="h-full overflow-auto" tabIndex={0} role="region" aria-label={say.moves.label}>
      {room.width > 0 && (
        <div className="relative" style={{ width: placed.width, height: placed.height }}>
          <Ways
            ways={placed.ways}
            came={came}
            now={(way) => entry !== null && way.events.includes(entry.entry.evidence[0] ?? '')}
            width={placed.width}
            height={placed.height}
          />
          <ol aria-label={say.moves.stops}>
            {placed.stops.map((stop, i) => (
              <Place
                key={stop.id}
                name={nameOf(stop.id, spelled)}
                stop={stop}
                number={i - (placed.stops[0]?.id === OUTSIDE ? 1 : 0) + 1}
                since={i > 0 ? stop.time - placed.stops[0]!.time : null}
                seen={came(stop.time)}
                onEvidence={onEvidence}
              />
            ))}
          </ol>
          <ul aria-label={say.moves.ways}>
            {placed.ways.map((way) => (
              <Way key={way.id} way={way} seen={came(way.time)} onEvidence={onEvidence} />
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}

interface WaysProps {
  ways: PlacedMove[]
  came: (time: number) => boolean
  now: (way: PlacedMove) => boolean
  width: number
  height: number
}

function Ways({ ways, came, now, width, height }: WaysProps) {
  return (
    <svg width={width} height={height} aria-hidden className="absolute inset-0">
      <defs>
        <marker
          id="way-tip"
          viewBox="0 0 8 8"
          refX="6"
          refY="4"
          markerWidth="9"
          markerHeight="9"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0,0.500 7,4 0,7.500z" fill="var(--act-high)" />
        </marker>
      </defs>
      {ways.map((way) => (
        <g key={way.id} style={{ opacity: came(way.time) ? 1 : 0.1 }} className="transition-opacity duration-200">
          <path
            d={way.path}
            fill="none"
            stroke={now(way) ? 'var(--accent)' : 'var(--act-high)'}
            strokeWidth={way.entered ? 2.5 : 1.25}
            strokeDasharray={way.entered ? undefined : '4 5'}
            markerEnd="url(#way-tip)"
          />
          {now(way) && (
            <path
              d={way.path}
              fill="none"
              stroke="var(--accent)"
              strokeWidth={6}
              strokeLinecap="round"
              pathLength={100}
              strokeDasharray="8 200"
              className="travel"
            />
          )}
        </g>
      ))}
    </svg>
  )
}

function spelledOf(report: Report): Map<string, string> {
  const hosts = report.entities.filter((one) => one.type === 'host')
  return new Map(hosts.map(({ value }) => [laneId(value, 'host'), value.split('.')[0] ?? value]))
}

/** As the report spells it; the lane's name is in lower case whatever the logs say. */
function nameOf(id: string, spelled: ReadonlyMap<string, string>): string {
  return id === OUTSIDE ? say.moves.outside : id === CLOUD ? say.moves.cloud : plainLine(spelled.get(id) ?? id, 40)
}

interface PlaceProps {
  name: string
  stop: PlacedStop
  number: number
  since: number | null
  seen: boolean
  onEvidence: (events: string[]) => void
}

function Place({ name, stop, number, since, seen, onEvidence }: PlaceProps) {
  const [zone] = useZone()
  const outside = stop.id === OUTSIDE
  return (
    <li
      className="group absolute data-[seen=false]:[&_*]:text-ink-3"
      data-seen={seen}
      style={{ left: stop.x - 80, top: stop.y - 26, width: 160 }}
    >
      <button
        type="button"
        onClick={() => onEvidence(stop.events)}
        className="flex w-full flex-col items-center rounded-xl text-center"
      >
        {outside ? (
          <span className="flex size-[52px] items-center justify-center">
            <Sign glyph="act" severity="critical" className="size-11" />
          </span>
        ) : (
          <span className="flex size-[52px] items-center justify-center rounded-full bg-asset text-lg font-[660] text-ground tabular-nums transition-colors duration-200 group-hover:ring-4 group-hover:ring-asset/25 group-data-[seen=false]:bg-lifted group-data-[seen=false]:text-ink-3">
            {number}
          </span>
        )}
        <span className="mt-2 max-w-full truncate rounded bg-surface px-1 text-[15px] font-[620]">{name}</span>
        <span className="rounded bg-surface px-1 text-xs text-ink-2 tabular-nums">
          {clockText(stop.time, zone)} {zoneName(zone, stop.time)}
        </span>
        {since !== null && since > 0 && (
          <span className="rounded bg-surface px-1 text-2xs text-ink-3">{say.moves.after(spanText(since))}</span>
        )}
      </button>
    </li>
  )
}

function Way({ way, seen, onEvidence }: { way: PlacedMove; seen: boolean; onEvidence: (events: string[]) => void }) {
  const [zone] = useZone()
  return (
    <li
      data-seen={seen}
      className={`absolute -translate-x-1/2 data-[seen=false]:[&_*]:text-ink-3 ${way.below ? '' : '-translate-y-full'}`}
      style={{ left: way.label.x, top: way.label.y, width: 190 }}
    >
      <button
        type="button"
        title={plainLine(way.text, 200)}
        onClick={() => onEvidence(way.events)}
        className="flex w-full flex-col items-center gap-0.5 rounded-lg px-2 py-1 text-center hover:bg-lifted"
      >
        <span className="max-w-full truncate text-[13px] font-[580]">
          {way.entered
            ? plainLine(way.account, 40) || (way.from === OUTSIDE ? say.moves.fromOutside : say.moves.noAccount)
            : say.moves.reached}
        </span>
        <span className="line-clamp-2 text-xs leading-4 text-pretty [overflow-wrap:anywhere] text-ink-2">
          {plainLine(way.text, 60)}
        </span>
        <span className="flex flex-wrap justify-center gap-x-2 text-2xs text-ink-3 tabular-nums">
          {clockText(way.time, zone)}
          <span className="font-mono text-act-medium">{way.techniques.slice(0, 2).join(' ')}</span>
          {way.acts > 1 && say.graph.acts(way.acts)}
        </span>
      </button>
    </li>
  )
}
