'use client'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { ValueActsProvider } from '@/components/value'
import { laneName, STEPS } from '@/features/timeline/canvas'
import { onHosts, pairOf } from '@/features/timeline/compare'
import { FilmProvider } from '@/features/timeline/context'
import type { Engine } from '@/features/timeline/engine/engine'
import { laneId, lanesOf, seenLanes, type Grouping, type Lane } from '@/features/timeline/engine/lanes'
import type { Mark } from '@/features/timeline/engine/marks'
import { aired, type Span } from '@/features/timeline/engine/scale'
import { useMarking } from '@/features/timeline/marking'
import { saveCsv, savePng } from '@/features/timeline/save'
import { SearchBox } from '@/features/timeline/search-box'
import { countsOf, overviewQuery, withTerm, type EventRow, type Overview } from '@/features/timeline/source'
import { useTimelineKeys } from '@/features/timeline/use-keys'
import { facetsOf } from '@/features/timeline/values-pane'
import { ViewsMenu } from '@/features/timeline/views-menu'
import { isProblem } from '@/lib/api/problem'
import { useZone } from '@/lib/preferences'
import { useGo, useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { parseTime } from '@/lib/time'
import { AddressBar, makeFilm } from './address'
import { EventCount } from './event-count'
import { EvidenceDrawer } from './drawer'
import { clocksOf, hiddenLayers } from './layers'
import { groupingOf } from './opening'
import type { Report } from './report'
import { marksOf, tellStory, type Story } from './story'
import { Show } from './show-view'
import { StepPanel } from './step-panel'
import { Storyline } from './storyline'
import { GroupSwitch, LayersMenu, MarkedMenu, SaveButtons, Waits } from './timeline-tools'
import { PANES, Window } from './timeline-window'
import { useMarks } from './use-marks'

interface Props {
  incident: string
  report: Report
}

/** The heart: storyline, lanes, film controls and the raw events of one window, and the record that proves a thing. */
export function TimelinePage({ incident, report }: Props) {
  const [params] = useQueryState()
  const by = groupingOf(params)
  const whole = useQuery(overviewQuery(incident, by, ''))
  const story = useMemo(() => tellStory(report), [report])
  // So much is drawn at first that it is done in pieces: a key pressed meanwhile is heard between them.
  const counted = useDeferredValue(whole.data, undefined)
  if (whole.isError) return <Trouble error={whole.error} again={() => void whole.refetch()} />
  if (!counted) return <Waiting label={say.timeline.waiting} />
  if (!counted.events) return <Blank title={say.timeline.noEvents} />
  return <Loaded incident={incident} report={report} story={story} whole={counted} by={by} />
}

interface LoadedProps extends Props {
  story: Story
  whole: Overview
  by: Grouping
}

const FIELD_OF: Record<Grouping, string> = { host: 'host', user: 'user', source: 'source', kind: 'kind' }

function Loaded({ incident, report, story, whole, by }: LoadedProps) {
  const [params, change] = useQueryState()
  const [film] = useState(() => makeFilm(whole, story.span, params))
  const go = useGo()
  const [zone] = useZone()
  const q = params.get('q') ?? ''
  const inStep = params.get('step') === '1'
  const pane = PANES.find((one) => one === params.get('pane')) ?? 'events'
  const [open, setOpen] = useOpen(params, change)
  const engine = useRef<Engine | null>(null)
  const [waits] = useState(() => new Waits())
  const marking = useMarking(incident)
  const clocks = useMemo(() => clocksOf(report), [report])
  const hosts = useMemo(() => (by === 'host' ? hostsOf(whole, story) : []), [by, whole, story])
  const askedHosts = params.get('hosts')
  const pair = useMemo(() => pairOf(askedHosts, hosts), [askedHosts, hosts])
  const comparing = pane === 'compare' && by === 'host' && pair !== null
  const shownQ = comparing ? onHosts(q, pair) : q
  const found = useQuery({ ...overviewQuery(incident, by, shownQ), enabled: shownQ !== '' })
  const badSearch = shownQ !== '' && isProblem(found.error, 'invalid-search')
  const shown = shownQ && found.data ? found.data : whole
  const soughtQ = badSearch ? '' : shownQ
  const { marks, unsought } = useMarks(incident, report, story, { by, q: soughtQ, hide: params.get('hide') })
  const all = useMemo(
    () => seenLanes(lanesOf(countsOf(whole), unsought, by, story.roles), marks),
    [whole, unsought, marks, by, story.roles],
  )
  const lanes = useMemo(
    () => (comparing ? pair.map((id) => all.find((lane) => lane.id === id) ?? bare(id)) : all),
    [comparing, pair, all],
  )

  const search = useCallback((next: string) => change({ q: next }, true), [change])
  const acts = useMemo(
    () => ({
      filterTo: (field: string, value: string) => search(withTerm(q, field, value)),
      exclude: (field: string, value: string) => search(withTerm(q, field, value, true)),
      count: (field: string) => {
        const others = facetsOf(params.get('facets')).filter((one) => one !== field)
        change({ pane: 'values', facets: [field, ...others].join(',') }, true)
      },
      compare: (host: string) => {
        const one = laneId(host, 'host')
        const other = hosts.find((known) => known !== one)
        change({ by: null, pane: 'compare', hosts: other ? `${one},${other}` : one }, true)
      },
    }),
    [q, search, params, change, hosts],
  )
  const pick = useCallback(
    (events: string[], mark: Mark | null) => {
      if (mark) film.set({ playhead: mark.time, playing: false })
      if (mark?.href && !events.length) return go(mark.href)
      setOpen({ events, at: 0, mark: mark?.id ?? null })
    },
    [film, go, setOpen],
  )
  const close = useCallback(() => setOpen(null), [setOpen])
  const openAtHead = useCallback(() => {
    const at = film.get().playhead
    const past = at === null ? [] : marks.filter((one) => one.events.length > 0 && one.time <= at + 0.001)
    const mark = past.findLast((one) => STEPS.has(one.glyph)) ?? past[past.length - 1]
    if (mark) pick(mark.events, mark)
  }, [film, marks, pick])
  const show = useCallback(() => {
    film.set({ playing: false })
    change({ show: '1' })
  }, [film, change])
  const ready = useCallback((made: Engine | null) => {
    engine.current = made
  }, [])
  const clear = useCallback(() => search(''), [search])
  useTimelineKeys(film, openAtHead, close, show)
  useEffect(() => () => film.stop(), [film])
  const event = open?.events[open.at] ?? null
  // The row and the mark are lit at once; the record beside them is made, and taken away, in pieces.
  const beside = useDeferredValue(open)
  const proof = beside?.events[beside.at] ?? null
  const filterLane = useCallback(
    (lane: Lane) => search(withTerm(q, FIELD_OF[by], lane.values[0] ?? lane.id)),
    [q, by, search],
  )
  const openNear = (near: EventRow) => {
    film.set({ playing: false })
    film.seek(parseTime(near.time))
    setOpen({ events: [near.id], at: 0, mark: null })
  }
  const png = () => {
    const names = new Map(lanes.map((lane) => [lane.id, laneName(lane)]))
    const title = report.incident.title ?? ''
    if (engine.current) savePng(engine.current, names, { incident, title, q: shownQ, view: film.get().view, zone })
  }

  return (
    <FilmProvider value={film}>
      <ValueActsProvider value={acts}>
        <AddressBar params={params} change={change} />
        {params.get('show') === '1' && (
          <Show incident={incident} report={report} story={story} onClose={() => change({ show: null })} />
        )}
        <div className="relative flex h-full min-h-0">
          <div className="@container flex min-w-0 flex-1 flex-col">
            <Storyline story={story} onShow={show} />
            <div className="flex flex-wrap items-center gap-x-2 gap-y-1 px-3 pb-1">
              <GroupSwitch by={by} onChange={(next) => change({ by: next === 'host' ? null : next }, true)} />
              <SearchBox incident={incident} q={q} onSearch={search} />
              <EventCount incident={incident} q={soughtQ} shown={shown} waits={waits} />
              <div className="flex items-center">
                <MarkedMenu incident={incident} onSearch={search} />
                <LayersMenu
                  hidden={hiddenLayers(params.get('hide'))}
                  onChange={(hide) => change({ hide: hide || null })}
                />
                <ViewsMenu incident={incident} onView={(patch) => change(patch, true)} />
                <SaveButtons onPng={png} onCsv={() => void saveCsv(incident, film.get().view, shownQ)} />
              </div>
            </div>
            <Window
              incident={incident}
              by={by}
              q={badSearch ? '' : q}
              shownQ={soughtQ}
              lanes={lanes}
              marks={marks}
              overview={shown}
              story={story}
              clocks={clocks}
              picked={open?.mark ?? null}
              pickedEvent={event}
              pane={pane}
              inStep={inStep}
              facets={params.get('facets')}
              hosts={hosts}
              pair={pair}
              marking={marking}
              change={change}
              onPick={pick}
              onLane={filterLane}
              onReady={ready}
              onWaiting={waits.set}
              onClear={clear}
            />
          </div>
          {inStep && (
            <StepPanel incident={incident} report={report} story={story} onClose={() => change({ step: null })} />
          )}
          {beside && proof && (
            <EvidenceDrawer
              incident={incident}
              events={beside.events}
              at={beside.at}
              claims={story.claimsOf.get(proof) ?? []}
              onTurn={(at) => setOpen({ ...beside, at })}
              onClose={close}
              onNear={openNear}
              onShow={(span: Span) => film.glideTo(aired(span, 0.08))}
            />
          )}
        </div>
      </ValueActsProvider>
    </FilmProvider>
  )
}

/** The lanes that are hosts, whatever is switched off or sought. */
const hostsOf = (whole: Overview, story: Story) =>
  lanesOf(countsOf(whole), marksOf(story, 'host'), 'host', story.roles).flatMap((lane) => (lane.label ? [lane.id] : []))

const bare = (id: string): Lane => ({ id, label: id, values: [], role: 'plain', events: 0 })

interface Open {
  events: string[]
  at: number
  mark: string | null
}

/** The open record: it stands in the address, and follows it when that changes elsewhere. */
function useOpen(params: URLSearchParams, change: ReturnType<typeof useQueryState>[1]) {
  const asked = params.get('e')
  const [open, set] = useState<Open | null>(() => (asked ? { events: [asked], at: 0, mark: null } : null))
  const written = useRef(asked)
  useEffect(() => {
    if (asked === written.current) return
    written.current = asked
    set(asked ? { events: [asked], at: 0, mark: null } : null)
  }, [asked])
  const setOpen = useCallback(
    (next: Open | null) => {
      set(next)
      written.current = next?.events[next.at] ?? null
      change({ e: written.current })
    },
    [change],
  )
  return [open, setOpen] as const
}
