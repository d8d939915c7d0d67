'use client'
import { useQuery } from '@tanstack/react-query'
import { Search, X } from 'lucide-react'
import { useDeferredValue, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { searchCheckQuery } from './source'

interface Props {
  incident: string
  q: string
  onSearch: (q: string) => void
}

/** The search language with completion; what is wrong is pointed at, at its character. */
export function SearchBox({ incident, q, onSearch }: Props) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(q)
  const [at, setAt] = useState(q.length)
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const [known, setKnown] = useState(q)
  if (known !== q) {
    // The search changed elsewhere: a value was chosen, or the history went back.
    setKnown(q)
    setText(q)
  }
  const asked = useDeferredValue(text)
  const check = useQuery({
    ...searchCheckQuery(incident, asked, Math.min(at, asked.length)),
    enabled: asked !== '' || open,
  })
  const problem = text !== '' && check.data?.problem && !check.isPlaceholderData ? check.data.problem : null
  const suggestions = open ? (check.data?.suggestions ?? []) : []

  useEffect(() => setChosen(-1), [asked])

  const take = (index: number) => {
    const one = suggestions[index]
    if (!one) return
    const next = text.slice(0, one.start) + one.text + (one.kind === 'field' ? '' : ' ') + text.slice(one.end)
    const cursor = one.start + one.text.length + (one.kind === 'field' ? 0 : 1)
    setText(next)
    setAt(cursor)
    requestAnimationFrame(() => input.current?.setSelectionRange(cursor, cursor))
  }

  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      const step = event.key === 'ArrowDown' ? 1 : -1
      setChosen((chosen + step + suggestions.length + 1) % (suggestions.length + 1 || 1))
    } else if (event.key === 'Tab' && open && suggestions.length && !event.shiftKey && text) {
      event.preventDefault()
      take(Math.max(0, chosen))
    } else if (event.key === 'Enter') {
      if (chosen >= 0 && chosen < suggestions.length) take(chosen)
      else if (!problem) {
        setOpen(false)
        onSearch(text.trim())
      }
    } else if (event.key === 'Escape') {
      if (open) setOpen(false)
      else input.current?.blur()
    }
  }

  return (
    <div className="relative min-w-0 flex-1">
      <div
        className={`flex h-8 items-center gap-2 rounded-md bg-sunk px-2.5 ring-1 ring-inset focus-within:ring-2 ${problem ? 'ring-act-high' : 'ring-hair focus-within:ring-accent'}`}
      >
        <Search size={14} className="shrink-0 text-ink-3" />
        <input
          ref={input}
          data-search
          role="combobox"
          aria-label={say.timeline.filter}
          aria-expanded={suggestions.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          spellCheck={false}
          autoComplete="off"
          placeholder={say.timeline.filterPlaceholder}
          className="min-w-0 flex-1 bg-transparent font-mono text-xs text-ink outline-none placeholder:text-ink-3"
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(event.target.selectionStart ?? event.target.value.length)
            setOpen(true)
          }}
          onSelect={(event) => setAt(event.currentTarget.selectionStart ?? 0)}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={press}
        />
        {text && (
          <button
            type="button"
            aria-label={say.timeline.clearFilter}
            className="text-ink-3 hover:text-ink"
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => {
              setText('')
              onSearch('')
            }}
          >
            <X size={14} />
          </button>
        )}
      </div>
      {open && (problem || suggestions.length > 0) && (
        <div className="absolute top-9 right-0 left-0 z-30 rise overflow-hidden rounded-lg bg-lifted shadow-xl ring-1 ring-line">
          {problem && (
            <div id={`${id}-problem`} role="alert" className="border-b border-line px-3 py-2">
              <p className="text-xs text-act-high">{problem.detail}</p>
              <pre className="mt-1 overflow-hidden font-mono text-xs leading-4 text-ink-2">{problem.pointer}</pre>
            </div>
          )}
          <ul
            id={`${id}-list`}
            role="listbox"
            aria-label={say.timeline.filter}
            className="max-h-64 overflow-y-auto p-1"
          >
            {suggestions.map((one, i) => (
              <li
                key={`${one.kind}/${one.text}`}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === chosen}
                onMouseDown={(event) => {
                  event.preventDefault()
                  take(i)
                }}
                className="flex h-7 cursor-default items-center gap-3 rounded px-2 text-xs text-ink-2 hover:bg-line aria-selected:bg-line aria-selected:text-ink"
              >
                <span className="max-w-[60%] shrink-0 truncate font-mono">{plainLine(one.text, 200)}</span>
                <span className="truncate text-ink-3">{plainLine(one.about, 200)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
