/**
 * Pictures of pages, small, kept beside the tests: a page that looks altogether otherwise is noticed, a changed word is not.
 * `IRCOPILOT_UPDATE_PICTURES=1 pytest tests/web -k pages` takes them anew; look at them before they are committed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'

const FOLDER = fileURLToPath(new URL('./pictures/', import.meta.url))
const ABOUT = `${FOLDER}about.json`
const WIDTH = 360
/** The share of pixels that may differ by more than `STEP` of 255: other ages, keys and counts are less than this. */
export const MOST_OTHER = 0.03
const STEP = 40

export const updating = () => process.env.IRCOPILOT_UPDATE_PICTURES === '1'
const major = (browser: Browser) => Number(browser.version().split('.')[0])

/** Why the pictures cannot be compared here; nothing when they can. */
export function notComparable(browser: Browser): string {
  if (updating()) return ''
  if (!existsSync(ABOUT)) return 'no pictures are kept'
  const { chromium } = JSON.parse(readFileSync(ABOUT, 'utf8')) as { chromium: number }
  return chromium === major(browser) ? '' : `taken with Chromium ${chromium}, this is ${major(browser)}`
}

export function noteBrowser(browser: Browser): void {
  if (!updating()) return
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(ABOUT, `{ "chromium": ${major(browser)} }\n`)
}

/** The window as it stands, downscaled; `desk` is an empty page that does the work. */
export async function small(page: Page, desk: Page): Promise<Buffer> {
  const shot = await page.screenshot({ animations: 'disabled', caret: 'hide' })
  const data = await desk.evaluate(
    async ([source, width]) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob())
      const canvas = new OffscreenCanvas(width, Math.round((image.height / image.width) * width))
      const pen = canvas.getContext('2d')!
      pen.imageSmoothingQuality = 'high'
      pen.drawImage(image, 0, 0, canvas.width, canvas.height)
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    },
    [shot.toString('base64'), WIDTH] as const,
  )
  return Buffer.from(data, 'base64')
}

/** The share of pixels in which two pictures differ; all of them when their sizes do. */
export async function difference(a: Buffer, b: Buffer, desk: Page): Promise<number> {
  return desk.evaluate(
    async ([one, two, step]) => {
      const pixels = async (source: string) => {
        const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob())
        const pen = new OffscreenCanvas(image.width, image.height).getContext('2d')!
        pen.drawImage(image, 0, 0)
        return pen.getImageData(0, 0, image.width, image.height)
      }
      const [x, y] = [await pixels(one), await pixels(two)]
      if (x.width !== y.width || x.height !== y.height) return 1
      let other = 0
      for (let i = 0; i < x.data.length; i += 4) {
        const apart = [0, 1, 2].map((c) => Math.abs(x.data[i + c]! - y.data[i + c]!))
        if (Math.max(...apart) > step) other += 1
      }
      return other / (x.width * x.height)
    },
    [a.toString('base64'), b.toString('base64'), STEP] as const,
  )
}

/** The kept picture of that name; what is taken now is kept instead when that is asked for. */
export function kept(name: string, now: Buffer): Buffer | null {
  const path = `${FOLDER}${name}.png`
  if (updating()) writeFileSync(path, now)
  return existsSync(path) ? readFileSync(path) : null
}
