'use client'
import { useMutation } from '@tanstack/react-query'
import { Fingerprint } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { api, bodyOf, rememberToken } from '@/lib/api/client'
import { useSignInAgain, type Session } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { usePasskeys, showPasskey } from './passkey'
import { PasskeyTrouble, SignInTrouble } from './password-form'

/** The second factor: a code of the authenticator, a passkey, or one of the recovery codes. */
export function FactorForm({ onBegun }: { onBegun: (session: Session) => void }) {
  const passkeys = usePasskeys()
  const again = useSignInAgain()
  const [code, setCode] = useState('')
  const [recovering, setRecovering] = useState(false)
  const begun = (session: Session) => {
    rememberToken(session.csrf_token)
    onBegun(session)
  }
  const show = useMutation({
    mutationFn: () => {
      const body = { code: code.trim() }
      return recovering
        ? bodyOf(api.POST('/v1/auth/factor/recovery', { body }))
        : bodyOf(api.POST('/v1/auth/factor/totp', { body }))
    },
    onSuccess: begun,
    onError: () => setCode(''),
  })
  const passkey = useMutation({ mutationFn: showPasskey, onSuccess: begun })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        passkey.reset()
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
      {passkey.isError && <PasskeyTrouble error={passkey.error} />}
      <Button type="submit" kind="main" size="l" disabled={show.isPending || code.trim().length < 6}>
        {say.signIn.submit}
      </Button>
      {passkeys && (
        <Button
          size="l"
          disabled={passkey.isPending}
          onClick={() => {
            show.reset()
            passkey.mutate()
          }}
        >
          <Fingerprint size={16} strokeWidth={1.7} /> {say.signIn.passkeyFactor}
        </Button>
      )}
      <div className="flex justify-between">
        <Button
          kind="bare"
          className="-ml-3"
          onClick={() => {
            setCode('')
            show.reset()
            setRecovering(!recovering)
          }}
        >
          {recovering ? say.signIn.useCode : say.signIn.useRecovery}
        </Button>
        <Button kind="bare" className="-mr-3" onClick={() => void again()}>
          {say.signIn.otherAccount}
        </Button>
      </div>
    </form>
  )
}
