'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Clock } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import { Sign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { offsetText, parseTime, stampText, zoneName } from '@/lib/time'
import { useFilm, useFilmState } from './context'
import { firstFrom, type Glyph } from './engine/marks'
import type { Span } from './engine/scale'
import { eventsQuery, headlineOf, type EventRow } from './source'

const ROW = 28
const PACE_MS = 125 // while the film runs: nobody reads rows that change faster
// In a narrow place, beside the record or on a tablet, what happened is worth more than by whom.
const COLUMNS =
  'grid grid-cols-[236px_132px_132px_148px_minmax(0,1fr)] items-center gap-3 px-3 @max-3xl:grid-cols-[236px_100px_92px_minmax(0,1fr)]'
const ROOMY = '@max-3xl:hidden'
const GLYPHS: Record<string, Glyph> = { alert: 'act', comm: 'said', action: 'ours' }

export function useEvents(incident: string, span: Span, q: string) {
  return useInfiniteQuery(eventsQuery(incident, span, q))
}

interface Props {
  found: ReturnType<typeof useEvents>
  q: string
  picked: string | null
  cited: ReadonlySet<string>
  onPick: (id: string) => void
  onClear: () => void
}

/** The raw events of the window, in order of time; the row at the playhead is marked. */
export function EventsTable({ found, q, picked, cited, onPick, onClear }: Props) {
  const film = useFilm()
  const [zone] = useZone()
  const scroller = useRef<HTMLDivElement>(null)
  const events = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data])
  const times = useMemo(() => events.map((event) => parseTime(event.time)), [events])
  const rows = useVirtualizer({
    count: events.length + (found.hasNextPage ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  })
  const shown = rows.getVirtualItems()
  const lastShown = shown[shown.length - 1]?.index ?? 0
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  useEffect(() => {
    if (lastShown >= events.length - 1 && hasNextPage && !isFetchingNextPage && events.length) void fetchNextPage()
  }, [lastShown, events.length, hasNextPage, isFetchingNextPage, fetchNextPage])

  const paced = useRef({ at: 0, row: -1 })
  const current = useFilmState(({ playhead, playing }) => {
    const now = performance.now()
    if (playing && now - paced.current.at < PACE_MS) return paced.current.row
    paced.current = { at: now, row: playhead === null ? -1 : firstFrom(times, playhead + 0.0005) - 1 }
    return paced.current.row
  })
  useEffect(() => {
    if (current >= 0) rows.scrollToIndex(current, { align: 'center' })
  }, [current, rows])

  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  if (!events.length && !found.hasNextPage) {
    return (
      <Blank title={q ? say.timeline.noMatch : say.timeline.noEvents}>
        {q && <Button onClick={onClear}>{say.timeline.clearFilter}</Button>}
      </Blank>
    )
  }
  return (
    <div
      className="@container flex h-full min-h-0 flex-col"
      role="table"
      aria-label={say.timeline.events(events.length)}
      aria-rowcount={-1}
    >
      <div role="row" className={`${COLUMNS} h-7 shrink-0 text-2xs text-ink-3`}>
        <span role="columnheader" className="pl-5">
          {say.timeline.columns.time} ({zoneName(zone, times[0])})
        </span>
        <span role="columnheader">{say.timeline.columns.source}</span>
        <span role="columnheader">{say.timeline.columns.host}</span>
        <span role="columnheader" className={ROOMY}>
          {say.timeline.columns.user}
        </span>
        <span role="columnheader">{say.timeline.columns.what}</span>
      </div>
      <div
        ref={scroller}
        role="rowgroup"
        tabIndex={0}
        aria-label={say.timeline.events(events.length)}
        className={`min-h-0 flex-1 overflow-y-auto transition-opacity ${found.isPlaceholderData ? 'opacity-50' : ''}`}
      >
        <div className="relative w-full" style={{ height: rows.getTotalSize() }}>
          {shown.map((row) => {
            const event = events[row.index]
            const place = { transform: `translateY(${row.start}px)`, height: ROW }
            return event ? (
              <Row
                key={event.id}
                event={event}
                time={stampText(times[row.index]!, zone)}
                place={place}
                current={row.index === current}
                picked={event.id === picked}
                cited={cited.has(event.id)}
                onPick={() => {
                  film.set({ playing: false, playhead: times[row.index]! })
                  onPick(event.id)
                }}
              />
            ) : (
              <div key="more" style={place} className="absolute inset-x-0 flex items-center px-8 text-xs text-ink-3">
                {say.timeline.more}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

function Row({
  event,
  time,
  place,
  current,
  picked,
  cited,
  onPick,
}: {
  event: EventRow
  time: string
  place: React.CSSProperties
  current: boolean
  picked: boolean
  cited: boolean
  onPick: () => void
}) {
  const shift = (parseTime(event.time) - parseTime(event.time_recorded)) / 1000
  const field = (name: string) => plainLine(String(event.fields[name] ?? ''), 80)
  return (
    <div
      role="row"
      aria-selected={picked}
      onClick={onPick}
      style={place}
      className={`absolute inset-x-0 ${COLUMNS} cursor-default font-mono text-xs text-ink-2 hover:bg-raised aria-selected:bg-lifted aria-selected:text-ink ${
        current ? 'bg-raised shadow-[inset_2px_0_0_var(--accent)]' : ''
      }`}
    >
      <span role="cell" className="flex items-center gap-1.5 whitespace-nowrap">
        <Sign
          glyph={cited ? 'act' : (GLYPHS[event.kind] ?? 'log')}
          severity={event.kind === 'alert' ? 'high' : 'medium'}
          className={`size-3 ${cited ? '' : 'opacity-80'}`}
        />
        <button type="button" className="tabular-nums hover:underline" onClick={onPick}>
          {time}
        </button>
        {shift !== 0 && (
          <span className="font-sans text-2xs text-ink-3" title={say.evidence.shiftedBy(offsetText(shift))}>
            <Clock size={10} aria-hidden className="inline" /> {offsetText(shift)}
          </span>
        )}
      </span>
      <span role="cell" className="truncate text-ink-3">
        {plainLine(event.source, 60)}
      </span>
      <span role="cell" className="truncate">
        {field('host.name').split('.')[0]}
      </span>
      <span role="cell" className={`truncate text-ink-3 ${ROOMY}`}>
        {field('user.name')}
      </span>
      <span role="cell" className="truncate">
        {plainLine(headlineOf(event), 300)}
      </span>
    </div>
  )
}
