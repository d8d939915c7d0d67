'use client'
import { useQuery } from '@tanstack/react-query'
import { Download, ImageDown } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { Blank, Trouble, Waiting } from '@/components/ui/states'
import { ValueActsProvider } from '@/components/value'
import { TimelineCanvas } from '@/features/timeline/canvas'
import { FilmProvider, useFilmState, useRestedState } from '@/features/timeline/context'
import type { Engine } from '@/features/timeline/engine/engine'
import { Film } from '@/features/timeline/engine/film'
import { GROUPINGS, lanesOf, type Grouping, type Lane } from '@/features/timeline/engine/lanes'
import type { Mark } from '@/features/timeline/engine/marks'
import { aired, sameSpan, type Span } from '@/features/timeline/engine/scale'
import { EventsTable, useEvents } from '@/features/timeline/events-table'
import { saveCsv, savePng } from '@/features/timeline/save'
import { SearchBox } from '@/features/timeline/search-box'
import { countsOf, overviewQuery, withTerm, type Overview } from '@/features/timeline/source'
import { Transport } from '@/features/timeline/transport'
import { useTimelineKeys } from '@/features/timeline/use-keys'
import { isProblem } from '@/lib/api/problem'
import { stillness } from '@/lib/preferences'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { isoTime, parseTime } from '@/lib/time'
import { EvidenceDrawer } from './drawer'
import type { Report } from './report'
import { marksOf, tellStory, type Story } from './story'
import { Storyline } from './storyline'

interface Props {
  incident: string
  report: Report
}

/** The heart: storyline, lanes, film controls and the raw events of one window, and the record that proves a thing. */
export function TimelinePage({ incident, report }: Props) {
  const [params, change] = useQueryState()
  const by = GROUPINGS.find((one) => one === params.get('by')) ?? 'host'
  const q = params.get('q') ?? ''
  const whole = useQuery(overviewQuery(incident, by, ''))
  const story = useMemo(() => tellStory(report), [report])
  if (whole.isPending) return <Waiting label={say.timeline.waiting} />
  if (whole.isError) return <Trouble error={whole.error} again={() => void whole.refetch()} />
  if (!whole.data.events) return <Blank title={say.timeline.noEvents} />
  return <Loaded incident={incident} story={story} whole={whole.data} by={by} q={q} params={params} change={change} />
}

interface LoadedProps {
  incident: string
  story: Story
  whole: Overview
  by: Grouping
  q: string
  params: URLSearchParams
  change: ReturnType<typeof useQueryState>[1]
}

function Loaded({ incident, story, whole, by, q, params, change }: LoadedProps) {
  const [film] = useState(() => makeFilm(whole, story, params))
  const found = useQuery({ ...overviewQuery(incident, by, q), enabled: q !== '' })
  const badSearch = q !== '' && isProblem(found.error, 'invalid-search')
  const [open, setOpen] = useState<{ events: string[]; at: number; mark: string | null } | null>(() => {
    const event = params.get('e')
    return event ? { events: [event], at: 0, mark: null } : null
  })
  const engine = useRef<Engine | null>(null)
  const [waiting, setWaiting] = useState(false)
  const marks = useMemo(() => marksOf(story, by), [story, by])
  const shown = q && found.data ? found.data : whole
  const lanes = useMemo(() => lanesOf(countsOf(whole), marks, by, story.roles), [whole, marks, by, story.roles])
  const search = useCallback((next: string) => change({ q: next }, true), [change])
  const acts = useMemo(
    () => ({
      filterTo: (field: string, value: string) => search(withTerm(q, field, value)),
      exclude: (field: string, value: string) => search(withTerm(q, field, value, true)),
    }),
    [q, search],
  )
  const pick = useCallback(
    (events: string[], mark: Mark | null) => {
      if (mark) film.set({ playhead: mark.time, playing: false })
      setOpen({ events, at: 0, mark: mark?.id ?? null })
    },
    [film],
  )
  const close = useCallback(() => setOpen(null), [])
  const openAtHead = useCallback(() => {
    const at = film.get().playhead
    const mark = at === null ? undefined : marks.findLast((one) => one.time <= at + 0.001)
    if (mark) pick(mark.events, mark)
  }, [film, marks, pick])
  useTimelineKeys(film, openAtHead, close)
  useEffect(() => () => film.stop(), [film])
  const event = open?.events[open.at] ?? null
  useEffect(() => change({ e: event }), [change, event])
  const filterLane = useCallback(
    (lane: Lane) => search(withTerm(q, FIELD_OF[by], lane.values[0] ?? lane.id)),
    [q, by, search],
  )

  return (
    <FilmProvider value={film}>
      <ValueActsProvider value={acts}>
        <AddressBar change={change} />
        <div className="flex h-full min-h-0">
          <div className="flex min-w-0 flex-1 flex-col">
            <Storyline story={story} />
            <div className="flex items-center gap-2 px-3 pb-1">
              <GroupSwitch by={by} onChange={(next) => change({ by: next === 'host' ? null : next }, true)} />
              <SearchBox incident={incident} q={q} onSearch={search} />
              <span className="w-28 text-right text-xs text-ink-3 tabular-nums" role="status">
                {waiting ? say.timeline.waiting : say.timeline.events(shown.events)}
              </span>
              <Hint text={say.timeline.png}>
                <Button
                  kind="bare"
                  size="icon"
                  aria-label={say.timeline.png}
                  onClick={() => engine.current && savePng(engine.current, incident)}
                >
                  <ImageDown size={15} />
                </Button>
              </Hint>
              <Hint text={say.timeline.csv}>
                <Button
                  kind="bare"
                  size="icon"
                  aria-label={say.timeline.csv}
                  onClick={() => void saveCsv(incident, film.get().view, q)}
                >
                  <Download size={15} />
                </Button>
              </Hint>
            </div>
            <Window
              incident={incident}
              by={by}
              q={badSearch ? '' : q}
              lanes={lanes}
              marks={marks}
              overview={shown}
              story={story}
              picked={open?.mark ?? null}
              pickedEvent={event}
              onPick={pick}
              onLane={filterLane}
              onReady={(made) => {
                engine.current = made
              }}
              onWaiting={setWaiting}
              onClear={() => search('')}
            />
          </div>
          {open && event && (
            <EvidenceDrawer
              incident={incident}
              events={open.events}
              at={open.at}
              claims={story.claimsOf.get(event) ?? []}
              onTurn={(at) => setOpen({ ...open, at })}
              onClose={close}
            />
          )}
        </div>
      </ValueActsProvider>
    </FilmProvider>
  )
}

const FIELD_OF: Record<Grouping, string> = { host: 'host', user: 'user', source: 'source', kind: 'kind' }

interface WindowProps {
  incident: string
  by: Grouping
  q: string
  lanes: Lane[]
  marks: Mark[]
  overview: Overview
  story: Story
  picked: string | null
  pickedEvent: string | null
  onPick: (events: string[], mark: Mark | null) => void
  onLane: (lane: Lane) => void
  onReady: (engine: Engine | null) => void
  onWaiting: (waiting: boolean) => void
  onClear: () => void
}

/** Lanes and table of the same stretch; the table follows when the view has come to rest. */
function Window({ overview, story, pickedEvent, onClear, ...canvas }: WindowProps) {
  const rested = useRestedState((state) => state.view, 260, sameSpan)
  const found = useEvents(canvas.incident, rested, canvas.q)
  const complete = found.data && !found.hasNextPage && !found.isPlaceholderData
  const events = useMemo(
    () => (complete ? (found.data?.pages.flatMap((page) => page.items) ?? []) : []),
    [complete, found.data],
  )
  const cited = useMemo(() => new Set(story.claimsOf.keys()), [story])
  const pickRow = useCallback((id: string) => canvas.onPick([id], null), [canvas])
  return (
    <>
      <section
        aria-label={say.timeline.label}
        aria-describedby="timeline-help"
        tabIndex={0}
        className="flex h-[46%] min-h-64 flex-col -outline-offset-2"
      >
        <p id="timeline-help" className="sr-only">
          {say.timeline.help}
        </p>
        <TimelineCanvas {...canvas} events={events} />
      </section>
      <Transport overview={overview} marks={canvas.marks} />
      <div className="min-h-0 flex-1 bg-ground/40">
        <EventsTable found={found} q={canvas.q} picked={pickedEvent} cited={cited} onPick={pickRow} onClear={onClear} />
      </div>
    </>
  )
}

function GroupSwitch({ by, onChange }: { by: Grouping; onChange: (by: Grouping) => void }) {
  return (
    <div role="radiogroup" aria-label={say.timeline.group} className="flex rounded-md bg-sunk p-0.5">
      {GROUPINGS.map((one) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={one === by}
          onClick={() => onChange(one)}
          className="h-7 rounded px-2.5 text-xs font-[540] text-ink-3 transition-colors hover:text-ink aria-checked:bg-lifted aria-checked:text-ink"
        >
          {say.timeline.by[one]}
        </button>
      ))}
    </div>
  )
}

function makeFilm(whole: Overview, story: Story, params: URLSearchParams): Film {
  const all = { from: whole.since, to: whole.until }
  const told = story.span ? aired(story.span) : all
  const film = new Film(aired(all, 0.02), told, stillness)
  const [from, to, at] = ['from', 'to', 't'].map((name) => parseTime(params.get(name) ?? ''))
  const patch: { view?: Span; playhead?: number } = {}
  if (from! < to!) patch.view = { from: from!, to: to! }
  if (Number.isFinite(at)) patch.playhead = at!
  film.set(patch)
  return film
}

/** The address says where we are, once we have come to rest. */
function AddressBar({ change }: { change: (patch: Record<string, string | null>) => void }) {
  const view = useRestedState((state) => state.view, 400, sameSpan)
  const at = useRestedState((state) => (state.playing ? null : state.playhead), 400, Object.is)
  const story = useFilmState((state) => state.story)
  useEffect(() => {
    const home = sameSpan(view, story)
    change({
      from: home ? null : isoTime(Math.floor(view.from)),
      to: home ? null : isoTime(Math.ceil(view.to)),
      t: at === null ? null : isoTime(at),
    })
  }, [view, at, story, change])
  return null
}
