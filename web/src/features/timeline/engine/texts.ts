/** Widths of texts, measured once by font: a frame asks for the same ones as the frame before. */

type Pen = CanvasRenderingContext2D
const MOST = 4000
const widths = new Map<string, number>()
const cuts = new Map<string, string>()

function kept<T>(store: Map<string, T>, key: string, make: () => T): T {
  const found = store.get(key)
  if (found !== undefined) return found
  if (store.size >= MOST) store.clear()
  const made = make()
  store.set(key, made)
  return made
}

export const widthOfText = (pen: Pen, text: string): number =>
  kept(widths, `${pen.font}|${text}`, () => pen.measureText(text).width)

/** The text cut to a width, with an ellipsis. */
export function clipped(pen: Pen, text: string, width: number): string {
  return kept(cuts, `${pen.font}|${width}|${text}`, () => {
    if (pen.measureText(text).width <= width) return text
    let [low, high] = [0, text.length]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (pen.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle
      else high = middle - 1
    }
    return `${text.slice(0, low).trimEnd()}…`
  })
}

/** A font has come that was not there: what was measured was another's. */
export function forgetTexts(): void {
  widths.clear()
  cuts.clear()
}
