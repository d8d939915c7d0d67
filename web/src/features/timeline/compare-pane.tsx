'use client'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeftRight } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Blank, BusyLine } from '@/components/ui/states'
import { Value } from '@/components/value'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { differences, namesOf, onHosts, type Difference } from './compare'
import type { Span } from './engine/scale'
import { valuesQuery } from './source'
import { grouped } from '@/lib/grouped'

const FIELDS = Object.keys(say.compare.fields)
const COUNTED = 60
const SHOWN = 14

interface Props {
  incident: string
  span: Span
  q: string
  hosts: string[]
  pair: [string, string] | null
  onPair: (pair: [string, string]) => void
}

/** Two hosts side by side: their lanes stand above, what differs between them here. */
export function ComparePane({ incident, span, q, hosts, pair, onPair }: Props) {
  if (!pair) return <Blank title={say.compare.few} />
  const [a, b] = pair
  return (
    <div
      className="flex h-full flex-col overflow-y-auto px-3 pb-4"
      tabIndex={0}
      role="region"
      aria-label={say.panes.compare}
    >
      <div className="flex shrink-0 flex-wrap items-center gap-2 pb-3">
        <Pick label={say.compare.host} value={a} hosts={hosts} onPick={(one) => onPair([one, one === b ? a : b])} />
        <Button kind="bare" size="icon" aria-label={say.compare.swap} onClick={() => onPair([b, a])}>
          <ArrowLeftRight size={14} />
        </Button>
        <Pick label={say.compare.other} value={b} hosts={hosts} onPick={(one) => onPair([one === a ? b : a, one])} />
        <p className="ml-2 text-xs text-ink-3">{say.compare.about}</p>
      </div>
      <div className="grid grid-cols-1 gap-x-10 gap-y-6 @3xl:grid-cols-2 @6xl:grid-cols-3">
        {FIELDS.map((field) => (
          <Field key={field} incident={incident} span={span} q={q} field={field} a={a} b={b} />
        ))}
      </div>
    </div>
  )
}

interface PickProps {
  label: string
  value: string
  hosts: string[]
  onPick: (host: string) => void
}

function Pick({ label, value, hosts, onPick }: PickProps) {
  const known = hosts.includes(value) ? hosts : [value, ...hosts]
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onPick(event.target.value)}
      className={cn(inputLook, 'h-7 w-44 px-2 font-mono text-xs')}
    >
      {known.map((host) => (
        <option key={host} value={host}>
          {plainLine(host, 60)}
        </option>
      ))}
    </select>
  )
}

interface FieldProps {
  incident: string
  span: Span
  q: string
  field: string
  a: string
  b: string
}

function Field({ incident, span, q, field, a, b }: FieldProps) {
  const left = useQuery(valuesQuery(incident, field, span, onHosts(q, [a]), COUNTED))
  const right = useQuery(valuesQuery(incident, field, span, onHosts(q, [b]), COUNTED))
  const found = differences(left.data, right.data)
  const shown = found.filter((one) => one.weight > 0.3).slice(0, SHOWN)
  const names = namesOf(found)
  const most = Math.max(1, ...shown.flatMap((one) => [one.a, one.b]))
  const waiting = !left.data || !right.data
  if (!waiting && !found.length) return null
  return (
    <section aria-label={say.compare.fields[field]} aria-busy={waiting}>
      <h3 className="mb-1.5 grid grid-cols-[72px_minmax(0,1fr)_72px] gap-3 text-xs">
        <span className="truncate text-right text-2xs text-ink-3">{plainLine(a, 24)}</span>
        <span className="truncate text-center font-[560] text-ink-2">{say.compare.fields[field]}</span>
        <span className="truncate text-2xs text-ink-3">{plainLine(b, 24)}</span>
      </h3>
      <BusyLine busy={left.isFetching || right.isFetching} />
      {!waiting && !shown.length && <p className="text-center text-xs text-ink-3">{say.compare.same}</p>}
      <ul>
        {!waiting &&
          shown.map((one) => (
            <Row
              key={one.value}
              field={field}
              one={one}
              name={names.get(one.value) ?? one.value}
              most={most}
              a={a}
              b={b}
            />
          ))}
      </ul>
    </section>
  )
}

interface RowProps {
  field: string
  one: Difference
  name: string
  most: number
  a: string
  b: string
}

function Row({ field, one, name, most, a, b }: RowProps) {
  const alone = one.a === 0 ? say.compare.onlyOn(b) : one.b === 0 ? say.compare.onlyOn(a) : ''
  const look = alone ? 'bg-accent' : 'bg-log'
  return (
    <li className="grid h-7 grid-cols-[72px_minmax(0,1fr)_72px] items-center gap-3">
      <Bar n={one.a} most={most} look={look} left />
      <Value
        field={field}
        value={one.value}
        label={plainLine(`${one.value}: ${one.a}, ${one.b}${alone && `, ${alone}`}`, 400)}
        className={`h-7 min-w-0 truncate rounded px-1 text-center font-mono text-xs hover:bg-lifted data-[state=open]:bg-lifted ${alone ? 'text-ink' : 'text-ink-2'}`}
      >
        <span title={plainLine(`${one.value}${alone && `, ${alone}`}`, 300)}>{plainLine(name, 60)}</span>
      </Value>
      <Bar n={one.b} most={most} look={look} />
    </li>
  )
}

function Bar({ n, most, look, left = false }: { n: number; most: number; look: string; left?: boolean }) {
  // By root: one busy service would make everything else invisible.
  const width = n === 0 ? 0 : Math.max(2, Math.sqrt(n / most) * 40)
  return (
    <span className={`flex items-center gap-1.5 ${left ? 'flex-row-reverse' : ''}`} aria-hidden>
      <span className={`h-2 shrink-0 rounded-sm ${look}`} style={{ width }} />
      <span className={`text-2xs tabular-nums ${n ? 'text-ink-3' : 'text-transparent'}`}>{grouped(n)}</span>
    </span>
  )
}
