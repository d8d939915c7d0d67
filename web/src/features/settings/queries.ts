/** What the settings ask for, and how they change it. */
import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'

export type Factor = Schemas['FactorOut']
export type ApiKey = Schemas['ApiKeyOut']
export type Session = Schemas['SessionOut']
export type Enrolled = Schemas['EnrolledOut']

export const sessionsQuery = () =>
  queryOptions({
    queryKey: ['sessions'],
    queryFn: async ({ signal }) => (await bodyOf(api.GET('/v1/me/sessions', { signal }))).items,
  })

export const factorsQuery = () =>
  queryOptions({
    queryKey: ['factors'],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/me/factors', { signal })),
  })

export const ownKeysQuery = () =>
  queryOptions({
    queryKey: ['own-keys'],
    queryFn: async ({ signal }) => (await bodyOf(api.GET('/v1/me/api-keys', { signal }))).items,
  })

export const endSession = (id: string) =>
  bodyOf(api.DELETE('/v1/me/sessions/{session_id}', { params: { path: { session_id: id } } }))

/** Of the account's ways in, what a person should know first. */
export type Standing = 'bare' | 'one' | 'many'
export const standingOf = (factors: readonly Factor[]): Standing =>
  factors.length === 0 ? 'bare' : factors.length === 1 ? 'one' : 'many'
