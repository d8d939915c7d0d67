'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { FolderSearch, Settings } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { Frame, RailLink } from '@/components/shell/frame'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { tell } from '@/components/ui/notices'
import { Trouble, Waiting } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { useMay, useMe } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { parseTime, stampText, zoneName } from '@/lib/time'

/** One's sessions, the organisation's keys and members: what one may not see is not there. */
export function SettingsPage() {
  const me = useMe()
  const [keys, members] = [useMay('key:read'), useMay('member:read')]
  useEffect(() => {
    document.title = `${say.settings.title} · ${say.productShort}`
  }, [])
  return (
    <Frame
      head={<h1 className="text-[15px] font-[600]">{say.settings.title}</h1>}
      rail={
        <>
          <RailLink href="/" icon={FolderSearch} text={say.nav.incidents} current={false} />
          <RailLink href="/settings" icon={Settings} text={say.nav.settings} current />
        </>
      }
    >
      <div className="h-full overflow-y-auto px-8 py-6" tabIndex={0} role="region" aria-label={say.settings.title}>
        <div className="flex max-w-3xl flex-col gap-10">
          {me.data?.kind === 'user' && <Sessions />}
          {keys && <Keys />}
          {members && <Members />}
        </div>
      </div>
    </Frame>
  )
}

function Section({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="text-base font-[600]">{title}</h2>
      {about && <p className="mt-0.5 text-[13px] text-ink-3">{about}</p>}
      <div className="mt-3">{children}</div>
    </section>
  )
}

const line = 'flex min-h-12 items-center gap-4 border-b py-2 text-[13px]'

function Sessions() {
  const queries = useQueryClient()
  const [zone] = useZone()
  const found = useQuery({
    queryKey: ['sessions'],
    queryFn: async ({ signal }) => (await bodyOf(api.GET('/v1/me/sessions', { signal }))).items,
  })
  const end = useMutation({
    mutationFn: (id: string) =>
      bodyOf(api.DELETE('/v1/me/sessions/{session_id}', { params: { path: { session_id: id } } })),
    onError: (error) => tell(error.message, true),
    onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  })
  return (
    <Section title={say.settings.sessions} about={say.settings.sessionsAbout}>
      {found.isPending ? (
        <Waiting />
      ) : found.isError ? (
        <Trouble error={found.error} />
      ) : (
        <ul>
          {found.data.map((one) => (
            <li key={one.id} className={line}>
              <span className="min-w-0 flex-1">
                <span className="block truncate">{plainLine(one.agent, 120)}</span>
                <span className="text-xs text-ink-3 tabular-nums">
                  {one.address} · {stampText(parseTime(one.seen_at), zone, false)} {zoneName(zone)}
                </span>
              </span>
              {one.current ? (
                <span className="text-xs text-ok">{say.settings.current}</span>
              ) : (
                <Button size="s" disabled={end.isPending} onClick={() => end.mutate(one.id)}>
                  {say.settings.end}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Keys() {
  const queries = useQueryClient()
  const [zone] = useZone()
  const may = useMay('key:write')
  const [name, setName] = useState('')
  const found = useQuery({
    queryKey: ['api-keys'],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/api-keys', { params: { query: { limit: 200 } }, signal }))).items,
  })
  const settled = () => queries.invalidateQueries({ queryKey: ['api-keys'] })
  const make = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/api-keys', { body: { name: name.trim(), role: 'analyst' } })),
    onSuccess: () => setName(''),
    onError: (error) => tell(error.message, true),
    onSettled: settled,
  })
  const revoke = useMutation({
    mutationFn: (id: string) => bodyOf(api.DELETE('/v1/api-keys/{key_id}', { params: { path: { key_id: id } } })),
    onError: (error) => tell(error.message, true),
    onSettled: settled,
  })
  return (
    <Section title={say.settings.keys} about={say.settings.keysAbout}>
      {may && (
        <form
          className="flex gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            make.mutate()
          }}
        >
          <input
            required
            maxLength={120}
            aria-label={say.settings.keyName}
            placeholder={say.settings.keyName}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className={`${inputLook} max-w-72`}
          />
          <Button type="submit" className="h-9" disabled={!name.trim() || make.isPending}>
            {say.settings.newKey}
          </Button>
        </form>
      )}
      {make.data && (
        <div role="status" className="mt-3 rounded-lg bg-sunk p-3">
          <p className="text-xs text-act-medium">{say.settings.made}</p>
          <p className="mt-1 font-mono text-xs break-all select-all">{make.data.secret}</p>
        </div>
      )}
      {found.isPending ? (
        <Waiting />
      ) : found.isError ? (
        <Trouble error={found.error} />
      ) : (
        <ul className="mt-2">
          {found.data
            .filter((one) => one.state !== 'revoked')
            .map((one) => (
              <li key={one.id} className={line}>
                <span className="min-w-0 flex-1">
                  <span className="block truncate">{plainLine(one.name, 120)}</span>
                  <span className="text-xs text-ink-3 tabular-nums">
                    {one.role} · {say.settings.lastUsed}{' '}
                    {one.last_used_at
                      ? `${stampText(parseTime(one.last_used_at), zone, false)} ${zoneName(zone)}`
                      : say.settings.never}
                  </span>
                </span>
                {may && (
                  <Button size="s" disabled={revoke.isPending} onClick={() => revoke.mutate(one.id)}>
                    {say.settings.revoke}
                  </Button>
                )}
              </li>
            ))}
        </ul>
      )}
    </Section>
  )
}

function Members() {
  const found = useQuery({
    queryKey: ['members'],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/v1/members', { params: { query: { limit: 200 } }, signal }))).items,
  })
  return (
    <Section title={say.settings.members}>
      {found.isPending ? (
        <Waiting />
      ) : found.isError ? (
        <Trouble error={found.error} />
      ) : (
        <ul>
          {found.data.map((one) => (
            <li key={one.id} className={line}>
              <span className="min-w-0 flex-1">
                <span className="block truncate">{plainLine(one.name, 120)}</span>
                <span className="text-xs text-ink-3">{one.email}</span>
              </span>
              <span className={`text-xs ${one.state === 'active' ? 'text-ink-2' : 'text-ink-3 line-through'}`}>
                {one.role}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
