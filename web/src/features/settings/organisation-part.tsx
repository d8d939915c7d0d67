'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { tell } from '@/components/ui/notices'
import { SelectField } from '@/components/ui/select'
import { Trouble, Waiting } from '@/components/ui/states'
import { Switch } from '@/components/ui/switch'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import { isProblem } from '@/lib/api/problem'
import { meKey, useMay, useMe } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { useWhen } from '@/lib/when'
import { organisationQuery, policyQuery, seenBy, type Organisation } from './organisation-queries'
import { factorsQuery } from './queries'
import { Group, Refusal, SettingsPart } from './section'

const HOUR_S = 3600
const IDLE_H = [0.25, 0.5, 1, 2, 4, 8, 24]
const ABSOLUTE_H = [1, 4, 8, 12, 24, 72, 168]
const meanwhile = (error: unknown) => isProblem(error) && error.status === 412

/** What holds for everybody in the organisation. */
export default function OrganisationPart() {
  const found = useQuery(organisationQuery())
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  return (
    <SettingsPart title={say.settings.sections.organisation} about={say.organisation.about}>
      <Rules organisation={found.data} />
    </SettingsPart>
  )
}

function Rules({ organisation }: { organisation: Organisation }) {
  const queries = useQueryClient()
  const when = useWhen()
  const may = useMay('org:write')
  const mine = useQuery({ ...factorsQuery(), enabled: useMe().data?.kind === 'user' }).data
  const [name, setName] = useState(organisation.name)
  const change = useMutation({
    mutationFn: (body: Schemas['OrganisationChange']) =>
      bodyOf(api.PATCH('/v1/organisation', { params: { header: seenBy(organisation.version) }, body })),
    onSuccess: (now) => {
      queries.setQueryData(organisationQuery().queryKey, now)
      // The caller's own session may be asked for a factor from now on.
      void queries.invalidateQueries({ queryKey: meKey })
      tell(say.organisation.saved)
    },
    onError: (error) => {
      if (!meanwhile(error)) return
      tell(say.organisation.changed, true)
      void queries.invalidateQueries({ queryKey: organisationQuery().queryKey })
    },
  })
  const busy = !may || change.isPending
  return (
    <>
      <form
        className="flex max-w-100 items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate({ name: name.trim() })
        }}
      >
        <div className="flex-1">
          <Field
            label={say.organisation.name}
            hint={say.organisation.nameHint}
            value={name}
            required
            readOnly={!may}
            maxLength={120}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        {may && name.trim() !== organisation.name && (
          <Button kind="main" type="submit" className="mb-5.5 h-9" disabled={busy || !name.trim()}>
            {say.save}
          </Button>
        )}
      </form>
      <dl className="-mt-4 flex gap-10 text-[13px]">
        {[
          [say.organisation.region, organisation.region],
          [say.organisation.since, when(organisation.created_at)],
        ].map(([term, value]) => (
          <div key={term}>
            <dt className="text-xs text-ink-3">{term}</dt>
            <dd className="tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <Group title={say.organisation.rules} about={may ? undefined : say.organisation.mayNot}>
        <div className="mt-4 flex flex-col gap-5">
          <Switch
            label={say.organisation.mfa}
            about={[
              say.organisation.mfaAbout,
              may && mine?.items.length === 0 && !organisation.require_mfa ? say.organisation.mfaSelf : '',
            ].join(' ')}
            on={organisation.require_mfa}
            disabled={busy}
            onChange={(on) => change.mutate({ require_mfa: on })}
          />
          <FourEyes />
        </div>
      </Group>
      <Group title={say.organisation.sessions}>
        <div className="mt-4 grid max-w-100 grid-cols-2 gap-4">
          <Life
            label={say.organisation.idle}
            hours={IDLE_H}
            seconds={organisation.session_idle_s}
            disabled={busy}
            onChange={(session_idle_s) => change.mutate({ session_idle_s })}
          />
          <Life
            label={say.organisation.absolute}
            hours={ABSOLUTE_H}
            seconds={organisation.session_absolute_s}
            disabled={busy}
            onChange={(session_absolute_s) => change.mutate({ session_absolute_s })}
          />
        </div>
      </Group>
      {!meanwhile(change.error) && <Refusal error={change.error} />}
    </>
  )
}

/** A length of time out of some usual ones, and the one that it is, whichever that is. */
function Life({
  label,
  hours,
  seconds,
  disabled,
  onChange,
}: {
  label: string
  hours: number[]
  seconds: number
  disabled: boolean
  onChange: (seconds: number) => void
}) {
  const all = [...new Set([...hours, seconds / HOUR_S])].sort((a, b) => a - b)
  return (
    <SelectField
      label={label}
      disabled={disabled}
      value={String(seconds / HOUR_S)}
      onChange={(event) => onChange(Number(event.target.value) * HOUR_S)}
      options={all.map((one) => [String(one), say.organisation.span(one)] as const)}
    />
  )
}

function FourEyes() {
  const queries = useQueryClient()
  const may = useMay('org:write')
  const found = useQuery(policyQuery())
  const change = useMutation({
    mutationFn: (four_eyes: boolean) =>
      bodyOf(
        api.PUT('/v1/report-policy', {
          params: { header: { 'If-Match': found.data?.tag ?? '' } },
          body: { four_eyes },
        }),
      ),
    onSuccess: () => tell(say.organisation.saved),
    onError: (error) => tell(meanwhile(error) ? say.organisation.changed : error.message, true),
    onSettled: () => queries.invalidateQueries({ queryKey: policyQuery().queryKey }),
  })
  if (!found.data) return null
  return (
    <Switch
      label={say.organisation.fourEyes}
      about={say.organisation.fourEyesAbout}
      on={found.data.four_eyes}
      disabled={!may || change.isPending}
      onChange={(on) => change.mutate(on)}
    />
  )
}
