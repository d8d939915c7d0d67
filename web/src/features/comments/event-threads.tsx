'use client'
import { useEffect, useRef } from 'react'
import { say } from '@/lib/strings'
import { Threads } from './anchor-threads'
import type { Talk } from './use-talk'

interface Props {
  event: string
  talk: Talk
  /** Changes whenever somebody asks to write here; not above 0 as long as nobody has. */
  writing: number
}

/** What was said of a record, in the drawer that shows it. */
export function EventThreads({ event, talk, writing }: Props) {
  const part = useRef<HTMLElement>(null)
  useEffect(() => {
    if (writing > 0) part.current?.querySelector('textarea')?.focus()
  }, [writing])
  return (
    <section
      ref={part}
      tabIndex={-1}
      aria-label={say.comments.ofEvent.label}
      className="outline-none"
      onKeyDown={(press) => {
        if (press.key !== 'Escape' || press.target === press.currentTarget) return
        // The first Escape ends the writing, the next one leaves the record.
        press.stopPropagation()
        part.current?.focus()
      }}
    >
      <Threads
        on={{ type: 'event', id: event }}
        threads={talk.threads.get(event) ?? []}
        talk={talk}
        words={say.comments.ofEvent}
      />
    </section>
  )
}
