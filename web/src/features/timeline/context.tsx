'use client'
/** The film of the page, for whatever follows it. */
import {
  createContext,
  startTransition,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
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
  const chosen = useRef(select)
  chosen.current = select
  const read = useCallback(() => {
    const next = chosen.current(film.get())
    if (last.current !== null && same(last.current, next)) return last.current
    last.current = next
    return next
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the selectors are constant by what they read
  }, [film])
  return useSyncExternalStore(film.subscribe, read, read)
}

/**
 * The same once it has not changed for some milliseconds: what follows slowly is not drawn again at each frame, and in pieces,
 * so that a key pressed meanwhile is heard between them.
 */
export function useRestedState<T>(select: (state: FilmState) => T, ms: number, same: (a: T, b: T) => boolean): T {
  const film = useFilm()
  const [rested, setRested] = useState(() => select(film.get()))
  const chosen = useRef({ select, same })
  chosen.current = { select, same }
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let last = chosen.current.select(film.get())
    const heard = () => {
      const next = chosen.current.select(film.get())
      if (chosen.current.same(last, next)) return
      last = next
      clearTimeout(timer)
      timer = setTimeout(() => startTransition(() => setRested(next)), ms)
    }
    setRested(last)
    const leave = film.subscribe(heard)
    return () => {
      clearTimeout(timer)
      leave()
    }
  }, [film, ms])
  return rested
}

/** The same, but no more often than each so many milliseconds: the last change is always told. */
export function usePacedState<T>(select: (state: FilmState) => T, ms: number): T {
  const film = useFilm()
  const [paced, setPaced] = useState(() => select(film.get()))
  const chosen = useRef(select)
  chosen.current = select
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let told = Number.NEGATIVE_INFINITY
    const tell = () => {
      timer = undefined
      told = performance.now()
      startTransition(() => setPaced(chosen.current(film.get())))
    }
    const heard = () => {
      if (timer !== undefined) return
      const wait = told + ms - performance.now()
      if (wait <= 0) tell()
      else timer = setTimeout(tell, wait)
    }
    tell()
    const leave = film.subscribe(heard)
    return () => {
      clearTimeout(timer)
      leave()
    }
  }, [film, ms])
  return paced
}
