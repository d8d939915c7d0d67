'use client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { told } from '@/components/ui/states'
import { api, bodyOf, rememberToken } from '@/lib/api/client'
import { afterSignIn } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { FactorForm } from './factor-form'

/** Sign in with e-mail and password. Which of the two was wrong is not told. */
export function PasswordForm() {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [organisation, setOrganisation] = useState('')
  const signIn = useMutation({
    mutationFn: () => {
      const body = { email: email.trim(), password, organisation: organisation.trim() || null }
      return bodyOf(api.POST('/v1/auth/sign-in', { body }))
    },
    onSuccess: (begun) => {
      rememberToken(begun.csrf_token)
      if (begun.next === 'full') window.location.replace(afterSignIn(window.location.search))
    },
  })
  const next = signIn.data?.next
  if (next === 'second_factor') {
    return <FactorForm onDone={() => window.location.replace(afterSignIn(window.location.search))} />
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        signIn.mutate()
      }}
      className="flex flex-col gap-4"
    >
      <h1 className="mb-2 text-[28px] leading-9 font-[620] tracking-[-0.02em]">{say.signIn.title}</h1>
      <Field
        label={say.signIn.email}
        type="email"
        autoComplete="username"
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
      {next === 'enrol' && (
        <p role="alert" className="text-[13px] text-act-medium">
          {say.signIn.enrol}
        </p>
      )}
      <Button type="submit" kind="main" size="l" className="mt-2" disabled={signIn.isPending || !email || !password}>
        {signIn.isPending ? say.signIn.working : say.signIn.submit}
      </Button>
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
