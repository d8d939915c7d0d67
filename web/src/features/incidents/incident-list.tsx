'use client'
import { createColumnHelper, flexRender, getCoreRowModel, useReactTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Check } from 'lucide-react'
import { useCallback, useMemo, useRef, useState } from 'react'
import { Sign } from '@/components/glyphs'
import { useNameOf } from '@/lib/api/members'
import { plainLine } from '@/lib/evidence'
import { incidentPath, useGo } from '@/lib/route'
import { useShortcuts, type Shortcut } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import { parseTime, spanText } from '@/lib/time'
import { clicked } from './bulk'
import { STATUSES, type Incident, type Run, type Severity, type Status } from './queries'
import { signOf } from './severity'

const ROW = 52
const GRID =
  'grid grid-cols-[24px_minmax(0,1fr)_190px_minmax(0,150px)_120px_96px] max-lg:grid-cols-[24px_minmax(0,1fr)_150px_100px_72px] items-center gap-5 max-lg:gap-3 px-5'
// On a tablet the lead stands on the incident's own page.
const NARROW = 'max-lg:hidden'
const column = createColumnHelper<Incident>()
const WORKING = new Set(['running', 'queued'])

const STAGES = ['collect', 'timeline', 'forensic', 'report', 'export']

function columnsOf(latest: Map<string, Run>, now: number) {
  return [
    column.accessor('title', {
      header: say.incidents.columns.title,
      cell: ({ row }) => <Named incident={row.original} />,
    }),
    column.accessor('status', {
      header: say.incidents.columns.status,
      cell: (cell) => <Phase status={cell.getValue() as Status} />,
    }),
    column.accessor('lead', {
      header: say.incidents.columns.lead,
      cell: (cell) => <Lead id={cell.getValue()} />,
    }),
    column.display({
      id: 'run',
      header: say.incidents.columns.state,
      cell: ({ row }) => {
        const run = latest.get(row.original.key)
        const state = run?.state ?? 'none'
        if (run && state === 'running') return <Stage step={run.step} />
        const look = state === 'failed' ? 'text-act-high' : WORKING.has(state) ? 'text-ink' : 'text-ink-3'
        return <span className={`text-xs ${look}`}>{say.incidents.runState[state] ?? state}</span>
      },
    }),
    column.accessor('opened_at', {
      header: say.incidents.columns.age,
      cell: (cell) => (
        <time dateTime={cell.getValue()} title={cell.getValue()} className="text-xs text-ink-3 tabular-nums">
          {spanText(Math.max(0, now - parseTime(cell.getValue())))}
        </time>
      ),
    }),
  ]
}

/** How far an analysis is that runs now. */
function Stage({ step }: { step: string }) {
  const stage = step.split('/')[0] ?? ''
  const at = STAGES.indexOf(stage)
  const name = say.incidents.stages[stage as keyof typeof say.incidents.stages] as string | undefined
  return (
    <span className="block">
      <span className="mb-1 flex gap-0.5" aria-hidden>
        {STAGES.map((one, i) => (
          <span key={one} className={`h-0.5 w-4 overflow-hidden rounded-full ${i < at ? 'bg-accent' : 'bg-line'}`}>
            {i === at && <span className="block h-0.5 w-1/2 sweep bg-accent" />}
          </span>
        ))}
      </span>
      <span className="text-xs text-ink">{name ?? say.incidents.runState.running}</span>
    </span>
  )
}

function Named({ incident }: { incident: Incident }) {
  return (
    <span className="flex min-w-0 items-center gap-3">
      <Sign {...signOf(incident.severity as Severity)} />
      <span className="sr-only">{say.incident.severity[incident.severity]}</span>
      <span className="min-w-0">
        <span className="block truncate text-sm leading-5 font-[560]">{plainLine(incident.title, 240)}</span>
        <span className="flex gap-2 text-2xs leading-4 text-ink-3">
          <span className="font-mono">{plainLine(incident.key, 40)}</span>
          {incident.restricted && <span>{say.incidents.restricted}</span>}
          {incident.tags.slice(0, 4).map((tag) => (
            <span key={tag}>{plainLine(tag, 30)}</span>
          ))}
        </span>
      </span>
    </span>
  )
}

/** How far we are, in the phases of NIST SP 800-61. */
function Lead({ id }: { id: string | null }) {
  const nameOf = useNameOf()
  return (
    <span className="block truncate text-xs text-ink-2">
      {id ? plainLine(nameOf(id), 60) : <span className="text-ink-3">{say.head.noLead}</span>}
    </span>
  )
}

function Phase({ status }: { status: Status }) {
  const at = STATUSES.indexOf(status)
  return (
    <span className="block">
      <span className="mb-1 flex gap-0.5" aria-hidden>
        {STATUSES.slice(0, 5).map((one, i) => (
          <span
            key={one}
            className={`h-0.5 w-6 rounded-full ${status === 'closed' ? 'bg-line' : i <= at ? 'bg-ours' : 'bg-line'}`}
          />
        ))}
      </span>
      <span className="text-xs text-ink-2">{say.incident.status[status]}</span>
    </span>
  )
}

/** A box to tick; a click in it is none on its row. */
function Tick({ label, on, onFlip }: { label: string; on: boolean; onFlip: (shift: boolean) => void }) {
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={on}
      aria-label={label}
      onClick={(event) => {
        event.stopPropagation()
        onFlip(event.shiftKey)
      }}
      className="-m-1 flex size-6 items-center justify-center"
    >
      <span
        className={`flex size-4 items-center justify-center rounded-sm ${on ? 'bg-accent text-accent-ink' : 'ring-1 ring-ink-3 ring-inset'}`}
      >
        {on && <Check size={12} strokeWidth={3} />}
      </span>
    </button>
  )
}

/** The list, walked with j and k, opened with Enter. */
export function IncidentList({
  incidents,
  latest,
  selected,
  onSelect,
}: {
  incidents: Incident[]
  latest: Map<string, Run>
  selected: ReadonlySet<string>
  /** Left out for whoever may change nothing. */
  onSelect?: (ids: Set<string>) => void
}) {
  const go = useGo()
  const last = useRef<string | null>(null)
  const order = useMemo(() => incidents.map((one) => one.id), [incidents])
  const select = useCallback(
    (id: string, shift: boolean) => {
      onSelect?.(clicked(selected, order, id, last.current, shift))
      last.current = id
    },
    [onSelect, selected, order],
  )
  const [now] = useState(() => Date.now())
  const [chosen, setChosen] = useState(0)
  const scroller = useRef<HTMLDivElement>(null)
  const columns = useMemo(() => columnsOf(latest, now), [latest, now])
  const table = useReactTable({
    data: incidents,
    columns,
    getCoreRowModel: getCoreRowModel(),
    getRowId: (row) => row.id,
  })
  const rows = table.getRowModel().rows
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  })
  const at = Math.min(chosen, rows.length - 1)
  const shortcuts = useMemo<Shortcut[]>(() => {
    const walk = (step: number) => {
      const next = Math.max(0, Math.min(rows.length - 1, at + step))
      setChosen(next)
      virtual.scrollToIndex(next)
    }
    const open = () => rows[at] && go(incidentPath(rows[at].original.key))
    const group = say.shortcuts.list
    const bulk: Shortcut[] = onSelect
      ? [
          {
            keys: 'x',
            about: say.incidents.bulk.toggle,
            group,
            run: () => rows[at] && select(rows[at].original.id, false),
          },
          { keys: 'X', about: say.incidents.bulk.selectAll, group, run: () => onSelect(new Set(order)) },
          { keys: 'Escape', about: say.incidents.bulk.clear, group, run: () => onSelect(new Set()) },
        ]
      : []
    return [
      ...bulk,
      { keys: 'j / ArrowDown', about: say.incidents.down, group: say.shortcuts.list, run: () => walk(1) },
      { keys: 'k / ArrowUp', about: say.incidents.up, group: say.shortcuts.list, run: () => walk(-1) },
      { keys: 'Enter / o', about: say.incidents.openChosen, group: say.shortcuts.list, run: open },
    ]
  }, [rows, at, go, virtual, onSelect, select, order])
  useShortcuts(shortcuts)
  return (
    <div role="table" aria-label={say.incidents.title} aria-rowcount={rows.length} className="flex h-full flex-col">
      {table.getHeaderGroups().map((group) => (
        <div key={group.id} role="row" className={`${GRID} h-8 text-2xs text-ink-3`}>
          <span role="columnheader" className="flex">
            {onSelect && (
              <Tick
                label={say.incidents.bulk.selectAll}
                on={order.length > 0 && order.every((id) => selected.has(id))}
                onFlip={() => onSelect(order.every((id) => selected.has(id)) ? new Set() : new Set(order))}
              />
            )}
          </span>
          {group.headers.map((header) => (
            <span key={header.id} role="columnheader" className={header.column.id === 'lead' ? NARROW : undefined}>
              {flexRender(header.column.columnDef.header, header.getContext())}
            </span>
          ))}
        </div>
      ))}
      <div
        ref={scroller}
        role="rowgroup"
        className={`min-h-0 flex-1 overflow-y-auto ${selected.size ? 'pb-20' : 'pb-4'}`}
      >
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]!
            const href = incidentPath(row.original.key)
            return (
              <div
                key={row.id}
                role="row"
                onMouseEnter={() => setChosen(item.index)}
                onClick={() => go(href)}
                aria-selected={onSelect ? selected.has(row.id) : undefined}
                className={`group absolute inset-x-0 ${GRID} cursor-default border-b aria-selected:bg-lifted ${item.index === at ? 'bg-raised' : ''}`}
                style={{ transform: `translateY(${item.start}px)`, height: ROW }}
              >
                <span role="cell" className="flex">
                  {onSelect && (
                    <Tick
                      label={say.incidents.bulk.select(plainLine(row.original.key, 60))}
                      on={selected.has(row.id)}
                      onFlip={(shift) => select(row.id, shift)}
                    />
                  )}
                </span>
                {row.getVisibleCells().map((cell) => (
                  <span key={cell.id} role="cell" className={`min-w-0 ${cell.column.id === 'lead' ? NARROW : ''}`}>
                    {cell.column.id === 'title' ? (
                      <a
                        href={href}
                        onFocus={() => setChosen(item.index)}
                        onClick={(event) => {
                          event.stopPropagation()
                          if (event.metaKey || event.ctrlKey) return
                          event.preventDefault()
                          go(href)
                        }}
                      >
                        {flexRender(cell.column.columnDef.cell, cell.getContext())}
                      </a>
                    ) : (
                      flexRender(cell.column.columnDef.cell, cell.getContext())
                    )}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
