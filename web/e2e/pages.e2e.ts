import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeIncident, signInAsOwner } from './arrange'
import { everyPage, expectAccessible, openBrowser, openPage, origin, overflow, settled } from './browser'

let browser: Browser
let context: BrowserContext
let page: Page
let breaches: string[]
let incident = ''

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  incident = await makeIncident(await signInAsOwner(context), 'Sample')
  ;({ page, breaches } = await openPage(context))
}, 200_000)
afterAll(() => browser.close())

it('every page is as wide as the window, from a desk to a tablet', async () => {
  const wide: string[] = []
  for (const [name, path] of everyPage(incident)) {
    await page.goto(origin() + path)
    await settled(page)
    for (const [width, height] of [
      [1280, 800],
      [1024, 768],
      [820, 1180],
    ] as const) {
      await page.setViewportSize({ width, height })
      for (const one of await overflow(page)) wide.push(`${name} at ${width}: ${one}`)
    }
  }
  expect(wide).toEqual([])
})

it('no page has a serious finding of axe, dark and light', async () => {
  await page.setViewportSize({ width: 1280, height: 800 })
  for (const [name, path] of everyPage(incident)) {
    await page.goto(origin() + path)
    await settled(page)
    await expectAccessible(page, name)
  }
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})
