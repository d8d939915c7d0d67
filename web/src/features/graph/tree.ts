/** Processes of a host as a tree. */
import type { Process } from './queries'

export interface Branch {
  process: Process
  depth: number
}

/** Depth first by start; of the story alone, each with those that led to it. A parent that is not there makes a root. */
export function treeOf(processes: readonly Process[], storyOnly: boolean): Branch[] {
  const byKey = new Map(processes.map((one) => [one.key, one]))
  const kept = storyOnly ? ofStory(processes, byKey) : new Set(byKey.keys())
  const children = new Map<string, Process[]>()
  for (const one of processes) {
    if (!kept.has(one.key)) continue
    const parent = one.parent !== one.key && kept.has(one.parent) ? one.parent : ''
    children.set(parent, [...(children.get(parent) ?? []), one])
  }
  const found: Branch[] = []
  const seen = new Set<string>()
  const stack = [...(children.get('') ?? [])].reverse().map((process) => ({ process, depth: 0 }))
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (seen.has(next.process.key)) continue
    seen.add(next.process.key)
    found.push(next)
    const { depth } = next
    for (const child of [...(children.get(next.process.key) ?? [])].reverse()) {
      stack.push({ process: child, depth: depth + 1 })
    }
  }
  return found
}

export const inStory = (one: Process) => one.acts.length > 0 || one.techniques.length > 0

function ofStory(processes: readonly Process[], byKey: ReadonlyMap<string, Process>): Set<string> {
  const kept = new Set<string>()
  for (const one of processes.filter(inStory)) {
    for (let at: Process | undefined = one; at && !kept.has(at.key); at = byKey.get(at.parent)) kept.add(at.key)
  }
  return kept
}
