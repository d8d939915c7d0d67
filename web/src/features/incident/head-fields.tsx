'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Check } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { Sign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { menuItem, menuLook } from '@/components/ui/menu'
import { tell } from '@/components/ui/notices'
import { useMembers, useNameOf } from '@/lib/api/members'
import { isProblem } from '@/lib/api/problem'
import { useMay, useMe } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import {
  changeIncident,
  incidentQuery,
  SEVERITIES,
  STATUSES,
  type Change,
  type IncidentWhole,
} from '../incidents/queries'
import { signOf } from '../incidents/severity'

/** What people say of the incident: severity, phase, lead. Each is a menu to whoever may change it. */
export function HeadFields({ incident, found }: { incident: IncidentWhole; found?: string }) {
  const queries = useQueryClient()
  const may = useMay('incident:write') && incident.status !== 'closed'
  const me = useMe().data?.member_id ?? null
  const members = useMembers().filter((one) => one.state === 'active' && one.kind === 'person')
  const nameOf = useNameOf()
  const change = useMutation({
    mutationFn: (fields: Change) => changeIncident(incident, fields),
    onSuccess: (now) =>
      queries.setQueryData(incidentQuery(incident.key).queryKey, (old) => (old ? { ...old, ...now } : old)),
    onError: (error) => {
      tell(isProblem(error) && error.status === 412 ? say.head.changed : error.message, true)
      void queries.invalidateQueries({ queryKey: ['incident', incident.key] })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['incidents'] }),
  })
  const set = (fields: Change) => change.mutate(fields)
  // What the analysis found may be graver than what stood in the form when nobody knew yet.
  const graver = SEVERITIES.slice(0, SEVERITIES.indexOf(incident.severity)).find((one) => one === found)
  const lead = incident.lead
  const leads = lead === null ? say.head.noLead : lead === me ? say.head.youLead : say.head.leads(nameOf(lead))
  return (
    <div className="flex shrink-0 items-center">
      <Choice
        label={say.head.severity}
        may={may}
        shown={
          <>
            <Sign {...signOf(incident.severity)} className="size-3" />
            {say.incident.severity[incident.severity]}
          </>
        }
        value={incident.severity}
        options={SEVERITIES.map((one) => ({
          value: one,
          text: say.incident.severity[one]!,
          sign: <Sign {...signOf(one)} className="size-3" />,
          run: () => set({ severity: one }),
        }))}
      />
      {graver && may && (
        <Button
          kind="bare"
          size="s"
          title={say.head.takeSeverity}
          className="text-ink-3 max-xl:hidden"
          onClick={() => set({ severity: graver })}
        >
          {say.head.foundSeverity(say.incident.severity[graver]!)}
        </Button>
      )}
      {graver && !may && (
        <span className="px-2 text-xs text-ink-3 max-xl:hidden">
          {say.head.foundSeverity(say.incident.severity[graver]!)}
        </span>
      )}
      <Choice
        label={say.head.phase}
        may={may}
        shown={say.incident.status[incident.status]}
        value={incident.status}
        options={STATUSES.flatMap((one) =>
          one === 'closed' ? [] : [{ value: one, text: say.incident.status[one]!, run: () => set({ status: one }) }],
        )}
      />
      <Choice
        label={say.head.lead}
        may={may}
        shown={<span className={lead === null ? 'text-ink-3' : ''}>{plainLine(leads, 40)}</span>}
        value={lead ?? ''}
        options={[
          ...(me && !members.some((one) => one.id === me)
            ? [{ value: me, text: say.head.takeLead, run: () => set({ lead: me }) }]
            : []),
          ...members.map((one) => ({ value: one.id, text: plainLine(one.name, 60), run: () => set({ lead: one.id }) })),
          { value: '', text: say.head.noLead, run: () => set({ lead: null }) },
        ]}
      />
    </div>
  )
}

interface Option {
  value: string
  text: string
  sign?: ReactNode
  run: () => void
}

function Choice({
  label,
  may,
  shown,
  value,
  options,
}: {
  label: string
  may: boolean
  shown: ReactNode
  value: string
  options: Option[]
}) {
  const inside = (
    <>
      <span className="sr-only">{label}: </span>
      {shown}
    </>
  )
  if (!may) return <span className="flex h-7 items-center gap-1.5 px-2 text-xs text-ink-2">{inside}</span>
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button kind="bare" size="s">
          {inside}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={4} aria-label={label} className={menuLook}>
          <DropdownMenu.RadioGroup value={value}>
            {options.map((one) => (
              <DropdownMenu.RadioItem
                key={one.value}
                value={one.value}
                className={menuItem}
                onSelect={() => one.value !== value && one.run()}
              >
                {one.sign}
                {one.text}
                <DropdownMenu.ItemIndicator className="ml-auto">
                  <Check size={14} />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
