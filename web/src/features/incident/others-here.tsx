'use client'
import { PenLine } from 'lucide-react'
import { plainLine } from '@/lib/evidence'
import { bareName, initials } from '@/lib/names'
import { useOthersHere, type Person } from '@/lib/presence'
import { say } from '@/lib/strings'
import { TABS } from './tabs'

const MOST = 4

/** Who else looks at this incident at this moment, and on which page; nothing while nobody does. */
export function OthersHere({ incident }: { incident: string }) {
  const all = useOthersHere(incident)
  if (!all.length) return null
  const rest = all.slice(MOST)
  return (
    <ul aria-label={say.presence.label} className="flex shrink-0 -space-x-1">
      {all.slice(0, MOST).map((one) => (
        <li key={one.id} className={face} title={placeOf(one)}>
          <span aria-hidden>{initials(plainLine(bareName(one.name), 60))}</span>
          {writes(one) && <PenLine aria-hidden size={9} className="absolute -right-0.5 -bottom-0.5 text-said" />}
          <span className="sr-only">{placeOf(one)}</span>
        </li>
      ))}
      {rest.length > 0 && (
        <li className={face} title={rest.map(placeOf).join('\n')}>
          +{rest.length}
          <span className="sr-only">{rest.map(placeOf).join(', ')}</span>
        </li>
      )}
    </ul>
  )
}

const face =
  'relative flex size-6 rise items-center justify-center rounded-full bg-lifted text-2xs font-[640] text-ink-2 uppercase ring-2 ring-ground'

const writes = (one: Person) => one.at.some((place) => place.claim)

/** The person, the pages, and whether they write. */
function placeOf(one: Person): string {
  const pages = TABS.filter((tab) => one.at.some((place) => place.page === tab)).map((tab) => say.incident.tabs[tab])
  const doing = writes(one) ? say.presence.writes : ''
  return [plainLine(bareName(one.name), 60), pages.join(', '), doing].filter(Boolean).join(' · ')
}
