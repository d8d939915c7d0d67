/** The core flow without a pointer: in, to the incident, to the first act and its record, a claim accepted, a document made. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeIncident, ONE_HOST, person, signInAsOwner } from './arrange'
import { everyPage, openBrowser, openPage, origin, settled } from './browser'

const WHO = person('Grace Hopper')
const MOST_STOPS = 70
let browser: Browser
let page: Page
let breaches: string[]
let incident = ''

beforeAll(async () => {
  browser = await openBrowser()
  const arranged = await browser.newContext()
  incident = await makeIncident(await signInAsOwner(arranged, WHO), 'Sample', { files: ONE_HOST })
  await arranged.close()
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  })
  ;({ page, breaches } = await openPage(context))
}, 250_000)
afterAll(() => browser.close())

const press = async (...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key)
}
const focused = () =>
  page.evaluate(() => {
    const one = document.activeElement
    return one instanceof HTMLElement ? (one.getAttribute('aria-label') ?? one.innerText).trim() : ''
  })

/** Tab until the focus is where it should be. */
async function tabTo(wanted: RegExp): Promise<void> {
  const seen: string[] = []
  for (let i = 0; i < MOST_STOPS; i += 1) {
    await press('Tab')
    seen.push(await focused())
    if (wanted.test(seen[seen.length - 1]!)) return
  }
  throw new Error(`${String(wanted)} is not among the stops: ${seen.join(' | ')}`)
}

/** By the palette, which is at hand everywhere. */
async function goTo(words: string, path: RegExp): Promise<void> {
  await press('Control+k')
  await page.getByRole('combobox').waitFor()
  await page.keyboard.type(words)
  await press('Enter')
  await page.waitForURL(path)
  await settled(page)
}

it('one signs in', async () => {
  await page.goto(`${origin()}/sign-in`)
  const mail = page.getByLabel('E-mail')
  await mail.waitFor()
  for (let i = 0; i < MOST_STOPS && !(await mail.evaluate((one) => one === document.activeElement)); i += 1)
    await press('Tab')
  await page.keyboard.type(WHO.email)
  await press('Tab')
  await page.keyboard.type(WHO.password)
  await press('Enter')
  await page.getByRole('row').filter({ hasText: 'Sample' }).waitFor()
})

it('one goes to the incident, to the first act, and opens its record', async () => {
  await press('j', 'Enter')
  await page.waitForURL(new RegExp(`/incidents/${incident}`))
  await page.getByRole('row').nth(3).waitFor()
  await press('ArrowRight')
  await expect.poll(() => new URL(page.url()).searchParams.has('t'), { timeout: 10_000 }).toBe(true)
  const told = await page.getByRole('slider', { name: 'Playhead' }).getAttribute('aria-valuetext')
  expect(told).toMatch(/2026-03-10 08:4/)
  await press('Enter')
  const drawer = page.getByRole('complementary', { name: 'Evidence' })
  await drawer.getByText(/claims? cites? this/).waitFor()
  await tabTo(/^As understood$/)
  await press('ArrowRight')
  await drawer
    .getByText(/"[A-Za-z_.@]+": /)
    .first()
    .waitFor()
  await press('Escape')
  await drawer.waitFor({ state: 'detached' })
})

it('the table of events is one stop, walked by keys, a row’s values as well', async () => {
  await page.goto(`${origin()}/incidents/${incident}/timeline`)
  const rows = page.getByRole('grid').locator('[data-event]')
  await rows.nth(8).waitFor()
  expect(await page.getByRole('grid').locator('[tabindex="0"]').count()).toBe(1)
  const on = () => page.evaluate(() => document.activeElement?.closest('[data-event]')?.getAttribute('data-event'))
  await press('j')
  const first = await on()
  expect(first).toBeTruthy()
  await press('j', 'ArrowDown')
  await expect.poll(on).not.toBe(first)
  await press('k', 'ArrowUp')
  await expect.poll(on).toBe(first)
  // The last row there is was not even drawn: the focus is on it all the same.
  await press('End')
  await expect.poll(on).not.toBe(first)
  const last = await on()
  await press('Tab')
  expect(await on()).toBeUndefined()
  await press('Shift+Tab')
  expect(await on()).toBe(last)
  expect(await page.evaluate(() => document.activeElement!.getAttribute('role'))).toBe('row')
  await press('ArrowRight', 'ArrowRight', 'ArrowRight', 'Enter')
  await page.getByRole('menuitem', { name: 'Show only this' }).waitFor()
  await press('Escape')
  await press('ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'Enter')
  await page.getByRole('complementary', { name: 'Evidence' }).waitFor()
  await press('Escape')
  await expect.poll(on).toBe(last)
})

it('one accepts a claim', async () => {
  await goTo('report', /\/report$/)
  const claims = page.locator('[id^=claim-]')
  await claims.nth(3).waitFor()
  await press('j', 'j', 'a')
  await claims.nth(1).getByText('Accepted').waitFor()
})

it('one makes a document and sees it', async () => {
  await goTo('export', /\/export$/)
  const formats = page.getByRole('radio')
  await formats.nth(1).waitFor()
  for (let i = 0; i < MOST_STOPS; i += 1) {
    await press('Tab')
    if (await page.evaluate(() => document.activeElement?.matches('input[type=radio], [role=radio]'))) break
  }
  for (let i = 0; i < 12 && !/Make Markdown/.test(await page.locator('main').innerText()); i += 1)
    await press('ArrowDown')
  await tabTo(/^Make Markdown/)
  await press('Enter')
  await page.getByRole('region', { name: 'Preview of report.md' }).waitFor({ timeout: 60_000 })
})

it('on every page the focus is seen wherever it goes, and comes out again', async () => {
  const hidden: string[] = []
  for (const [name, path] of everyPage(incident)) {
    await page.goto(origin() + path)
    await settled(page)
    const stops = new Map<string, number>()
    for (let i = 0; i < 32; i += 1) {
      await press('Tab')
      const stop = await page.evaluate(() => {
        const one = document.activeElement
        if (!(one instanceof HTMLElement || one instanceof SVGElement) || one === document.body) return null
        const box = one.getBoundingClientRect()
        // A field that is dressed by its frame shows the focus there, a thing of the graph its outline; a frame's is its document's.
        const look = [one, one.parentElement!, ...one.querySelectorAll('*')].map((part) => getComputedStyle(part))
        const ring =
          one.tagName === 'IFRAME' ||
          look.some(
            (style) =>
              (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none',
          ) ||
          [...one.querySelectorAll('rect')].some(
            (part) => !/^(none|rgba\(0, 0, 0, 0\))$/.test(getComputedStyle(part).stroke),
          )
        return { seen: ring && box.width > 0 && box.height > 0, what: one.outerHTML.slice(0, 110) }
      })
      if (!stop) break
      if (!stop.seen) hidden.push(`${name}: ${stop.what}`)
      const times = (stops.get(stop.what) ?? 0) + 1
      stops.set(stop.what, times)
    }
    expect(stops.size, `${name} has stops`).toBeGreaterThan(4)
  }
  expect([...new Set(hidden)]).toEqual([])
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})
