'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { rememberToken, type Schemas } from '@/lib/api/client'
import { say } from '@/lib/strings'
import { Refusal } from '../settings/section'
import { enrolPasskey, isGone, usePasskeys } from './passkey'

/** A passkey: named first, then made by the browser. */
export function EnrolPasskey({ onDone }: { onDone: (enrolled: Schemas['EnrolledOut']) => void }) {
  const passkeys = usePasskeys()
  const [label, setLabel] = useState('')
  const make = useMutation({
    mutationFn: () => enrolPasskey(label.trim()),
    onSuccess: (enrolled) => {
      rememberToken(enrolled.csrf_token)
      onDone(enrolled)
    },
  })
  if (!passkeys) return <p className="text-[13px] text-act-medium">{say.factors.noPasskeys}</p>
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <Field
        label={say.factors.passkeyName}
        hint={say.factors.passkeyHint}
        value={label}
        required
        autoFocus
        maxLength={120}
        onChange={(event) => setLabel(event.target.value)}
      />
      {isGone(make.error) ? (
        <p role="alert" className="text-[13px] text-act-medium">
          {say.factors.passkeyCancelled}
        </p>
      ) : (
        <Refusal error={make.error} />
      )}
      <Button type="submit" kind="main" className="self-end" disabled={!label.trim() || make.isPending}>
        {say.factors.addPasskey}
      </Button>
    </form>
  )
}
