'use client'
import { Clock, MessageSquare, NotebookPen, Pin } from 'lucide-react'
import { memo, type MouseEvent } from 'react'
import { Sign } from '@/components/glyphs'
import type { PointedValue } from '@/components/value'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { offsetText, parseTime } from '@/lib/time'
import type { Talked } from '@/features/comments/queries'
import type { Glyph } from './engine/marks'
import type { Marking } from './marking'
import { headlineOf, type EventRow } from './source'

export const ROW = 28
/** Source and account give way where there is no room. */
export const NARROW = '@max-3xl:hidden'
export const COLUMNS =
  'grid grid-cols-[260px_132px_120px_132px_minmax(0,1fr)] @max-3xl:grid-cols-[260px_110px_minmax(0,1fr)] items-center gap-3 px-3'
const GLYPHS: Record<string, Glyph> = { alert: 'found', comm: 'said', action: 'ours' }

interface Props {
  event: EventRow
  time: string
  /** Where the line stands in the list, in pixels. */
  top: number
  current: boolean
  picked: boolean
  cited: boolean
  talked?: Talked
  marking: Marking
  /** Whether Tab leads to this row, of all of them. */
  stop: boolean
  onFocusRow: (id: string) => void
  onValue: (at: PointedValue) => void
  onPick: (event: EventRow) => void
}

/** One event in a line: its time (and what its clock was off by), whose it is, what happened, what people marked. */
export const EventLine = memo(function EventLine({
  event,
  time,
  top,
  current,
  picked,
  cited,
  talked,
  marking,
  stop,
  onFocusRow,
  onValue,
  onPick,
}: Props) {
  const shift = (parseTime(event.time) - parseTime(event.time_recorded)) / 1000
  const notes = event.notes ?? 0
  const text = (name: string) => String(event.fields[name] ?? '')
  const here = current ? 'bg-raised shadow-[inset_2px_0_0_var(--accent)]' : ''
  const cell = (field: string, value: string, shown: string, look = '') => (
    <span role="gridcell" className={`truncate ${look}`}>
      {value && (
        <button
          type="button"
          tabIndex={-1}
          className="max-w-full truncate rounded px-0.5 align-bottom hover:bg-line hover:text-ink"
          onClick={(press) => {
            press.stopPropagation()
            const box = press.currentTarget.getBoundingClientRect()
            onValue({ field, value, x: box.left, y: box.bottom, from: press.currentTarget })
          }}
        >
          {plainLine(shown, 80)}
        </button>
      )}
    </span>
  )
  return (
    <div
      role="row"
      data-event={event.id}
      tabIndex={stop ? 0 : -1}
      aria-selected={picked}
      onFocus={() => onFocusRow(event.id)}
      onClick={() => onPick(event)}
      style={{ transform: `translateY(${top}px)`, height: ROW }}
      className={`group absolute inset-x-0 ${COLUMNS} cursor-default font-mono text-xs text-ink-2 -outline-offset-2 hover:bg-raised aria-selected:bg-lifted aria-selected:text-ink ${here}`}
    >
      <span role="gridcell" className="flex items-center gap-1.5 whitespace-nowrap">
        <PinButton event={event} marking={marking} />
        <Sign
          glyph={cited ? 'act' : (GLYPHS[event.kind] ?? 'log')}
          severity={event.kind === 'alert' ? 'high' : 'medium'}
          className={`size-3 ${cited ? '' : 'opacity-80'}`}
        />
        <button type="button" tabIndex={-1} className="tabular-nums hover:underline">
          {time}
        </button>
        {shift !== 0 && (
          <span className="font-sans text-2xs text-ink-3" title={say.evidence.shiftedBy(offsetText(shift))}>
            <Clock size={10} aria-hidden className="inline" /> {offsetText(shift)}
          </span>
        )}
      </span>
      {cell('source', event.source, event.source, `text-ink-3 ${NARROW}`)}
      {cell('host.name', text('host.name'), text('host.name').split('.')[0] ?? '')}
      {cell('user.name', text('user.name'), text('user.name'), `text-ink-3 ${NARROW}`)}
      <span role="gridcell" className="flex items-center gap-1.5 truncate">
        {(event.tags ?? []).map((tag) => (
          <span key={tag} className="shrink-0 rounded-full bg-lifted px-1.5 font-sans text-2xs leading-4 text-ink">
            #{plainLine(tag, 40)}
          </span>
        ))}
        {notes > 0 && (
          <span
            className="flex shrink-0 items-center gap-0.5 font-sans text-2xs text-ink"
            title={say.marks.notes(notes)}
          >
            <NotebookPen size={11} aria-label={say.marks.notes(notes)} />
          </span>
        )}
        {talked && <Talk of={talked} />}
        <span className="truncate">{plainLine(headlineOf(event), 300)}</span>
      </span>
    </div>
  )
})

function Talk({ of }: { of: Talked }) {
  const text = say.comments.show(of.open_threads, of.comments)
  return (
    <span className={`shrink-0 ${of.open_threads ? 'text-said' : 'text-ink-3'}`} title={text}>
      <MessageSquare size={11} fill={of.open_threads ? 'currentColor' : 'none'} aria-label={text} />
    </span>
  )
}

function PinButton({ event, marking }: { event: EventRow; marking: Marking }) {
  const press = (click: MouseEvent) => {
    click.stopPropagation()
    void marking.mark(event, { pin: !event.pinned })
  }
  const name = event.pinned ? say.marks.unpin : say.marks.pin
  const shy = event.pinned ? 'text-accent' : 'text-ink-3 opacity-0 group-hover:opacity-100 pointer-coarse:opacity-60'
  return (
    <button
      type="button"
      tabIndex={-1}
      disabled={!marking.may}
      aria-label={name}
      aria-pressed={event.pinned === true}
      onClick={press}
      className={`-ml-1 flex size-6 shrink-0 items-center justify-center rounded hover:bg-line hover:text-ink ${shy}`}
    >
      <Pin size={12} fill={event.pinned ? 'currentColor' : 'none'} />
    </button>
  )
}
