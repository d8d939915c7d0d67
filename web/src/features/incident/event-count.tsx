'use client'
import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { useRestedState } from '@/features/timeline/context'
import { sameSpan } from '@/features/timeline/engine/scale'
import { windowCountQuery, type Overview } from '@/features/timeline/source'
import { say } from '@/lib/strings'
import type { Waits } from './timeline-tools'

const REST_MS = 260

/** How many events the window shows, of how many there are under the search. */
export function EventCount({
  incident,
  q,
  shown,
  waits,
}: {
  incident: string
  q: string
  shown: Overview
  waits: Waits
}) {
  const waiting = useSyncExternalStore(waits.subscribe, waits.get, waits.get)
  const view = useRestedState((state) => state.view, REST_MS, sameSpan)
  const part = shown.events > 0 && (view.from > shown.since || view.to <= shown.until)
  const within = useQuery({ ...windowCountQuery(incident, view, q), enabled: part })
  const seen = part ? within.data : shown.events
  return (
    <span className="min-w-20 text-right text-xs text-ink-3 tabular-nums" role="status">
      {waiting || seen === undefined ? say.timeline.waiting : say.timeline.events(seen)}
      {!waiting && part && seen !== undefined && ` ${say.timeline.ofAll(shown.events)}`}
    </span>
  )
}
