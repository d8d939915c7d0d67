'use client'
import { Check, Pencil, PenLine, Undo2, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { ClaimSign, type Standing } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { SentenceText } from '@/components/value'
import { ClaimThreads, TalkGlance, TalkMark } from '@/features/comments/claim-threads'
import type { Talk } from '@/features/comments/use-talk'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { ClaimEditor } from './claim-editor'
import type { ReportClaim, Verdict } from './queries'

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
  onVerdict: (how: Verdict, claim: ReportClaim) => void
  onRecord: (at: number) => void
  /** Who else changed it just now. */
  other: string | undefined
  /** Who else writes it at this moment. */
  writer: string | undefined
}

export const standingOf = (claim: ReportClaim): Standing =>
  claim.decision === 'rejected' ? 'rejected' : claim.status === 'analyst' ? 'inferred' : claim.status

/** A sentence, its standing in the margin, and what may be done with it. */
export function ClaimRow(props: Props) {
  const { claim, current, editing, may, busy, talk, talking, onTalk, onChoose, onEdit, onVerdict } = props
  const [refusing, setRefusing] = useState(false)
  if (editing) {
    return (
      <div id={`claim-${claim.id}`} className="scroll-mt-24">
        <ClaimEditor {...props} />
        <Writer name={props.writer} />
      </div>
    )
  }
  const gone = claim.decision === 'rejected' || claim.decision === 'deleted'
  const standing = standingOf(claim)
  const threads = talk.threads.get(claim.id) ?? []
  // Seen on pointing or focusing; always, on the sentence that was chosen.
  const shy = `group-focus-within:opacity-100 group-hover:opacity-100 ${current ? '' : 'opacity-0'}`
  return (
    <div
      id={`claim-${claim.id}`}
      className={`group relative flex scroll-mt-24 rounded-lg transition-colors ${props.other || props.writer ? 'shadow-[inset_2px_0_0_var(--said)]' : ''} ${current ? 'bg-raised' : 'hover:bg-raised/60'}`}
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
          className={`w-full text-left text-[15px] leading-6 text-pretty wrap-break-word ${gone ? 'text-ink-3 line-through decoration-ink-3/50' : 'text-ink'}`}
        >
          <SentenceText text={claim.text} />
        </button>
        <Told claim={claim} />
        <Writer name={props.writer} />
        {props.other && !props.writer && (
          <p role="status" className="text-xs text-said">
            {say.report.justNow(plainLine(props.other, 60))}
          </p>
        )}
        {refusing && (
          <Reason
            onCancel={() => setRefusing(false)}
            onReason={(reason) => {
              setRefusing(false)
              onVerdict({ reject: reason }, claim)
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
                  <Act text={say.report.accept} keys="a" busy={busy} onAct={() => onVerdict('accept', claim)}>
                    <Check size={15} />
                  </Act>
                  <Act text={say.report.reject} busy={busy} onAct={() => setRefusing(true)}>
                    <X size={15} />
                  </Act>
                </>
              ) : (
                <Act text={say.report.undo} keys="u" busy={busy} onAct={() => onVerdict('undo', claim)}>
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

/** That somebody else writes this sentence now: it can still be written, and then both wordings are shown. */
function Writer({ name }: { name: string | undefined }) {
  return (
    <p role="status" className="flex items-center gap-1 text-xs text-said empty:hidden">
      {name && (
        <>
          <PenLine aria-hidden size={11} /> {say.presence.writing(plainLine(name, 60))}
        </>
      )}
    </p>
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
