/** What the organisation's settings ask for. What can be changed by several at once carries the version that was seen. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import type { Permission } from '@/lib/api/session'

export type Organisation = Schemas['OrganisationOut']
export type Member = Schemas['MemberOut']
export type Invitation = Schemas['InvitationOut']
export type Provider = Schemas['ProviderOut']
export type Role = Member['role']
export type RoleRow = Schemas['RoleOut']
export type PersonRole = Exclude<Role, 'service'>

const MOST = 200
export const seenBy = (version: number) => ({ 'If-Match': `"v${version}"` })

export const organisationQuery = () =>
  queryOptions({
    queryKey: ['organisation'],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/organisation', { signal })),
  })

export const policyQuery = () =>
  queryOptions({
    queryKey: ['report-policy'],
    queryFn: async ({ signal }) => {
      const { data, response } = await api.GET('/v1/report-policy', { signal })
      return { four_eyes: data!.four_eyes, tag: response.headers.get('ETag') ?? '' }
    },
  })

export const invitationsQuery = () =>
  queryOptions({
    queryKey: ['invitations'],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/invitations', { params: { query: { limit: MOST } }, signal }))).items,
  })

export const memberSessionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['member-sessions', id],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/members/{member_id}/sessions', { params: { path: { member_id: id } }, signal })))
        .items,
  })

export const rolesQuery = () =>
  queryOptions({
    queryKey: ['roles'],
    queryFn: async ({ signal }) => {
      const { data, response } = await api.GET('/v1/roles', { signal })
      return { ...data!, tag: response.headers.get('ETag') ?? '' }
    },
  })

/** Say what a role may, or take its changes back; answers with the tag of all roles as they are now. */
export async function changeRole(role: Role, permissions: Permission[] | null, tag: string): Promise<string> {
  const params = { path: { role }, header: { 'If-Match': tag } }
  const { response } = permissions
    ? await api.PUT('/v1/roles/{role}', { params, body: { permissions } })
    : await api.DELETE('/v1/roles/{role}', { params })
  return response.headers.get('ETag') ?? ''
}

export const providersQuery = () =>
  queryOptions({
    queryKey: ['oidc-providers'],
    queryFn: async ({ signal }) => (await bodyOf(api.GET('/v1/oidc-providers', { signal }))).items,
  })

export const serviceAccountsQuery = () =>
  queryOptions({
    queryKey: ['service-accounts'],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/service-accounts', { params: { query: { limit: MOST } }, signal }))).items,
  })

export const keysQuery = () =>
  queryOptions({
    queryKey: ['api-keys'],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/api-keys', { params: { query: { limit: MOST } }, signal }))).items,
  })

export interface AuditFilter {
  act?: string
  actor?: string
  target?: string
  since?: string
  until?: string
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ signal, pageParam }) => {
      const query = { ...filter, limit: 100, cursor: pageParam ?? undefined }
      return bodyOf(api.GET('/v1/audit', { params: { query }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  })

export const checkpointsQuery = () =>
  queryOptions({
    queryKey: ['audit-checkpoints'],
    queryFn: async ({ signal }) => (await bodyOf(api.GET('/v1/audit/checkpoints', { signal }))).items,
  })
