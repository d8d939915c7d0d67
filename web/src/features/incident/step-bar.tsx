'use client'
import { ChevronLeft, ChevronRight, Pause, Play, X } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { firstFrom } from '@/features/timeline/engine/marks'
import { plainLine } from '@/lib/evidence'
import { useStillness, useZone } from '@/lib/preferences'
import { useQueryState } from '@/lib/route'
import { say } from '@/lib/strings'
import { clockText, isoTime, parseTime, zoneName } from '@/lib/time'
import { momentAt, timesOfStory } from './step'
import type { Entry, Story } from './story'

const BEAT_MS = 900

export interface Step {
  /** Null: all of the incident is shown. */
  at: number | null
  entry: Entry | null
  moment: number
  acts: number
  to: (moment: number | null) => void
}

/** The playhead of a page without a film: it stands in the address, and goes from act to act. */
export function useStep(story: Story | null): Step {
  const [params, change] = useQueryState()
  const times = useMemo(() => (story ? timesOfStory(story) : []), [story])
  const asked = parseTime(params.get('t') ?? '')
  const at = Number.isFinite(asked) ? asked : null
  const { moment, entry } = momentAt(story ?? { entries: [] }, times, at)
  const to = (next: number | null) => {
    const clamped = next === null ? null : Math.max(1, Math.min(times.length, next))
    change({ t: clamped === null ? null : isoTime(times[clamped - 1]!) })
  }
  // Acts of the same moment come in together: a step goes to the next time, not to the next line.
  const toTime = (next: number | null) => {
    if (next === null) return to(null)
    if (at !== null && next > moment)
      return to(Math.min(times.length, firstFrom(times, (entry?.time ?? at) + 0.001) + 1))
    to(next)
  }
  return { at, entry, moment: Math.max(0, moment), acts: times.length, to: toTime }
}

/** Scrubs the page through the story: a slider over its acts, play, and a way back to all of it. */
export function StepBar({ step, className = '' }: { step: Step; className?: string }) {
  const [zone] = useZone()
  const still = useStillness()
  const [playing, setPlaying] = useState(false)
  const { at, entry, moment, acts, to } = step
  const ended = moment >= acts
  useEffect(() => {
    if (!playing) return
    const timer = setTimeout(() => (ended ? setPlaying(false) : to(moment + 1)), BEAT_MS)
    return () => clearTimeout(timer)
  }, [playing, moment, ended, to])
  if (!acts) return null
  const toggle = () => {
    if (still) return to(ended ? 1 : moment + 1)
    if (ended) to(1)
    setPlaying(!playing)
  }
  const told = entry ? `${clockText(entry.time, zone)} ${zoneName(zone, entry.time)} ${plainLine(entry.text, 120)}` : ''
  return (
    <div className={`flex h-11 shrink-0 items-center gap-2 border-t px-4 ${className}`}>
      <Button kind="bare" size="icon" aria-label={say.timeline.previous} onClick={() => to(moment - 1)}>
        <ChevronLeft size={15} />
      </Button>
      <Hint text={still ? say.timeline.next : playing ? say.timeline.pause : say.timeline.play}>
        <Button
          kind="main"
          size="icon"
          className="rounded-full"
          aria-label={playing ? say.timeline.pause : say.timeline.play}
          onClick={toggle}
        >
          {playing ? (
            <Pause size={13} fill="currentColor" />
          ) : (
            <Play size={13} fill="currentColor" className="ml-0.5" />
          )}
        </Button>
      </Hint>
      <Button kind="bare" size="icon" aria-label={say.timeline.next} onClick={() => to(moment + 1)}>
        <ChevronRight size={15} />
      </Button>
      <input
        type="range"
        min={1}
        max={acts}
        value={at === null ? acts : Math.max(1, moment)}
        aria-label={say.timeline.playhead}
        aria-valuetext={told || say.step.whole}
        onChange={(event) => {
          setPlaying(false)
          to(Number(event.target.value))
        }}
        className="h-1 w-56 cursor-pointer accent-[var(--accent)]"
      />
      <p className="min-w-0 flex-1 truncate text-[13px] text-ink-2" aria-live="off">
        {entry ? (
          <>
            <span className="mr-2 text-xs text-ink-3 tabular-nums">
              {clockText(entry.time, zone)} {zoneName(zone, entry.time)}
            </span>
            {plainLine(entry.text, 160)}
          </>
        ) : (
          <span className="text-ink-3">{say.step.whole}</span>
        )}
      </p>
      {at !== null && (
        <Button kind="bare" size="s" onClick={() => to(null)}>
          <X size={13} /> {say.step.all}
        </Button>
      )}
    </div>
  )
}
