'use client'
/** What each person chose for this browser: zone, theme. Told to all tabs. */
import { useSyncExternalStore } from 'react'
import type { Zone } from './time'

type Name = 'zone' | 'theme'
const listeners = new Set<() => void>()

function read(name: Name): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

function write(name: Name, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // Storage refused: it holds for this page only, through the listeners' next read.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

export function useZone(): [Zone, (zone: Zone) => void] {
  const zone = useSyncExternalStore<Zone>(
    subscribe,
    () => (read('zone') === 'local' ? 'local' : 'utc'),
    () => 'utc',
  )
  return [zone, (next) => write('zone', next)]
}

export type Theme = 'dark' | 'light'

export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore<Theme>(
    subscribe,
    () => (document.documentElement.dataset.theme === 'light' ? 'light' : 'dark'),
    () => 'dark',
  )
  const choose = (next: Theme) => {
    document.documentElement.dataset.theme = next
    write('theme', next)
  }
  return [theme, choose]
}

/** Whether motion is to be left out. */
export function stillness(): boolean {
  return typeof window !== 'undefined' && window.matchMedia('(prefers-reduced-motion: reduce)').matches
}

export function useStillness(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = window.matchMedia('(prefers-reduced-motion: reduce)')
      query.addEventListener('change', listener)
      return () => query.removeEventListener('change', listener)
    },
    stillness,
    () => false,
  )
}
