'use client'
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Blank, BusyLine, Trouble, Waiting } from '@/components/ui/states'
import { ValueMenuAt, type PointedValue } from '@/components/value'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'
import type { Talked } from '@/features/comments/queries'
import { useFilm, usePacedState } from './context'
import { firstFrom } from './engine/marks'
import { COLUMNS, EventLine, NARROW, ROW } from './event-line'
import type { Marking } from './marking'
import type { EventRow } from './source'
import { beyond, type Found } from './use-events'
import { useRoving } from './use-roving'

const PACE_MS = 125 // nobody reads rows that change faster

interface Props {
  found: Found
  q: string
  picked: string | null
  cited: ReadonlySet<string>
  talked: ReadonlyMap<string, Talked>
  marking: Marking
  onPick: (id: string) => void
  onClear: () => void
}

/** The raw events of the window, in order of time; the row at the playhead is marked. */
export function EventsTable({ found, q, picked, cited, talked, marking, onPick, onClear }: Props) {
  const film = useFilm()
  const [zone] = useZone()
  const [menu, setMenu] = useState<PointedValue | null>(null)
  const { query, events, times, old } = found
  const at = usePacedState((state) => state.playhead, PACE_MS)
  const current = at === null ? -1 : firstFrom(times, at + 0.0005) - 1
  const pickRow = useCallback(
    (event: EventRow) => {
      film.set({ playing: false, playhead: parseTime(event.time) })
      onPick(event.id)
    },
    [film, onPick],
  )
  const { scroller, rows, roving } = useRows(found, current, at, picked, pickRow)
  const shown = rows.getVirtualItems()

  if (query.isPending || (old && !events.length)) return <Waiting />
  if (query.isError) return <Trouble error={query.error} again={() => void query.refetch()} />
  if (!events.length && !query.hasNextPage && !query.hasPreviousPage) {
    return (
      <Blank title={q ? say.timeline.noMatch : say.timeline.noEvents}>
        {q && <Button onClick={onClear}>{say.timeline.clearFilter}</Button>}
      </Blank>
    )
  }
  const columns = say.timeline.columns
  return (
    <div
      className="@container flex h-full min-h-0 flex-col"
      role="grid"
      aria-label={say.timeline.events(events.length)}
      aria-rowcount={-1}
    >
      <div role="row" className={`${COLUMNS} h-6 shrink-0 text-2xs text-ink-3`}>
        <span role="columnheader" className="pl-11">
          {columns.time} ({zoneName(zone, times[0])})
        </span>
        <span role="columnheader" className={NARROW}>
          {columns.source}
        </span>
        <span role="columnheader">{columns.host}</span>
        <span role="columnheader" className={NARROW}>
          {columns.user}
        </span>
        <span role="columnheader">{columns.what}</span>
      </div>
      <BusyLine busy={query.isPlaceholderData || query.isFetchingPreviousPage} />
      <div
        ref={scroller}
        role="rowgroup"
        onKeyDown={roving.onKeyDown}
        aria-busy={query.isPlaceholderData}
        className="min-h-0 flex-1 overflow-y-auto"
      >
        <div className="relative w-full" style={{ height: rows.getTotalSize() }}>
          {shown.map((row) => {
            const event = events[row.index]
            return event ? (
              <EventLine
                key={event.id}
                event={event}
                time={stampText(times[row.index]!, zone)}
                top={row.start}
                current={row.index === current}
                picked={event.id === picked}
                cited={cited.has(event.id)}
                talked={talked.get(event.id)}
                marking={marking}
                onValue={setMenu}
                stop={row.index === roving.at}
                onFocusRow={roving.onFocusRow}
                onPick={pickRow}
              />
            ) : (
              <div
                key="more"
                style={{ transform: `translateY(${row.start}px)`, height: ROW }}
                className="absolute inset-x-0 flex items-center px-8 text-xs text-ink-3"
              >
                {say.timeline.more}
              </div>
            )
          })}
        </div>
      </div>
      {menu && <ValueMenuAt at={menu} onClose={() => setMenu(null)} />}
    </div>
  )
}

const NEAR_EDGE = 8
const NEAR_END = 40 // more is asked for before it is missed
const OVERSCAN = 5 // at twelve a dozen seen rows brought two dozen unseen ones with them

/** The virtual rows: more is read at both ends, rows that come in above push nothing away, the playhead's row is shown. */
function useRows(
  { query, events, times, old: lags, reading }: Found,
  current: number,
  at: number | null,
  picked: string | null,
  onPick: (event: EventRow) => void,
) {
  const scroller = useRef<HTMLDivElement>(null)
  const goTo = useRef<(index: number) => void>(() => undefined)
  const scrollTo = useCallback((index: number) => goTo.current(index), [])
  const roving = useRoving({ events, picked, current, scroller, onPick, scrollTo })
  const stop = roving.at
  // The row that has the focus, or would get it, is drawn however far it is scrolled away.
  const rangeExtractor = useCallback(
    (range: Range) => {
      const drawn = defaultRangeExtractor(range)
      return stop < 0 || drawn.includes(stop) ? drawn : [...drawn, stop].sort((a, b) => a - b)
    },
    [stop],
  )
  const rows = useVirtualizer({
    count: events.length + (query.hasNextPage ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
    rangeExtractor,
  })
  useEffect(() => {
    goTo.current = (index) => rows.scrollToIndex(index)
  }, [rows])
  const [top, bottom] = [
    Math.max(0, (rows.range?.startIndex ?? 0) - OVERSCAN),
    Math.min(rows.options.count - 1, (rows.range?.endIndex ?? 0) + OVERSCAN),
  ]
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const { hasPreviousPage, isFetchingPreviousPage, fetchPreviousPage } = query
  const old = lags || !events.length
  useEffect(() => {
    if (!old && bottom >= events.length - NEAR_END && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [old, bottom, events.length, hasNextPage, isFetchingNextPage, fetchNextPage])
  useEffect(() => {
    if (!old && top <= NEAR_EDGE && hasPreviousPage && !isFetchingPreviousPage) void fetchPreviousPage()
  }, [old, top, hasPreviousPage, isFetchingPreviousPage, fetchPreviousPage])

  const above = useRef<{ reading: string; first: string | null }>({ reading: '', first: null })
  const first = events[0]?.id ?? null
  useLayoutEffect(() => {
    const before = above.current
    above.current = { reading, first }
    const element = scroller.current
    if (!element || before.reading !== reading || before.first === first) return
    const added = events.findIndex((event) => event.id === before.first)
    if (added > 0) element.scrollTop += added * ROW
  }, [reading, first, events])

  // Where the playhead went, the table goes once; what is read in afterwards moves nothing.
  const followed = useRef<string>('')
  // A reading that begins there has nothing of its own before its first row, whatever stands on the page above.
  const begun = at === null || reading.endsWith(`/${at}`)
  const away = old || (at !== null && beyond(at, times, { before: hasPreviousPage && !begun, after: hasNextPage }))
  useEffect(() => {
    const wanted = `${reading}@${at}`
    if (away || followed.current === wanted) return
    followed.current = wanted
    if (current >= 0) rows.scrollToIndex(current, { align: 'center' })
    else rows.scrollToIndex(0)
  }, [at, away, current, reading, rows])
  return { scroller, rows, roving }
}
