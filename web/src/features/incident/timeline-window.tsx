'use client'
import { Waypoints } from 'lucide-react'
import { memo, useCallback, useMemo } from 'react'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { useTalked } from '@/features/comments/use-talk'
import { TimelineCanvas } from '@/features/timeline/canvas'
import { ComparePane } from '@/features/timeline/compare-pane'
import { useRestedState } from '@/features/timeline/context'
import type { Engine } from '@/features/timeline/engine/engine'
import type { Grouping, Lane } from '@/features/timeline/engine/lanes'
import type { Mark } from '@/features/timeline/engine/marks'
import { sameSpan, type Span } from '@/features/timeline/engine/scale'
import { EventsTable } from '@/features/timeline/events-table'
import { JumpBox } from '@/features/timeline/jump-box'
import type { Marking } from '@/features/timeline/marking'
import { roughly, type EventRow, type Overview } from '@/features/timeline/source'
import { Transport } from '@/features/timeline/transport'
import { useEvents } from '@/features/timeline/use-events'
import { facetsOf, ValuesPane } from '@/features/timeline/values-pane'
import { say } from '@/lib/strings'
import type { Story } from './story'

export const PANES = ['events', 'values', 'compare'] as const
export type Pane = (typeof PANES)[number]

export interface WindowProps {
  incident: string
  by: Grouping
  /** The search, and the same on two hosts alone while these are compared. */
  q: string
  shownQ: string
  lanes: Lane[]
  marks: Mark[]
  overview: Overview
  story: Story
  clocks: ReadonlyMap<string, number>
  picked: string | null
  pickedEvent: string | null
  pane: Pane
  inStep: boolean
  facets: string | null
  hosts: string[]
  pair: [string, string] | null
  marking: Marking
  change: (patch: Record<string, string | null>, push?: boolean) => void
  onPick: (events: string[], mark: Mark | null) => void
  onLane: (lane: Lane) => void
  onReady: (engine: Engine | null) => void
  onWaiting: (waiting: boolean) => void
  onClear: () => void
}

const REST_MS = 260
const SETTLED_MS = 160
const FEW = 500 // so many are drawn one by one

/** Lanes, film controls, and below them the same stretch as events, as counts of values, or as two hosts compared. */
export const Window = memo(function Window(props: WindowProps) {
  const { incident, shownQ, overview, marks, pane, change, story } = props
  const view = useRestedState((state) => state.view, REST_MS, sameSpan)
  const playhead = useRestedState((state) => state.playhead, SETTLED_MS, Object.is)
  const few = useMemo(() => roughly(overview, view) <= FEW, [overview, view])
  const found = useEvents(incident, view, shownQ, playhead, few)
  const { query, events, old } = found
  const whole = query.data && !query.hasNextPage && !query.hasPreviousPage && !old
  const dots = useMemo((): EventRow[] => (whole ? events : []), [whole, events])
  const cited = useMemo(() => new Set(story.claimsOf.keys()), [story])
  const { onPick } = props
  const pickRow = useCallback((id: string) => onPick([id], null), [onPick])
  return (
    <>
      <section
        aria-label={say.timeline.label}
        aria-describedby="timeline-help"
        tabIndex={0}
        className="flex h-[46%] min-h-64 flex-col -outline-offset-2"
      >
        <p id="timeline-help" className="sr-only">
          {say.timeline.help}
        </p>
        <TimelineCanvas {...props} q={shownQ} events={dots} />
      </section>
      <Transport overview={overview} marks={marks} />
      <div className="flex h-9 shrink-0 items-center gap-2 px-3">
        <Panes pane={pane} onPane={(next) => change({ pane: next === 'events' ? null : next }, true)} />
        <span className="ml-auto" />
        <JumpBox />
        <Hint text={say.step.show}>
          <Button
            kind="bare"
            size="s"
            aria-pressed={props.inStep}
            onClick={() => change({ step: props.inStep ? null : '1' })}
          >
            <Waypoints size={14} /> {say.step.title}
          </Button>
        </Hint>
      </div>
      <div className="@container min-h-0 flex-1 bg-ground/40 pt-1">
        <Below {...props} view={view} found={found} cited={cited} onRow={pickRow} />
      </div>
    </>
  )
})

interface BelowProps extends WindowProps {
  view: Span
  found: ReturnType<typeof useEvents>
  cited: ReadonlySet<string>
  onRow: (id: string) => void
}

function Below({ view, found, cited, onRow, ...props }: BelowProps) {
  const { incident, q, shownQ, pane, change } = props
  const talked = useTalked(incident)
  if (pane === 'values') {
    const onFacets = (next: string[]) => change({ facets: next.join(',') })
    return <ValuesPane incident={incident} span={view} q={shownQ} facets={facetsOf(props.facets)} onFacets={onFacets} />
  }
  if (pane === 'compare') {
    const onPair = (pair: [string, string]) => change({ hosts: pair.join(',') }, true)
    return <ComparePane incident={incident} span={view} q={q} hosts={props.hosts} pair={props.pair} onPair={onPair} />
  }
  return (
    <EventsTable
      found={found}
      q={shownQ}
      picked={props.pickedEvent}
      cited={cited}
      talked={talked}
      marking={props.marking}
      onPick={onRow}
      onClear={props.onClear}
    />
  )
}

function Panes({ pane, onPane }: { pane: Pane; onPane: (pane: Pane) => void }) {
  return (
    <div role="radiogroup" aria-label={say.panes.label} className="flex gap-1">
      {PANES.map((one) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={one === pane}
          onClick={() => onPane(one)}
          className="h-7 rounded-md px-2 text-xs font-[540] text-ink-3 transition-colors hover:text-ink aria-checked:bg-lifted aria-checked:text-ink"
        >
          {say.panes[one]}
        </button>
      ))}
    </div>
  )
}
