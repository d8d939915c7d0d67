'use client'
/** Who else looks at an incident now: said by each page that is open, heard over the feed, kept nowhere. */
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { api } from './api/client'
import { useMe } from './api/session'
import { useLine } from './live'
import { bareName } from './names'

export interface Place {
  page: string
  /** The sentence that is being written, and in which version of the report. */
  report?: number | null
  claim?: string | null
}

export interface Person {
  id: string
  name: string
  at: Place[]
}

// Twice within the time after which the gateway forgets.
const AGAIN_MS = 20_000
const NOBODY: readonly Person[] = []
const present = new Map<string, readonly Person[]>()
const watchers = new Set<() => void>()
const told = () => {
  for (const watcher of watchers) watcher()
}

/** As the feed tells it of one incident. */
export function hearPresence(incident: string, people: readonly Person[]): void {
  if (people.length) present.set(incident, people)
  else present.delete(incident)
  told()
}

/** After the line was broken nobody knows who is there, until it tells anew. */
export function forgetPresence(): void {
  present.clear()
  told()
}

/** The others on an incident; nobody while the line is broken. */
export function useOthersHere(incident: string): readonly Person[] {
  const me = useMe().data?.member_id
  const line = useLine()
  const all = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => present.get(incident) ?? NOBODY,
    () => NOBODY,
  )
  return useMemo(() => (line === 'up' ? all.filter((one) => one.id !== me) : NOBODY), [all, me, line])
}

/** Who writes which sentence of that version, by the sentence's id. */
export function writersOf(people: readonly Person[], report: number): ReadonlyMap<string, string> {
  const writers = new Map<string, string>()
  for (const { name, at } of people)
    for (const place of at) if (place.claim && place.report === report) writers.set(place.claim, bareName(name))
  return writers
}

/** This page that is open, for as long as it is. */
const visit = () => (mine ??= crypto.randomUUID().replaceAll('-', '').slice(0, 16))
let mine: string | undefined
let here: { incident: string; place: Place } | null = null

function enter(): void {
  if (!here || document.visibilityState !== 'visible') return
  const params = { path: { key: here.incident, visit_id: visit() } }
  // Nobody waits for it, and what went wrong is over with the next time.
  void api.PUT('/v1/incidents/{key}/presence/{visit_id}', { params, body: here.place }).catch(() => null)
}

function leave(): void {
  if (!here) return
  const params = { path: { key: here.incident, visit_id: visit() } }
  // It has to get out although the page is going.
  void api.DELETE('/v1/incidents/{key}/presence/{visit_id}', { params, keepalive: true }).catch(() => null)
}

/** Be seen on this page of the incident while it is in sight; null: nowhere. */
export function useSeenAt(incident: string | null, page: string): void {
  // Nothing can be said before the session has told its token.
  const known = useMe().data !== undefined
  useEffect(() => {
    if (!incident || !known) return
    here = { incident, place: { page } }
    enter()
    const timer = setInterval(enter, AGAIN_MS)
    const turned = () => (document.visibilityState === 'visible' ? enter() : leave())
    document.addEventListener('visibilitychange', turned)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', turned)
    }
  }, [incident, page, known])
  useEffect(
    () => () => {
      leave()
      here = null
    },
    [incident],
  )
}

/** Be seen writing a sentence of a version, for as long as this is used. */
export function useSeenWriting(report: number, claim: string | null): void {
  useEffect(() => {
    if (!claim || !here) return
    const { incident, place } = here
    here = { incident, place: { page: place.page, report, claim } }
    enter()
    return () => {
      if (here?.place.claim !== claim) return
      here = { incident, place: { page: place.page } }
      enter()
    }
  }, [report, claim])
}
