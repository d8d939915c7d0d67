'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Dialog } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { told } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { incidentPath, useGo } from '@/lib/route'
import { say } from '@/lib/strings'

/** Open an incident by name; evidence comes afterwards. */
export function NewIncident({ open, onOpen }: { open: boolean; onOpen: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-shade" />
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
  const [title, setTitle] = useState('')
  const [key, setKey] = useState('')
  const open = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/incidents', { body: { title: title.trim(), key: key.trim() || null } })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ['incidents'] })
      close()
      go(incidentPath(made.key))
    },
  })
  return (
    <form
      className="mt-4 flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        open.mutate()
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
