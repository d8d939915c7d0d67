'use client'
import { useQuery } from '@tanstack/react-query'
import { Check, Pencil, Undo2, X } from 'lucide-react'
import { useDeferredValue, useId, useRef, useState, type ReactNode } from 'react'
import { ClaimSign, type Standing } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { EvidenceText } from '@/components/value'
import { ClaimThreads, TalkGlance, TalkMark } from '@/features/comments/claim-threads'
import type { Talk } from '@/features/comments/use-talk'
import { say } from '@/lib/strings'
import { checkQuery, type ReportClaim, type Verdict } from './queries'

interface Props {
  incident: string
  version: number
  claim: ReportClaim
  current: boolean
  editing: boolean
  may: boolean
  busy: boolean
  talk: Talk
  talking: boolean
  onTalk: (open: boolean) => void
  onChoose: () => void
  onEdit: (editing: boolean) => void
  onVerdict: (how: Verdict) => void
}

export const standingOf = (claim: ReportClaim): Standing =>
  claim.decision === 'rejected' ? 'rejected' : claim.status === 'analyst' ? 'inferred' : claim.status

/** A sentence, its standing in the margin, and what may be done with it. */
export function ClaimRow(props: Props) {
  const { claim, current, editing, may, busy, talk, talking, onTalk, onChoose, onEdit, onVerdict } = props
  const [refusing, setRefusing] = useState(false)
  if (editing) return <Editor {...props} />
  const gone = claim.decision === 'rejected' || claim.decision === 'deleted'
  const standing = standingOf(claim)
  const threads = talk.threads.get(claim.id) ?? []
  // Seen on pointing or focusing; always, on the sentence that was chosen.
  const shy = `group-focus-within:opacity-100 group-hover:opacity-100 ${current ? '' : 'opacity-0'}`
  return (
    <div
      id={`claim-${claim.id}`}
      className={`group relative flex scroll-mt-24 rounded-lg transition-colors ${current ? 'bg-raised' : 'hover:bg-raised/60'}`}
    >
      <span className="flex w-9 shrink-0 justify-center pt-[9px]" title={say.incident.claims[standing]}>
        <ClaimSign
          standing={standing}
          className={standing === 'verified' ? 'text-ink' : standing === 'rejected' ? 'text-act-high' : 'text-ink-2'}
        />
        <span className="sr-only">{say.incident.claims[standing]}</span>
      </span>
      <div className="max-w-[68ch] min-w-0 flex-1 py-1.5">
        <button
          type="button"
          onClick={onChoose}
          aria-pressed={current}
          className={`w-full text-left text-[15px] leading-6 text-pretty [overflow-wrap:anywhere] ${gone ? 'text-ink-3 line-through decoration-ink-3/50' : 'text-ink'}`}
        >
          <EvidenceText text={claim.text} />
        </button>
        <Told claim={claim} />
        {refusing && (
          <Reason
            onCancel={() => setRefusing(false)}
            onReason={(reason) => {
              setRefusing(false)
              onVerdict({ reject: reason })
            }}
          />
        )}
      </div>
      <div className="relative w-72 shrink-0 pt-1.5 pr-2 pl-4">
        <div className="flex gap-0.5">
          {talk.reads && (
            <TalkMark
              threads={threads}
              open={talking}
              onOpen={() => onTalk(!talking)}
              className={threads.length ? '' : shy}
            />
          )}
          {may && (
            <div className={`ml-auto flex gap-0.5 ${shy}`}>
              {claim.decision === 'none' ? (
                <>
                  <Act text={say.report.accept} keys="a" busy={busy} onAct={() => onVerdict('accept')}>
                    <Check size={15} />
                  </Act>
                  <Act text={say.report.reject} busy={busy} onAct={() => setRefusing(true)}>
                    <X size={15} />
                  </Act>
                </>
              ) : (
                <Act text={say.report.undo} keys="u" busy={busy} onAct={() => onVerdict('undo')}>
                  <Undo2 size={14} />
                </Act>
              )}
              <Act text={say.report.edit} keys="e" busy={busy} onAct={() => onEdit(true)}>
                <Pencil size={13} />
              </Act>
            </div>
          )}
        </div>
        {talking ? (
          <ClaimThreads claim={claim.id} threads={threads} talk={talk} onClose={() => onTalk(false)} />
        ) : (
          <TalkGlance threads={threads} onOpen={() => onTalk(true)} />
        )}
      </div>
    </div>
  )
}

function Act({
  text,
  keys,
  busy,
  onAct,
  children,
}: {
  text: string
  keys?: string
  busy: boolean
  onAct: () => void
  children: ReactNode
}) {
  return (
    <Hint text={text} keys={keys}>
      <Button kind="bare" size="icon" disabled={busy} aria-label={text} onClick={onAct}>
        {children}
      </Button>
    </Hint>
  )
}

/** Who decided what, and why: small, under the sentence. */
function Told({ claim }: { claim: ReportClaim }) {
  const parts = [
    claim.decision !== 'none' ? say.report.decisions[claim.decision] : '',
    claim.status === 'analyst' ? say.report.ownWord : '',
    claim.reason ?? '',
  ].filter(Boolean)
  if (!parts.length) return null
  const good = claim.decision === 'accepted'
  return <p className={`text-xs ${good ? 'text-ok' : 'text-ink-3'}`}>{parts.join(' · ')}</p>
}

function Reason({ onCancel, onReason }: { onCancel: () => void; onReason: (reason: string) => void }) {
  const [reason, setReason] = useState('')
  return (
    <form
      className="mt-2 mb-1 flex gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (reason.trim()) onReason(reason.trim())
      }}
      onKeyDown={(event) => event.key === 'Escape' && onCancel()}
    >
      <input
        autoFocus
        aria-label={say.report.why}
        placeholder={say.report.why}
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
        className="h-8 min-w-0 flex-1 rounded-md bg-sunk px-2.5 text-[13px] ring-1 ring-line outline-none ring-inset focus:ring-2 focus:ring-accent"
      />
      <Button type="submit" disabled={!reason.trim()}>
        {say.report.reject}
      </Button>
    </form>
  )
}

/** The sentence being written anew; the gate answers in the margin, and the text does not move. */
function Editor({ incident, version, claim, busy, onEdit, onVerdict }: Props) {
  const id = useId()
  const [text, setText] = useState(claim.text)
  const area = useRef<HTMLTextAreaElement>(null)
  const asked = useDeferredValue(text.trim())
  const gate = useQuery(checkQuery(incident, version, claim, asked))
  const faults = gate.data?.faults ?? []
  const passes = gate.data?.passes === true && asked === text.trim()
  const select = (start?: number | null, end?: number | null) => {
    if (start === null || start === undefined) return
    area.current?.focus()
    area.current?.setSelectionRange(start, end ?? start)
  }
  return (
    <div className="relative flex rounded-lg bg-raised py-2 pl-9">
      <div className="max-w-[68ch] min-w-0 flex-1">
        <textarea
          ref={area}
          autoFocus
          aria-label={say.report.edit}
          aria-describedby={`${id}-gate`}
          value={text}
          rows={Math.max(2, Math.ceil(text.length / 78))}
          maxLength={4000}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onEdit(false)
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && passes)
              onVerdict({ edit: text.trim(), own: false })
          }}
          className="[field-sizing:content] w-full resize-none bg-transparent text-[15px] leading-6 outline-none"
        />
        <div className="mt-2 flex gap-2">
          <Button
            kind="main"
            size="s"
            disabled={busy || !passes || text.trim() === claim.text}
            onClick={() => onVerdict({ edit: text.trim(), own: false })}
          >
            {say.report.save}
          </Button>
          {!passes && gate.data && (
            <Button size="s" disabled={busy} onClick={() => onVerdict({ edit: text.trim(), own: true })}>
              {say.report.saveOwn}
            </Button>
          )}
          <Button kind="bare" size="s" onClick={() => onEdit(false)}>
            {say.cancel}
          </Button>
        </div>
      </div>
      <div id={`${id}-gate`} role="status" className="w-72 shrink-0 pr-3 pl-5 text-xs">
        {gate.isFetching && !gate.data ? (
          <p className="text-ink-3">{say.report.asking}</p>
        ) : passes ? (
          <p className="text-ok">✓ {say.report.stands}</p>
        ) : (
          <ul className="flex flex-col gap-1.5">
            {faults.map((fault) => (
              <li key={`${fault.reason}/${fault.start}`}>
                <button
                  type="button"
                  className="text-left text-act-high hover:underline"
                  onClick={() => select(fault.start, fault.end)}
                >
                  <EvidenceText text={fault.reason} />
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}
