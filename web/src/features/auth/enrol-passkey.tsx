'use client'
import { useMutation } from '@tanstack/react-query'
import { NameForm } from '@/components/ui/name-form'
import { rememberToken, type Schemas } from '@/lib/api/client'
import { say } from '@/lib/strings'
import { Refusal } from '../settings/section'
import { enrolPasskey, isGone, usePasskeys } from './passkey'

/** A passkey: named first, then made by the browser. */
export function EnrolPasskey({ onDone }: { onDone: (enrolled: Schemas['EnrolledOut']) => void }) {
  const passkeys = usePasskeys()
  const make = useMutation({
    mutationFn: enrolPasskey,
    onSuccess: (enrolled) => {
      rememberToken(enrolled.csrf_token)
      onDone(enrolled)
    },
  })
  if (!passkeys) return <p className="text-[13px] text-act-medium">{say.factors.noPasskeys}</p>
  return (
    <NameForm
      label={say.factors.passkeyName}
      hint={say.factors.passkeyHint}
      verb={say.factors.addPasskey}
      busy={make.isPending}
      refused={
        isGone(make.error) ? (
          <p role="alert" className="text-[13px] text-act-medium">
            {say.factors.passkeyCancelled}
          </p>
        ) : (
          <Refusal error={make.error} />
        )
      }
      onName={make.mutate}
    />
  )
}
