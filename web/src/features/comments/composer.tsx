'use client'
import { useId, useRef, useState, type KeyboardEvent } from 'react'
import { Button } from '@/components/ui/button'
import { useMembers, type Member } from '@/lib/api/members'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { fitting, mentionAt, withMention } from './threads'

interface Props {
  label: string
  start?: string
  send: string
  busy: boolean
  focus?: boolean
  /** Tells whether it was taken; then the box is empty again. */
  onSend: (body: string) => Promise<boolean>
  onCancel?: () => void
}

/** Where a comment is written: @ lists the members, Ctrl+Enter sends, Escape leaves. */
export function Composer({ label, start = '', send, busy, focus, onSend, onCancel }: Props) {
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(start)
  const [caret, setCaret] = useState(start.length)
  const [chosen, setChosen] = useState(0)
  const [hidden, setHidden] = useState(false)
  const members = useMembers()
  const typed = mentionAt(text, caret)
  const active = members.filter((one) => one.state === 'active')
  const listed = typed && !hidden ? fitting(active.map(named), typed.typed) : []
  const at = Math.min(chosen, listed.length - 1)
  const take = (member: { id: string; name: string; email: string | null }) => {
    const next = withMention(text, caret, member)
    setText(next.text)
    setCaret(next.caret)
    setChosen(0)
    // After React has written the new text: the caret would jump to its end otherwise.
    requestAnimationFrame(() => {
      area.current?.focus()
      area.current?.setSelectionRange(next.caret, next.caret)
    })
  }
  const done = async () => {
    if (text.trim() && !busy && (await onSend(text.trim()))) setText('')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Escape without anything to leave here is for whatever holds this box.
    if (event.key !== 'Escape' || listed.length || onCancel) event.stopPropagation()
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) return void done()
    if (listed.length) {
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
      if (step) setChosen((at + step + listed.length) % listed.length)
      else if (event.key === 'Enter' || event.key === 'Tab') take(listed[at]!)
      else if (event.key === 'Escape') setHidden(true)
      else return
      event.preventDefault()
    } else if (event.key === 'Escape') onCancel?.()
  }
  return (
    <div>
      <div className="relative">
        <textarea
          ref={area}
          autoFocus={focus}
          rows={1}
          maxLength={20_000}
          aria-label={label}
          placeholder={label}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={listed.length ? `${id}-members` : undefined}
          aria-activedescendant={listed.length ? `${id}-${at}` : undefined}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setCaret(event.target.selectionStart)
            setHidden(false)
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          className="block [field-sizing:content] max-h-48 min-h-8 w-full resize-none rounded-md bg-sunk px-2.5 py-1.5 text-[13px] leading-5 ring-1 ring-line outline-none ring-inset placeholder:text-ink-3 hover:ring-ink-3 focus:ring-2 focus:ring-accent"
        />
        {listed.length > 0 && (
          <ul
            id={`${id}-members`}
            role="listbox"
            aria-label={say.comments.members}
            className="absolute inset-x-0 top-full z-30 mt-1 rise rounded-lg bg-surface p-1 shadow-xl ring-1 ring-line"
          >
            {listed.map((one, i) => (
              <li
                key={one.id}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === at}
                onPointerDown={(event) => {
                  event.preventDefault()
                  take(one)
                }}
                className="flex cursor-default flex-col rounded-md px-2 py-1 text-[13px] leading-4.5 aria-selected:bg-lifted"
              >
                {plainLine(one.name, 60)}
                {one.email && <span className="truncate text-2xs text-ink-2">{plainLine(one.email, 80)}</span>}
              </li>
            ))}
          </ul>
        )}
      </div>
      {(text.trim() || onCancel) && (
        <div className="mt-1.5 flex justify-end gap-1.5">
          {onCancel && (
            <Button kind="bare" size="s" onClick={onCancel}>
              {say.cancel}
            </Button>
          )}
          <Button kind="main" size="s" disabled={busy || !text.trim()} onClick={() => void done()}>
            {send}
          </Button>
        </div>
      )}
    </div>
  )
}

const named = (one: Member) => ({ id: one.id, name: one.name, email: one.email ?? null })
