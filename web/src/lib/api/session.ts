'use client'
/** Who is signed in, what they may, and the ways in and out. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, bodyOf, onSessionLost, rememberToken, type Schemas } from './client'
import { isProblem } from './problem'

export type Me = Schemas['MeOut']
export type Permission = Me['permissions'][number]

export const meKey = ['me'] as const

async function readMe(): Promise<Me> {
  const me = await bodyOf(api.GET('/v1/me'))
  rememberToken(me.csrf_token ?? null)
  return me
}

export function useMe() {
  return useQuery({
    queryKey: meKey,
    queryFn: readMe,
    staleTime: 60_000,
    retry: (n, error) => !isProblem(error) && n < 2,
  })
}

export function useMay(permission: Permission): boolean {
  return useMe().data?.permissions.includes(permission) ?? false
}

/** Where to sign in, and to come back to afterwards. */
export function signInPath(): string {
  const here = window.location.pathname + window.location.search
  return here === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(here)}`
}

/** Send whoever is not (all the way) in to the sign-in page; what they looked at is there when they come back. */
export function useDoor(): void {
  const next = useMe().data?.next
  useEffect(() => onSessionLost(() => window.location.replace(signInPath())), [])
  useEffect(() => {
    if (next === 'enrol') window.location.replace(signInPath())
  }, [next])
}

/** End this session and begin another one, then come back: what opens an account is changed only by who has just come in. */
export function useSignInAgain(): () => Promise<void> {
  return async () => {
    const back = signInPath()
    await api.POST('/v1/auth/sign-out')
    rememberToken(null)
    window.location.replace(back)
  }
}

export type Session = Schemas['SignedInOut']

/** How far the session has come that this browser has: none is an answer, too. */
export async function readSession(): Promise<Session | null> {
  try {
    const session = await bodyOf(api.GET('/v1/auth/session'))
    rememberToken(session.csrf_token)
    return session
  } catch (error) {
    if (isProblem(error) && error.status === 401) return null
    throw error
  }
}

/** The page to go to after signing in: one of ours only. */
export function afterSignIn(search: string): string {
  const to = new URLSearchParams(search).get('to') ?? '/'
  const target = new URL(to, window.location.origin)
  return to.startsWith('/') && target.origin === window.location.origin ? target.pathname + target.search : '/'
}

export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await api.POST('/v1/auth/sign-out')
    rememberToken(null)
    queries.clear()
    window.location.replace('/sign-in')
  }
}
