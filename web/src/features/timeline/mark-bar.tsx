'use client'
import { useQuery } from '@tanstack/react-query'
import { NotebookPen, Pin, Tag, Trash2, X } from 'lucide-react'
import { useId, useState, type FormEvent } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { Hint } from '@/components/ui/hint'
import { EvidenceText } from '@/components/value'
import { useNameOf } from '@/lib/api/members'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { bareName } from '@/lib/names'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'
import { marksQuery, notesQuery, tagOf, useMarking, type Note } from './marking'
import type { EventWhole } from './source'

/** What people marked on a record: pin, tags, notes; each is put on and taken off here. */
export function MarkBar({ incident, event }: { incident: string; event: EventWhole }) {
  const { may, mark } = useMarking(incident)
  const [adding, setAdding] = useState<'tag' | 'note' | null>(null)
  // What was kept may come back when something else is being written already.
  const done = (what: 'tag' | 'note') => setAdding((now) => (now === what ? null : now))
  const { pinned = false, tags = [], notes = 0 } = event
  if (!may && !pinned && !tags.length && !notes) return null
  return (
    <section aria-label={say.marks.label} className="px-4 pb-2.5">
      <div className="flex flex-wrap items-center gap-1">
        {may && (
          <>
            <Hint text={event.pinned ? say.marks.unpin : say.marks.pin} keys="p">
              <Button
                kind="bare"
                size="s"
                aria-pressed={pinned}
                className="-ml-2"
                onClick={() => void mark(event, { pin: !event.pinned })}
              >
                <Pin size={13} fill={event.pinned ? 'currentColor' : 'none'} />
                {event.pinned ? say.marks.pinned : say.marks.pin}
              </Button>
            </Hint>
            <Button
              kind="bare"
              size="s"
              aria-expanded={adding === 'tag'}
              onClick={() => setAdding(adding === 'tag' ? null : 'tag')}
            >
              <Tag size={13} /> {say.marks.tag}
            </Button>
            <Button
              kind="bare"
              size="s"
              aria-expanded={adding === 'note'}
              onClick={() => setAdding(adding === 'note' ? null : 'note')}
            >
              <NotebookPen size={13} /> {say.marks.note}
            </Button>
          </>
        )}
        {tags.map((tag) => (
          <span key={tag} className="flex h-6 items-center gap-1 rounded-full bg-lifted pr-1 pl-2 text-xs text-ink">
            #{plainLine(tag, 60)}
            {may && (
              <button
                type="button"
                aria-label={plainLine(say.marks.untag(tag))}
                className="flex size-6 items-center justify-center rounded-full text-ink-3 hover:text-ink"
                onClick={() => void mark(event, { tag, on: false })}
              >
                <X size={11} />
              </button>
            )}
          </span>
        ))}
      </div>
      {adding === 'tag' && (
        <TagForm incident={incident} onTag={(tag) => mark(event, { tag, on: true })} onClose={() => done('tag')} />
      )}
      {(notes > 0 || adding === 'note') && (
        <Notes
          incident={incident}
          event={event}
          adding={adding === 'note'}
          may={may}
          onNote={(note) => mark(event, { note })}
          onRemove={(note) => mark(event, { unnote: note.id })}
          onClose={() => done('note')}
        />
      )}
    </section>
  )
}

interface TagFormProps {
  incident: string
  onTag: (tag: string) => Promise<boolean>
  onClose: () => void
}

function TagForm({ incident, onTag, onClose }: TagFormProps) {
  const id = useId()
  const known = useQuery(marksQuery(incident)).data?.tags ?? []
  const [text, setText] = useState('')
  const [bad, setBad] = useState(false)
  const add = async (event: FormEvent) => {
    event.preventDefault()
    const tag = tagOf(text)
    if (!tag) return setBad(true)
    if (await onTag(tag)) onClose()
  }
  return (
    <form onSubmit={(event) => void add(event)} className="mt-1.5">
      <div className="flex gap-1.5">
        <input
          autoFocus
          list={`${id}-known`}
          aria-label={say.marks.addTag}
          aria-invalid={bad ? true : undefined}
          aria-describedby={bad ? `${id}-bad` : undefined}
          placeholder={say.marks.tagHint}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setBad(false)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.stopPropagation()
            onClose()
          }}
          className={cn(inputLook, 'h-7 text-xs')}
        />
        <datalist id={`${id}-known`}>
          {known.map(({ tag }) => (
            <option key={tag} value={tag} />
          ))}
        </datalist>
        <Button type="submit" size="s" disabled={!text.trim()}>
          {say.marks.addTag}
        </Button>
      </div>
      {bad && (
        <p id={`${id}-bad`} role="alert" className="mt-1 text-xs text-act-high">
          {say.marks.badTag}
        </p>
      )}
    </form>
  )
}

interface NotesProps {
  incident: string
  event: EventWhole
  adding: boolean
  may: boolean
  onNote: (body: string) => Promise<boolean>
  onRemove: (note: Note) => void
  onClose: () => void
}

function Notes({ incident, event, adding, may, onNote, onRemove, onClose }: NotesProps) {
  const found = useQuery({ ...notesQuery(incident, event.id), enabled: (event.notes ?? 0) > 0 })
  const [zone] = useZone()
  const nameOf = useNameOf()
  const [text, setText] = useState('')
  const send = async () => {
    if (!text.trim() || !(await onNote(text.trim()))) return
    setText('')
    onClose()
  }
  const notes = event.notes ? (found.data ?? []) : []
  return (
    <div className="mt-2 max-h-44 overflow-y-auto rounded-lg bg-lifted/60 px-3 py-2" tabIndex={-1}>
      <ul className="flex flex-col gap-2">
        {notes.map((note) => {
          const at = parseTime(note.made_at)
          return (
            <li key={note.id} className="group text-[13px] leading-4.5">
              <p className="flex items-center gap-1.5 text-2xs text-ink-3">
                <span className="font-[580] text-ink-2">{plainLine(bareName(nameOf(note.made_by)), 60)}</span>
                <span className="tabular-nums">
                  {stampText(at, zone, false).slice(5, -3)} {zoneName(zone, at)}
                </span>
                {may && (
                  <button
                    type="button"
                    aria-label={say.marks.removeNote}
                    className="ml-auto opacity-0 group-hover:opacity-100 hover:text-ink focus-visible:opacity-100"
                    onClick={() => onRemove(note)}
                  >
                    <Trash2 size={12} />
                  </button>
                )}
              </p>
              <p className="[overflow-wrap:anywhere] whitespace-pre-wrap">
                <EvidenceText text={note.body} />
              </p>
            </li>
          )
        })}
      </ul>
      {adding && (
        <div className={notes.length ? 'mt-2' : ''}>
          <textarea
            autoFocus
            rows={2}
            maxLength={4000}
            aria-label={say.marks.addNote}
            placeholder={say.marks.addNote}
            value={text}
            onChange={(change) => setText(change.target.value)}
            onKeyDown={(press) => {
              if (press.key === 'Enter' && (press.ctrlKey || press.metaKey)) void send()
              if (press.key !== 'Escape') return
              press.stopPropagation()
              onClose()
            }}
            className={cn(inputLook, '[field-sizing:content] h-auto resize-none py-1.5')}
          />
          <Button size="s" className="mt-1" disabled={!text.trim()} onClick={() => void send()}>
            {say.marks.keep}
          </Button>
        </div>
      )}
    </div>
  )
}
