'use client'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { MoreHorizontal, UserPlus } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { menuItem, menuLook } from '@/components/ui/menu'
import { tell } from '@/components/ui/notices'
import { Select } from '@/components/ui/select'
import { Trouble, Waiting } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { isProblem } from '@/lib/api/problem'
import { useMay, useMe } from '@/lib/api/session'
import { cn } from '@/lib/cn'
import { plainLine } from '@/lib/evidence'
import { initials } from '@/lib/names'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { Confirm } from './confirm'
import { Invitations, InviteSomebody } from './invitations'
import { MemberSessions } from './member-sessions'
import { seenBy, type Member, type PersonRole } from './organisation-queries'
import { mayChange, rolesToGive } from './ranks'
import { Group, SettingsPart } from './section'

type Asked = { what: 'disable'; member: Member } | { what: 'role'; member: Member; role: PersonRole }

/** Who belongs to the organisation, as what; who is on the way in. */
export default function MembersPart() {
  const may = useMay('member:write')
  const [inviting, setInviting] = useState(false)
  return (
    <SettingsPart
      title={say.settings.sections.members}
      about={say.members.about}
      acts={
        may && (
          <Button kind="main" onClick={() => setInviting(true)}>
            <UserPlus size={15} /> {say.members.invite}
          </Button>
        )
      }
    >
      <People />
      {may && <Invitations />}
      <InviteSomebody open={inviting} close={() => setInviting(false)} />
    </SettingsPart>
  )
}

function useMemberPages() {
  return useInfiniteQuery({
    queryKey: ['member-pages'],
    queryFn: ({ signal, pageParam }) => {
      const query = { limit: 200, cursor: pageParam ?? undefined }
      return bodyOf(api.GET('/v1/members', { params: { query }, signal }))
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  })
}

function People() {
  const queries = useQueryClient()
  const found = useMemberPages()
  const [find, setFind] = useState('')
  const [asked, setAsked] = useState<Asked | null>(null)
  const [sessionsOf, setSessionsOf] = useState<Member | null>(null)
  const settled = () =>
    Promise.all([['member-pages'], ['members']].map((queryKey) => queries.invalidateQueries({ queryKey })))
  const enable = useMutation({
    mutationFn: (member: Member) =>
      bodyOf(api.POST('/v1/members/{member_id}/enable', { params: { path: { member_id: member.id } } })),
    onError: (error) => tell(error.message, true),
    onSettled: settled,
  })
  const run = async () => {
    if (!asked) return
    const path = { member_id: asked.member.id }
    try {
      if (asked.what === 'disable') await bodyOf(api.POST('/v1/members/{member_id}/disable', { params: { path } }))
      else {
        const params = { path, header: seenBy(asked.member.version) }
        await bodyOf(api.PATCH('/v1/members/{member_id}', { params, body: { role: asked.role } }))
      }
    } catch (error) {
      if (!isProblem(error) || error.status !== 412) throw error
      tell(say.members.changed, true)
    } finally {
      await settled()
    }
  }
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const people = found.data.pages.flatMap((page) => page.items).filter((one) => one.kind === 'person')
  const shown = people.filter((one) => `${one.name} ${one.email}`.toLowerCase().includes(find.toLowerCase()))
  const name = plainLine(asked?.member.name ?? '', 60)
  return (
    <Group
      title={say.members.people}
      acts={
        <>
          <span role="status" className="text-xs text-ink-3 tabular-nums">
            {say.members.count(shown.length)}
          </span>
          {people.length > 8 && (
            <input
              type="search"
              aria-label={say.members.find}
              placeholder={say.members.find}
              value={find}
              onChange={(event) => setFind(event.target.value)}
              className={cn(inputLook, 'h-7 w-52')}
            />
          )}
        </>
      }
    >
      <ul>
        {shown.map((one) => (
          <Person
            key={one.id}
            member={one}
            onRole={(role) => setAsked({ what: 'role', member: one, role })}
            onSessions={() => setSessionsOf(one)}
            onDisable={() => setAsked({ what: 'disable', member: one })}
            onEnable={() => enable.mutate(one)}
          />
        ))}
      </ul>
      {found.hasNextPage && (
        <Button className="mt-4" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {say.members.all}
        </Button>
      )}
      <Confirm
        open={asked !== null}
        close={() => setAsked(null)}
        title={
          asked?.what === 'role'
            ? say.members.roleTitle(name, say.roles.names[asked.role])
            : say.members.disableTitle(name)
        }
        about={asked?.what === 'role' ? say.members.roleAbout : say.members.disableAbout}
        verb={asked?.what === 'role' ? say.members.roleVerb : say.members.disable}
        run={run}
      />
      <MemberSessions member={sessionsOf} close={() => setSessionsOf(null)} />
    </Group>
  )
}

function Person({
  member,
  onRole,
  onSessions,
  onDisable,
  onEnable,
}: {
  member: Member
  onRole: (role: PersonRole) => void
  onSessions: () => void
  onDisable: () => void
  onEnable: () => void
}) {
  const when = useWhen()
  const me = useMe().data
  const may = useMay('member:write') && me !== undefined && mayChange(me.role, member.role)
  const roles = me ? rolesToGive(me.role) : []
  const name = plainLine(member.name, 120)
  const active = member.state === 'active'
  const known = roles.includes(member.role as PersonRole) ? roles : [member.role as PersonRole, ...roles]
  return (
    <li className="flex min-h-14 items-center gap-4 border-b py-2 text-[13px]">
      <span
        aria-hidden
        className={`flex size-8 shrink-0 items-center justify-center rounded-full bg-lifted text-2xs font-[640] uppercase ${active ? 'text-ink-2' : 'text-ink-3 opacity-60'}`}
      >
        {initials(name)}
      </span>
      <span className={`min-w-0 flex-1 ${active ? '' : 'text-ink-3'}`}>
        <span className="block truncate font-[540]">
          {name}
          {member.id === me?.member_id && (
            <span className="ml-2 text-xs font-normal text-ink-3">{say.members.you}</span>
          )}
          {!active && <span className="ml-2 text-xs font-normal text-act-medium">{say.members.disabled}</span>}
        </span>
        <span className="block truncate text-xs text-ink-3 tabular-nums">
          {[plainLine(member.email ?? '', 200), when(member.created_at).slice(0, 10)].filter(Boolean).join(' · ')}
        </span>
      </span>
      {may && active ? (
        <Select
          aria-label={say.members.roleOf(name)}
          className="w-36 shrink-0"
          value={member.role}
          onChange={(event) => onRole(event.target.value as PersonRole)}
          options={known.map((one) => [one, say.roles.names[one]] as const)}
        />
      ) : (
        <span className="w-36 shrink-0 px-3 text-ink-2">{say.roles.names[member.role]}</span>
      )}
      {may ? (
        <DropdownMenu.Root>
          <DropdownMenu.Trigger asChild>
            <Button kind="bare" size="icon" aria-label={say.members.more(name)}>
              <MoreHorizontal size={16} />
            </Button>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content align="end" sideOffset={4} className={menuLook}>
              <DropdownMenu.Item className={menuItem} onSelect={onSessions}>
                {say.members.sessions}
              </DropdownMenu.Item>
              <DropdownMenu.Item className={menuItem} onSelect={active ? onDisable : onEnable}>
                {active ? say.members.disable : say.members.enable}
              </DropdownMenu.Item>
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      ) : (
        <span className="size-7 shrink-0" />
      )}
    </li>
  )
}
