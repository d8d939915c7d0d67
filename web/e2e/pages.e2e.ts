/** Every page as it stands: as wide as the window from a desk to a tablet, without a serious finding of axe, as it looked before. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeIncident, signInAsOwner } from './arrange'
import { everyPage, expectAccessible, openBrowser, openPage, origin, overflow, picture, settled } from './browser'
import { difference, kept, MOST_OTHER, noteBrowser, notComparable, small } from './pictures'

const DESK = { width: 1440, height: 900 }
const TABLET = { width: 1024, height: 768 }
const WINDOWS = [DESK, { width: 1280, height: 800 }, TABLET, { width: 820, height: 1180 }]
let browser: Browser
let context: BrowserContext
let page: Page
let desk: Page
let breaches: string[]
let pages: [name: string, path: string][]

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce', colorScheme: 'dark' })
  pages = [...everyPage(await makeIncident(await signInAsOwner(context), 'Sample')), ['sign-in', '/sign-in']]
  desk = await (await browser.newContext()).newPage()
  ;({ page, breaches } = await openPage(context))
  noteBrowser(browser)
}, 250_000)
afterAll(() => browser.close())

const dress = (theme: string) =>
  page.evaluate((chosen) => {
    document.documentElement.dataset.theme = chosen
  }, theme)

async function open(path: string): Promise<void> {
  if (path === '/sign-in') await context.clearCookies()
  await page.setViewportSize(DESK)
  await page.goto(origin() + path)
  if (path === '/sign-in') await page.getByLabel('Password').waitFor()
  else await settled(page)
}

const taken = new Map<string, Buffer>()

async function take(name: string, width: number): Promise<void> {
  for (const theme of width === DESK.width ? ['light', 'dark'] : ['dark']) {
    await dress(theme)
    await page.waitForTimeout(80)
    taken.set(`${name}-${width}-${theme}`, await small(page, desk))
  }
}

it('every page fits its window and can be read by all', async () => {
  const wide: string[] = []
  for (const [name, path] of pages) {
    await open(path)
    for (const window of WINDOWS) {
      await page.setViewportSize(window)
      await page.waitForTimeout(120)
      for (const one of await overflow(page)) wide.push(`${name} at ${window.width}: ${one}`)
      await picture(page, `${name}-${window.width}`)
      // Of the settings one for all: they are made alike. The document in the export's preview comes when it likes.
      if (!name.includes('/') && name !== 'export' && (window === DESK || window === TABLET))
        await take(name, window.width)
    }
    await page.setViewportSize(DESK)
    await expectAccessible(page, name)
  }
  expect(wide).toEqual([])
})

it('every page looks as it did', async (test) => {
  const reason = notComparable(browser)
  if (reason) test.skip(`pictures are not compared: ${reason}`)
  const others: string[] = []
  for (const [title, now] of taken) {
    const before = kept(title, now)
    const other = before ? await difference(before, now, desk) : 1
    if (other > MOST_OTHER) others.push(`${title}: ${Math.round(other * 100)} % looks otherwise`)
  }
  expect(others).toEqual([])
  // What cannot tell a page from another would find nothing.
  const dark = [...taken].filter(([title]) => title.endsWith('1440-dark'))
  const [, first] = dark.find(([title]) => title.startsWith('timeline'))!
  for (const [title, one] of dark)
    if (one !== first) expect(await difference(first, one, desk), title).toBeGreaterThan(MOST_OTHER)
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})
