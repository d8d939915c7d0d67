'use client'
/** Keys: each part of a page says which it knows; `?` lists them all. */
import { useEffect, useSyncExternalStore } from 'react'

export interface Shortcut {
  /** As `event.key` says it, with `mod+` for Ctrl or ⌘ and `shift+`; a sequence is written `g d`. */
  keys: string
  about: string
  group: string
  run: () => void
}

const known = new Map<symbol, Shortcut[]>()
const listeners = new Set<() => void>()
let all: Shortcut[] = []
const none: Shortcut[] = []
let pending: { key: string; at: number } | null = null

function changed(): void {
  all = [...known.values()].flat()
  for (const listener of listeners) listener()
}

export function useShortcuts(shortcuts: Shortcut[], active = true): void {
  useEffect(() => {
    if (!active) return
    const id = Symbol('shortcuts')
    known.set(id, shortcuts)
    changed()
    return () => {
      known.delete(id)
      changed()
    }
  }, [shortcuts, active])
}

export function useKnownShortcuts(): Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => all,
    () => none,
  )
}

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Whether a focused control would take the key for itself: a button is pressed, but has no use for an arrow. */
const taken = (target: EventTarget | null, key: string) =>
  target instanceof HTMLElement &&
  (((key === 'Enter' || key === ' ') && target.closest('button, a') !== null) ||
    ((key === 'Enter' || key === ' ' || key.startsWith('Arrow')) &&
      target.closest('[role="menu"], [role="listbox"], [role="tablist"], [role="radiogroup"]') !== null))

export function nameOfKey(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>): string {
  const mod = event.ctrlKey || event.metaKey ? 'mod+' : ''
  const shift = event.shiftKey && event.key.length > 1 ? 'shift+' : ''
  return `${mod}${event.altKey ? 'alt+' : ''}${shift}${event.key === ' ' ? 'Space' : event.key}`
}

/** One listener for the page: the latest part that knows the key has it. */
export function listenForShortcuts(): () => void {
  const heard = (event: KeyboardEvent) => {
    const key = nameOfKey(event)
    if (event.defaultPrevented || (typing(event.target) && !key.startsWith('mod+'))) return
    if (
      taken(event.target, event.key) ||
      document.querySelector('[role="dialog"][data-state="open"]:not([data-drawer])')
    )
      return
    const sequence = pending && performance.now() - pending.at < 900 ? `${pending.key} ${key}` : null
    const find = (keys: string) => all.findLast((shortcut) => shortcut.keys.split(' / ').includes(keys))
    const found = (sequence && find(sequence)) || find(key)
    pending = /^[a-z]$/.test(key) ? { key, at: performance.now() } : null
    if (found) {
      event.preventDefault()
      found.run()
    }
  }
  window.addEventListener('keydown', heard)
  return () => window.removeEventListener('keydown', heard)
}
