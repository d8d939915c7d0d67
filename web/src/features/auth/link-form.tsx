'use client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Blank, Waiting } from '@/components/ui/states'
import { api, bodyOf, rememberToken } from '@/lib/api/client'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { SignInTrouble } from './password-form'

const LEAST_PASSWORD = 12

/** A link makes an account: the first owner's, or that of somebody invited. */
export function LinkForm({ kind }: { kind: 'first' | 'join' }) {
  const [params] = useQueryState()
  const token = params.get('token') ?? ''
  const link = useQuery({
    queryKey: ['link', token],
    queryFn: () => bodyOf(api.POST('/v1/auth/invitation', { body: { token } })),
    enabled: token !== '',
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const join = useMutation({
    mutationFn: () => {
      const told = { token, name: name.trim(), password, email: link.data?.email ?? email.trim() }
      return kind === 'first'
        ? bodyOf(api.POST('/v1/auth/first', { body: told }))
        : bodyOf(api.POST('/v1/auth/join', { body: told }))
    },
    onSuccess: (begun) => {
      rememberToken(begun.csrf_token)
      // Whoever has an account with a second factor, or is asked for one, goes on from there.
      window.location.replace(begun.next === 'full' ? '/' : '/sign-in')
    },
  })
  if (token === '' || link.isError) return <Blank title={say.signIn.linkLost} about={say.signIn.linkLostNext} />
  if (link.isPending) return <Waiting />
  const { organisation, role } = link.data
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        join.mutate()
      }}
      className="flex flex-col gap-4"
    >
      <header className="mb-2">
        <h1 className="text-[28px] leading-9 font-[620] tracking-[-0.02em]">
          {kind === 'first' ? say.signIn.firstTitle : say.signIn.joinTitle(organisation)}
        </h1>
        <p className="mt-2 text-[13px] text-pretty text-ink-3">
          {kind === 'first' ? say.signIn.firstAbout : say.signIn.joinAbout(role)}
        </p>
      </header>
      <Field
        label={say.signIn.name}
        autoComplete="name"
        required
        autoFocus
        maxLength={120}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      <Field
        label={say.signIn.email}
        type="email"
        autoComplete="username"
        required
        readOnly={link.data.email !== null}
        value={link.data.email ?? email}
        onChange={(e) => setEmail(e.target.value)}
      />
      <Field
        label={say.signIn.password}
        hint={say.signIn.passwordHint}
        type="password"
        autoComplete="new-password"
        required
        minLength={LEAST_PASSWORD}
        value={password}
        onChange={(e) => setPassword(e.target.value)}
      />
      {join.isError && <SignInTrouble error={join.error} />}
      <Button type="submit" kind="main" size="l" className="mt-2" disabled={join.isPending}>
        {say.signIn.create}
      </Button>
    </form>
  )
}
