'use client'
import { useMemo } from 'react'
import { useShortcuts, type Shortcut } from '@/lib/shortcuts'
import { say } from '@/lib/strings'
import type { Film } from './engine/film'
import { aired, panned, widthOf, zoomed } from './engine/scale'

const PAN = 0.18

/** The timeline from the keyboard. */
export function useTimelineKeys(film: Film, openAtHead: () => void, close: () => void, show: () => void): void {
  const shortcuts = useMemo<Shortcut[]>(() => {
    const group = say.shortcuts.timeline
    const pan = (share: number) => film.glideTo(panned(film.get().view, widthOf(film.get().view) * share))
    const zoom = (factor: number) => {
      const { view, playhead } = film.get()
      const anchor =
        playhead !== null && playhead > view.from && playhead < view.to ? playhead : (view.from + view.to) / 2
      film.glideTo(zoomed(view, factor, anchor))
    }
    return [
      { keys: 'Space', about: say.timeline.play, group, run: () => film.toggle() },
      { keys: 'ArrowRight / l', about: say.timeline.next, group, run: () => film.step(1) },
      { keys: 'ArrowLeft / h', about: say.timeline.previous, group, run: () => film.step(-1) },
      { keys: 'Enter', about: say.evidence.title, group, run: openAtHead },
      { keys: '+ / =', about: say.timeline.zoomIn, group, run: () => zoom(0.5) },
      { keys: '-', about: say.timeline.zoomOut, group, run: () => zoom(2) },
      { keys: 'shift+ArrowRight', about: say.timeline.panLater, group, run: () => pan(PAN) },
      { keys: 'shift+ArrowLeft', about: say.timeline.panEarlier, group, run: () => pan(-PAN) },
      { keys: '0', about: say.timeline.fitStory, group, run: () => film.glideTo(aired(film.get().story)) },
      { keys: 'a', about: say.timeline.fit, group, run: () => film.glideTo(film.get().whole) },
      {
        keys: '/',
        about: say.timeline.filter,
        group,
        run: () => document.querySelector<HTMLInputElement>('[data-search]')?.focus(),
      },
      {
        keys: 't',
        about: say.jump.label,
        group,
        run: () => document.querySelector<HTMLInputElement>('[data-jump]')?.focus(),
      },
      { keys: 's', about: say.show.about, group, run: show },
      { keys: 'Escape', about: say.close, group, run: close },
    ]
  }, [film, openAtHead, close, show])
  useShortcuts(shortcuts)
}
