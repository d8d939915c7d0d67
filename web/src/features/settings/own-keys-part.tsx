'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Modal } from '@/components/ui/modal'
import { NameForm } from '@/components/ui/name-form'
import { SelectField } from '@/components/ui/select'
import { ShownOnce } from '@/components/ui/shown-once'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { api, bodyOf } from '@/lib/api/client'
import { say } from '@/lib/strings'
import { KeyList } from './key-list'
import { ownKeysQuery } from './queries'
import { Refusal, SettingsPart } from './section'

const LIVES = [1, 7, 30, 90]
const DAY_MS = 86_400_000

/** Keys for programs that work in one's name. */
export default function OwnKeysPart() {
  const queries = useQueryClient()
  const found = useQuery(ownKeysQuery())
  const [making, setMaking] = useState(false)
  const settled = () => queries.invalidateQueries({ queryKey: ['own-keys'] })
  return (
    <SettingsPart
      title={say.settings.sections.keys}
      about={say.keys.about}
      acts={
        <Button onClick={() => setMaking(true)}>
          <Plus size={14} /> {say.keys.new}
        </Button>
      }
    >
      {found.isPending ? (
        <Waiting />
      ) : found.isError ? (
        <Trouble error={found.error} again={() => void found.refetch()} />
      ) : found.data.length ? (
        <KeyList
          keys={found.data}
          onRevoke={async (id) => {
            await bodyOf(api.DELETE('/v1/me/api-keys/{key_id}', { params: { path: { key_id: id } } }))
            await settled()
          }}
          // Made anew from the same name and end, since nobody may give a key to themselves by replacing it.
          onRotate={async (key) => {
            const end = Date.parse(key.expires_at ?? '') || Date.now() + 30 * DAY_MS
            const made = await makeKey(key.name, Math.min(end, Date.now() + 90 * DAY_MS - 60_000))
            await bodyOf(api.DELETE('/v1/me/api-keys/{key_id}', { params: { path: { key_id: key.id } } }))
            await settled()
            return made.secret
          }}
        />
      ) : (
        <Blank title={say.keys.none} about={say.keys.noneAbout} />
      )}
      <NewKey open={making} close={() => setMaking(false)} settled={settled} />
    </SettingsPart>
  )
}

const makeKey = (name: string, endMs: number) =>
  bodyOf(api.POST('/v1/me/api-keys', { body: { name, expires_at: new Date(endMs).toISOString() } }))

function NewKey({ open, close, settled }: { open: boolean; close: () => void; settled: () => Promise<void> }) {
  const [days, setDays] = useState(30)
  const make = useMutation({
    // A minute less than promised, so that a clock that is ahead asks for no more than may be.
    mutationFn: (name: string) => makeKey(name, Date.now() + days * DAY_MS - 60_000),
    onSuccess: settled,
  })
  const shut = () => {
    make.reset()
    close()
  }
  return (
    <Modal
      open={open}
      keep={make.isSuccess}
      onOpen={(yes) => !yes && shut()}
      title={make.data ? say.keys.madeTitle : say.keys.new}
    >
      {make.data ? (
        <ShownOnce text={make.data.secret} label={say.keys.madeTitle} onDone={shut} />
      ) : (
        <NameForm
          label={say.keys.name}
          verb={say.keys.make}
          busy={make.isPending}
          refused={<Refusal error={make.error} />}
          onCancel={shut}
          onName={make.mutate}
        >
          <SelectField
            label={say.keys.life}
            value={String(days)}
            onChange={(event) => setDays(Number(event.target.value))}
            options={LIVES.map((n) => [String(n), say.keys.days(n)] as const)}
          />
        </NameForm>
      )}
    </Modal>
  )
}
