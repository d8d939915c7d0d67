'use client'
import { useState, type ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { say } from '@/lib/strings'
import { Composer } from './composer'
import type { Anchor } from './queries'
import { ThreadView } from './thread'
import type { Thread } from './threads'
import type { Talk } from './use-talk'

interface Props {
  on: Anchor
  threads: Thread[]
  talk: Talk
  /** As one says it of this kind of thing. */
  words: { first: string; none: string }
  /** Whether whoever opened it wants to write. */
  focus?: boolean
  /** Where Escape leads that had nothing else to end. */
  onLeave?: () => void
  children?: ReactNode
}

/** All that was said of one thing: the open threads, where a new one begins, and those that are settled. */
export function Threads({ on, threads, talk, words, focus, onLeave, children }: Props) {
  const [all, setAll] = useState(false)
  const [fresh, setFresh] = useState(false)
  const open = threads.filter((one) => !one.resolved)
  const settled = threads.filter((one) => one.resolved)
  const view = (thread: Thread) => (
    <ThreadView key={thread.id} thread={thread} may={talk.may} busy={talk.busy} onDeed={talk.deed} />
  )
  return (
    <>
      <header className="mb-1 flex items-center">
        <h3 className="eyebrow">{say.comments.open}</h3>
        <span className="ml-auto" />
        {talk.may && open.length > 0 && !fresh && (
          <Button kind="bare" size="s" onClick={() => setFresh(true)}>
            {say.comments.fresh}
          </Button>
        )}
        {children}
      </header>
      <ul className="flex flex-col gap-4">{open.map(view)}</ul>
      {talk.may && (open.length === 0 || fresh) && (
        <div className={open.length ? 'mt-4' : ''}>
          <Composer
            focus={fresh || focus}
            label={words.first}
            send={say.comments.send}
            busy={talk.busy}
            onCancel={fresh ? () => setFresh(false) : onLeave}
            onSend={async (body) => {
              const taken = await talk.deed({ say: body, on })
              if (taken) setFresh(false)
              return taken
            }}
          />
        </div>
      )}
      {!talk.may && threads.length === 0 && <p className="text-xs text-ink-3">{words.none}</p>}
      {settled.length > 0 && (
        <>
          <Button
            kind="bare"
            size="s"
            className="mt-2 -ml-2"
            aria-expanded={all}
            onClick={() => setAll((before) => !before)}
          >
            {say.comments.resolved(settled.length)}
          </Button>
          {all && <ul className="mt-2 flex flex-col gap-4">{settled.map(view)}</ul>}
        </>
      )}
    </>
  )
}
