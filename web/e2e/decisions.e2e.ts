import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { comeIn, person, signInAsOwner, type Caller } from './arrange'
import { expectAccessible, openBrowser, openPage, origin, picture } from './browser'

const GUEST = person('Cy Ford')
let browser: Browser
let context: BrowserContext
let caller: Caller
let page: Page
let guest: Page
const breaches: string[][] = []

const dialog = () => page.getByRole('dialog')
const decide = async (what: string) => {
  await page.getByRole('button', { name: 'Close, merge, hold, who may know' }).click()
  await page.getByRole('menuitem', { name: what, exact: true }).click()
}

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  caller = await signInAsOwner(context)
  for (const n of [1, 2, 3]) await caller.send('/incidents', { key: `D-${n}`, title: `Decided ${n}` })
  const watched = await openPage(context)
  page = watched.page
  const theirs = await openPage(await browser.newContext({ reducedMotion: 'reduce' }))
  guest = theirs.page
  breaches.push(watched.breaches, theirs.breaches)
  await comeIn(caller, guest, GUEST, 'analyst')
  await guest.getByText('Decided 1').waitFor()
})
afterAll(() => browser.close())

it('an incident is closed with a reason above it, and opened again', async () => {
  await page.goto(`${origin()}/incidents/D-1/evidence`)
  await decide('Close')
  await dialog().getByLabel('Reason').selectOption('Accepted risk')
  await dialog().getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByText('Accepted risk').waitFor()
  await decide('Open again')
  await dialog().getByLabel('Phase').selectOption('Recovery')
  await dialog().getByRole('button', { name: 'Open again' }).click()
  await page.getByRole('button', { name: 'Phase: Recovery' }).waitFor()
})

it('whom a restricted incident is not open to, finds none; whoever is named does', async () => {
  await page.goto(`${origin()}/incidents/D-2/evidence`)
  await decide('Who may know of it')
  await dialog().getByRole('switch', { name: 'Restricted' }).click()
  await expectAccessible(page, 'who may know')
  await picture(page, 'restriction')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().waitFor({ state: 'detached' })
  await guest.goto(`${origin()}/incidents/D-2`)
  await guest.getByText('There is no such incident').waitFor()
  await decide('Who may know of it')
  await dialog().getByRole('combobox', { name: 'Let somebody know of it' }).selectOption(`${GUEST.name}, Analyst`)
  await dialog()
    .getByRole('button', { name: `Take it away from ${GUEST.name}` })
    .waitFor()
  // Somebody else changes the incident while this stands open: nothing is overwritten.
  const { version } = await caller.get<{ version: number }>('/incidents/D-2')
  await caller.send('/incidents/D-2', { summary: 'x' }, 'PATCH', { 'If-Match': `"v${version}"` })
  await dialog().getByRole('button', { name: 'Save' }).click()
  await page.getByText('nothing was overwritten').waitFor()
  await dialog().getByRole('combobox', { name: 'Let somebody know of it' }).selectOption(`${GUEST.name}, Analyst`)
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().waitFor({ state: 'detached' })
  await guest.reload()
  await guest.getByRole('heading', { name: /Decided 2/ }).waitFor()
})

it('an incident is held and kept, which is only ever extended', async () => {
  await page.goto(`${origin()}/incidents/D-1/evidence`)
  await decide('Hold and keep')
  await dialog().getByRole('switch', { name: 'Legal hold' }).click()
  await dialog().getByLabel('Kept until the end of').fill('2033-01-01')
  await expectAccessible(page, 'hold')
  await picture(page, 'hold')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().waitFor({ state: 'detached' })
  await page.getByRole('banner').getByText('Legal hold').waitFor()
  await decide('Hold and keep')
  await dialog().getByLabel('Kept until the end of').fill('2032-12-31')
  await dialog().getByText('that can only be extended').waitFor()
  expect(await dialog().getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await dialog().getByLabel('Kept until the end of').fill('2034-06-30')
  await dialog().getByRole('switch', { name: 'Legal hold' }).click()
  await dialog().getByRole('button', { name: 'Save' }).click()
  await page.getByRole('banner').getByText('Kept until 2034-06-30').waitFor()
  const kept = await caller.get<{ legal_hold: boolean; retain_until: string }>('/incidents/D-1')
  expect([kept.legal_hold, kept.retain_until]).toEqual([false, '2034-06-30T23:59:59Z'])
})

it('an incident is merged into another, and points to it', async () => {
  await page.goto(`${origin()}/incidents/D-3/evidence`)
  await decide('Merge into another')
  const target = dialog().getByLabel('Which goes on')
  await target.selectOption({ label: await target.locator('option', { hasText: 'D-1' }).innerText() })
  await expectAccessible(page, 'merge')
  await dialog().getByRole('button', { name: 'Merge into another' }).click()
  await page.getByRole('heading', { name: /Decided 1/ }).waitFor()
  await page.goto(`${origin()}/incidents/D-3/evidence`)
  await page.getByRole('button', { name: 'Goes on as D-1' }).click()
  await page.waitForURL(/D-1/)
  await guest.goto(`${origin()}/incidents/D-1/evidence`)
  await guest.getByRole('heading', { name: /Decided 1/ }).waitFor()
  expect(await guest.getByRole('button', { name: 'Close, merge, hold, who may know' }).count()).toBe(0)
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches.flat()).toEqual([])
})
