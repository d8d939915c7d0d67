'use client'
import { useMutation } from '@tanstack/react-query'
import { Lock } from 'lucide-react'
import { useState } from 'react'
import { Field } from '@/components/ui/field'
import { tell } from '@/components/ui/notices'
import { Switch } from '@/components/ui/switch'
import { api, bodyOf } from '@/lib/api/client'
import { isProblem } from '@/lib/api/problem'
import { say } from '@/lib/strings'
import type { IncidentWhole } from '../incidents/queries'
import { Buttons, Refused, type Part } from './decision-form'
import { dayOf, endOf, isShorter } from './retention'

const words = say.incidents.decisions

/** That an incident is held, or kept until a day: above it, for as long as that is so. */
export function HoldSign({ incident }: { incident: IncidentWhole }) {
  const { legal_hold: held, retain_until: until } = incident
  if (!held && !until) return null
  const text = [held ? say.artifacts.hold : '', until ? words.keptUntil(dayOf(until)) : ''].filter(Boolean).join(' · ')
  return (
    <span className="flex shrink-0 items-center gap-1 px-2 text-xs text-ink-2" title={text}>
      <Lock aria-hidden size={12} />
      {held ? say.artifacts.hold : words.keptUntil(dayOf(until!))}
      {held && until && <span className="sr-only">{words.keptUntil(dayOf(until))}</span>}
    </span>
  )
}

/** A legal hold on the incident, and until when it is kept in any case: that is only ever extended. */
export function Hold({ incident, close, settled }: Part) {
  const [held, setHeld] = useState(incident.legal_hold)
  const [day, setDay] = useState(dayOf(incident.retain_until))
  const shorter = isShorter(day, incident.retain_until)
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        api.PUT('/v1/incidents/{key}/hold', {
          params: { path: { key: incident.key }, header: { 'If-Match': `"v${incident.version}"` } },
          body: { legal_hold: held, retain_until: endOf(day, incident.retain_until) },
        }),
      ),
    onSuccess: async () => {
      await settled()
      close()
    },
    onError: (error) => {
      if (!isProblem(error) || error.status !== 412) return
      tell(say.head.changed, true)
      void settled()
    },
  })
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (!shorter) save.mutate()
      }}
    >
      <Switch label={say.artifacts.hold} about={words.heldAbout} on={held} onChange={setHeld} />
      <Field
        type="date"
        label={words.keepUntil}
        hint={words.keepAbout}
        error={shorter ? words.onlyLonger(dayOf(incident.retain_until)) : null}
        min={dayOf(incident.retain_until) || undefined}
        value={day}
        onChange={(event) => setDay(event.target.value)}
      />
      <Refused error={isProblem(save.error) && save.error.status === 412 ? null : save.error} />
      <Buttons close={close} verb={say.save} busy={save.isPending || shorter} />
    </form>
  )
}
