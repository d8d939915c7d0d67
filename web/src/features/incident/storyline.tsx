'use client'
import { Presentation } from 'lucide-react'
import { memo, useEffect, useRef } from 'react'
import { ClaimSign, Sign, type Standing } from '@/components/glyphs'
import { Button } from '@/components/ui/button'
import { Hint } from '@/components/ui/hint'
import { useFilm, useFilmState } from '@/features/timeline/context'
import { aired } from '@/features/timeline/engine/scale'
import { useZone } from '@/lib/preferences'
import { say } from '@/lib/strings'
import { clockText } from '@/lib/time'
import type { Story } from './story'

const STANDINGS: Standing[] = ['verified', 'inferred', 'unknown', 'rejected']

/** The incident in a line: its chapters as they are reached, and how much of it is proven. */
export const Storyline = memo(function Storyline({ story, onShow }: { story: Story; onShow: () => void }) {
  const film = useFilm()
  const [zone] = useZone()
  // The chapter, not the time: a film that runs draws this again at its chapters only.
  const reached = useFilmState(({ playhead }) =>
    playhead === null ? null : story.chapters.findLastIndex((chapter) => chapter.time <= playhead),
  )
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    const row = list.current
    const current = row?.children[reached ?? -1] as HTMLElement | undefined
    // Where there is no room for all chapters, the one that is on is among those that are seen.
    if (row && current && row.scrollWidth > row.clientWidth) row.scrollLeft = current.offsetLeft - row.clientWidth / 2
  }, [reached])
  return (
    <div className="flex items-stretch gap-4 px-3 pt-3 pb-2">
      <ol
        ref={list}
        aria-label={say.incident.storyline}
        className="flex min-w-0 flex-1 [scrollbar-width:none] overflow-x-auto"
      >
        {story.chapters.map((chapter, i) => {
          const past = reached === null || i <= reached
          return (
            <li key={chapter.name} className="flex min-w-22 flex-1">
              <button
                type="button"
                aria-current={i === reached ? 'step' : undefined}
                onClick={() => {
                  const { view } = film.get()
                  film.seek(chapter.time)
                  if (chapter.time < view.from || chapter.time > view.to) {
                    film.glideTo(aired({ from: chapter.time, to: Math.max(chapter.until, chapter.time + 60_000) }, 0.3))
                  }
                }}
                className="group relative flex min-w-0 flex-1 flex-col rounded-md py-1 pr-3 text-left"
              >
                <span className="mb-1.5 flex items-center">
                  <Sign
                    glyph={chapter.name === 'response' ? 'ours' : 'act'}
                    severity="high"
                    className={`size-3 transition-opacity duration-200 ${past ? '' : 'opacity-30'} ${i === reached ? 'scale-125' : ''}`}
                  />
                  {i < story.chapters.length - 1 && (
                    <span
                      className={`ml-1.5 h-px flex-1 transition-colors ${past && i < (reached ?? -1) ? 'bg-ink-3' : 'bg-line'}`}
                    />
                  )}
                </span>
                <span
                  className={`truncate text-[13px] leading-4 font-[560] group-hover:text-ink ${past ? 'text-ink' : 'text-ink-3'}`}
                >
                  {say.incident.chapters[chapter.name]}
                </span>
                <span className="truncate text-2xs text-ink-3 tabular-nums">{clockText(chapter.time, zone)}</span>
              </button>
            </li>
          )
        })}
      </ol>
      {story.entries.length > 0 && (
        <Hint text={say.show.about} keys="s">
          <Button size="s" className="mt-0.5" onClick={onShow}>
            <Presentation size={14} /> {say.show.open}
          </Button>
        </Hint>
      )}
      <ul className="flex shrink-0 items-center gap-3 self-start pt-1 @max-3xl:hidden">
        {STANDINGS.filter((one) => story.standing[one] > 0).map((one) => (
          <li key={one}>
            <Hint text={say.incident.claims[one]}>
              <span
                tabIndex={0}
                className="flex items-center gap-1.5 text-[13px] text-ink-2 tabular-nums"
                aria-label={`${say.incident.claims[one]} ${story.standing[one]}`}
                role="img"
              >
                <ClaimSign standing={one} className="size-3" />
                {story.standing[one]}
              </span>
            </Hint>
          </li>
        ))}
      </ul>
    </div>
  )
})
