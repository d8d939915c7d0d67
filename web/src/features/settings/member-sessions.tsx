'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MonitorSmartphone } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { Modal } from '@/components/ui/modal'
import { Trouble, Waiting } from '@/components/ui/states'
import { agentOf } from '@/lib/agent'
import { api, bodyOf } from '@/lib/api/client'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { memberSessionsQuery, type Member } from './organisation-queries'
import { Line, Refusal } from './section'

/** Where a member is signed in to this organisation; each session, or all, can be ended. */
export function MemberSessions({ member, close }: { member: Member | null; close: () => void }) {
  const name = plainLine(member?.name ?? '', 60)
  return (
    <Modal
      open={member !== null}
      onOpen={(yes) => !yes && close()}
      title={say.members.sessionsOf(name)}
      className="w-[min(560px,94vw)]"
    >
      {member && <Sessions id={member.id} />}
    </Modal>
  )
}

function Sessions({ id }: { id: string }) {
  const queries = useQueryClient()
  const when = useWhen()
  const found = useQuery(memberSessionsQuery(id))
  const end = useMutation({
    mutationFn: (session: string | null) =>
      session === null
        ? bodyOf(api.DELETE('/v1/members/{member_id}/sessions', { params: { path: { member_id: id } } }))
        : bodyOf(
            api.DELETE('/v1/members/{member_id}/sessions/{session_id}', {
              params: { path: { member_id: id, session_id: session } },
            }),
          ),
    onSettled: () => queries.invalidateQueries({ queryKey: memberSessionsQuery(id).queryKey }),
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} />
  if (!found.data.length) return <p className="text-[13px] text-ink-3">{say.members.noSessions}</p>
  return (
    <div className="flex flex-col gap-4">
      <ul className="border-t">
        {found.data.map((one) => {
          const { name, system } = agentOf(one.agent)
          const browser = name ? say.account.browser(plainLine(name, 60), system) : say.account.program
          return (
            <Line
              key={one.id}
              sign={<MonitorSmartphone size={16} strokeWidth={1.6} />}
              name={browser}
              about={`${one.address} · ${say.account.seen(when(one.seen_at))}`}
            >
              <Button
                size="s"
                aria-label={say.account.endOf(browser)}
                disabled={end.isPending}
                onClick={() => end.mutate(one.id)}
              >
                {say.account.end}
              </Button>
            </Line>
          )
        })}
      </ul>
      <Refusal error={end.error} />
      <Button className="self-end" disabled={end.isPending} onClick={() => end.mutate(null)}>
        {say.members.endAll}
      </Button>
    </div>
  )
}
