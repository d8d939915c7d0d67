'use client'
/** The film of the page, for whatever follows it. */
import { createContext, useCallback, useContext, useRef, useSyncExternalStore } from 'react'
import type { Film, FilmState } from './engine/film'

const FilmContext = createContext<Film | null>(null)
export const FilmProvider = FilmContext.Provider

export function useFilm(): Film {
  const film = useContext(FilmContext)
  if (!film) throw new Error('no film on this page')
  return film
}

/** A part of the film's state; the component is drawn again only when that part changes. */
export function useFilmState<T>(select: (state: FilmState) => T, same: (a: T, b: T) => boolean = Object.is): T {
  const film = useFilm()
  const last = useRef<T | null>(null)
  const read = useCallback(() => {
    const next = select(film.get())
    if (last.current !== null && same(last.current, next)) return last.current
    last.current = next
    return next
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the selectors are constant by what they read
  }, [film])
  return useSyncExternalStore(film.subscribe, read, read)
}
