'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Copy, Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { copyText } from '@/components/ui/shown-once'
import { tell } from '@/components/ui/notices'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { Switch } from '@/components/ui/switch'
import { api, bodyOf } from '@/lib/api/client'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { Confirm } from './confirm'
import { organisationQuery, providersQuery, seenBy, type Provider } from './organisation-queries'
import { ProviderForm } from './provider-form'
import { SettingsPart } from './section'

/** The organisation's sign-in providers. */
export default function SignOnPart() {
  const queries = useQueryClient()
  const may = useMay('org:write')
  const found = useQuery(providersQuery())
  const organisation = useQuery(organisationQuery()).data
  const [editing, setEditing] = useState<Provider | 'new' | null>(null)
  const [removing, setRemoving] = useState<Provider | null>(null)
  const settled = () => queries.invalidateQueries({ queryKey: providersQuery().queryKey })
  const enable = useMutation({
    mutationFn: ({ provider, enabled }: { provider: Provider; enabled: boolean }) =>
      bodyOf(
        api.PATCH('/v1/oidc-providers/{provider_id}', {
          params: { path: { provider_id: provider.id }, header: seenBy(provider.version) },
          body: { enabled },
        }),
      ),
    onError: (error) => tell(isProblem(error) && error.status === 412 ? say.organisation.changed : error.message, true),
    onSettled: settled,
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const link = `${window.location.origin}/sign-in?organisation=${encodeURIComponent(organisation?.name ?? '')}`
  return (
    <SettingsPart
      title={say.settings.sections['sign-on']}
      about={say.signOn.about}
      acts={
        may &&
        editing === null && (
          <Button kind="main" onClick={() => setEditing('new')}>
            <Plus size={15} /> {say.signOn.add}
          </Button>
        )
      }
    >
      {editing ? (
        <ProviderForm
          key={editing === 'new' ? 'new' : editing.id}
          provider={editing === 'new' ? null : editing}
          close={() => setEditing(null)}
          settled={settled}
        />
      ) : found.data.length ? (
        <>
          <ul className="flex flex-col gap-3">
            {found.data.map((one) => (
              <Card
                key={one.id}
                provider={one}
                may={may && !enable.isPending}
                onEdit={() => setEditing(one)}
                onRemove={() => setRemoving(one)}
                onEnable={(enabled) => enable.mutate({ provider: one, enabled })}
              />
            ))}
          </ul>
          <Address label={say.signOn.link} text={link} />
        </>
      ) : (
        <Blank title={say.signOn.none} about={say.signOn.noneAbout} />
      )}
      <Confirm
        open={removing !== null}
        close={() => setRemoving(null)}
        title={say.signOn.removeTitle(plainLine(removing?.name ?? '', 60))}
        about={say.signOn.removeAbout}
        verb={say.remove}
        run={async () => {
          if (!removing) return
          await bodyOf(
            api.DELETE('/v1/oidc-providers/{provider_id}', { params: { path: { provider_id: removing.id } } }),
          )
          await settled()
        }}
      />
    </SettingsPart>
  )
}

export function Address({ label, text }: { label: string; text: string }) {
  return (
    <div className="text-[13px]">
      <p className="text-xs text-ink-3">{label}</p>
      <p className="mt-1 flex items-center gap-2">
        <span className="min-w-0 font-mono text-xs break-all text-ink-2 select-all">{text}</span>
        <Button kind="bare" size="icon" aria-label={`${say.copy}: ${label}`} onClick={() => copyText(text)}>
          <Copy size={13} />
        </Button>
      </p>
    </div>
  )
}

function Card({
  provider,
  may,
  onEdit,
  onRemove,
  onEnable,
}: {
  provider: Provider
  may: boolean
  onEdit: () => void
  onRemove: () => void
  onEnable: (enabled: boolean) => void
}) {
  const name = plainLine(provider.name, 120)
  const groups = Object.entries(provider.group_roles)
  const others = provider.default_role ? say.roles.names[provider.default_role] : say.signOn.refused
  return (
    <li className="rounded-xl bg-raised px-5 py-4">
      <div className="flex items-start gap-4">
        <div className="min-w-0 flex-1">
          <p className="truncate text-[15px] font-[600]">{name}</p>
          <p className="truncate font-mono text-xs text-ink-3">{plainLine(provider.issuer, 300)}</p>
        </div>
        <Switch
          label={provider.enabled ? say.signOn.on : say.signOn.off}
          on={provider.enabled}
          disabled={!may}
          onChange={onEnable}
        />
      </div>
      <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-xs text-ink-2">
        {groups.slice(0, 12).map(([group, role]) => (
          <li key={group}>
            <span className="font-mono">{plainLine(group, 80)}</span> <span className="text-ink-3">→</span>{' '}
            {say.roles.names[role]}
          </li>
        ))}
        {groups.length > 12 && <li>{say.signOn.mapped(groups.length)}</li>}
        <li className="text-ink-3">
          {say.signOn.others} → {others}
        </li>
        {provider.trust_mfa && <li className="text-ink-3">{say.signOn.trust}</li>}
      </ul>
      {may && (
        <div className="mt-3 -ml-2 flex gap-1">
          <Button kind="bare" size="s" aria-label={say.signOn.editOf(name)} onClick={onEdit}>
            {say.signOn.edit}
          </Button>
          <Button kind="bare" size="s" aria-label={say.signOn.removeOf(name)} onClick={onRemove}>
            {say.remove}
          </Button>
        </div>
      )}
    </li>
  )
}
