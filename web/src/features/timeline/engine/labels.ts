/** Labels that avoid each other: the heaviest first, each where there is room, none where there is not. */

export interface Wish {
  x: number
  y: number
  width: number
  weight: number
  /** Index of the thing that the label belongs to. */
  of: number
}

export interface Label {
  of: number
  x: number
  y: number
  side: 'right' | 'left'
}

interface Box {
  left: number
  right: number
  top: number
  bottom: number
}

const GAP = 6

/** Places of those labels for which there is room. `taken` are boxes that nothing may cover. */
export function placeLabels(
  wishes: readonly Wish[],
  height: number,
  edge: number,
  taken: readonly Box[] = [],
): Label[] {
  const boxes = [...taken]
  const labels: Label[] = []
  const order = [...wishes].sort((a, b) => b.weight - a.weight || a.x - b.x)
  for (const wish of order) {
    for (const side of ['right', 'left'] as const) {
      const left = side === 'right' ? wish.x + 9 : wish.x - 9 - wish.width
      // Room beyond its far end only: at the near one stands its own thing.
      const box = {
        left: side === 'right' ? left : left - GAP,
        right: side === 'right' ? left + wish.width + GAP : left + wish.width,
        top: wish.y - height / 2,
        bottom: wish.y + height / 2,
      }
      if (box.left < 0 || box.right > edge || boxes.some((other) => meets(box, other))) continue
      boxes.push(box)
      labels.push({ of: wish.of, x: left, y: wish.y, side })
      break
    }
  }
  return labels
}

function meets(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
