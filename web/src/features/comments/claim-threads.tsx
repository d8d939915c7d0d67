'use client'
import { MessageSquare, X } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { useMembers } from '@/lib/api/members'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { Threads } from './anchor-threads'
import type { Talk } from './use-talk'
import { authorOf, bodyPieces, tallyOf, type Thread } from './threads'

/** How much was said of a sentence: beside it, always to be seen where there is something open. */
export function TalkMark({
  threads,
  open,
  onOpen,
  className = '',
}: {
  threads: Thread[]
  open: boolean
  onOpen: () => void
  className?: string
}) {
  const tally = tallyOf(threads)
  const text = threads.length ? say.comments.show(tally.open, tally.comments) : say.comments.open
  return (
    <Hint text={text} keys="c">
      <Button
        kind="bare"
        size="s"
        data-talk-mark
        aria-label={text}
        aria-expanded={open}
        onClick={onOpen}
        className={`min-w-7 gap-1 px-1.5 ${tally.open ? 'text-said hover:text-said' : ''} ${className}`}
      >
        <MessageSquare size={14} fill={tally.open ? 'currentColor' : 'none'} />
        {tally.open > 0 && <span className="text-xs tabular-nums">{tally.comments}</span>}
      </Button>
    </Hint>
  )
}

/** The latest word of an open thread, in a line. */
export function TalkGlance({ threads, onOpen }: { threads: Thread[]; onOpen: () => void }) {
  const last = threads.findLast((one) => !one.resolved)?.comments.findLast((one) => one.deleted_at === null)
  const members = useMembers().map(({ id, name, email }) => ({ id, name, email: email ?? null }))
  if (!last) return null
  const said = bodyPieces(last.body, members).map((piece) => piece.text)
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-hidden
      onClick={onOpen}
      className="block w-full truncate pr-2 pl-1.5 text-left text-xs text-ink-3 hover:text-ink"
    >
      <span className="font-[560] text-ink-2">{plainLine(authorOf(last), 24)}</span> {plainLine(said.join(''), 80)}
    </button>
  )
}

interface Props {
  claim: string
  threads: Thread[]
  talk: Talk
  onClose: () => void
}

/** All that was said of a sentence, in the margin beside it; the text does not move for it. */
export function ClaimThreads({ claim, threads, talk, onClose }: Props) {
  return (
    <section
      aria-label={say.comments.ofClaim.label}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.stopPropagation()
        onClose()
      }}
      className="absolute inset-x-2 top-9 z-20 rise rounded-xl bg-lifted p-3 shadow-[0_12px_40px_-8px_oklch(0_0_0/0.5)] ring-1 ring-line"
    >
      <Threads
        focus
        on={{ type: 'claim', id: claim }}
        threads={threads}
        talk={talk}
        words={say.comments.ofClaim}
        onLeave={onClose}
      >
        <Button kind="bare" size="icon" aria-label={say.close} onClick={onClose} className="-mt-1 -mr-1">
          <X size={14} />
        </Button>
      </Threads>
    </section>
  )
}
