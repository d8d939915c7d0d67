'use client'
import { Ellipsis, MoveRight } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { ClaimSign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { menuItem, menuLook } from '@/components/ui/menu'
import { useMembers, useNameOf } from '@/lib/api/members'
import { useMe } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { incidentPath, useGo } from '@/lib/route'
import { say } from '@/lib/strings'
import { isoTime, parseTime, spanText, stampText, zoneName } from '@/lib/time'
import { beside, dueOf, STATES, type Action, type ActionChange, type Target } from './queries'

interface Props {
  incident: string
  action: Action
  may: boolean
  now: number
  onDrag: (action: Action | null) => void
  onMove: (state: Target) => void
  onChange: (fields: ActionChange) => void
}

/** One thing to be done: why, whose it is, until when. */
export function ActionCard({ incident, action, may, now, onDrag, onMove, onChange }: Props) {
  const shown = plainLine(action.title, 80)
  const about = plainLine(action.why || action.description, 240)
  return (
    <li
      draggable={may}
      onDragStart={() => onDrag(action)}
      onDragEnd={() => onDrag(null)}
      data-action={action.id}
      onKeyDown={(event) => {
        const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
        const next = may && event.shiftKey && step !== 0 ? beside(action.state, step) : null
        if (!next) return
        event.preventDefault()
        event.stopPropagation()
        onMove(next)
      }}
      className="group relative rounded-lg bg-raised p-3 transition-colors hover:bg-lifted"
    >
      <p className="text-[13px] leading-4.5 text-pretty [overflow-wrap:anywhere]">{plainLine(action.title, 500)}</p>
      {may && (
        <div className="absolute top-1.5 right-1.5 flex rounded-md bg-lifted opacity-0 shadow-[-8px_0_8px_var(--lifted)] group-focus-within:opacity-100 group-hover:opacity-100 has-[[data-state=open]]:opacity-100">
          <Details label={`${say.cards.more}: ${shown}`} action={action} onChange={onChange} />
          <Move label={`${say.actions.moveMenu}: ${shown}`} action={action} onMove={onMove} />
        </div>
      )}
      {about && (
        <p title={about} className="mt-1.5 line-clamp-3 text-2xs text-pretty text-ink-3">
          {action.why && <span className="sr-only">{say.cards.why}: </span>}
          {about}
        </p>
      )}
      <Grounds incident={incident} action={action} />
      <Foot action={action} now={now} />
    </li>
  )
}

/** What it rests on, claims or records; the first of them is a click away. */
function Grounds({ incident, action }: { incident: string; action: Action }) {
  const go = useGo()
  const claims = action.citations.filter((one) => one.type === 'claim')
  const events = action.citations.filter((one) => one.type === 'event')
  const first = claims[0] ?? events[0]
  if (!first) return null
  const id = encodeURIComponent(first.id)
  const href = claims.length ? `${incidentPath(incident, 'report')}#claim-${id}` : `${incidentPath(incident)}?e=${id}`
  return (
    <a
      href={href}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        go(href)
      }}
      className="mt-1.5 flex w-fit items-center gap-1.5 text-2xs text-ink-2 hover:text-ink hover:underline"
    >
      <ClaimSign standing="verified" className="size-2.5" />
      {claims.length ? say.cards.claims(claims.length) : say.cards.records(events.length)}
    </a>
  )
}

const LOOK = { late: 'text-act-high', soon: 'text-act-low', calm: 'text-ink-2' }

function Foot({ action, now }: { action: Action; now: number }) {
  const [zone] = useZone()
  const nameOf = useNameOf()
  const due = dueOf(action, now)
  const whose = action.owner ? nameOf(action.owner) : action.role
  if (!due && !whose) return null
  const at = action.due_at ? parseTime(action.due_at) : 0
  const span = due && spanText(Math.abs(due.left)).split(' ').slice(0, 2).join(' ')
  return (
    <p className="mt-2 flex items-baseline justify-between gap-2 text-2xs tabular-nums">
      <span className={`truncate ${action.owner ? 'font-[560] text-ink-2' : 'text-ink-3'}`}>
        {plainLine(whose, 60)}
      </span>
      {due && (
        <time
          dateTime={action.due_at ?? undefined}
          title={`${stampText(at, zone, false)} ${zoneName(zone, at)}`}
          className={`shrink-0 ${LOOK[due.how]}`}
        >
          {due.how === 'late' ? say.cards.late(span!) : say.cards.left(span!)}
        </time>
      )}
    </p>
  )
}

const HOUR = 3_600_000
const LATER = [
  ['hour', HOUR],
  ['shift', 4 * HOUR],
  ['day', 24 * HOUR],
  ['days', 72 * HOUR],
  ['week', 168 * HOUR],
] as const

function Details({ label, action, onChange }: { label: string; action: Action } & Pick<Props, 'onChange'>) {
  const me = useMe().data?.member_id
  const others = useMembers().filter((one) => one.state === 'active' && one.id !== me)
  const owner = (id: string | null, text: string) => (
    <DropdownMenu.CheckboxItem
      key={id}
      checked={action.owner === id}
      className={`${menuItem} data-[state=checked]:text-ink`}
      onSelect={() => action.owner !== id && onChange({ owner: id })}
    >
      {text}
      <DropdownMenu.ItemIndicator className="ml-auto">✓</DropdownMenu.ItemIndicator>
    </DropdownMenu.CheckboxItem>
  )
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button kind="bare" size="icon" aria-label={label} className="size-6">
          <Ellipsis size={13} />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" className={`${menuLook} max-h-[70vh] overflow-y-auto`}>
          <DropdownMenu.Label className="px-2.5 pt-1.5 pb-1 eyebrow">{say.cards.owner}</DropdownMenu.Label>
          {me && owner(me, say.cards.mine)}
          {others.map((one) => owner(one.id, plainLine(one.name, 60)))}
          {owner(null, say.cards.nobody)}
          <DropdownMenu.Label className="px-2.5 pt-3 pb-1 eyebrow">{say.cards.due}</DropdownMenu.Label>
          {LATER.map(([name, ms]) => (
            <DropdownMenu.Item
              key={name}
              className={menuItem}
              onSelect={() => onChange({ due_at: isoTime(Math.floor(Date.now() / 1000) * 1000 + ms) })}
            >
              {say.cards.in[name]}
            </DropdownMenu.Item>
          ))}
          <DropdownMenu.Item className={menuItem} disabled={!action.due_at} onSelect={() => onChange({ due_at: null })}>
            {say.cards.noDue}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

function Move({ label, action, onMove }: { label: string; action: Action } & Pick<Props, 'onMove'>) {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button
          kind="bare"
          size="icon"
          aria-label={label}
          title={say.actions.moveKeys}
          aria-keyshortcuts="Shift+ArrowLeft Shift+ArrowRight"
          className="size-6"
        >
          <MoveRight size={13} />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" className={menuLook}>
          {STATES.filter((state): state is Target => state !== action.state && state !== 'suggested').map((state) => (
            <DropdownMenu.Item key={state} className={menuItem} onSelect={() => onMove(state)}>
              {say.actions.states[state]}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
