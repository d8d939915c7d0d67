/** The browser's part of passkeys. The protocol is loaded by whoever uses one. */
import { useSyncExternalStore } from 'react'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

type Enrolled = Schemas['EnrolledOut']
type Begun = Schemas['SignedInOut']
type Made = Record<string, unknown>

const nothing = () => () => undefined

/** Whether this browser has passkeys; asked of the browser alone, as the page's shell was made by none. */
export const usePasskeys = (): boolean =>
  useSyncExternalStore(
    nothing,
    () => 'PublicKeyCredential' in window,
    () => false,
  )

/** Whether the person closed the browser's question, or had nothing to show. */
export const isGone = (error: unknown): boolean =>
  error instanceof Error && ['NotAllowedError', 'AbortError', 'InvalidStateError'].includes(error.name)

export async function enrolPasskey(label: string): Promise<Enrolled> {
  const { startRegistration } = await import('@simplewebauthn/browser')
  const { ticket, options } = await bodyOf(api.POST('/v1/me/passkeys/begin'))
  const credential = await startRegistration({
    optionsJSON: options as unknown as Parameters<typeof startRegistration>[0]['optionsJSON'],
  })
  return bodyOf(api.POST('/v1/me/passkeys', { body: { ticket, label, credential: credential as unknown as Made } }))
}

async function show(options: unknown): Promise<Made> {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  const asked = options as Parameters<typeof startAuthentication>[0]['optionsJSON']
  return (await startAuthentication({ optionsJSON: asked })) as unknown as Made
}

/** In place of e-mail, password and second factor. */
export async function signInWithPasskey(): Promise<Begun> {
  const { ticket, options } = await bodyOf(api.POST('/v1/auth/passkey/begin'))
  return bodyOf(api.POST('/v1/auth/passkey', { body: { ticket, credential: await show(options) } }))
}

/** As the second factor of a session that waits for one. */
export async function showPasskey(): Promise<Begun> {
  const { ticket, options } = await bodyOf(api.POST('/v1/auth/factor/passkey/begin'))
  return bodyOf(api.POST('/v1/auth/factor/passkey', { body: { ticket, credential: await show(options) } }))
}
