'use client'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { inputLook } from '@/components/ui/field'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { entitiesQuery, withRedaction, type Redaction } from './queries'

interface Props {
  incident: string
  all: Redaction[]
  places: ReadonlyMap<Redaction, number>
  /** What the format can leave out. */
  values: boolean
  entities: boolean
  onChange: (all: Redaction[]) => void
}

/** What is left out: a thing with all its spellings, or a text as it stands. */
export function Redactions({ incident, all, places, values, entities, onChange }: Props) {
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const found = useQuery({ ...entitiesQuery(incident, q), enabled: entities && q.length > 1 })
  const things = q.length > 1 && entities ? (found.data ?? []) : []
  const add = (one: Redaction) => {
    onChange(withRedaction(all, one))
    setTyped('')
  }
  const text = typed.trim()
  const known = (id: string) => all.some((one) => one.entity === id)
  return (
    <div>
      <input
        className={inputLook}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault()
            if (values) add({ entity: null, text })
          } else if (event.key === 'Escape' && typed) {
            event.stopPropagation()
            setTyped('')
          }
        }}
        placeholder={say.exports.redactHint}
        aria-label={say.exports.redact}
        spellCheck={false}
        autoComplete="off"
      />
      {text.length > 1 && (
        <ul className="mt-1 flex flex-col rounded-lg bg-lifted p-1" aria-label={say.exports.suggestions}>
          {things
            .filter((one) => !known(one.id))
            .map((one) => (
              <li key={one.id}>
                <Row
                  text={one.value}
                  note={`${one.type.replace('-', ' ')}${one.aliases.length ? `, ${say.exports.spellings(one.aliases.length + 1)}` : ''}`}
                  onClick={() => add({ entity: one.id, text: one.value })}
                />
              </li>
            ))}
          {values && (
            <li>
              <Row text={`“${text}”`} note={say.exports.asText} onClick={() => add({ entity: null, text })} />
            </li>
          )}
        </ul>
      )}
      {all.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-1.5">
          {all.map((one) => (
            <li
              key={`${one.entity}/${one.text}`}
              className="flex max-w-full items-center gap-1 rounded-md bg-lifted pl-2 font-mono text-xs"
            >
              <span className="truncate">{plainLine(one.text, 60)}</span>
              <Places n={places.get(one)} />
              <button
                type="button"
                aria-label={say.exports.keep(plainLine(one.text, 60))}
                onClick={() => onChange(all.filter((other) => other !== one))}
                className="rounded p-[6px] text-ink-3 hover:bg-line hover:text-ink"
              >
                <X size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** In how many places it is left out; what stands nowhere was perhaps not meant so. */
function Places({ n }: { n: number | undefined }) {
  if (n === undefined) return null
  return (
    <span
      title={say.exports.places(n)}
      className={`shrink-0 font-sans text-2xs tabular-nums ${n ? 'text-ink-3' : 'text-act-high'}`}
    >
      {n ? `${n}×` : say.exports.nowhere}
    </span>
  )
}

function Row({ text, note, onClick }: { text: string; note: string; onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex w-full items-baseline gap-2 rounded-md px-2 py-1.5 text-left text-xs hover:bg-line"
    >
      <span className="min-w-0 truncate font-mono">{plainLine(text, 80)}</span>
      <span className="ml-auto shrink-0 text-ink-3">{note}</span>
    </button>
  )
}
