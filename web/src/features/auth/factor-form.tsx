'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { api, bodyOf, rememberToken } from '@/lib/api/client'
import { say } from '@/lib/strings'
import { SignInTrouble } from './password-form'

/** The second factor: a code of the authenticator, or one of the recovery codes. */
export function FactorForm({ onDone }: { onDone: () => void }) {
  const [code, setCode] = useState('')
  const [recovering, setRecovering] = useState(false)
  const show = useMutation({
    mutationFn: () => {
      const body = { code: code.trim() }
      return recovering
        ? bodyOf(api.POST('/v1/auth/factor/recovery', { body }))
        : bodyOf(api.POST('/v1/auth/factor/totp', { body }))
    },
    onSuccess: (begun) => {
      rememberToken(begun.csrf_token)
      onDone()
    },
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        show.mutate()
      }}
    >
      <h1 className="mb-2 text-[28px] leading-9 font-[620] tracking-[-0.02em]">{say.signIn.secondFactor}</h1>
      <Field
        key={String(recovering)}
        label={recovering ? say.signIn.recoveryCode : say.signIn.code}
        autoComplete="one-time-code"
        inputMode={recovering ? 'text' : 'numeric'}
        required
        autoFocus
        minLength={6}
        maxLength={40}
        value={code}
        onChange={(event) => setCode(event.target.value)}
        className="font-mono"
      />
      {show.isError && <SignInTrouble error={show.error} />}
      <Button type="submit" kind="main" size="l" disabled={show.isPending || code.trim().length < 6}>
        {say.signIn.submit}
      </Button>
      <Button
        kind="bare"
        onClick={() => {
          setCode('')
          setRecovering(!recovering)
        }}
      >
        {recovering ? say.signIn.useCode : say.signIn.useRecovery}
      </Button>
    </form>
  )
}
