'use client'
import { useQuery } from '@tanstack/react-query'
import { ArrowUpRight, X } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { graphQuery } from '@/features/graph/queries'
import { useFilmState } from '@/features/timeline/context'
import { plainLine } from '@/lib/evidence'
import { useZone } from '@/lib/preferences'
import { incidentPath, useGo } from '@/lib/route'
import { say } from '@/lib/strings'
import { clockText, isoTime, zoneName } from '@/lib/time'
import type { Report } from './report'
import { litGraph, litTechniques, momentAt, techniqueTimes, timesOfStory } from './step'
import { StepGraph } from './step-graph'
import { StepMatrix } from './step-matrix'
import type { Story } from './story'

interface Props {
  incident: string
  report: Report
  story: Story
  onClose: () => void
}

/** Beside the film: who did it to what, and with which technique, as far as the playhead has come. */
export function StepPanel({ incident, report, story, onClose }: Props) {
  const times = useMemo(() => timesOfStory(story), [story])
  // The act, not the time: a film that runs draws this again at its acts only.
  const moment = useFilmState((state) => momentAt(story, times, state.playhead).moment)
  const entry = story.entries[moment - 1] ?? null
  const at = moment < 0 ? null : (entry?.time ?? (times[0] ?? 0) - 1)
  const known = useMemo(() => techniqueTimes(report, story), [report, story])
  const graph = useQuery(graphQuery(incident)).data
  // What is lit changes from act to act, not from frame to frame.
  const until = at === null ? null : (entry?.time ?? (times[0] ?? 0) - 1)
  const techniques = useMemo(
    () => (until === null ? null : litTechniques(known, until, entry)),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the moment says when anything changes
    [known, moment],
  )
  const things = useMemo(
    () => (until === null || !graph ? null : litGraph(graph.edges, until, entry)),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the moment says when anything changes
    [graph, moment],
  )
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  return (
    <aside
      aria-label={say.step.title}
      className="flex w-[340px] shrink-0 slide-in flex-col gap-5 overflow-y-auto bg-raised px-4 pb-6 max-[1100px]:absolute max-[1100px]:inset-y-0 max-[1100px]:right-0 max-[1100px]:z-40 max-[1100px]:shadow-2xl"
      tabIndex={0}
    >
      <header className="sticky top-0 z-10 -mr-2 flex h-11 shrink-0 items-center bg-raised">
        <h2 className="text-[13px] font-[600]">{say.step.title}</h2>
        <Button kind="bare" size="icon" className="ml-auto" aria-label={say.close} onClick={onClose}>
          <X size={15} />
        </Button>
      </header>
      <Now text={entry?.text ?? null} time={entry?.time ?? null} begun={at !== null} />
      <section>
        <Title text={say.incident.tabs.graph} href={incidentPath(incident, 'graph')} at={at} />
        <div ref={box}>{graph && width > 0 && <StepGraph graph={graph} lit={things} width={width} />}</div>
      </section>
      <section>
        <Title text={say.incident.tabs.attack} href={incidentPath(incident, 'attack')} at={at} />
        <StepMatrix techniques={report.techniques} lit={techniques} />
        {entry && (
          <ul className="mt-3 flex flex-col gap-0.5 text-xs text-ink">
            {report.techniques
              .filter((one) => entry.entry.techniques.includes(one.id))
              .map((one) => (
                <li key={one.id} className="flex gap-2">
                  <span className="w-20 shrink-0 font-mono text-act-medium">{one.id}</span> {one.name}
                </li>
              ))}
          </ul>
        )}
      </section>
    </aside>
  )
}

function Now({ text, time, begun }: { text: string | null; time: number | null; begun: boolean }) {
  const [zone] = useZone()
  return (
    <p className="min-h-14 text-[15px] leading-5 text-pretty [overflow-wrap:anywhere]">
      {text === null || time === null ? (
        <span className="text-[13px] text-ink-3">{begun ? say.step.before : say.step.idle}</span>
      ) : (
        <>
          <span className="block text-xs text-ink-3 tabular-nums">
            {clockText(time, zone)} {zoneName(zone, time)}
          </span>
          {plainLine(text, 160)}
        </>
      )}
    </p>
  )
}

function Title({ text, href, at }: { text: ReactNode; href: string; at: number | null }) {
  const go = useGo()
  const to = at === null ? href : `${href}?t=${isoTime(at)}`
  return (
    <h3 className="mb-2">
      <a
        href={to}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          go(to)
        }}
        className="flex items-center gap-1 eyebrow hover:text-ink"
      >
        {text} <ArrowUpRight size={12} aria-hidden />
      </a>
    </h3>
  )
}

export function useWidth(box: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)))
    if (box.current) watch.observe(box.current)
    return () => watch.disconnect()
  }, [box])
  return width
}
