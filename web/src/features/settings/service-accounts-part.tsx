'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Bot, Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Modal } from '@/components/ui/modal'
import { NameForm } from '@/components/ui/name-form'
import { tell } from '@/components/ui/notices'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { useNameOf } from '@/lib/api/members'
import { useMay } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { KeyList } from './key-list'
import { NewServiceKey } from './new-service-key'
import { keysQuery, serviceAccountsQuery, type Member } from './organisation-queries'
import type { ApiKey } from './queries'
import { Group, Refusal, SettingsPart } from './section'

/** Members that are no people, with their keys; then the keys of everybody else. */
export default function ServiceAccountsPart() {
  const [mayMembers, mayKeys, seesKeys] = [useMay('member:write'), useMay('key:write'), useMay('key:read')]
  const accounts = useQuery(serviceAccountsQuery())
  const keys = useQuery({ ...keysQuery(), enabled: seesKeys })
  const nameOf = useNameOf()
  const [adding, setAdding] = useState(false)
  const [keyFor, setKeyFor] = useState<Member | null>(null)
  const turns = useKeyTurns()
  if (accounts.isPending) return <Waiting />
  if (accounts.isError) return <Trouble error={accounts.error} again={() => void accounts.refetch()} />
  const ids = new Set(accounts.data.map((one) => one.id))
  const others = (keys.data ?? []).filter((key) => key.member_id === null || !ids.has(key.member_id))
  return (
    <SettingsPart
      title={say.settings.sections['service-accounts']}
      about={say.services.about}
      acts={
        mayMembers && (
          <Button kind="main" onClick={() => setAdding(true)}>
            <Plus size={15} /> {say.services.add}
          </Button>
        )
      }
    >
      {accounts.data.length === 0 && <Blank title={say.services.none} about={say.services.noneAbout} />}
      {accounts.data.map((one) => (
        <Account
          key={one.id}
          member={one}
          keys={(keys.data ?? []).filter((key) => key.member_id === one.id)}
          may={mayMembers}
          onKey={mayKeys ? () => setKeyFor(one) : undefined}
          turns={mayKeys ? turns : {}}
        />
      ))}
      {others.length > 0 && (
        <Group title={say.services.otherKeys} about={say.services.otherKeysAbout}>
          <KeyList
            keys={others}
            owner={(key) => (key.member_id ? plainLine(nameOf(key.member_id), 60) : say.services.noOwner)}
            {...(mayKeys ? turns : {})}
          />
        </Group>
      )}
      <NewAccount open={adding} close={() => setAdding(false)} />
      <NewServiceKey account={keyFor} close={() => setKeyFor(null)} />
    </SettingsPart>
  )
}

interface Turns {
  onRevoke?: (id: string) => Promise<void>
  onRotate?: (key: ApiKey) => Promise<string>
}

function useKeyTurns(): Turns {
  const queries = useQueryClient()
  const settled = () => queries.invalidateQueries({ queryKey: keysQuery().queryKey })
  return {
    onRevoke: async (id) => {
      await bodyOf(api.DELETE('/v1/api-keys/{key_id}', { params: { path: { key_id: id } } }))
      await settled()
    },
    onRotate: async (key) => {
      const made = await bodyOf(api.POST('/v1/api-keys/{key_id}/rotate', { params: { path: { key_id: key.id } } }))
      await settled()
      return made.secret
    },
  }
}

function Account({
  member,
  keys,
  may,
  onKey,
  turns,
}: {
  member: Member
  keys: ApiKey[]
  may: boolean
  onKey?: () => void
  turns: Turns
}) {
  const queries = useQueryClient()
  const name = plainLine(member.name, 120)
  const active = member.state === 'active'
  const turn = useMutation({
    mutationFn: () => {
      const params = { path: { member_id: member.id } }
      return active
        ? bodyOf(api.POST('/v1/members/{member_id}/disable', { params }))
        : bodyOf(api.POST('/v1/members/{member_id}/enable', { params }))
    },
    onError: (error) => tell(error.message, true),
    onSettled: () =>
      Promise.all(
        [serviceAccountsQuery().queryKey, keysQuery().queryKey].map((queryKey) =>
          queries.invalidateQueries({ queryKey }),
        ),
      ),
  })
  return (
    <section aria-label={name} className="rounded-xl bg-raised px-5 py-4">
      <header className="flex items-center gap-3">
        <Bot size={18} strokeWidth={1.6} className="text-ink-3" aria-hidden />
        <h3 className={`min-w-0 flex-1 truncate text-[15px] font-[600] ${active ? '' : 'text-ink-3'}`}>
          {name}
          <span className="ml-2 text-xs font-normal text-ink-3">
            {active ? say.services.keys(keys.filter((one) => one.state === 'valid').length) : say.members.disabled}
          </span>
        </h3>
        {may && (
          <Button
            kind="bare"
            size="s"
            aria-label={active ? say.services.disableOf(name) : say.services.enableOf(name)}
            disabled={turn.isPending}
            onClick={() => turn.mutate()}
          >
            {active ? say.members.disable : say.members.enable}
          </Button>
        )}
        {onKey && active && (
          <Button size="s" aria-label={say.services.newKeyOf(name)} onClick={onKey}>
            <Plus size={13} /> {say.services.newKey}
          </Button>
        )}
      </header>
      {keys.length > 0 && (
        <div className="mt-3">
          <KeyList keys={keys} {...turns} />
        </div>
      )}
    </section>
  )
}

function NewAccount({ open, close }: { open: boolean; close: () => void }) {
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: (name: string) => bodyOf(api.POST('/v1/service-accounts', { body: { name } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: serviceAccountsQuery().queryKey })
      close()
    },
  })
  return (
    <Modal open={open} onOpen={(yes) => !yes && close()} title={say.services.add} about={say.services.noneAbout}>
      <NameForm
        label={say.services.name}
        verb={say.services.add}
        busy={make.isPending}
        refused={<Refusal error={make.error} />}
        onCancel={close}
        onName={make.mutate}
      />
    </Modal>
  )
}
