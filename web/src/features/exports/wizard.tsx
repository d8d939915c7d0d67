'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { inputLook } from '@/components/ui/field'
import { told } from '@/components/ui/states'
import { versionQuery, versionsQuery } from '@/features/report/queries'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import {
  makeExport,
  markingsOf,
  takes,
  toggled,
  type Choices,
  type Format,
  type Redaction,
  type Tlp,
  type Wish,
} from './queries'
import { Redactions } from './redactions'
import type { Making } from './use-choices'

const TLP_COLOUR: Record<Tlp, string> = {
  'TLP:RED': 'bg-act-critical', 'TLP:AMBER+STRICT': 'bg-act-medium', 'TLP:AMBER': 'bg-act-medium',
  'TLP:GREEN': 'bg-ok', 'TLP:CLEAR': 'bg-ink',
} // prettier-ignore

interface Props {
  incident: string
  formats: Format[]
  making: Making
  /** In how many places each of the redactions is made, as far as that is known. */
  places: ReadonlyMap<Redaction, number>
  onMade: (id: string) => void
}

/** The choices; which there are, the format's schema says. */
export function Wizard({ incident, formats, making, places, onMade }: Props) {
  const queries = useQueryClient()
  const { choices, change, tlp, wish } = making
  const format = making.format ?? formats[0]!
  const make = useMutation({
    mutationFn: (asked: Wish) => makeExport(incident, asked),
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ['exports', incident] })
      onMade(made.id)
    },
  })
  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => {
        event.preventDefault()
        if (wish) make.mutate(wish)
      }}
    >
      <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-5 pt-4 pb-5">
        <Group text={say.exports.format}>
          <div className="grid grid-cols-2 gap-1.5">
            {formats.map((one) => (
              <Choice
                key={one.name}
                name="format"
                checked={one.name === format.name}
                onChoose={() => change({ format: one.name })}
              >
                <span className="block text-[13px] font-[580]">{plainLine(one.title, 40)}</span>
                <span className="line-clamp-2 text-2xs leading-4 text-pretty text-ink-3">
                  {plainLine(one.about, 120)}
                </span>
              </Choice>
            ))}
          </div>
        </Group>
        {takes(format, 'version') && <Version incident={incident} choices={choices} change={change} />}
        {takes(format, 'tlp') && (
          <Group text={say.exports.tlp}>
            <div className="flex flex-wrap gap-1.5">
              {[null, ...markingsOf(format)].map((one) => (
                <Choice key={one ?? ''} name="tlp" small checked={tlp === one} onChoose={() => change({ tlp: one })}>
                  <span className="flex items-center gap-1.5 text-xs font-[540]">
                    {one && <span aria-hidden className={`size-2 rounded-full ${TLP_COLOUR[one] ?? 'bg-ink-3'}`} />}
                    {one?.replace('TLP:', '') ?? say.exports.unmarked}
                  </span>
                </Choice>
              ))}
            </div>
          </Group>
        )}
        {takes(format, 'sections') && <Sections incident={incident} choices={choices} change={change} />}
        {(takes(format, 'redact_values') || takes(format, 'redact_entities')) && (
          <Group text={say.exports.redact}>
            <Redactions
              incident={incident}
              all={choices.redactions}
              places={places}
              values={takes(format, 'redact_values')}
              entities={takes(format, 'redact_entities')}
              onChange={(redactions) => change({ redactions })}
            />
            <p className="mt-2 text-xs text-pretty text-ink-3">{say.exports.redactAbout}</p>
          </Group>
        )}
      </div>
      <footer className="border-t px-5 py-3">
        {make.isError && (
          <p role="alert" className="mb-2 text-xs text-act-high">
            {told(make.error).title}. {told(make.error).next}
          </p>
        )}
        <Button kind="main" size="l" type="submit" className="w-full" disabled={make.isPending || !wish}>
          {say.exports.make(plainLine(format.title, 40))}
        </Button>
      </footer>
    </form>
  )
}

interface PartProps {
  incident: string
  choices: Choices
  change: (patch: Partial<Choices>) => void
}

function Version({ incident, choices, change }: PartProps) {
  const found = useQuery(versionsQuery(incident))
  return (
    <Group text={say.exports.version}>
      <select
        className={inputLook}
        aria-label={say.exports.version}
        value={choices.version ?? ''}
        onChange={(event) => change({ version: Number(event.target.value) || null, sections: null })}
      >
        <option value="">{say.exports.newest}</option>
        {found.data?.map((one) => (
          <option key={one.version} value={one.version}>
            {say.report.version(one.version)}, {say.report.states[one.state].toLowerCase()}
          </option>
        ))}
      </select>
    </Group>
  )
}

function Sections({ incident, choices, change }: PartProps) {
  const versions = useQuery(versionsQuery(incident))
  const newest = Math.max(0, ...(versions.data ?? []).map((one) => one.version))
  const report = useQuery(versionQuery(incident, choices.version ?? newest))
  const all = report.data?.sections ?? []
  if (!all.length) return null
  const ids = all.map((one) => one.id)
  const chosen = new Set(choices.sections ?? ids)
  return (
    <Group text={say.report.sections} note={say.exports.some(chosen.size, all.length)}>
      <ul className="grid grid-cols-2 gap-x-3">
        {all.map((one) => (
          <li key={one.id}>
            <label className="flex min-h-[28px] items-center gap-2 text-xs text-ink-2 hover:text-ink">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-[var(--accent)]"
                checked={chosen.has(one.id)}
                onChange={() => change({ sections: toggled(ids, choices.sections, one.id) })}
              />
              <span className="truncate">{plainLine(one.title, 60)}</span>
            </label>
          </li>
        ))}
      </ul>
    </Group>
  )
}

function Group({ text, note, children }: { text: string; note?: string; children: ReactNode }) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 flex w-full items-baseline text-xs font-[560] text-ink-2">
        {text}
        {note && <span className="ml-auto font-[440] text-ink-3 tabular-nums">{note}</span>}
      </legend>
      {children}
    </fieldset>
  )
}

interface ChoiceProps {
  name: string
  checked: boolean
  small?: boolean
  onChoose: () => void
  children: ReactNode
}

function Choice({ name, checked, small = false, onChoose, children }: ChoiceProps) {
  return (
    <label
      className={`relative cursor-pointer rounded-lg bg-raised ring-inset hover:ring-1 hover:ring-ink-3 has-checked:bg-lifted has-checked:ring-2 has-checked:ring-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-[var(--focus)] ${small ? 'px-2.5 py-1' : 'px-3 py-2'}`}
    >
      <input type="radio" name={name} className="sr-only" checked={checked} onChange={onChoose} />
      {children}
    </label>
  )
}
