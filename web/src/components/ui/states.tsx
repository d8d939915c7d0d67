'use client'
import type { ReactNode } from 'react'
import { isProblem } from '@/lib/api/problem'
import { say } from '@/lib/strings'
import { Button } from './button'

/** What a page or panel shows when it has nothing else to show. */
export function Blank({ title, about, children }: { title: string; about?: string; children?: ReactNode }) {
  return (
    <div className="flex h-full min-h-48 rise flex-col items-center justify-center gap-2 px-6 text-center">
      <p className="text-base font-[560] text-balance">{title}</p>
      {about && <p className="max-w-[46ch] text-[13px] text-pretty text-ink-3">{about}</p>}
      {children && <div className="mt-3 flex items-center gap-2">{children}</div>}
    </div>
  )
}

/** A line that moves: something is on its way. Nothing jumps when it has come. */
export function Waiting({ label = say.loading, className = '' }: { label?: string; className?: string }) {
  return (
    <div role="status" className={`flex h-full min-h-32 flex-col items-center justify-center gap-3 ${className}`}>
      <div className="h-px w-40 overflow-hidden bg-line">
        <div className="h-px w-1/3 sweep bg-accent" />
      </div>
      <span className="text-xs text-ink-3">{label}</span>
    </div>
  )
}

/** The same as a hairline over what is shown already: it is being read anew, and stays legible while it is. */
export function BusyLine({ busy }: { busy: boolean }) {
  return (
    <div aria-hidden className="h-px shrink-0 overflow-hidden">
      {busy && <div className="h-px w-1/3 sweep bg-accent" />}
    </div>
  )
}

/** What went wrong, what to do next, and the number to name when asking for help. */
export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const { title, next, request } = told(error)
  return (
    <div role="alert" className="contents">
      <Blank title={title} about={next}>
        {again && <Button onClick={again}>{say.retry}</Button>}
      </Blank>
      {request && <p className="pb-4 text-center font-mono text-2xs text-ink-3">{say.problems.request(request)}</p>}
    </div>
  )
}

export function told(error: unknown): { title: string; next: string; request?: string } {
  if (!isProblem(error)) return { title: say.problems.unexpected, next: '' }
  const { status, document } = error
  if (status === 0) return { title: say.problems.offline, next: say.problems.offlineNext }
  if (error.kind === 'forbidden') return { title: say.problems.forbidden, next: say.problems.forbiddenNext }
  const title = document.title || say.problems.unexpected
  return { title, next: [document.detail, document.next_step].filter(Boolean).join(': '), request: document.request_id }
}
