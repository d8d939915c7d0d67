'use client'
/** One Tab stop for all rows of the table: keys go from row to row, and within a row from value to value. */
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react'
import { useShortcuts } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import type { EventRow } from './source'

export const LEAP = 10
const NO_INDEX = -1

/** The row that a key leads to from the one at `at`; none for a key that leads nowhere. */
export function rowAfter(key: string, at: number, rows: number): number | null {
  const steps: Record<string, number> = {
    ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + LEAP, PageUp: at - LEAP, Home: 0, End: rows - 1,
  } // prettier-ignore
  const next = steps[key]
  return next === undefined || rows === 0 ? null : Math.max(0, Math.min(rows - 1, next))
}

interface Rows {
  events: readonly EventRow[]
  /** Where the stop is until somebody goes elsewhere: the open record, else the row at the playhead. */
  picked: string | null
  current: number
  scroller: RefObject<HTMLDivElement | null>
  onPick: (event: EventRow) => void
  scrollTo: (index: number) => void
}

export interface Roving {
  /** The row that Tab leads to; -1 without rows. */
  at: number
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
  /** Somebody focused a row by another way. */
  onFocusRow: (id: string) => void
}

export function useRoving({ events, picked, current, scroller, onPick, scrollTo }: Rows): Roving {
  const ids = useMemo(() => events.map((event) => event.id), [events])
  const [id, setId] = useState<string | null>(null)
  const wanted = useRef<string | null>(null)
  const found = useMemo(() => (id === null ? NO_INDEX : ids.indexOf(id)), [id, ids])
  const start = useMemo(() => (picked === null ? NO_INDEX : ids.indexOf(picked)), [picked, ids])
  const at = found >= 0 ? found : Math.min(Math.max(0, start < 0 ? current : start), ids.length - 1)
  // Whoever goes to a row that is not drawn yet is there as soon as it is.
  useEffect(() => {
    const row = wanted.current && scroller.current?.querySelector<HTMLElement>(`[data-event="${wanted.current}"]`)
    if (!row) return
    wanted.current = null
    row.focus({ preventScroll: true })
  })
  const goTo = useCallback(
    (index: number) => {
      const next = ids[index]
      if (next === undefined) return
      wanted.current = next
      setId(next)
      scrollTo(index)
    },
    [ids, scrollTo],
  )
  const walk = useMemo(
    () =>
      ([1, -1] as const).map((step) => ({
        keys: step > 0 ? 'j' : 'k',
        about: step > 0 ? say.timeline.nextRow : say.timeline.previousRow,
        group: say.shortcuts.timeline,
        run: () => {
          // Whoever is not in the table yet begins at its stop.
          const inside = scroller.current?.contains(document.activeElement)
          goTo(inside ? (rowAfter(step > 0 ? 'ArrowDown' : 'ArrowUp', at, ids.length) ?? at) : at)
        },
      })),
    [at, goTo, ids.length, scroller],
  )
  useShortcuts(walk, ids.length > 0)
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-event]')
    if (!row) return
    const next = rowAfter(event.key, at, ids.length)
    const side = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (next !== null) goTo(next)
    else if (side) stepWithin(row, side)
    else if ((event.key === 'Enter' || event.key === ' ') && event.target === row) onPick(events[at]!)
    else return
    event.preventDefault()
  }
  return { at, onKeyDown, onFocusRow: setId }
}

/** To the next thing of a row that can be pressed, and back to the row itself. */
function stepWithin(row: HTMLElement, side: 1 | -1): void {
  const shown = (one: HTMLElement) => one.offsetParent !== null
  const stops = [row, ...[...row.querySelectorAll<HTMLElement>('button:not(:disabled)')].filter(shown)]
  const here = stops.indexOf(document.activeElement as HTMLElement)
  stops[Math.max(0, Math.min(stops.length - 1, here + side))]?.focus()
}
