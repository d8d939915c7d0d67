'use client'
/** What a document is to be, and the very document that it would be now. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { incidentQuery } from '@/features/incidents/queries'
import { versionsQuery } from '@/features/report/queries'
import { useRested } from '@/features/timeline/use-rested'
import {
  lookedQuery, markingsOf, placesOf, presetOf, wishOf, type Choices, type Format, type Redaction, type Tlp, type Wish,
} from './queries' // prettier-ignore

const REST_MS = 350

export interface Making {
  choices: Choices
  change: (patch: Partial<Choices>) => void
  /** The chosen one; none where the gateway knows none. */
  format: Format | undefined
  /** As it will be marked: the incident's marking, until somebody says otherwise. */
  tlp: Tlp | null
  wish: Wish | null
}

export function useChoices(incident: string, formats: readonly Format[], onChange: () => void): Making {
  const [choices, setChoices] = useState<Choices>({
    format: null, version: null, tlp: undefined, sections: null, redactions: [],
  }) // prettier-ignore
  const pdf = formats.find((one) => one.media_type === 'application/pdf')
  const format = formats.find((one) => one.name === choices.format) ?? pdf ?? formats[0]
  const { data, isPending } = useQuery(incidentQuery(incident))
  const tlp = choices.tlp === undefined ? presetOf(data?.tlp, markingsOf(format)) : choices.tlp
  const change = (patch: Partial<Choices>) => {
    setChoices((old) => ({ ...old, ...patch }))
    onChange()
  }
  return { choices, change, format, tlp, wish: format && !isPending ? wishOf({ ...choices, tlp }, format) : null }
}

/** The document of those choices, once they have stood still for a moment. */
export function useLooked(incident: string, { wish, choices }: Making, wanted: boolean) {
  const versions = useQuery({ ...versionsQuery(incident), enabled: wanted }).data ?? []
  const rested = useRested(JSON.stringify(wish), REST_MS)
  const newest = Math.max(0, ...versions.map((one) => one.version))
  const asked = wanted ? (JSON.parse(rested) as Wish | null) : null
  const found = useQuery(lookedQuery(incident, asked, newest))
  const settled = rested === JSON.stringify(wish) && !found.isPlaceholderData
  const places: ReadonlyMap<Redaction, number> = placesOf(choices.redactions, settled ? (found.data?.places ?? []) : [])
  return { found, asked, settled, places }
}
