/** What the feed told just now, for pages that show more of it than a fresh reading. */

export interface Heard {
  kind: string
  incident: string
  by?: string
  claim?: string | null
  report?: number
  act?: string
}

const listeners = new Set<(heard: Heard) => void>()

export function tellHeard(heard: Heard): void {
  for (const listener of listeners) listener(heard)
}

export function onHeard(listener: (heard: Heard) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
