'use client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { afterSignIn, readSession, type Session } from '@/lib/api/session'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { EnrolForm } from './enrol-form'
import { FactorForm } from './factor-form'
import { PasswordForm } from './password-form'
import { SsoForm } from './sso-form'

/** Step by step in: a password, a passkey or the organisation's own sign-on; then a second factor, shown or enrolled. */
export function WayIn() {
  const [params, change] = useQueryState()
  const before = useQuery({ queryKey: ['session'], queryFn: readSession, retry: false, gcTime: 0 })
  const [begun, setBegun] = useState<Session | null>(null)
  const session = begun ?? before.data ?? null
  const through = session?.next === 'full'
  const refused = params.get('refused')
  useEffect(() => {
    if (through) window.location.replace(afterSignIn(window.location.search))
  }, [through])
  const onBegun = (now: Session) => setBegun(now)
  if (session?.next === 'second_factor') return <FactorForm onBegun={onBegun} />
  if (session?.next === 'enrol') return <EnrolForm onDone={() => setBegun({ ...session, next: 'full' })} />
  return (
    <>
      {refused && (
        <p role="alert" className="mb-6 text-[13px] text-pretty text-act-medium">
          {say.signIn.refused[refused] ?? say.problems.unexpected}
        </p>
      )}
      {params.has('organisation') ? (
        <SsoForm back={() => change({ organisation: null })} />
      ) : (
        <PasswordForm onBegun={onBegun} onSso={() => change({ organisation: '-' })} />
      )}
    </>
  )
}
