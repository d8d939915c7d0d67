/** Where the gate objects, in the editor's own counting; and what two people wrote of one sentence. */

export interface Fault {
  reason: string
  value: string
  start?: number | null
  end?: number | null
}

export interface Range {
  from: number
  to: number
  reason: string
}

/** Code points, as the gate counts them, to UTF-16 units, as a browser does. */
export function unitsOf(text: string, points: number): number {
  let units = 0
  let seen = 0
  for (const char of text) {
    if (seen >= points) break
    units += char.length
    seen += 1
  }
  return units
}

/** Ranges to underline in a text of which the gate saw the trimmed form; what would lie outside is left out. */
export function rangesOf(text: string, faults: readonly Fault[]): Range[] {
  const lead = text.length - text.trimStart().length
  const asked = text.trim()
  return faults.flatMap(({ start, end, reason }) => {
    if (start === null || start === undefined) return []
    const from = lead + unitsOf(asked, start)
    const to = lead + unitsOf(asked, end ?? start + 1)
    return to > from && to <= text.length ? [{ from, to, reason }] : []
  })
}

/** A sentence is one line: what is pasted or dropped becomes plain words. */
export const plainSentence = (text: string) => text.replace(/[\s\u00a0]+/g, ' ')

export type Meanwhile = 'nothing' | 'decided' | 'reworded'

/** What happened to a claim while somebody was writing: nothing, a decision that changes no word, or other words. */
export function meanwhile(base: { etag: string; text: string }, now: { etag: string; text: string }): Meanwhile {
  if (base.etag === now.etag) return 'nothing'
  return base.text === now.text ? 'decided' : 'reworded'
}
