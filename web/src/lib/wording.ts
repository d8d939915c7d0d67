/** Which parts of a sentence are values and which are words: as the PDF sets them (`export/wording.py`). */

export interface Run {
  text: string
  value: boolean
}

const VALUE =
  /[\\/@_<>`*|[\]#$%=&~^{}]|[\p{L}\p{N}_]\.[\p{L}\p{N}_]{2}|(?<![\p{L}\p{N}_])\.[\p{L}\p{N}_]{2}|^--[\p{L}\p{N}_]|::|[A-Z0-9]{16}|\p{Nd}\.\p{Nd}+\.\p{Nd}|[0-9A-Fa-f]{7}/u
const EITHER = /^[A-Z][a-z]+\/[A-Z][a-z]+$/
const QUOTED = /("[^"]+"|“[^”]+”|`[^`]+`)/
const OUTER = /^([([{“"'‘]*)(.*?)([)\]}”"'’,;:.!?…]*)$/su

/** The sentence in runs, every character of it: what stands in quotes that hold a value is one value. */
export function runsOf(text: string): Run[] {
  const runs = text.split(QUOTED).flatMap((part, i): Run[] => {
    if (i % 2 === 0) return wordRuns(part)
    const inner = part.slice(1, -1)
    const valued = part.startsWith('“') || inner.split(/\s+/).some((word) => VALUE.test(word))
    if (!valued) return [{ text: part, value: false }]
    return [
      { text: part[0]!, value: false },
      { text: inner, value: true },
      { text: part.at(-1)!, value: false },
    ]
  })
  return joined(runs.filter((run) => run.text))
}

function wordRuns(text: string): Run[] {
  return text.split(/(\s+)/).flatMap((word): Run[] => {
    const [, before = '', core = '', after = ''] = OUTER.exec(word) ?? []
    if (!core || !VALUE.test(core) || EITHER.test(core)) return [{ text: word, value: false }]
    return [
      { text: before, value: false },
      { text: core, value: true },
      { text: after, value: false },
    ]
  })
}

/** Neighbours of one kind are one run. */
function joined(runs: readonly Run[]): Run[] {
  const found: Run[] = []
  for (const run of runs) {
    const last = found.at(-1)
    if (last && last.value === run.value) last.text += run.text
    else found.push({ ...run })
  }
  return found
}
