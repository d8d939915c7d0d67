'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Dialog } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field, inputLook } from '@/components/ui/field'
import { Shade } from '@/components/ui/shade'
import { told } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { useMay } from '@/lib/api/session'
import { incidentPath, useGo } from '@/lib/route'
import { say } from '@/lib/strings'
import { titleOf } from '../uploads/collect'
import { ChooseEvidence, useEvidence } from '../uploads/drop'
import { SEVERITIES, type Severity } from './queries'

/** Open an incident by name; evidence comes at once or afterwards. */
export function NewIncident({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Shade />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[18vh] left-1/2 z-50 w-[min(460px,92vw)] -translate-x-1/2 rise rounded-xl bg-raised p-6 shadow-2xl ring-1 ring-line outline-none"
        >
          <Dialog.Title className="text-base font-[600]">{say.incidents.open}</Dialog.Title>
          <NewIncidentForm close={() => onOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function NewIncidentForm({ close }: { close: () => void }) {
  const go = useGo()
  const queries = useQueryClient()
  const mayHandIn = useMay('evidence:write')
  const [title, setTitle] = useState('')
  const [key, setKey] = useState('')
  const [severity, setSeverity] = useState<Severity>('medium')
  const open = useMutation({
    mutationFn: (called: string) =>
      bodyOf(api.POST('/v1/incidents', { body: { title: called, key: key.trim() || null, severity } })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ['incidents'] })
      close()
      go(incidentPath(made.key))
    },
  })
  const onFiles = useEvidence(async (found) => {
    const called = title.trim() || titleOf(found) || say.incidents.title
    return (await open.mutateAsync(called)).key
  })
  return (
    <form
      className="mt-4 flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        open.mutate(title.trim())
      }}
    >
      <Field
        label={say.incidents.name}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        required
        maxLength={500}
        autoFocus
      />
      <label className="flex flex-col gap-1.5 text-xs font-[540] text-ink-2">
        {say.head.severity}
        <select
          value={severity}
          onChange={(event) => setSeverity(event.target.value as Severity)}
          className={inputLook}
        >
          {SEVERITIES.map((one) => (
            <option key={one} value={one}>
              {say.incident.severity[one]}
            </option>
          ))}
        </select>
      </label>
      <Field
        label={say.incidents.key}
        hint={say.incidents.keyHint}
        value={key}
        onChange={(event) => setKey(event.target.value)}
        pattern="[A-Za-z0-9][A-Za-z0-9._:\-]{0,127}"
        className="font-mono"
      />
      {open.isError && (
        <p role="alert" className="text-xs text-act-high">
          {told(open.error).title}: {told(open.error).next}
        </p>
      )}
      {mayHandIn && (
        <div className="flex items-center gap-2 border-t pt-4">
          <p className="mr-auto text-xs text-pretty text-ink-3">{say.incidents.withEvidence}</p>
          <ChooseEvidence onFiles={onFiles} />
        </div>
      )}
      <div className="flex justify-end gap-2">
        <Button kind="bare" onClick={close}>
          {say.cancel}
        </Button>
        <Button kind="main" type="submit" disabled={!title.trim() || open.isPending}>
          {say.incidents.create}
        </Button>
      </div>
    </form>
  )
}
