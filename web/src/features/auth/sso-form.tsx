'use client'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { api, bodyOf } from '@/lib/api/client'
import { afterSignIn } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { SignInTrouble } from './password-form'

const ASKED = '-'

/** Single sign-on: which organisation, then with which of its providers. `?organisation=` is a link to hand out. */
export function SsoForm({ back }: { back: () => void }) {
  const [params, change] = useQueryState()
  const given = params.get('organisation') ?? ''
  const [name, setName] = useState(given === ASKED ? '' : given)
  const find = useMutation({
    mutationFn: async (organisation: string) =>
      (await bodyOf(api.GET('/v1/auth/oidc/providers', { params: { query: { organisation } } }))).items,
  })
  const start = useMutation({
    mutationFn: (id: string) => {
      const body = { provider_id: id, back_to: afterSignIn(window.location.search) }
      return bodyOf(api.POST('/v1/auth/oidc/start', { body }))
    },
    onSuccess: ({ url }) => window.location.assign(url),
  })
  // Whoever comes by a link that names the organisation is shown its providers at once.
  const once = useRef(false)
  const { mutate } = find
  useEffect(() => {
    if (once.current || given === ASKED || !given) return
    once.current = true
    mutate(given)
  }, [given, mutate])
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        change({ organisation: name.trim() })
        find.mutate(name.trim())
      }}
    >
      <header className="mb-2">
        <h1 className="text-[28px] leading-9 font-[620] tracking-[-0.02em] text-balance">{say.signIn.ssoTitle}</h1>
        <p className="mt-2 text-[13px] text-pretty text-ink-3">{say.signIn.ssoAbout}</p>
      </header>
      <Field
        label={say.signIn.organisation}
        autoComplete="organization"
        required
        autoFocus
        maxLength={120}
        value={name}
        onChange={(event) => {
          setName(event.target.value)
          find.reset()
        }}
      />
      {find.isError && <SignInTrouble error={find.error} />}
      {start.isError && <SignInTrouble error={start.error} />}
      {find.data?.length === 0 && (
        <p role="alert" className="text-[13px] text-pretty text-act-medium">
          {say.signIn.ssoNone}
        </p>
      )}
      {find.data?.length ? (
        <ul className="flex flex-col gap-2">
          {find.data.map((one, i) => (
            <li key={one.id}>
              <Button
                kind={i === 0 ? 'main' : 'plain'}
                size="l"
                className="w-full"
                disabled={start.isPending}
                onClick={() => start.mutate(one.id)}
              >
                {say.signIn.ssoWith(plainLine(one.name, 60))}
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <Button type="submit" kind="main" size="l" disabled={!name.trim() || find.isPending}>
          {say.signIn.ssoFind}
        </Button>
      )}
      <Button kind="bare" className="self-start" onClick={back}>
        {say.signIn.withPassword}
      </Button>
    </form>
  )
}
