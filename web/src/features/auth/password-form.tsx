'use client'
import { useMutation } from '@tanstack/react-query'
import { Building2, Fingerprint } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { told } from '@/components/ui/states'
import { api, bodyOf, rememberToken } from '@/lib/api/client'
import type { Session } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { isGone, usePasskeys, signInWithPasskey } from './passkey'

/** Sign in with e-mail and password, or go another way. Which of the two was wrong is not told. */
export function PasswordForm({ onBegun, onSso }: { onBegun: (session: Session) => void; onSso: () => void }) {
  const passkeys = usePasskeys()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [organisation, setOrganisation] = useState('')
  const begun = (session: Session) => {
    rememberToken(session.csrf_token)
    onBegun(session)
  }
  const signIn = useMutation({
    mutationFn: () => {
      const body = { email: email.trim(), password, organisation: organisation.trim() || null }
      return bodyOf(api.POST('/v1/auth/sign-in', { body }))
    },
    onSuccess: begun,
  })
  const passkey = useMutation({ mutationFn: signInWithPasskey, onSuccess: begun })
  const busy = signIn.isPending || passkey.isPending
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        passkey.reset()
        signIn.mutate()
      }}
      className="flex flex-col gap-4"
    >
      <h1 className="mb-2 text-[28px] leading-9 font-[620] tracking-[-0.02em]">{say.signIn.title}</h1>
      <Field
        label={say.signIn.email}
        type="email"
        autoComplete="username webauthn"
        required
        autoFocus
        value={email}
        onChange={(e) => setEmail(e.target.value)}
      />
      <Field
        label={say.signIn.password}
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(e) => setPassword(e.target.value)}
      />
      <Field
        label={say.signIn.organisation}
        hint={say.signIn.organisationHint}
        autoComplete="organization"
        value={organisation}
        onChange={(e) => setOrganisation(e.target.value)}
      />
      {signIn.isError && <SignInTrouble error={signIn.error} />}
      {passkey.isError && <PasskeyTrouble error={passkey.error} />}
      <Button type="submit" kind="main" size="l" className="mt-2" disabled={busy || !email || !password}>
        {signIn.isPending ? say.signIn.working : say.signIn.submit}
      </Button>
      <p aria-hidden className="flex items-center gap-3 text-xs text-ink-3">
        <span className="h-px flex-1 bg-line" />
        {say.signIn.or}
        <span className="h-px flex-1 bg-line" />
      </p>
      <div className="flex flex-col gap-2">
        {passkeys && (
          <Button
            size="l"
            disabled={busy}
            onClick={() => {
              signIn.reset()
              passkey.mutate()
            }}
          >
            <Fingerprint size={16} strokeWidth={1.7} /> {say.signIn.passkey}
          </Button>
        )}
        <Button size="l" onClick={onSso}>
          <Building2 size={16} strokeWidth={1.7} /> {say.signIn.sso}
        </Button>
      </div>
    </form>
  )
}

export function SignInTrouble({ error }: { error: unknown }) {
  const { title, next } = told(error)
  return (
    <p role="alert" className="text-[13px] text-pretty text-act-high">
      {title}
      {next && <span className="block text-ink-3">{next}</span>}
    </p>
  )
}

/** A browser's question that was closed is no error of anybody's. */
export function PasskeyTrouble({ error }: { error: unknown }) {
  if (!isGone(error)) return <SignInTrouble error={error} />
  return (
    <p role="alert" className="text-[13px] text-pretty text-act-medium">
      {say.signIn.passkeyGone}
    </p>
  )
}
