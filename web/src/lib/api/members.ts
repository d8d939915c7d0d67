/** Who belongs to the organisation: to be named as lead, owner, or in a comment. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, bodyOf, type Schemas } from './client'
import { useMay, useMe } from './session'

export type Member = Schemas['MemberOut']
const MOST = 200

const membersQuery = () =>
  queryOptions({
    queryKey: ['members'],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/members', { params: { query: { limit: MOST } }, signal }))).items,
    staleTime: 5 * 60_000,
  })

const NONE: Member[] = []

/** The members, if they may be read; who has left is among them, for what they once said. */
export function useMembers(): Member[] {
  const may = useMay('member:read')
  return useQuery({ ...membersQuery(), enabled: may }).data ?? NONE
}

/** The name of a member by id: one's own is known in any case. */
export function useNameOf(): (id: string) => string {
  const members = useMembers()
  const me = useMe().data
  return (id) => {
    const found = members.find((one) => one.id === id)
    return found?.name ?? (me?.member_id === id && me.name ? me.name : id)
  }
}
