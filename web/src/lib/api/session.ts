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

/** Send whoever has no session (any more) to the sign-in page; what they looked at is there when they come back. */
export function useDoor(): void {
  useEffect(() => onSessionLost(() => window.location.replace(signInPath())), [])
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
