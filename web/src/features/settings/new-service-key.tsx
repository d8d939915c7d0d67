'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Modal } from '@/components/ui/modal'
import { NameForm } from '@/components/ui/name-form'
import { SelectField } from '@/components/ui/select'
import { ShownOnce } from '@/components/ui/shown-once'
import { api, bodyOf } from '@/lib/api/client'
import { useMe, type Permission } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { byNoun } from './matrix'
import { keysQuery, rolesQuery, type Member, type Role } from './organisation-queries'
import { rolesToGive } from './ranks'
import { Refusal } from './section'

const LIVES_D = [30, 90, 365, 0]
const DAY_MS = 86_400_000

/** A key of a service account: its role, narrowed to some of it if wanted, with an end or without. */
export function NewServiceKey({ account, close }: { account: Member | null; close: () => void }) {
  const queries = useQueryClient()
  const [secret, setSecret] = useState('')
  const shut = () => {
    setSecret('')
    close()
  }
  const name = plainLine(account?.name ?? '', 60)
  return (
    <Modal
      open={account !== null}
      keep={secret !== ''}
      onOpen={(yes) => !yes && shut()}
      title={secret ? say.keys.madeTitle : say.services.newKeyOf(name)}
      className="w-[min(560px,94vw)]"
    >
      {secret ? (
        <ShownOnce text={secret} label={say.keys.madeTitle} onDone={shut} />
      ) : (
        account && (
          <Form
            account={account}
            close={shut}
            onMade={(text) => {
              setSecret(text)
              void queries.invalidateQueries({ queryKey: keysQuery().queryKey })
            }}
          />
        )
      )}
    </Modal>
  )
}

function Form({ account, close, onMade }: { account: Member; close: () => void; onMade: (secret: string) => void }) {
  const mine = useMe().data?.role ?? 'viewer'
  const policy = useQuery(rolesQuery()).data
  const [role, setRole] = useState<Role>('service')
  const [days, setDays] = useState(90)
  const [scopes, setScopes] = useState<Permission[] | null>(null)
  const all = policy?.items.find((one) => one.role === role)?.permissions ?? []
  const make = useMutation({
    mutationFn: (name: string) =>
      bodyOf(
        api.POST('/v1/api-keys', {
          body: {
            name,
            role,
            scopes: scopes?.filter((one) => all.includes(one)) ?? null,
            expires_at: days ? new Date(Date.now() + days * DAY_MS).toISOString() : null,
            service_account: account.id,
          },
        }),
      ),
    onSuccess: (made) => onMade(made.secret),
  })
  const toggle = (one: Permission) =>
    setScopes((now) => (now?.includes(one) ? now.filter((other) => other !== one) : [...(now ?? []), one]))
  return (
    <NameForm
      label={say.keys.name}
      verb={say.keys.make}
      busy={scopes?.length === 0 || make.isPending}
      refused={<Refusal error={make.error} />}
      onCancel={close}
      onName={make.mutate}
    >
      <div className="grid grid-cols-2 gap-4">
        <SelectField
          label={say.keys.role}
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
          options={(['service', ...rolesToGive(mine)] as Role[]).map((one) => [one, say.roles.names[one]] as const)}
        />
        <SelectField
          label={say.keys.life}
          value={String(days)}
          onChange={(event) => setDays(Number(event.target.value))}
          options={LIVES_D.map((n) => [String(n), n ? say.keys.days(n) : say.keys.forever] as const)}
        />
      </div>
      <SelectField
        label={say.keys.scopes}
        value={scopes === null ? 'all' : 'some'}
        onChange={(event) => setScopes(event.target.value === 'all' ? null : [])}
        options={[
          ['all', say.keys.scopesAll],
          ['some', say.keys.scopesSome],
        ]}
      />
      {scopes !== null && (
        <fieldset className="grid max-h-56 grid-cols-2 gap-x-6 gap-y-1 overflow-y-auto rounded-lg bg-sunk p-3">
          <legend className="sr-only">{say.keys.scopes}</legend>
          {byNoun(all).map(({ noun, permissions }) => (
            <div key={noun} className="flex min-h-6 items-center gap-3 text-xs">
              <span className="w-24 shrink-0 text-ink-3">{say.roles.nouns[noun] ?? noun}</span>
              {permissions.map((one) => (
                <label key={one} className="flex items-center gap-1.5">
                  <input
                    type="checkbox"
                    checked={scopes.includes(one)}
                    onChange={() => toggle(one)}
                    aria-label={one}
                    className="size-4 accent-(--accent)"
                  />
                  {say.roles.verbs[one.split(':')[1]!] ?? one}
                </label>
              ))}
            </div>
          ))}
        </fieldset>
      )}
    </NameForm>
  )
}
