'use client'
import { useMutation } from '@tanstack/react-query'
import { Copy } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { NameForm } from '@/components/ui/name-form'
import { copyText } from '@/components/ui/shown-once'
import { api, bodyOf, rememberToken, type Schemas } from '@/lib/api/client'
import { say } from '@/lib/strings'
import { Refusal } from '../settings/section'

type Enrolled = Schemas['EnrolledOut']
type Totp = Schemas['TotpOut']

/** An authenticator app: its name, its key as a picture, its first code. */
export function EnrolApp({ onDone }: { onDone: (enrolled: Enrolled) => void }) {
  const begin = useMutation({
    mutationFn: (label: string) => bodyOf(api.POST('/v1/me/totp', { body: { label } })),
  })
  if (begin.data) return <FirstCode totp={begin.data} onDone={onDone} />
  return (
    <NameForm
      label={say.factors.appName}
      hint={say.factors.passkeyHint}
      verb={say.factors.next}
      busy={begin.isPending}
      refused={<Refusal error={begin.error} />}
      onName={begin.mutate}
    />
  )
}

function FirstCode({ totp, onDone }: { totp: Totp; onDone: (enrolled: Enrolled) => void }) {
  const [code, setCode] = useState('')
  const confirm = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/me/totp/confirm', { body: { id: totp.id, code: code.trim() } })),
    onSuccess: (enrolled) => {
      rememberToken(enrolled.csrf_token)
      onDone(enrolled)
    },
    onError: () => setCode(''),
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        confirm.mutate()
      }}
    >
      <div className="flex items-start gap-5">
        {/* A picture as data: what it holds is never part of the page. */}
        <img
          src={`data:image/svg+xml,${encodeURIComponent(totp.qr_svg)}`}
          alt={say.factors.qr}
          className="size-40 shrink-0 rounded-lg bg-[oklch(1_0_0)] p-1"
        />
        <div className="min-w-0 text-[13px]">
          <p className="font-[560]">{say.factors.scan}</p>
          <p className="mt-1 text-xs text-pretty text-ink-3">{say.factors.scanAbout}</p>
          <p className="mt-3 font-mono text-xs leading-5 break-all text-ink-2 select-all" aria-label={say.factors.key}>
            {totp.secret.match(/.{1,4}/g)?.join(' ')}
          </p>
          <Button size="s" kind="bare" className="-ml-2" onClick={() => copyText(totp.secret)}>
            <Copy size={13} /> {say.copy}
          </Button>
        </div>
      </div>
      <Field
        label={say.factors.code}
        autoComplete="one-time-code"
        inputMode="numeric"
        pattern="[0-9 ]{6,7}"
        required
        autoFocus
        maxLength={7}
        value={code}
        onChange={(event) => setCode(event.target.value)}
        className="w-40 font-mono text-base tracking-[0.2em]"
      />
      <Refusal error={confirm.error} />
      <Button type="submit" kind="main" className="self-end" disabled={code.trim().length < 6 || confirm.isPending}>
        {say.factors.confirm}
      </Button>
    </form>
  )
}
