/** One deed on many incidents: some at once, each for itself, and those that failed are told with their reason. */

export interface Failed<T> {
  item: T
  error: unknown
}

/** Do it for each, `abreast` at a time. What fails does not stop the others. */
export async function inTurns<T>(
  items: readonly T[],
  abreast: number,
  act: (item: T) => Promise<unknown>,
  onStep: (done: number) => void,
): Promise<Failed<T>[]> {
  const failed: Failed<T>[] = []
  let [next, done] = [0, 0]
  const worker = async () => {
    while (next < items.length) {
      const item = items[next]!
      next += 1
      try {
        await act(item)
      } catch (error) {
        failed.push({ item, error })
      }
      done += 1
      onStep(done)
    }
  }
  await Promise.all(Array.from({ length: Math.min(abreast, items.length) }, worker))
  return failed
}

/** Selected ids after a click on `id`: with shift, all between it and the last one clicked are as it becomes. */
export function clicked(
  selected: ReadonlySet<string>,
  order: readonly string[],
  id: string,
  last: string | null,
  shift: boolean,
): Set<string> {
  const next = new Set(selected)
  const on = !selected.has(id)
  const [from, to] = [order.indexOf(last ?? ''), order.indexOf(id)]
  const range = shift && from >= 0 && to >= 0 ? order.slice(Math.min(from, to), Math.max(from, to) + 1) : [id]
  for (const one of range) {
    if (on) next.add(one)
    else next.delete(one)
  }
  return next
}

/** Tags of `a, b; c`, each once. */
export const tagsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,;]/)
      .map((one) => one.trim())
      .filter(Boolean),
  ),
]
