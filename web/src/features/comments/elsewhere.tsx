'use client'
import { say } from '@/lib/strings'
import { ThreadView } from './thread'
import type { Talk } from './use-talk'

/** Threads on sentences that are not in this version: what was said is not lost with the sentence. */
export function Elsewhere({ talk, here }: { talk: Talk; here: readonly { id: string }[] }) {
  const shown = new Set(here.map((one) => one.id))
  const left = [...talk.threads].flatMap(([claim, threads]) =>
    shown.has(claim) ? [] : threads.filter((one) => !one.resolved),
  )
  if (!left.length) return null
  return (
    <section className="mb-10 max-w-[68ch] pl-9">
      <h2 className="mb-3 text-xl font-[620] tracking-[-0.015em]">{say.comments.elsewhere}</h2>
      <ul className="flex flex-col gap-5">
        {left.map((thread) => (
          <ThreadView key={thread.id} thread={thread} may={talk.may} busy={talk.busy} onDeed={talk.deed} />
        ))}
      </ul>
    </section>
  )
}
