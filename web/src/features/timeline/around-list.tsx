'use client'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Sign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Trouble, Waiting } from '@/components/ui/states'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { parseTime, spanText } from '@/lib/time'
import type { Glyph } from './engine/marks'
import type { Span } from './engine/scale'
import { aroundQuery, headlineOf, type EventRow, type EventWhole } from './source'

const GLYPHS: Record<string, Glyph> = { alert: 'found', comm: 'said', action: 'ours' }

interface Props {
  incident: string
  event: EventWhole
  onOpen: (event: EventRow) => void
  onShow?: (span: Span) => void
}

/** What came just before a record and just after it, each by how far away it was. */
export function AroundList({ incident, event, onOpen, onShow }: Props) {
  const [sameHost, setSameHost] = useState(Boolean(event.fields['host.name']))
  const found = useQuery(aroundQuery(incident, event.id, event.time, sameHost))
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  if (!found.data) return <Waiting />
  const { before, after } = found.data
  const at = parseTime(event.time)
  const [first, last] = [before[0] ?? event, after[after.length - 1] ?? event]
  const row = (one: EventRow) => <Near key={one.id} event={one} away={parseTime(one.time) - at} onOpen={onOpen} />
  return (
    <div className="px-2 py-2">
      <div className="flex items-center gap-2 px-2 pb-2 text-xs">
        <label className="flex items-center gap-1.5 text-ink-2">
          <input
            type="checkbox"
            className="size-3.5 accent-[var(--accent)]"
            checked={sameHost}
            disabled={!event.fields['host.name']}
            onChange={(change) => setSameHost(change.target.checked)}
          />
          {say.around.sameHost}
        </label>
        {onShow && (
          <Button
            kind="bare"
            size="s"
            className="ml-auto"
            onClick={() => onShow({ from: parseTime(first.time), to: Math.max(parseTime(last.time), at + 10) })}
          >
            {say.around.show}
          </Button>
        )}
      </div>
      <ol>
        {before.length ? before.map(row) : <li className="px-2 text-xs text-ink-3">{say.around.before}</li>}
        <li
          aria-current="true"
          className="my-0.5 flex items-center gap-2 rounded-md bg-lifted px-2 py-1 font-mono text-xs text-ink shadow-[inset_2px_0_0_var(--accent)]"
        >
          <span className="w-16 shrink-0 text-right text-2xs text-ink-3">{say.around.here}</span>
          <span className="truncate">{plainLine(headlineOf(event), 160)}</span>
        </li>
        {after.length ? after.map(row) : <li className="px-2 text-xs text-ink-3">{say.around.after}</li>}
      </ol>
    </div>
  )
}

function Near({ event, away, onOpen }: { event: EventRow; away: number; onOpen: Props['onOpen'] }) {
  const told = away === 0 ? '0 ms' : `${away < 0 ? '−' : '+'}${spanText(Math.abs(away))}`
  return (
    <li>
      <button
        type="button"
        onClick={() => onOpen(event)}
        className="flex h-7 w-full items-center gap-2 rounded-md px-2 text-left font-mono text-xs text-ink-2 hover:bg-lifted hover:text-ink"
      >
        <span className="w-16 shrink-0 text-right text-2xs whitespace-nowrap text-ink-3 tabular-nums">{told}</span>
        <Sign glyph={GLYPHS[event.kind] ?? 'log'} className="size-2.5" />
        <span className="truncate">{plainLine(headlineOf(event) || event.source, 160)}</span>
      </button>
    </li>
  )
}
