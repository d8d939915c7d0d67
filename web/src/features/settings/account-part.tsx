'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MonitorSmartphone } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { tell } from '@/components/ui/notices'
import { Trouble, Waiting } from '@/components/ui/states'
import { agentOf } from '@/lib/agent'
import { api, bodyOf, rememberToken } from '@/lib/api/client'
import { meKey, useMe, type Me } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { endSession, sessionsQuery, type Session } from './queries'
import { Group, Line, Refusal, SettingsPart } from './section'

const LEAST_PASSWORD = 12

/** Who one is, one's password, where one is signed in. */
export default function AccountPart() {
  const me = useMe().data
  if (!me) return <Waiting />
  return (
    <SettingsPart title={say.settings.sections.account} about={say.account.about}>
      <Profile me={me} />
      {me.organisations.length > 1 && <Organisations me={me} />}
      <Group title={say.account.sessions} about={say.account.sessionsAbout}>
        <Sessions />
      </Group>
      <Password />
    </SettingsPart>
  )
}

function Profile({ me }: { me: Me }) {
  const queries = useQueryClient()
  const [name, setName] = useState(me.name ?? '')
  const save = useMutation({
    mutationFn: () => bodyOf(api.PATCH('/v1/me', { body: { name: name.trim() } })),
    onSuccess: (now) => {
      queries.setQueryData(meKey, now)
      void queries.invalidateQueries({ queryKey: ['members'] })
      tell(say.account.saved)
    },
  })
  return (
    <form
      className="flex flex-wrap items-start gap-x-8 gap-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <div className="flex w-72 items-end gap-2">
        <div className="flex-1">
          <Field
            label={say.account.name}
            value={name}
            required
            maxLength={120}
            autoComplete="name"
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        {name.trim() !== (me.name ?? '') && (
          <Button type="submit" kind="main" className="h-9" disabled={!name.trim() || save.isPending}>
            {say.save}
          </Button>
        )}
      </div>
      <dl className="flex gap-8 text-[13px]">
        {[
          [say.account.email, me.email ?? say.notSet],
          [say.account.role, say.roles.names[me.role]],
        ].map(([term, value]) => (
          <div key={term}>
            <dt className="text-xs font-[540] text-ink-2">{term}</dt>
            <dd className="flex h-9 items-center">{value}</dd>
          </div>
        ))}
      </dl>
      {save.isError && <Refusal error={save.error} />}
    </form>
  )
}

function Organisations({ me }: { me: Me }) {
  const go = useMutation({
    mutationFn: (organisation: string) => bodyOf(api.POST('/v1/auth/organisation', { body: { organisation } })),
    onSuccess: () => window.location.replace('/'),
    onError: (error) => tell(error.message, true),
  })
  return (
    <Group title={say.account.organisations}>
      <ul>
        {me.organisations.map((one) => (
          <Line key={one.id} name={plainLine(one.name, 120)} about={say.roles.names[one.role]}>
            {one.id === me.organisation_id ? (
              <span className="text-xs text-ok">{say.account.here}</span>
            ) : one.state === 'disabled' ? (
              <span className="text-xs text-ink-3">{say.account.disabled}</span>
            ) : (
              <Button size="s" disabled={go.isPending} onClick={() => go.mutate(one.name)}>
                {say.account.workThere}
              </Button>
            )}
          </Line>
        ))}
      </ul>
    </Group>
  )
}

function nameOf(session: Session): string {
  const { name, system } = agentOf(session.agent)
  return name ? say.account.browser(plainLine(name, 60), system) : say.account.program
}

function Sessions() {
  const queries = useQueryClient()
  const when = useWhen()
  const found = useQuery(sessionsQuery())
  const settled = () => queries.invalidateQueries({ queryKey: ['sessions'] })
  const end = useMutation({
    mutationFn: endSession,
    onError: (error) => tell(error.message, true),
    onSettled: settled,
  })
  const others = (found.data ?? []).filter((one) => !one.current)
  const endOthers = useMutation({
    mutationFn: async () => {
      for (const one of others) await endSession(one.id)
      return others.length
    },
    onSuccess: (n) => tell(say.account.othersEnded(n)),
    onError: (error) => tell(error.message, true),
    onSettled: settled,
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  return (
    <>
      <ul>
        {found.data.map((one) => (
          <Line
            key={one.id}
            sign={<MonitorSmartphone size={16} strokeWidth={1.6} />}
            name={<span title={plainLine(one.agent, 200)}>{nameOf(one)}</span>}
            about={[
              one.address,
              say.account.seen(when(one.seen_at)),
              say.account.via[one.via] ?? one.via,
              one.second_factor && one.via !== 'passkey' ? say.account.with2 : '',
            ]
              .filter(Boolean)
              .join(' · ')}
          >
            {one.current ? (
              <span className="text-xs text-ok">{say.account.current}</span>
            ) : (
              <Button
                size="s"
                aria-label={say.account.endOf(nameOf(one))}
                disabled={end.isPending || endOthers.isPending}
                onClick={() => end.mutate(one.id)}
              >
                {say.account.end}
              </Button>
            )}
          </Line>
        ))}
      </ul>
      {others.length > 1 && (
        <Button kind="bare" size="s" className="mt-2" disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
          {say.account.endOthers}
        </Button>
      )}
    </>
  )
}

function Password() {
  const queries = useQueryClient()
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const change = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/me/password', { body: { old, new: fresh } })),
    onSuccess: (begun) => {
      rememberToken(begun.csrf_token)
      setOld('')
      setFresh('')
      tell(say.account.passwordChanged)
      void queries.invalidateQueries({ queryKey: ['sessions'] })
      void queries.invalidateQueries({ queryKey: meKey })
    },
  })
  return (
    <Group title={say.account.password} about={say.account.passwordAbout}>
      <form
        className="mt-4 flex w-72 flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate()
        }}
      >
        <Field
          label={say.account.old}
          type="password"
          autoComplete="current-password"
          required
          value={old}
          onChange={(event) => setOld(event.target.value)}
        />
        <Field
          label={say.account.new}
          hint={say.signIn.passwordHint}
          type="password"
          autoComplete="new-password"
          required
          minLength={LEAST_PASSWORD}
          value={fresh}
          onChange={(event) => setFresh(event.target.value)}
        />
        <Refusal error={change.error} />
        <Button type="submit" className="self-start" disabled={!old || !fresh || change.isPending}>
          {say.account.changePassword}
        </Button>
      </form>
    </Group>
  )
}
