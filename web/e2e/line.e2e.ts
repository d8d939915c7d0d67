/** The line to the gateway breaks, is not there, or is slow: the page says so, loses nothing, and goes on by itself. */
import { execFileSync } from 'node:child_process'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeIncident, ONE_HOST, signInAsOwner, type Caller } from './arrange'
import { openBrowser, openPage, origin, picture } from './browser'

const SHIFT = 0.1 // what a page may jump by and still be called good: web.dev/cls
let browser: Browser
let context: BrowserContext
let caller: Caller
let page: Page
let breaches: string[]
let incident = ''

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  caller = await signInAsOwner(context)
  incident = await makeIncident(caller, 'Sample', { files: ONE_HOST })
  ;({ page, breaches } = await openPage(context))
}, 250_000)
afterAll(() => browser.close())

function gatewayProcess(): number {
  const told = execFileSync(process.env.IRCOPILOT_COMMAND!, ['status', '--data-dir', process.env.IRCOPILOT_DATA_DIR!], {
    env: { ...process.env, COLUMNS: '200' },
    encoding: 'utf8',
  })
  const pid = /^\s*gateway\s+\S+\s+(\d+)/m.exec(told)?.[1]
  if (!pid) throw new Error(told)
  return Number(pid)
}

async function untilItAnswers(): Promise<void> {
  await expect
    .poll(
      () =>
        context.request.get(`${origin()}/readyz`).then(
          (answer) => answer.status(),
          () => 0,
        ),
      {
        timeout: 60_000,
        interval: 100,
      },
    )
    .toBe(200)
}

const rows = (title: string) => page.getByRole('row').filter({ hasText: title })
const sign = (text: RegExp) => page.getByRole('banner').getByRole('status').filter({ hasText: text })

it('the gateway restarts: the page says so, then shows all that happened, once, without a reload', async () => {
  await page.goto(origin())
  await rows('Sample').waitFor()
  await caller.send('/incidents', { title: 'Before the restart' })
  await rows('Before the restart').waitFor()
  await page.evaluate(() => Object.assign(window, { same: true }))
  const pid = gatewayProcess()
  process.kill(pid, 'SIGSTOP')
  process.kill(pid, 'SIGKILL')
  await sign(/Reconnecting/).waitFor()
  await picture(page, 'reconnecting')
  await untilItAnswers()
  await caller.send('/incidents', { title: 'While nobody listened' })
  await rows('While nobody listened').waitFor({ timeout: 60_000 })
  await caller.send('/incidents', { title: 'After it' })
  await rows('After it').waitFor()
  for (const title of ['Sample', 'Before the restart', 'While nobody listened', 'After it']) {
    expect(await rows(title).count(), title).toBe(1)
  }
  await sign(/Reconnecting/).waitFor({ state: 'detached' })
  expect(await page.evaluate(() => 'same' in window)).toBe(true)
})

it('an analysis that goes on while the gateway restarts is seen to its end', async () => {
  const { key } = await caller.send<{ key: string }>('/incidents', { title: 'Under way' })
  await caller.send(`/incidents/${key}/evidence?name=a.log&run=true`, Buffer.from(LINES))
  await page.goto(`${origin()}/incidents/${key}/timeline`)
  await page.locator('main').first().waitFor() // what has not come yet cannot go on by itself
  await page.waitForTimeout(500)
  process.kill(gatewayProcess(), 'SIGKILL')
  await page.getByRole('row').nth(2).waitFor({ timeout: 90_000 })
  await untilItAnswers()
})

it('offline the page says so and keeps what was typed, and sends it once when the line is back', async () => {
  await page.goto(`${origin()}/incidents/${incident}/report`)
  const claims = page.locator('[id^=claim-]')
  await claims.nth(3).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('c')
  const box = page.getByRole('textbox', { name: 'Say something of this sentence' })
  await box.fill('Written on a train')
  await context.setOffline(true)
  await sign(/Offline/).waitFor()
  await box.press('Control+Enter')
  await page.waitForTimeout(500)
  expect(await box.inputValue()).toBe('Written on a train')
  await context.setOffline(false)
  const talk = page.getByRole('region', { name: 'Comments on this sentence' })
  await talk.getByText('Written on a train').first().waitFor()
  await page.reload()
  await claims.nth(3).waitFor()
  const { items } = await caller.get<{ items: { body: string }[] }>(`/incidents/${incident}/comments`)
  expect(items.filter((one) => one.body === 'Written on a train')).toHaveLength(1)
})

it('on a slow line each page first says that it waits, and nothing jumps when it comes', async () => {
  const line = await context.newCDPSession(page)
  await line.send('Network.enable')
  await line.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 300,
    downloadThroughput: 200_000,
    uploadThroughput: 100_000,
  })
  await page.addInitScript(() => {
    const jumps: number[] = Object.assign(window, { jumps: [] as number[] }).jumps
    new PerformanceObserver((list) => {
      for (const one of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!one.hadRecentInput) jumps.push(one.value)
    }).observe({ type: 'layout-shift', buffered: true })
  })
  for (const path of [
    '/',
    `/incidents/${incident}/timeline`,
    `/incidents/${incident}/report`,
    `/incidents/${incident}/actions`,
  ]) {
    await page.goto(origin() + path, { waitUntil: 'commit' })
    await page.locator('[role=status] .sweep').first().waitFor()
    await page.waitForFunction(() => document.querySelector('main') && !document.querySelector('[role=status] .sweep'))
    await page.waitForTimeout(1500)
    const jumped = await page.evaluate(() =>
      (window as unknown as { jumps: number[] }).jumps.reduce((a, b) => a + b, 0),
    )
    expect(jumped, path).toBeLessThan(SHIFT)
  }
  await line.send('Network.disable')
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})

const LINES = Array.from(
  { length: 400 },
  (_, n) =>
    `2026-03-10T08:${String(n % 60).padStart(2, '0')}:01Z web01 sshd[912]: Failed password for root from 203.0.113.9 port 5${n} ssh2\n`,
).join('')
