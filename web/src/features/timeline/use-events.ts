'use client'
/** The events of a window, begun where the playhead stands and gone on with in both directions. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useMemo, useState } from 'react'
import { parseTime } from '@/lib/time'
import type { Span } from './engine/scale'
import { eventsQuery, type EventRow } from './source'

export interface Found {
  query: ReturnType<typeof useEventPages>
  events: EventRow[]
  times: number[]
  /** What stands here is of another reading, or less than was read by now: nothing is fetched or shown for it. */
  old: boolean
  /** Another reading has another one; pages that come to it do not change it. */
  reading: string
}

const useEventPages = (incident: string, span: Span, q: string, at: number | null) =>
  useInfiniteQuery(eventsQuery(incident, span, q, at))

/** Whether a time lies outside of what was read, on a side where there is more. */
export function beyond(at: number, times: readonly number[], more: { before: boolean; after: boolean }): boolean {
  const [first, last] = [times[0], times[times.length - 1]]
  if (first === undefined || last === undefined) return false
  return (at < first && more.before) || (at > last && more.after)
}

/**
 * `playhead` far from what was read begins a new reading there: nobody waits for the pages in between. Where there are `few`,
 * all of them are read.
 */
export function useEvents(incident: string, span: Span, q: string, playhead: number | null, few: boolean): Found {
  const inside = (at: number | null) => at !== null && at >= span.from && at <= span.to
  const key = `${span.from}/${span.to}/${q}`
  const [begun, setBegun] = useState<{ key: string; at: number | null }>({
    key,
    at: inside(playhead) ? playhead : null,
  })
  if (begun.key !== key) setBegun({ key, at: inside(playhead) ? playhead : null })
  const query = useEventPages(incident, span, q, begun.at)
  // Rows are made in pieces, so that a key pressed meanwhile is heard between them.
  const read = useDeferredValue(query.data)
  const events = useMemo(() => read?.pages.flatMap((page) => page.items) ?? [], [read])
  const times = useMemo(() => events.map((event) => parseTime(event.time)), [events])
  const settled = playhead
  const { hasPreviousPage: before, hasNextPage: after } = query
  const old = query.isPlaceholderData || read !== query.data
  useEffect(() => {
    if (settled === null || old || settled < span.from || settled > span.to) return
    if (beyond(settled, times, { before, after })) setBegun((now) => ({ ...now, at: settled }))
  }, [settled, times, before, after, old, span.from, span.to])
  const { isFetching: reads, fetchNextPage, fetchPreviousPage } = query
  useEffect(() => {
    if (!few || old || reads || query.isError) return
    if (after) void fetchNextPage()
    else if (before) void fetchPreviousPage()
  }, [few, old, reads, query.isError, after, before, fetchNextPage, fetchPreviousPage])
  return { query, events, times, old, reading: old ? '' : `${key}/${begun.at}` }
}
