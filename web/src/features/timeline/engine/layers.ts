/** Drawings that are kept: while the playhead alone moves, what stands still is laid down as it is instead of drawn again. */
import type { Label } from './labels'

type Pen = CanvasRenderingContext2D

export class Layer {
  private canvas: HTMLCanvasElement | null = null
  private shows: readonly unknown[] = []
  private made = false

  /**
   * The kept drawing of what `shows` names, as large as the canvas that it goes to. Null the first time: what changes at
   * each frame is drawn straight away and kept by nobody.
   */
  kept(target: HTMLCanvasElement, shows: readonly unknown[], draw: (pen: Pen) => void): HTMLCanvasElement | null {
    const same = shows.length === this.shows.length && shows.every((one, i) => Object.is(one, this.shows[i]))
    if (!same) {
      this.shows = shows
      this.made = false
      return null
    }
    const canvas = (this.canvas ??= document.createElement('canvas'))
    if (!this.made) {
      canvas.width = target.width // which clears it
      canvas.height = target.height
      const pen = canvas.getContext('2d')!
      pen.setTransform(target.getContext('2d')!.getTransform())
      draw(pen)
      this.made = true
    }
    return canvas
  }
}

/** Those of one timeline. */
export class Layers {
  readonly back = new Layer()
  readonly density = new Layer()
  readonly front = new Layer()
  /** The labels that found room on the front. */
  labels: Label[] = []
}

/** Lay a part of a kept drawing down where it was drawn; `from`, `to` and `width` in pixels of the page. */
export function layDown(pen: Pen, drawing: HTMLCanvasElement, width: number, from = 0, to = width): void {
  const ratio = drawing.width / width
  const [left, right] = [Math.round(from * ratio), Math.round(to * ratio)]
  if (right <= left) return
  const height = drawing.height
  pen.drawImage(drawing, left, 0, right - left, height, left / ratio, 0, (right - left) / ratio, height / ratio)
}
