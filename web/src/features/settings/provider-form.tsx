'use client'
import { useMutation } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState, type ComponentProps } from 'react'
import { Button } from '@/components/ui/button'
import { Field, inputLook } from '@/components/ui/field'
import { Select, SelectField } from '@/components/ui/select'
import { Switch } from '@/components/ui/switch'
import { api, bodyOf } from '@/lib/api/client'
import { useMe } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { seenBy, type PersonRole, type Provider } from './organisation-queries'
import { rolesToGive } from './ranks'
import { Refusal } from './section'
import { Address } from './sign-on-part'

interface Mapped {
  group: string
  role: PersonRole
}
const CALLBACK = '/v1/auth/oidc/callback'
const REFUSED = ''

/** A provider to be set up or changed; whether it is one can be tried before anything is kept. */
export function ProviderForm({
  provider,
  close,
  settled,
}: {
  provider: Provider | null
  close: () => void
  settled: () => Promise<void>
}) {
  const roles = rolesToGive(useMe().data?.role ?? 'viewer')
  const [name, setName] = useState(provider?.name ?? '')
  const [issuer, setIssuer] = useState(provider?.issuer ?? '')
  const [clientId, setClientId] = useState(provider?.client_id ?? '')
  const [secret, setSecret] = useState('')
  const [scopes, setScopes] = useState(provider?.scopes ?? 'openid email profile')
  const [claim, setClaim] = useState(provider?.groups_claim ?? 'groups')
  const [groups, setGroups] = useState<Mapped[]>(
    Object.entries(provider?.group_roles ?? {}).map(([group, role]) => ({ group, role: role as PersonRole })),
  )
  const [others, setOthers] = useState<string>(provider?.default_role ?? REFUSED)
  const [trust, setTrust] = useState(provider?.trust_mfa ?? false)
  const test = useMutation({
    mutationFn: () => bodyOf(api.POST('/v1/oidc-providers/discover', { body: { issuer: issuer.trim() } })),
  })
  const filled = groups.filter((one) => one.group.trim())
  const twice = new Set(filled.map((one) => one.group.trim())).size < filled.length
  const save = useMutation({
    mutationFn: async () => {
      const common = {
        name: name.trim(),
        client_id: clientId.trim(),
        scopes: scopes.trim(),
        groups_claim: claim.trim(),
        group_roles: Object.fromEntries(filled.map((one) => [one.group.trim(), one.role])),
        trust_mfa: trust,
      }
      const default_role = others === REFUSED ? null : (others as PersonRole)
      if (provider === null) {
        const body = { ...common, issuer: issuer.trim(), client_secret: secret, default_role }
        return bodyOf(api.POST('/v1/oidc-providers', { body }))
      }
      const params = { path: { provider_id: provider.id }, header: seenBy(provider.version) }
      const body = {
        ...common,
        ...(secret && { client_secret: secret }),
        ...(default_role ? { default_role } : { no_default_role: true }),
      }
      return bodyOf(api.PATCH('/v1/oidc-providers/{provider_id}', { params, body }))
    },
    onSuccess: async () => {
      await settled()
      close()
    },
  })
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Address label={say.signOn.redirect} text={window.location.origin + CALLBACK} />
      <div className="grid grid-cols-2 gap-4">
        <Text label={say.signOn.name} value={name} onValue={setName} maxLength={120} required autoFocus />
        <div />
        <div className="col-span-2 flex items-start gap-2">
          <div className="flex-1">
            <Text
              label={say.signOn.issuer}
              hint={say.signOn.issuerHint}
              type="url"
              value={issuer}
              onValue={(value) => {
                setIssuer(value)
                test.reset()
              }}
              readOnly={provider !== null}
              maxLength={500}
              className="font-mono text-xs"
              required
            />
          </div>
          <Button className="mt-[23px] h-9" disabled={!issuer.trim() || test.isPending} onClick={() => test.mutate()}>
            {test.isPending ? say.signOn.testing : say.signOn.test}
          </Button>
        </div>
        {(test.data || test.error) && (
          <div className="col-span-2 -mt-2">
            {test.data && (
              <p role="status" className="text-[13px] text-ok">
                ✓ {say.signOn.answers(test.data.keys)}{' '}
                <span className="text-xs text-ink-3">
                  {say.signOn.signsInAt} {test.data.authorization_endpoint}
                </span>
              </p>
            )}
            <Refusal error={test.error} />
          </div>
        )}
        <Text label={say.signOn.clientId} value={clientId} onValue={setClientId} maxLength={300} required />
        <Text
          label={say.signOn.secret}
          hint={provider ? say.signOn.secretKept : say.signOn.secretHint}
          type="password"
          autoComplete="off"
          value={secret}
          onValue={setSecret}
          maxLength={2000}
          required={provider === null}
        />
        <Text label={say.signOn.scopes} value={scopes} onValue={setScopes} maxLength={500} required />
        <Text label={say.signOn.claim} value={claim} onValue={setClaim} maxLength={200} required />
      </div>
      <fieldset className="flex flex-col gap-2">
        <legend className="text-[13px] font-[600]">{say.signOn.groups}</legend>
        <p className="mb-1 text-xs text-ink-3">{say.signOn.groupsAbout}</p>
        {groups.map((one, i) => {
          const put = (patch: Partial<Mapped>) =>
            setGroups(groups.map((other, j) => (j === i ? { ...other, ...patch } : other)))
          return (
            <div key={i} className="flex items-center gap-2">
              <input
                aria-label={say.signOn.group}
                placeholder={say.signOn.group}
                value={one.group}
                maxLength={300}
                onChange={(event) => put({ group: event.target.value })}
                className={`${inputLook} h-8 flex-1 font-mono text-xs`}
              />
              <span aria-hidden className="text-ink-3">
                →
              </span>
              <Select
                aria-label={say.signOn.roleOf(one.group)}
                className="w-40"
                value={one.role}
                onChange={(event) => put({ role: event.target.value as PersonRole })}
                options={roles.map((role) => [role, say.roles.names[role]] as const)}
              />
              <Button
                kind="bare"
                size="icon"
                aria-label={say.signOn.removeGroup(one.group)}
                onClick={() => setGroups(groups.filter((_, j) => j !== i))}
              >
                <X size={14} />
              </Button>
            </div>
          )
        })}
        <Button size="s" className="self-start" onClick={() => setGroups([...groups, { group: '', role: 'analyst' }])}>
          <Plus size={13} /> {say.signOn.addGroup}
        </Button>
        {twice && (
          <p role="alert" className="text-xs text-act-high">
            {say.signOn.twice}
          </p>
        )}
      </fieldset>
      <div className="w-64">
        <SelectField
          label={say.signOn.others}
          value={others}
          onChange={(event) => setOthers(event.target.value)}
          options={[[REFUSED, say.signOn.refused], ...roles.map((role) => [role, say.roles.names[role]] as const)]}
        />
      </div>
      <Switch label={say.signOn.trust} about={say.signOn.trustAbout} on={trust} onChange={setTrust} />
      <Refusal error={save.error} />
      <div className="flex justify-end gap-2 border-t pt-4">
        <Button kind="bare" onClick={close}>
          {say.cancel}
        </Button>
        <Button kind="main" type="submit" disabled={twice || save.isPending}>
          {provider ? say.signOn.save : say.signOn.create}
        </Button>
      </div>
    </form>
  )
}

function Text({ onValue, ...rest }: ComponentProps<typeof Field> & { onValue: (value: string) => void }) {
  return <Field {...rest} onChange={(event) => onValue(event.target.value)} />
}
