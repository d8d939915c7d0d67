'use client'
/** The address says where we are in time, and brings back exactly that. */
import { useEffect, useRef } from 'react'
import { useFilm, useFilmState, useRestedState } from '@/features/timeline/context'
import { Film } from '@/features/timeline/engine/film'
import { aired, sameSpan, type Span } from '@/features/timeline/engine/scale'
import type { Overview } from '@/features/timeline/source'
import { stillness } from '@/lib/preferences'
import { isoTime } from '@/lib/time'
import { storyView, whereOf } from './opening'

export function makeFilm(whole: Overview, span: Span | null, params: URLSearchParams): Film {
  const all = { from: whole.since, to: whole.until }
  const film = new Film(aired(all, 0.02), span ? storyView(span) : all, stillness)
  const { view, playhead } = whereOf(params)
  film.set({ ...(view && { view }), ...(playhead !== null && { playhead }) })
  return film
}

const keyOf = (params: URLSearchParams) => ['from', 'to', 't'].map((name) => params.get(name) ?? '').join()

interface Props {
  params: URLSearchParams
  change: (patch: Record<string, string | null>) => void
}

/** Writes the address once we have come to rest, and follows it when it changed elsewhere: a kept view, the way back. */
export function AddressBar({ params, change }: Props) {
  const film = useFilm()
  const view = useRestedState((state) => state.view, 400, sameSpan)
  const at = useRestedState((state) => (state.playing ? null : state.playhead), 400, Object.is)
  const playing = useFilmState((state) => state.playing)
  const story = useFilmState((state) => state.story)
  const written = useRef(keyOf(params))
  const now = keyOf(params)
  useEffect(() => {
    if (now === written.current) return
    written.current = now
    const where = whereOf(new URLSearchParams(window.location.search))
    film.set({ playing: false, playhead: where.playhead })
    film.look(where.view ?? film.get().story)
  }, [film, now])
  useEffect(() => {
    if (playing) return
    const home = sameSpan(view, story)
    const patch = {
      from: home ? null : isoTime(Math.floor(view.from)),
      to: home ? null : isoTime(Math.ceil(view.to)),
      t: at === null ? null : isoTime(at),
    }
    written.current = [patch.from, patch.to, patch.t].map((one) => one ?? '').join()
    change(patch)
  }, [view, at, playing, story, change])
  return null
}
