'use client'
import { useQuery } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { useEffect, useId, useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { EvidenceText } from '@/components/value'
import { useRested } from '@/features/timeline/use-rested'
import { say } from '@/lib/strings'
import { meanwhile, rangesOf, type Range } from './marks'
import { MergeChoice } from './merge-choice'
import { checkQuery, type ReportClaim, type Verdict } from './queries'

// A writer's tool: who only reads does not load it.
const SentenceEditor = dynamic(() => import('./sentence-editor'), {
  ssr: false,
  loading: () => <p className="text-[15px] leading-6 text-ink-3">{say.loading}</p>,
})

const PAUSE_MS = 350
const NONE: Range[] = []

interface Props {
  incident: string
  version: number
  claim: ReportClaim
  busy: boolean
  onEdit: (editing: boolean) => void
  /** `claim` is the one whose words were read: nothing newer is written over. */
  onVerdict: (how: Verdict, claim: ReportClaim) => void
  onRecord: (at: number) => void
}

/** The sentence being written anew; the gate answers while it is, below it, and underlines where it objects. */
export function ClaimEditor({ incident, version, claim, busy, onEdit, onVerdict, onRecord }: Props) {
  const id = useId()
  const [base, setBase] = useState(claim)
  const [text, setText] = useState(claim.text)
  const [focus, setFocus] = useState<{ from: number; to: number } | null>(null)
  const change = meanwhile(base, claim)
  // A decision leaves the words alone: it is taken over; other words are a choice to make.
  useEffect(() => {
    if (change === 'decided') setBase(claim)
  }, [change, claim])
  const asked = useRested(text.trim(), PAUSE_MS)
  const gate = useQuery(checkQuery(incident, version, base, asked))
  const current = asked === text.trim() && gate.data !== undefined && !gate.isFetching
  const faults = gate.data?.faults
  const ranges = useMemo(() => (current && faults ? rangesOf(text, faults) : NONE), [current, faults, text])
  const passes = current && gate.data?.passes === true
  const refused = current && gate.data?.passes === false
  const clash = change === 'reworded'
  const save = (own: boolean) => {
    if (!busy && !clash && (own || passes) && text.trim() !== base.text) onVerdict({ edit: text.trim(), own }, base)
  }
  return (
    <div className="relative rounded-xl bg-raised py-3 pr-3 pl-9 shadow-[inset_2px_0_0_var(--accent)]">
      <div className="max-w-[68ch]">
        {clash && (
          <MergeChoice
            mine={text.trim()}
            base={base.text}
            theirs={claim}
            onTheirs={() => onEdit(false)}
            onMine={() => setBase(claim)}
            onBoth={() => {
              setText(`${claim.text} ${text.trim()}`)
              setBase(claim)
            }}
          />
        )}
        <SentenceEditor
          text={text}
          label={say.report.edit}
          describedBy={`${id}-gate`}
          ranges={ranges}
          focus={focus}
          onText={setText}
          onSave={() => save(false)}
          onCancel={() => onEdit(false)}
        />
        <Cited claim={base} onRecord={onRecord} />
        <div id={`${id}-gate`} role="status" className="mt-2 min-h-5 text-xs">
          {gate.isError ? (
            <p className="text-act-high">{gate.error.message}</p>
          ) : passes ? (
            <p className="text-ok">✓ {say.report.stands}</p>
          ) : refused ? (
            <ul className="flex flex-col gap-1">
              {(faults ?? []).map((fault) => (
                <li key={`${fault.reason}/${fault.start}`}>
                  <button
                    type="button"
                    className="text-left text-act-high hover:underline"
                    onClick={() => setFocus(rangesOf(text, [fault])[0] ?? null)}
                  >
                    <EvidenceText text={fault.reason} />
                  </button>
                </li>
              ))}
            </ul>
          ) : (
            <p className="text-ink-3">{text.trim() ? say.report.asking : say.report.empty}</p>
          )}
        </div>
        <div className="mt-2 flex flex-wrap gap-2">
          <Button
            kind="main"
            size="s"
            disabled={busy || clash || !passes || text.trim() === base.text}
            onClick={() => save(false)}
          >
            {say.report.save}
          </Button>
          {refused && (
            <Button size="s" disabled={busy || clash} onClick={() => save(true)}>
              {say.report.saveOwn}
            </Button>
          )}
          <Button kind="bare" size="s" onClick={() => onEdit(false)}>
            {say.cancel}
          </Button>
          {refused && <span className="self-center text-xs text-ink-3">{say.report.ownAbout}</span>}
        </div>
      </div>
    </div>
  )
}

/** The records that the sentence rests on: beside the words, so that no editing can lose one. */
function Cited({ claim, onRecord }: { claim: ReportClaim; onRecord: (at: number) => void }) {
  if (!claim.evidence.length) return null
  return (
    <p className="mt-1.5 flex flex-wrap items-center gap-1 text-xs text-ink-3">
      {say.report.cites}
      {claim.evidence.map((event, i) => (
        <button
          key={event}
          type="button"
          aria-label={say.report.record(i + 1)}
          title={event}
          onClick={() => onRecord(i)}
          className="h-7 min-w-7 rounded-md bg-lifted px-1 text-2xs text-ink-2 tabular-nums hover:text-ink"
        >
          {i + 1}
        </button>
      ))}
    </p>
  )
}
