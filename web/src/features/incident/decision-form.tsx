'use client'
import { Button } from '@/components/ui/button'
import { told } from '@/components/ui/states'
import { say } from '@/lib/strings'
import type { IncidentWhole } from '../incidents/queries'

/** What each form of a decision is given. */
export interface Part {
  incident: IncidentWhole
  close: () => void
  settled: () => Promise<unknown>
}

/** Why it was refused, and what to do next. */
export function Refused({ error }: { error: unknown }) {
  if (!error) return null
  const { title, next } = told(error)
  return (
    <p role="alert" className="text-[13px] text-act-high">
      {title}
      {next && <span className="block text-xs text-ink-3">{next}</span>}
    </p>
  )
}

export function Buttons({ close, verb, busy }: { close: () => void; verb: string; busy: boolean }) {
  return (
    <div className="flex justify-end gap-2">
      <Button kind="bare" onClick={close}>
        {say.cancel}
      </Button>
      <Button type="submit" kind="main" disabled={busy}>
        {verb}
      </Button>
    </div>
  )
}
