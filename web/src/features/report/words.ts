/** What differs between two sentences, word by word. */

export interface Piece {
  text: string
  how: 'same' | 'added' | 'removed'
}

// Longer sentences than this differ as a whole: the table below grows with the product.
const MOST = 600

/** The pieces of both, in reading order: what fell away stands before what came instead. */
export function wordDiff(before: string, after: string): Piece[] {
  const [a, b] = [wordsOf(before), wordsOf(after)]
  if (a.length > MOST || b.length > MOST) {
    return [
      { text: before, how: 'removed' },
      { text: after, how: 'added' },
    ]
  }
  const common = lengths(a, b)
  const pieces: Piece[] = []
  const put = (text: string, how: Piece['how']) => {
    const last = pieces.at(-1)
    if (last?.how === how) last.text += text
    else pieces.push({ text, how })
  }
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i] === b[j]) {
      put(a[i]!, 'same')
      i += 1
      j += 1
    } else if (i < a.length && (j === b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      put(a[i]!, 'removed')
      i += 1
    } else {
      put(b[j]!, 'added')
      j += 1
    }
  }
  return pieces
}

/** Words with the space after them. */
const wordsOf = (text: string) => text.match(/\S+\s*|\s+/g) ?? []

/** How many words the rest of one has in common with the rest of the other, from each place on. */
function lengths(a: string[], b: string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!)
    }
  }
  return table
}
