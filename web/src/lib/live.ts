'use client'
/** The lines to the gateway (server-sent events): kept up, gone on with where they broke; and whether they hold, for the page. */
import { useSyncExternalStore } from 'react'

export type Line = 'up' | 'again' | 'offline'

const FIRST_MS = 1_000
const MOST_MS = 15_000
// A line that is back at once was never missed.
const NOTICED_MS = 700

const broken = new Set<object>()
const watchers = new Set<() => void>()
const backs = new Set<() => void>()
let shown: Line = 'up'
let notice: ReturnType<typeof setTimeout> | undefined

const state = (): Line => (navigator.onLine ? (broken.size ? 'again' : 'up') : 'offline')

function tellWatchers(): void {
  clearTimeout(notice)
  const show = () => {
    shown = state()
    for (const watcher of watchers) watcher()
  }
  if (state() === 'again' && shown === 'up') notice = setTimeout(show, NOTICED_MS)
  else show()
}

function mark(line: object, isBroken: boolean): void {
  if (isBroken === broken.has(line)) return
  if (isBroken) broken.add(line)
  else broken.delete(line)
  tellWatchers()
}

/** Told whenever a line has come back: what was heard meanwhile, nobody knows. */
export function onBack(listener: () => void): () => void {
  backs.add(listener)
  return () => backs.delete(listener)
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher)
  window.addEventListener('online', tellWatchers)
  window.addEventListener('offline', tellWatchers)
  return () => {
    watchers.delete(watcher)
    if (watchers.size) return
    window.removeEventListener('online', tellWatchers)
    window.removeEventListener('offline', tellWatchers)
  }
}

export const useLine = (): Line =>
  useSyncExternalStore<Line>(
    subscribe,
    () => shown,
    () => 'up',
  )

/** Hear events of these kinds until the returned function is called; each is heard once, whatever breaks in between. */
export function listen(
  url: string,
  kinds: readonly string[],
  heard: (event: MessageEvent<string>) => void,
): () => void {
  const line = {}
  let source: EventSource
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = ''
  let wait = FIRST_MS
  const open = () => {
    source = new EventSource(last ? `${url.split('?')[0]!}?after=${encodeURIComponent(last)}` : url)
    source.onopen = () => {
      wait = FIRST_MS
      if (!broken.has(line)) return
      mark(line, false)
      for (const back of backs) back()
    }
    source.onerror = () => {
      mark(line, true)
      // The browser itself tries again where nobody answered; where the answer was a refusal it does not.
      if (source.readyState !== EventSource.CLOSED) return
      timer = setTimeout(open, wait)
      wait = Math.min(MOST_MS, wait * 2)
    }
    for (const kind of kinds) {
      source.addEventListener(kind, (event: MessageEvent<string>) => {
        last = event.lastEventId || last
        heard(event)
      })
    }
  }
  open()
  return () => {
    clearTimeout(timer)
    source.close()
    mark(line, false)
  }
}
