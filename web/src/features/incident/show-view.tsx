'use client'
import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, Expand, Pause, Play, Shrink, X } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { Sign } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { graphQuery } from '@/features/graph/queries'
import { useFilm } from '@/features/timeline/context'
import { OURS } from '@/features/timeline/engine/lanes'
import { plainLine } from '@/lib/evidence'
import { useStillness, useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, dayText, spanText, zoneName } from '@/lib/time'
import type { Report } from './report'
import { beatAt, beatsOf, chapterFrom, holdOf, type Beat } from './show'
import { litGraph } from './step'
import { StepGraph } from './step-graph'
import { useWidth } from './step-panel'
import type { Story } from './story'

interface Props {
  incident: string
  report: Report
  story: Story
  onClose: () => void
}

/** The incident as one would show it to a board: a chapter list, one sentence at a time, the graph growing with it. */
export function Show({ incident, report, story, onClose }: Props) {
  const film = useFilm()
  const still = useStillness()
  const beats = useMemo(() => beatsOf(story), [story])
  const [at, setAt] = useState(() => Math.max(0, beatAt(beats, film.get().playhead)))
  const [playing, setPlaying] = useState(!still)
  const beat = beats[at]
  const last = at >= beats.length - 1
  useEffect(() => {
    if (beat) film.seek(beat.entries[beat.entries.length - 1]!.time)
  }, [film, beat])
  useEffect(() => {
    if (!playing || !beat) return
    const timer = setTimeout(() => (last ? setPlaying(false) : setAt(at + 1)), holdOf(beat))
    return () => clearTimeout(timer)
  }, [playing, beat, at, last])
  const to = (next: number) => setAt(Math.max(0, Math.min(beats.length - 1, next)))
  const toggle = () => {
    // Where motion is not wanted nothing runs by itself: each press is the next sentence.
    if (still) return to(last ? 0 : at + 1)
    if (last && !playing) setAt(0)
    setPlaying(!playing)
  }
  const onKey = (event: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowRight: () => to(at + 1),
      ArrowLeft: () => to(at - 1),
      PageDown: () => to(chapterFrom(beats, at, 1)),
      PageUp: () => to(chapterFrom(beats, at, -1)),
      Home: () => to(0),
      End: () => to(beats.length - 1),
      f: toggleFull,
    }
    const onControl = event.target instanceof HTMLButtonElement && (event.key === ' ' || event.key === 'Enter')
    const move = event.key === ' ' && !onControl ? toggle : moves[event.key]
    if (!move) return
    event.preventDefault()
    move()
  }
  if (!beat) return null
  return (
    <Dialog.Root
      open
      onOpenChange={(open) => {
        if (open) return
        if (document.fullscreenElement) void document.exitFullscreen()
        onClose()
      }}
    >
      <Dialog.Portal>
        <Dialog.Content
          onKeyDown={onKey}
          onOpenAutoFocus={(event) => {
            // The keys are the whole show's; no single button of it is to begin with.
            event.preventDefault()
            ;(event.currentTarget as HTMLElement).focus()
          }}
          tabIndex={-1}
          aria-describedby={undefined}
          className="fixed inset-0 z-50 flex flex-col bg-surface outline-none"
        >
          <div className="flex min-h-0 flex-1">
            <Chapters beats={beats} at={at} onBeat={to} />
            <main className="flex min-w-0 flex-1 flex-col px-[4vw] pt-[5vh]">
              <Dialog.Title className="text-[13px] text-ink-3">
                {plainLine(report.incident.title || incident, 120)}
              </Dialog.Title>
              <Caption key={beat.id} beat={beat} report={report} />
              <Growing incident={incident} beat={beat} />
            </main>
          </div>
          <Controls beats={beats} at={at} playing={playing} still={still} onBeat={to} onToggle={toggle} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function toggleFull(): void {
  if (document.fullscreenElement) void document.exitFullscreen()
  else void document.documentElement.requestFullscreen?.().catch(() => undefined)
}

function Chapters({ beats, at, onBeat }: { beats: Beat[]; at: number; onBeat: (at: number) => void }) {
  const [zone] = useZone()
  const now = beats[at]!.chapter
  const opening = beats.flatMap((beat, i) => (beat.opens ? [i] : []))
  return (
    <nav
      aria-label={say.show.chapters}
      className="flex w-60 shrink-0 flex-col justify-center gap-1 overflow-y-auto pl-8 max-lg:w-44 max-lg:pl-4"
    >
      <ol>
        {opening.map((i, n) => {
          const beat = beats[i]!
          const current = beat.chapter === now
          const past = i <= at
          return (
            <li key={beat.id}>
              <button
                type="button"
                aria-current={current ? 'step' : undefined}
                onClick={() => onBeat(i)}
                className={`group flex w-full items-baseline gap-3 rounded-lg px-2 py-1.5 text-left transition-colors hover:text-ink ${current ? 'text-ink' : past ? 'text-ink-2' : 'text-ink-3'}`}
              >
                <span className={`w-5 text-right text-xs tabular-nums ${current ? 'text-act-high' : ''}`}>{n + 1}</span>
                <span>
                  <span className={`block leading-5 ${current ? 'text-lg font-[640]' : 'text-[15px] font-[520]'}`}>
                    {say.incident.chapters[beat.chapter]}
                  </span>
                  <span className="text-2xs text-ink-3 tabular-nums">{clockText(beat.time, zone)}</span>
                </span>
              </button>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

const LONG = 64 // letters: beyond, a sentence is set smaller, so that the graph keeps its room

/** One sentence, as large as the room needs it, with when and where. */
function Caption({ beat, report }: { beat: Beat; report: Report }) {
  const [zone] = useZone()
  const entry = beat.entries[0]!
  const more = beat.entries.length - 1
  const until = beat.entries[beat.entries.length - 1]!.time
  const shown = new Set(beat.entries.flatMap((one) => one.entry.techniques))
  const techniques = report.techniques.filter((one) => shown.has(one.id)).slice(0, 3)
  const glyph = entry.lanes.host === OURS ? 'ours' : entry.entry.kind === 'comm' ? 'said' : 'act'
  return (
    <div className="mt-[2vh] flex min-h-[34vh] rise flex-col" aria-live="polite">
      <p className="flex items-center gap-3 text-[clamp(15px,1.5vw,22px)] text-ink-2 tabular-nums">
        <Sign glyph={glyph} severity={entry.severity} className="size-5" />
        <span className="font-[600] text-ink">{clockText(beat.time, zone)}</span>
        {until > beat.time && <span>– {clockText(until, zone)}</span>}
        <span className="text-ink-3">
          {dayText(beat.time, zone)} {zoneName(zone, beat.time)}
        </span>
        {beat.place && <span className="font-mono">{beat.place}</span>}
      </p>
      <p
        className={`mt-[1.5vh] leading-[1.08] ${beat.text.length > LONG ? 'max-w-[38ch] text-[clamp(24px,2.9vw,48px)]' : 'max-w-[26ch] text-[clamp(28px,4.1vw,68px)]'} font-[640] tracking-[-0.025em] text-balance [overflow-wrap:anywhere]`}
      >
        {beat.text}
        {more > 0 && <span className="text-ink-3"> {say.show.more(more)}</span>}
      </p>
      {techniques.length > 0 && (
        <ul className="mt-[2vh] flex flex-wrap gap-x-6 gap-y-1 text-[clamp(13px,1.2vw,18px)] text-ink-2">
          {techniques.map((one) => (
            <li key={one.id}>
              <span className="mr-2 font-mono text-act-medium">{one.id}</span>
              {one.name}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** The graph as far as the story has come: what has been touched stays lit. */
function Growing({ incident, beat }: { incident: string; beat: Beat }) {
  const graph = useQuery(graphQuery(incident)).data
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const last = beat.entries[beat.entries.length - 1]!
  const lit = useMemo(() => (graph ? litGraph(graph.edges, last.time, last) : null), [graph, last])
  return (
    <div ref={box} className="mt-auto pb-[2vh]">
      {graph && width > 0 && <StepGraph graph={graph} lit={lit} width={width} row={width > 900 ? 46 : 36} />}
    </div>
  )
}

interface ControlsProps {
  beats: Beat[]
  at: number
  playing: boolean
  still: boolean
  onBeat: (at: number) => void
  onToggle: () => void
}

function Controls({ beats, at, playing, still, onBeat, onToggle }: ControlsProps) {
  const [full, setFull] = useState(false)
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null)
    document.addEventListener('fullscreenchange', changed)
    return () => document.removeEventListener('fullscreenchange', changed)
  }, [])
  const [first, last] = [beats[0]!, beats[beats.length - 1]!]
  const since = beats[at]!.time - first.time
  return (
    <footer className="flex h-14 shrink-0 items-center gap-2 px-6">
      <Button kind="bare" size="icon" aria-label={say.show.previous} disabled={at === 0} onClick={() => onBeat(at - 1)}>
        <ChevronLeft size={17} />
      </Button>
      <Button
        kind="main"
        size="icon"
        className="size-9 rounded-full"
        aria-label={still ? say.show.next : playing ? say.timeline.pause : say.timeline.play}
        onClick={onToggle}
      >
        {playing && !still ? (
          <Pause size={16} fill="currentColor" />
        ) : (
          <Play size={16} fill="currentColor" className="ml-0.5" />
        )}
      </Button>
      <Button
        kind="bare"
        size="icon"
        aria-label={say.show.next}
        disabled={at === beats.length - 1}
        onClick={() => onBeat(at + 1)}
      >
        <ChevronRight size={17} />
      </Button>
      <Progress beats={beats} at={at} />
      <span className="w-40 text-right text-xs text-ink-3 tabular-nums">
        {spanText(since)} / {spanText(last.time - first.time)}
      </span>
      <Button kind="bare" size="icon" aria-label={full ? say.show.leaveFull : say.show.full} onClick={toggleFull}>
        {full ? <Shrink size={15} /> : <Expand size={15} />}
      </Button>
      <Dialog.Close asChild>
        <Button kind="bare" size="icon" aria-label={say.show.leave}>
          <X size={16} />
        </Button>
      </Dialog.Close>
    </footer>
  )
}

/** How far the show is, chapter by chapter: as wide as there is to tell, not as long as it took. */
function Progress({ beats, at }: { beats: Beat[]; at: number }) {
  return (
    <div
      className="mx-3 flex h-1.5 min-w-0 flex-1 gap-1"
      role="progressbar"
      aria-label={say.show.title}
      aria-valuemin={1}
      aria-valuemax={beats.length}
      aria-valuenow={at + 1}
    >
      {beats.map((beat, i) => (
        <span
          key={beat.id}
          className={`h-full flex-1 rounded-full transition-colors duration-200 ${i === at ? 'bg-accent' : i < at ? 'bg-ink-3' : 'bg-line'} ${beat.opens && i > 0 ? 'ml-1.5' : ''}`}
        />
      ))}
    </div>
  )
}
