'use client'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useMemo } from 'react'
import { inputLook } from '@/components/ui/field'
import { BusyLine, Trouble } from '@/components/ui/states'
import { Value } from '@/components/value'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import type { Span } from './engine/scale'
import { fieldsQuery, valuesQuery } from './source'
import { grouped } from '@/lib/grouped'

/** What is counted when nobody asked for anything else. */
export const FACETS = [
  'source', 'host.name', 'user.name', 'process.executable', 'event.action', 'destination.ip', 'dns.question.name',
] // prettier-ignore

export const facetsOf = (text: string | null) => (text === null ? FACETS : text.split(',').filter(Boolean))

interface Props {
  incident: string
  span: Span
  q: string
  facets: string[]
  onFacets: (facets: string[]) => void
}

/** The most frequent values of several fields, side by side, within the window and the search. */
export function ValuesPane({ incident, span, q, facets, onFacets }: Props) {
  const fields = useQuery(fieldsQuery(incident)).data
  const others = useMemo(
    () => (fields ?? []).filter((one) => one.group !== 'short' && !facets.includes(one.name)).map((one) => one.name),
    [fields, facets],
  )
  return (
    <div
      className="flex h-full gap-5 overflow-x-auto px-3 pb-3"
      tabIndex={0}
      role="region"
      aria-label={say.panes.values}
    >
      {facets.map((field) => (
        <Facet
          key={field}
          incident={incident}
          span={span}
          q={q}
          field={field}
          onDrop={() => onFacets(facets.filter((one) => one !== field))}
        />
      ))}
      <div className="w-56 shrink-0">
        <select
          aria-label={say.values.add}
          value=""
          onChange={(event) => onFacets([...facets, event.target.value])}
          className={cn(inputLook, 'h-7 px-2 text-xs')}
        >
          <option value="">{say.values.add}</option>
          {others.map((name) => (
            <option key={name} value={name}>
              {plainLine(name, 60)}
            </option>
          ))}
        </select>
      </div>
    </div>
  )
}

interface FacetProps extends Omit<Props, 'facets' | 'onFacets'> {
  field: string
  onDrop: () => void
}

function Facet({ incident, span, q, field, onDrop }: FacetProps) {
  const found = useQuery(valuesQuery(incident, field, span, q))
  const values = found.data?.values ?? []
  const most = values[0]?.events ?? 1
  return (
    <section aria-label={plainLine(field, 80)} className="flex w-56 shrink-0 flex-col">
      <h3 className="group flex h-7 shrink-0 items-center gap-2 text-xs">
        <span className="truncate font-mono text-ink-2">{plainLine(field, 60)}</span>
        {found.data && <span className="shrink-0 text-2xs text-ink-3">{say.values.distinct(found.data.distinct)}</span>}
        <button
          type="button"
          aria-label={plainLine(say.values.drop(field), 120)}
          onClick={onDrop}
          className="ml-auto text-ink-3 opacity-0 group-hover:opacity-100 hover:text-ink focus-visible:opacity-100"
        >
          <X size={12} />
        </button>
      </h3>
      <BusyLine busy={found.isFetching} />
      {found.isError ? (
        <Trouble error={found.error} />
      ) : (
        <ul className="min-h-0 flex-1 overflow-y-auto" aria-busy={found.isPlaceholderData}>
          {found.data && !values.length && <li className="text-xs text-ink-3">{say.values.none}</li>}
          {values.map(({ value, events }) => (
            <li key={value} className="relative">
              <Value
                field={field}
                value={value}
                className="relative flex h-7 w-full items-center gap-2 rounded px-1.5 text-left font-mono text-xs text-ink-2 hover:text-ink data-[state=open]:text-ink"
              >
                <span
                  aria-hidden
                  className="absolute inset-y-0.5 left-0 rounded-sm bg-lifted"
                  style={{ width: `${Math.max(1.5, (events / most) * 100)}%` }}
                />
                <span className={`relative min-w-0 flex-1 truncate ${value ? '' : 'font-sans text-ink-3 italic'}`}>
                  {value ? tailOf(value) : say.values.without}
                </span>
                <span className="relative shrink-0 text-2xs text-ink-3 tabular-nums">{grouped(events)}</span>
              </Value>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

// What stands beside the longest count in a column of this width.
const FITS = 19

/** Of a long path its end: that is what tells two apart. */
function tailOf(value: string): string {
  const line = plainLine(value, 300)
  return line.length > FITS && /[\\/]/.test(line) ? `…${line.slice(1 - FITS)}` : line
}
