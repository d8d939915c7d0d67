'use client'
import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, Clock, X } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { useEffect, useMemo, useRef, useState } from 'react'
import { ClaimSign, type Standing } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { Trouble, Waiting } from '@/components/ui/states'
import { EvidenceText, SentenceText, Value } from '@/components/value'
import { EventThreads } from '@/features/comments/event-threads'
import { tallyOf } from '@/features/comments/threads'
import { useTalk } from '@/features/comments/use-talk'
import { AroundList } from '@/features/timeline/around-list'
import type { Span } from '@/features/timeline/engine/scale'
import { MarkBar } from '@/features/timeline/mark-bar'
import { useMarking } from '@/features/timeline/marking'
import { eventQuery, type EventRow, type EventWhole } from '@/features/timeline/source'
import { useZone } from '@/lib/preferences'
import { incidentPath, useGo, useQueryState } from '@/lib/route'
import { useShortcuts } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import { isoTime, offsetText, parseTime, stampText, zoneName } from '@/lib/time'
import type { Claim } from './report'

interface Props {
  incident: string
  /** The records that led here, and which of them is open. */
  events: string[]
  at: number
  claims: Claim[]
  onTurn: (at: number) => void
  onClose: () => void
  /** Open a record near this one, and show a stretch: where there is a timeline to do so on. */
  onNear?: (event: EventRow) => void
  onShow?: (span: Span) => void
  /** Whether the key for comments is for the record; beside a sentence it is for that. */
  commentKey?: boolean
}

/** The record that proves it: as found, as understood, where it lies. */
export function EvidenceDrawer(props: Props) {
  const { incident, events, at, onTurn, onClose } = props
  const id = events[at]!
  const found = useQuery(eventQuery(incident, id))
  const all = events.length
  const panel = useFocusInside()
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      data-drawer
      aria-label={say.evidence.title}
      className="flex h-full w-[392px] shrink-0 slide-in flex-col bg-raised outline-none max-[1100px]:absolute max-[1100px]:inset-y-0 max-[1100px]:right-0 max-[1100px]:z-40 max-[1100px]:shadow-2xl"
    >
      <header className="flex h-11 shrink-0 items-center gap-2 pr-2 pl-4">
        <h2 className="text-[13px] font-[600]">{say.evidence.title}</h2>
        {all > 1 && (
          <span className="flex items-center gap-1 text-xs text-ink-3 tabular-nums">
            <Button
              kind="bare"
              size="icon"
              disabled={at === 0}
              aria-label={say.evidence.previous}
              onClick={() => onTurn(at - 1)}
            >
              <ChevronLeft size={14} />
            </Button>
            {say.evidence.of(at + 1, all)}
            <Button
              kind="bare"
              size="icon"
              disabled={at === all - 1}
              aria-label={say.evidence.next}
              onClick={() => onTurn(at + 1)}
            >
              <ChevronRight size={14} />
            </Button>
          </span>
        )}
        <Hint text={say.close} keys="Escape">
          <Button kind="bare" size="icon" className="ml-auto" aria-label={say.close} onClick={onClose}>
            <X size={15} />
          </Button>
        </Hint>
      </header>
      {found.isPending ? (
        <Waiting />
      ) : found.isError ? (
        <Trouble error={found.error} again={() => void found.refetch()} />
      ) : (
        <Record {...props} event={found.data} />
      )}
    </aside>
  )
}

/** Whoever opened it goes on from here by Tab, and is back where they were when it closes. */
function useFocusInside() {
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    const before = document.activeElement
    const element = panel.current
    element?.focus({ preventScroll: true })
    return () => {
      const left = document.activeElement === document.body || element?.contains(document.activeElement)
      if (left && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  return panel
}

/** Whoever comes by a mention sees the thread first; the address asks for it once. */
function useAskedTalk(show: () => void) {
  const [params, change] = useQueryState()
  const asked = params.get('talk') !== null
  useEffect(() => {
    if (!asked) return
    show()
    change({ talk: null })
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what it shows does not change
  }, [asked, change])
}

interface RecordProps extends Pick<Props, 'incident' | 'claims' | 'onNear' | 'onShow' | 'commentKey'> {
  event: EventWhole
}

function Record({ incident, event, claims, onNear, onShow, commentKey = true }: RecordProps) {
  const [zone] = useZone()
  const go = useGo()
  const { mark, may } = useMarking(incident)
  const talk = useTalk(incident, { type: 'event', id: event.id })
  const { open: talked } = tallyOf(talk.threads.get(event.id) ?? [])
  const [tab, setTab] = useState('fields')
  useAskedTalk(() => setTab('talk'))
  // Whoever goes there by key wants to write: each press counts.
  const [writing, setWriting] = useState(0)
  const pin = useMemo(
    () => [
      {
        keys: 'p',
        about: say.marks.pin,
        group: say.shortcuts.timeline,
        run: () => void mark(event, { pin: !event.pinned }),
      },
    ],
    [mark, event],
  )
  useShortcuts(pin, may)
  const speak = useMemo(
    () => [
      {
        keys: 'c',
        about: say.comments.open,
        group: say.shortcuts.timeline,
        run: () => {
          setWriting((n) => n + 1)
          setTab('talk')
        },
      },
    ],
    [],
  )
  useShortcuts(speak, talk.reads && commentKey)
  const near = (one: EventRow) =>
    onNear ? onNear(one) : go(`${incidentPath(incident)}?t=${isoTime(parseTime(one.time))}&e=${one.id}`)
  const tabs = [
    ['fields', say.evidence.fields],
    ['raw', say.evidence.raw],
    ['where', say.evidence.where],
    ['around', say.around.tab],
    ...(talk.reads ? [['talk', say.comments.tab(talked)] as const] : []),
  ] as const
  const time = parseTime(event.time)
  const words = useMemo(() => claims.map((claim) => claim.text.toLowerCase()), [claims])
  // Short words without a figure stand in any sentence: they prove nothing.
  const telling = (value: string) => value.length > 7 || (value.length > 3 && /\d/.test(value))
  const supports = (value: string) => telling(value) && words.some((text) => text.includes(value.toLowerCase()))
  const fields = Object.entries(event.fields).map(([name, value]) => [name, String(value)] as const)
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="px-4 pb-3">
        <p className="text-[15px] font-[580] tabular-nums">
          {stampText(time, zone)} <span className="text-xs font-[500] text-ink-3">{zoneName(zone, time)}</span>
        </p>
        <p className="mt-0.5 flex flex-wrap gap-x-2 text-xs text-ink-3">
          <span>{event.source}</span>
          {event.corrected_s !== 0 && (
            <span className="flex items-center gap-1" title={say.evidence.shiftedBy(offsetText(event.corrected_s))}>
              <Clock size={11} aria-hidden /> {offsetText(event.corrected_s)}
            </span>
          )}
        </p>
      </div>
      <MarkBar key={event.id} incident={incident} event={event} />
      <Tabs.Root value={tab} onValueChange={setTab} className="flex min-h-0 flex-1 flex-col">
        <Tabs.List className="flex gap-4 border-b px-4 text-xs" aria-label={say.evidence.title}>
          {tabs.map(([value, name]) => (
            <Tabs.Trigger
              key={value}
              value={value}
              className="-mb-px h-8 border-b-2 border-transparent font-[540] whitespace-nowrap text-ink-3 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
            >
              {name}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="fields" className="min-h-0 flex-1 overflow-y-auto px-4 py-3 evidence" tabIndex={0}>
          {event.message && <p className="mb-3 text-ink">{<EvidenceText text={event.message} />}</p>}
          <dl className="flex flex-col gap-2">
            {fields.map(([name, value]) => (
              <div key={name}>
                <dt className="text-2xs text-ink-3">{name}</dt>
                <dd className="text-ink">
                  <Value field={name} value={value} marked={supports(value)} />
                </dd>
              </div>
            ))}
          </dl>
          <dl className="mt-4 flex flex-col gap-2 border-t pt-3">
            {Object.entries(event.original).map(([name, value]) => (
              <div key={name}>
                <dt className="text-2xs text-ink-3">
                  <EvidenceText text={name} />
                </dt>
                <dd className="text-ink-2">
                  <Value field={name} value={value} marked={supports(value)} />
                </dd>
              </div>
            ))}
          </dl>
        </Tabs.Content>
        <Tabs.Content value="raw" className="min-h-0 flex-1 overflow-y-auto px-4 py-3 evidence text-ink-2" tabIndex={0}>
          {event.record ? (
            <EvidenceText text={JSON.stringify(event.record, null, 2)} />
          ) : (
            `${say.evidence.missing}: ${event.record_missing ?? ''}`
          )}
        </Tabs.Content>
        <Tabs.Content value="where" className="min-h-0 flex-1 overflow-y-auto px-4 py-3" tabIndex={0}>
          <Where event={event} />
        </Tabs.Content>
        <Tabs.Content value="around" className="min-h-0 flex-1 overflow-y-auto" tabIndex={0}>
          <AroundList incident={incident} event={event} onOpen={near} onShow={onShow} />
        </Tabs.Content>
        {talk.reads && (
          <Tabs.Content value="talk" className="min-h-0 flex-1 overflow-y-auto px-4 py-3" tabIndex={0}>
            <EventThreads key={event.id} event={event.id} talk={talk} writing={writing} />
          </Tabs.Content>
        )}
      </Tabs.Root>
      {claims.length > 0 && <Citing claims={claims} />}
    </div>
  )
}

function Where({ event }: { event: EventWhole }) {
  const [zone] = useZone()
  const recorded = parseTime(event.time_recorded)
  const rows: [string, string][] = [
    [say.evidence.artifact, event.artifact_of?.name ?? event.artifact],
    [say.evidence.locator, say.evidence.place(event.locator)],
    [say.evidence.sha256, event.artifact],
    [say.evidence.recorded, `${stampText(recorded, zone)} ${zoneName(zone, recorded)}`],
    [
      say.evidence.clock,
      say.evidence.clocked(event.clock.method, event.clock.offset_s ? offsetText(event.clock.offset_s) : ''),
    ],
  ]
  return (
    <>
      <dl className="flex flex-col gap-3">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt className="text-2xs text-ink-3">{name}</dt>
            <dd className="font-mono text-xs [overflow-wrap:anywhere] text-ink-2">
              <EvidenceText text={value} />
            </dd>
          </div>
        ))}
      </dl>
      <p className={`mt-4 text-xs ${event.record ? 'text-ok' : 'text-act-high'}`}>
        {event.record ? `✓ ${say.evidence.read}` : `✕ ${say.evidence.missing}: ${event.record_missing ?? ''}`}
      </p>
    </>
  )
}

function Citing({ claims }: { claims: Claim[] }) {
  return (
    <section
      className="max-h-52 shrink-0 overflow-y-auto border-t px-4 py-3"
      aria-label={say.evidence.cited(claims.length)}
      tabIndex={0}
    >
      <h3 className="mb-1.5 eyebrow">{say.evidence.cited(claims.length)}</h3>
      <ul className="flex flex-col gap-2">
        {claims.map((claim) => (
          <li key={claim.id} className="flex gap-2 text-[13px] text-pretty text-ink-2">
            <ClaimSign standing={claim.status as Standing} className="mt-1 size-2.5" />
            <span className="[overflow-wrap:anywhere]">
              <SentenceText text={claim.text} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
