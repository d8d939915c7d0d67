'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Mail } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Modal } from '@/components/ui/modal'
import { NameForm } from '@/components/ui/name-form'
import { tell } from '@/components/ui/notices'
import { SelectField } from '@/components/ui/select'
import { ShownOnce } from '@/components/ui/shown-once'
import { Trouble, Waiting } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { useMe } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { invitationsQuery, type Invitation, type PersonRole } from './organisation-queries'
import { rolesToGive } from './ranks'
import { Group, Line, Refusal } from './section'

const LIVES_D = [1, 3, 7, 30]

/** A link that makes somebody a member, shown once. */
export function InviteSomebody({ open, close }: { open: boolean; close: () => void }) {
  const queries = useQueryClient()
  const mine = useMe().data?.role ?? 'viewer'
  const roles = rolesToGive(mine)
  const [role, setRole] = useState<PersonRole>('analyst')
  const [days, setDays] = useState(3)
  const invite = useMutation({
    mutationFn: (email: string) => bodyOf(api.POST('/v1/invitations', { body: { email, role, hours: days * 24 } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: invitationsQuery().queryKey }),
  })
  const shut = () => {
    invite.reset()
    close()
  }
  return (
    <Modal
      open={open}
      keep={invite.isSuccess}
      onOpen={(yes) => !yes && shut()}
      title={invite.data ? say.members.link : say.members.invite}
      about={invite.data ? say.members.linkFor(plainLine(invite.variables, 200)) : say.members.inviteAbout}
    >
      {invite.data ? (
        <ShownOnce text={invite.data.link} label={say.members.link} onDone={shut} />
      ) : (
        <NameForm
          label={say.members.email}
          type="email"
          longest={254}
          verb={say.members.makeLink}
          busy={invite.isPending}
          refused={<Refusal error={invite.error} />}
          onCancel={shut}
          onName={invite.mutate}
        >
          <div className="grid grid-cols-2 gap-4">
            <SelectField
              label={say.members.role}
              value={role}
              onChange={(event) => setRole(event.target.value as PersonRole)}
              options={roles.map((one) => [one, say.roles.names[one]] as const)}
            />
            <SelectField
              label={say.members.life}
              value={String(days)}
              onChange={(event) => setDays(Number(event.target.value))}
              options={LIVES_D.map((n) => [String(n), say.members.days(n)] as const)}
            />
          </div>
        </NameForm>
      )}
    </Modal>
  )
}

/** Who is on the way in; whose link can still be withdrawn. */
export function Invitations() {
  const queries = useQueryClient()
  const when = useWhen()
  const found = useQuery(invitationsQuery())
  const [now] = useState(() => Date.now())
  const withdraw = useMutation({
    mutationFn: (id: string) =>
      bodyOf(api.DELETE('/v1/invitations/{invitation_id}', { params: { path: { invitation_id: id } } })),
    onError: (error) => tell(error.message, true),
    onSettled: () => queries.invalidateQueries({ queryKey: invitationsQuery().queryKey }),
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const works = (one: Invitation) => one.state === 'open' && Date.parse(one.expires_at) > now
  const open = found.data.filter(works)
  const past = found.data.filter((one) => !works(one))
  const line = (one: Invitation) => {
    const email = plainLine(one.email ?? say.members.anybody, 200)
    const end = when(one.expires_at)
    const state = works(one)
      ? say.members.until(end)
      : one.state === 'open'
        ? say.members.ranOut(end)
        : say.members.states[one.state]
    return (
      <Line
        key={one.id}
        sign={<Mail size={15} strokeWidth={1.6} />}
        name={email}
        about={[say.roles.names[one.role], state, say.keys.by(plainLine(one.created_by, 80))].join(' · ')}
        dim={!works(one)}
      >
        {works(one) && (
          <Button
            size="s"
            aria-label={say.members.withdrawOf(email)}
            disabled={withdraw.isPending}
            onClick={() => withdraw.mutate(one.id)}
          >
            {say.members.withdraw}
          </Button>
        )}
      </Line>
    )
  }
  return (
    <Group title={say.members.invitations}>
      {open.length ? (
        <ul>{open.map(line)}</ul>
      ) : (
        <p className="py-3 text-[13px] text-ink-3">{say.members.noInvitations}</p>
      )}
      {past.length > 0 && (
        <details className="mt-3">
          <summary className="cursor-pointer text-xs text-ink-3 hover:text-ink">
            {say.members.past(past.length)}
          </summary>
          <ul>{past.map(line)}</ul>
        </details>
      )}
    </Group>
  )
}
