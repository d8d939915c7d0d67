import { join } from 'node:path'
import { readdirSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { signInAsOwner, type Caller } from './arrange'
import { evidenceFolder, expectAccessible, openBrowser, openPage, origin, picture } from './browser'

const DAY_MS = 86_400_000
let browser: Browser
let context: BrowserContext
let caller: Caller
let page: Page
let breaches: string[]

const rows = () => page.getByRole('rowgroup').getByRole('row')
const bar = () => page.getByRole('toolbar', { name: 'With what is selected' })
const asked = () => new URL(page.url()).searchParams

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  caller = await signInAsOwner(context)
  const severities = ['critical', 'high', 'high', 'medium', 'low', 'low']
  for (const [i, severity] of severities.entries()) {
    const detected = Date.now() - (i + 2) * DAY_MS
    await caller.send('/incidents', {
      key: `INC-${i + 1}`,
      title: `Incident ${i + 1} <i>`,
      severity,
      tags: i % 2 ? ['it'] : [],
      occurred_at: new Date(detected - DAY_MS).toISOString(),
      detected_at: new Date(detected).toISOString(),
      contained_at: new Date(detected + (i + 1) * 3_600_000).toISOString(),
    })
  }
  ;({ page, breaches } = await openPage(context))
})
afterAll(() => browser.close())

it('figures stand above the list, and narrow it; the address brings the view back', async () => {
  await page.goto(origin())
  await rows().nth(5).waitFor()
  await page.getByText('median, of 6').first().waitFor()
  await picture(page, 'dashboard')
  await page.getByRole('button', { name: /^High\s*2\s*open/ }).click()
  await expect.poll(() => rows().count()).toBe(2)
  expect([asked().get('severity'), asked().get('open')]).toEqual(['high', '1'])
  await page.getByRole('combobox', { name: 'Order' }).selectOption('Key')
  await page.reload()
  await expect.poll(() => rows().count()).toBe(2)
  expect(await rows().first().innerText()).toContain('INC-2')
})

it('a view is saved, gone to, and forgotten', async () => {
  await page.getByRole('button', { name: 'Views: Not saved' }).click()
  await page.getByRole('menuitem', { name: 'Save this view' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('Grave ones')
  await expectAccessible(page, 'saving a view')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Views: Grave ones' }).click()
  await page.getByRole('menuitem', { name: 'All incidents' }).click()
  await expect.poll(() => rows().count()).toBe(6)
  await page.getByRole('button', { name: 'Views: All incidents' }).click()
  await page.getByRole('menuitem', { name: 'Grave ones' }).first().click()
  await expect.poll(() => rows().count()).toBe(2)
  await page.getByRole('button', { name: 'Views: Grave ones' }).click()
  await page.getByRole('button', { name: 'Forget Grave ones' }).click()
  await page.getByRole('menuitem', { name: 'Grave ones' }).waitFor({ state: 'detached' })
  await page.getByRole('menuitem', { name: 'All incidents' }).click()
  await expect.poll(() => rows().count()).toBe(6)
})

it('many are changed at once, from the keyboard; what failed is told and tried again', async () => {
  await page.goto(`${origin()}/?sort=key`)
  await rows().nth(5).waitFor()
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await bar().getByText('2 selected').waitFor()
  await expectAccessible(page, 'selection')
  await picture(page, 'bulk')
  // Somebody else is faster with one of them, and this page has not heard of it yet.
  await context.route('**/v1/feed**', (route) => route.abort())
  await context.route('**/v1/incidents?**', (route) => route.abort())
  const { version } = await caller.get<{ version: number }>('/incidents/INC-2')
  await caller.send('/incidents/INC-2', { summary: 'meanwhile' }, 'PATCH', { 'If-Match': `"v${version}"` })
  await bar().getByRole('button', { name: 'Tags' }).click()
  await page.getByRole('dialog').getByLabel('Add').fill('night, watch')
  await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click()
  const told = page.getByRole('dialog')
  await told.getByText('1 of 2 could not be changed').waitFor()
  await told.getByText('Somebody else has changed it meanwhile').waitFor()
  await expectAccessible(page, 'what failed')
  await context.unroute('**/v1/incidents?**')
  await context.unroute('**/v1/feed**')
  await told.getByRole('button', { name: 'Try these again' }).click()
  await expect
    .poll(async () => (await caller.get<{ tags: string[] }>('/incidents/INC-2')).tags)
    .toEqual(expect.arrayContaining(['it', 'night', 'watch']))
  await page.goto(`${origin()}/?sort=key`)
  await rows().nth(5).waitFor()
  await page.keyboard.press('X')
  await bar().getByText('6 selected').waitFor()
  await page.keyboard.press('Escape')
  await bar().waitFor({ state: 'detached' })
})

it('several are closed with a reason, picked by the pointer', async () => {
  await page.getByRole('checkbox', { name: 'Select INC-4' }).click()
  await page.getByRole('checkbox', { name: 'Select INC-6' }).click({ modifiers: ['Shift'] })
  await bar().getByText('3 selected').waitFor()
  await bar().getByRole('button', { name: 'Close' }).click()
  await page.getByRole('dialog').getByLabel('Reason').selectOption('False positive')
  await page.getByRole('dialog').getByLabel('Note').fill('a drill')
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByText('3 incidents changed').waitFor()
  const closed = await caller.get<{ close_reason: string; close_note: string }>('/incidents/INC-5')
  expect(closed).toMatchObject({ close_reason: 'false-positive', close_note: 'a drill' })
})

it('what others do is seen without asking', async () => {
  await page.goto(`${origin()}/?open=1`)
  await expect.poll(() => rows().count()).toBe(3)
  await caller.send('/incidents', { key: 'INC-9', title: 'Fresh one', severity: 'critical' })
  await page.getByText('Fresh one').waitFor()
  await page.getByRole('button', { name: /^Critical\s*2\s*open/ }).waitFor()
})

it('an upload that a broken line stopped goes on by itself when the line is back', async () => {
  await page.goto(`${origin()}/incidents/INC-9/evidence`)
  await page.getByText('No evidence yet').waitFor()
  const files = readdirSync(evidenceFolder(), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
  const chooser = page.locator('[data-choose=files]')
  await chooser.setInputFiles(files[0]!)
  await page.getByText('1 of 1 files').waitFor()
  await context.setOffline(true)
  await chooser.setInputFiles(files[1]!)
  await page.getByRole('button', { name: 'Try 1 again' }).waitFor()
  await expectAccessible(page, 'broken upload')
  await context.setOffline(false)
  await page.getByText('2 of 2 files').waitFor()
  const evidence = async () => (await caller.get<{ evidence: unknown[] }>('/incidents/INC-9')).evidence.length
  await expect.poll(evidence).toBe(2)
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})
