'use client'
import { ChevronFirst, ChevronLast, Maximize2, Pause, Play, ZoomIn, ZoomOut } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { memo } from 'react'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { menuItem, menuLook } from '@/components/ui/menu'
import { useStillness, useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText, dayText, spanText, zoneName } from '@/lib/time'
import { useFilm, useFilmState } from './context'
import type { Mark } from './engine/marks'
import { SPEEDS } from './engine/playback'
import { aired, sameSpan, widthOf, zoomed } from './engine/scale'
import { OverviewStrip } from './overview'
import type { Overview } from './source'

/** The film's controls: step, play, speed, the clock, the whole incident in a strip, zoom. */
export const Transport = memo(function Transport({ overview, marks }: { overview: Overview; marks: Mark[] }) {
  const film = useFilm()
  const still = useStillness()
  const playing = useFilmState((state) => state.playing)
  const speed = useFilmState((state) => state.speed)
  const middle = () => film.get().playhead ?? (film.get().view.from + film.get().view.to) / 2
  return (
    <div className="flex h-13 items-center gap-2 px-3">
      <div className="flex items-center gap-0.5">
        <Hint text={say.timeline.previous} keys="ArrowLeft">
          <Button kind="bare" size="icon" aria-label={say.timeline.previous} onClick={() => film.step(-1)}>
            <ChevronFirst size={16} />
          </Button>
        </Hint>
        <Hint text={still ? say.timeline.next : playing ? say.timeline.pause : say.timeline.play} keys="Space">
          <Button
            kind="main"
            size="icon"
            className="size-8 rounded-full"
            aria-label={playing ? say.timeline.pause : say.timeline.play}
            onClick={() => film.toggle()}
          >
            {playing ? (
              <Pause size={15} fill="currentColor" />
            ) : (
              <Play size={15} fill="currentColor" className="ml-0.5" />
            )}
          </Button>
        </Hint>
        <Hint text={say.timeline.next} keys="ArrowRight">
          <Button kind="bare" size="icon" aria-label={say.timeline.next} onClick={() => film.step(1)}>
            <ChevronLast size={16} />
          </Button>
        </Hint>
      </div>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger asChild>
          <Button kind="bare" size="s" aria-label={`${say.timeline.speed} ×${speed}`} className="w-14 tabular-nums">
            ×{speed}
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content side="top" className={menuLook} style={{ minWidth: 96 }}>
            <DropdownMenu.RadioGroup
              value={String(speed)}
              onValueChange={(value) => film.set({ speed: Number(value) })}
            >
              {SPEEDS.map((one) => (
                <DropdownMenu.RadioItem key={one} value={String(one)} className={`${menuItem} tabular-nums`}>
                  ×{one}
                </DropdownMenu.RadioItem>
              ))}
            </DropdownMenu.RadioGroup>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <Clock />
      <OverviewStrip overview={overview} marks={marks} />
      <Zoomed />
      <div className="flex items-center gap-0.5">
        <Hint text={say.timeline.zoomOut} keys="-">
          <Button
            kind="bare"
            size="icon"
            aria-label={say.timeline.zoomOut}
            onClick={() => film.glideTo(zoomed(film.get().view, 2, middle()))}
          >
            <ZoomOut size={15} />
          </Button>
        </Hint>
        <Hint text={say.timeline.zoomIn} keys="+">
          <Button
            kind="bare"
            size="icon"
            aria-label={say.timeline.zoomIn}
            onClick={() => film.glideTo(zoomed(film.get().view, 0.5, middle()))}
          >
            <ZoomIn size={15} />
          </Button>
        </Hint>
        <Hint text={say.timeline.fitStory} keys="0">
          <Button
            kind="bare"
            size="icon"
            aria-label={say.timeline.fitStory}
            onClick={() => film.glideTo(aired(film.get().story))}
          >
            <Maximize2 size={14} />
          </Button>
        </Hint>
      </div>
    </div>
  )
})

/** Where the playhead stands, to the millisecond; the zone beside it. Of a size of its own: it changes at each frame. */
function Clock() {
  const [zone] = useZone()
  const at = useFilmState((state) => state.playhead)
  const from = useFilmState((state) => state.view.from)
  return (
    <div className="flex h-9 w-44 shrink-0 flex-col items-start justify-center pl-1 leading-none tabular-nums contain-strict">
      <span className={`text-[17px] font-[580] tracking-[-0.01em] ${at === null ? 'text-ink-3' : 'text-ink'}`}>
        {at === null ? say.timeline.unset : clockText(at, zone, true)}
      </span>
      <span className="mt-1 text-2xs text-ink-3">
        {dayText(at ?? from, zone)} {zoneName(zone, at ?? from)}
      </span>
    </div>
  )
}

function Zoomed() {
  const view = useFilmState((state) => state.view, sameSpan)
  return (
    <span className="block h-4 w-20 shrink-0 text-right text-xs text-ink-3 tabular-nums contain-strict">
      {spanText(widthOf(view))}
    </span>
  )
}
