'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MoreHorizontal } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { menuItem, menuLook } from '@/components/ui/menu'
import { Modal } from '@/components/ui/modal'
import { tell } from '@/components/ui/notices'
import { Select, SelectField } from '@/components/ui/select'
import { Trouble, Waiting } from '@/components/ui/states'
import { Switch } from '@/components/ui/switch'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import { useMembers } from '@/lib/api/members'
import { isProblem } from '@/lib/api/problem'
import { useMay } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { incidentPath, useGo } from '@/lib/route'
import { say } from '@/lib/strings'
import { CloseIncidents, Note } from '../incidents/closing'
import { Buttons, Refused, type Part } from './decision-form'
import { Hold, HoldSign } from './hold'
import { closeIncident, incidentsQuery, STATUSES, type IncidentWhole } from '../incidents/queries'

type Open = 'close' | 'reopen' | 'merge' | 'who' | 'hold' | null
const words = say.incidents.decisions

/** What is decided of an incident as a whole: that it is over, goes on, is part of another, who may know of it. */
export function Decisions({ incident }: { incident: IncidentWhole }) {
  const queries = useQueryClient()
  const go = useGo()
  const [mayClose, mayRestrict] = [useMay('incident:close'), useMay('incident:restrict')]
  const [open, setOpen] = useState<Open>(null)
  const closed = incident.status === 'closed'
  const settled = () =>
    Promise.all(
      [['incident', incident.key], ['incidents'], ['incident-metrics'], ['restriction', incident.key]].map((queryKey) =>
        queries.invalidateQueries({ queryKey }),
      ),
    )
  const close = useMutation({
    mutationFn: (closing: Schemas['Closing']) => closeIncident(incident.key, closing),
    onSuccess: () => setOpen(null),
    onSettled: settled,
  })
  const items: [Open, string][] = [
    ...(incident.merged_into === null && mayClose
      ? closed
        ? ([['reopen', words.reopen]] as [Open, string][])
        : ([
            ['close', words.close],
            ['merge', words.merge],
          ] as [Open, string][])
      : []),
    ...(mayClose && incident.merged_into === null ? ([['hold', words.hold]] as [Open, string][]) : []),
    ...(mayRestrict && incident.merged_into === null ? ([['who', words.who]] as [Open, string][]) : []),
  ]
  const shut = () => setOpen(null)
  return (
    <>
      {incident.merged_into && (
        <Button kind="bare" size="s" onClick={() => go(incidentPath(incident.merged_into!))}>
          {words.goesOn(plainLine(incident.merged_into, 60))}
        </Button>
      )}
      {closed && !incident.merged_into && incident.close_reason && (
        <span className="px-2 text-xs text-ink-3" title={plainLine(incident.close_note, 400)}>
          {say.incidents.closing.reasons[incident.close_reason]}
        </span>
      )}
      <HoldSign incident={incident} />
      {items.length > 0 && (
        <DropdownMenu.Root>
          <DropdownMenu.Trigger asChild>
            <Button kind="bare" size="icon" aria-label={words.label}>
              <MoreHorizontal size={16} />
            </Button>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content align="start" sideOffset={4} className={menuLook}>
              {items.map(([what, text]) => (
                <DropdownMenu.Item key={what} className={menuItem} onSelect={() => setOpen(what)}>
                  {text}
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      )}
      <CloseIncidents
        open={open === 'close'}
        keys={[incident.key]}
        close={shut}
        run={(closing) => close.mutate(closing)}
        error={close.error}
        busy={close.isPending}
      />
      <Modal
        open={open === 'reopen'}
        onOpen={(yes) => !yes && shut()}
        title={words.reopenTitle(plainLine(incident.key, 60))}
        about={words.reopenAbout}
      >
        <Reopen incident={incident} close={shut} settled={settled} />
      </Modal>
      <Modal
        open={open === 'merge'}
        onOpen={(yes) => !yes && shut()}
        title={words.mergeTitle(plainLine(incident.key, 60))}
        about={words.mergeAbout}
      >
        <Merge incident={incident} close={shut} settled={settled} />
      </Modal>
      <Modal
        open={open === 'hold'}
        onOpen={(yes) => !yes && shut()}
        title={words.holdTitle(plainLine(incident.key, 60))}
        about={words.holdAbout}
      >
        <Hold key={incident.version} incident={incident} close={shut} settled={settled} />
      </Modal>
      <Modal
        open={open === 'who'}
        onOpen={(yes) => !yes && shut()}
        title={words.whoTitle(plainLine(incident.key, 60))}
        about={words.whoAbout}
        className="w-[min(520px,94vw)]"
      >
        <Who incident={incident} close={shut} settled={settled} />
      </Modal>
    </>
  )
}

function Reopen({ incident, close, settled }: Part) {
  type Phase = NonNullable<Schemas['Reopening']['status']>
  const [status, setStatus] = useState<Phase>('detection-and-analysis')
  const [note, setNote] = useState('')
  const reopen = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/v1/incidents/{key}/reopen', {
          params: { path: { key: incident.key } },
          body: { status, note: note.trim() },
        }),
      ),
    onSuccess: close,
    onSettled: settled,
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        reopen.mutate()
      }}
    >
      <SelectField
        label={say.head.phase}
        value={status}
        onChange={(event) => setStatus(event.target.value as Phase)}
        options={STATUSES.filter((one) => one !== 'closed').map((one) => [one, say.incident.status[one]!] as const)}
      />
      <Note label={say.incidents.closing.note} value={note} onValue={setNote} />
      <Refused error={reopen.error} />
      <Buttons close={close} verb={words.reopen} busy={reopen.isPending} />
    </form>
  )
}

function Merge({ incident, close, settled }: Part) {
  const go = useGo()
  const others = useQuery(incidentsQuery({ open: true }))
  const [into, setInto] = useState('')
  const [note, setNote] = useState('')
  const merge = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/v1/incidents/{key}/merge', {
          params: { path: { key: incident.key } },
          body: { into, note: note.trim() },
        }),
      ),
    onSuccess: async () => {
      await settled()
      close()
      go(incidentPath(into))
    },
  })
  if (others.isPending) return <Waiting />
  if (others.isError) return <Trouble error={others.error} />
  const choices = others.data.filter((one) => one.key !== incident.key)
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        merge.mutate()
      }}
    >
      <SelectField
        label={words.into}
        required
        value={into}
        onChange={(event) => setInto(event.target.value)}
        options={[
          ['', choices.length ? words.choose : words.noOther] as const,
          ...choices.map((one) => [one.key, `${plainLine(one.key, 40)}  ${plainLine(one.title, 80)}`] as const),
        ]}
      />
      <Note label={say.incidents.closing.note} value={note} onValue={setNote} />
      <Refused error={merge.error} />
      <Buttons close={close} verb={words.merge} busy={!into || merge.isPending} />
    </form>
  )
}

/** To everybody who is not named here, a restricted incident does not exist. */
function Who({ incident, close, settled }: Part) {
  const found = useQuery({
    queryKey: ['restriction', incident.key],
    queryFn: async ({ signal }) => {
      const params = { path: { key: incident.key } }
      const { data, response } = await api.GET('/v1/incidents/{key}/restriction', { params, signal })
      return { ...data!, tag: response.headers.get('ETag') ?? '' }
    },
    staleTime: 0,
    gcTime: 0,
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} />
  return (
    <WhoForm
      key={found.data.tag}
      incidentKey={incident.key}
      seen={found.data}
      close={close}
      settled={settled}
      again={() => void found.refetch()}
    />
  )
}

function WhoForm({
  incidentKey,
  seen,
  close,
  settled,
  again,
}: {
  incidentKey: string
  seen: Schemas['RestrictionOut'] & { tag: string }
  close: () => void
  settled: () => Promise<unknown>
  again: () => void
}) {
  const members = useMembers()
  const [restricted, setRestricted] = useState(seen.restricted)
  const [granted, setGranted] = useState<readonly string[]>(seen.granted)
  const nameOf = (id: string) => plainLine(members.find((one) => one.id === id)?.name ?? id, 80)
  const rest = members.filter((one) => one.state === 'active' && !granted.includes(one.id))
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        api.PUT('/v1/incidents/{key}/restriction', {
          params: { path: { key: incidentKey }, header: { 'If-Match': seen.tag } },
          body: { restricted, granted: [...granted] },
        }),
      ),
    onSuccess: async () => {
      await settled()
      close()
    },
    onError: (error) => {
      if (!isProblem(error) || error.status !== 412) return
      tell(say.head.changed, true)
      again()
    },
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Switch label={words.restrict} about={words.restrictAbout} on={restricted} onChange={setRestricted} />
      {restricted && (
        <div>
          <ul aria-label={words.granted} className="border-t">
            {granted.map((id) => (
              <li key={id} className="flex min-h-10 items-center gap-3 border-b text-[13px]">
                <span className="min-w-0 flex-1 truncate">{nameOf(id)}</span>
                <Button
                  size="s"
                  aria-label={words.revokeOf(nameOf(id))}
                  onClick={() => setGranted(granted.filter((one) => one !== id))}
                >
                  {words.revoke}
                </Button>
              </li>
            ))}
          </ul>
          {granted.length === 0 && <p className="py-2 text-[13px] text-ink-3">{words.nobody}</p>}
          <Select
            aria-label={words.grant}
            className="mt-3 w-full"
            value=""
            onChange={(event) => event.target.value && setGranted([...granted, event.target.value])}
            options={[
              ['', words.grant] as const,
              ...rest.map((one) => [one.id, `${plainLine(one.name, 80)}, ${say.roles.names[one.role]}`] as const),
            ]}
          />
        </div>
      )}
      <Refused error={isProblem(save.error) && save.error.status === 412 ? null : save.error} />
      <Buttons close={close} verb={say.save} busy={save.isPending} />
    </form>
  )
}
