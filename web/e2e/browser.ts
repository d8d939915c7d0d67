/** A browser on the real gateway; what a page must never do is noticed on every one of them. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const need = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run it by pytest tests/web`)
  return value
}
/** Of the first owner of this file's own organisation. */
export const firstLink = () => need('IRCOPILOT_FIRST_LINK')
export const evidenceFolder = () => need('IRCOPILOT_EVIDENCE')
export const origin = () => new URL(firstLink()).origin

export interface Watched {
  page: Page
  /** Breaches: scripts refused by the policy, uncaught errors, calls that leave the origin. */
  breaches: string[]
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.IRCOPILOT_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'],
  })
}

export async function openPage(context: BrowserContext): Promise<Watched> {
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const breaches: string[] = []
  page.on('pageerror', (error) => breaches.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Minified React error/.test(message.text())) breaches.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (!['data:', 'blob:', 'chrome-extension:', 'chrome:'].includes(url.protocol) && url.origin !== origin()) {
      breaches.push(`left the origin: ${request.url()}`)
    }
  })
  return { page, breaches }
}

interface Violation {
  id: string
  impact: string | null
  nodes: { target: unknown; failureSummary?: string }[]
}

/** No serious finding of axe on the page as it stands, in both themes. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  for (const theme of ['dark', 'light']) {
    await page.evaluate((chosen) => {
      document.documentElement.dataset.theme = chosen
    }, theme)
    // By the debugger, as an extension would: the page's policy stays as it is.
    await page.evaluate(axe)
    await page.evaluate(() =>
      Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))
        .then(() => null)
        .catch(() => null),
    )
    const found = await page.evaluate(async () => {
      const run = (window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }).axe
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
      return (await run.run({ runOnly: { type: 'tag', values: tags } })).violations
    })
    const grave = found.filter((one) => one.impact === 'serious' || one.impact === 'critical')
    const told = grave.map(
      (one) =>
        `${one.id}: ${one.nodes
          .slice(0, 4)
          .map((node) => `${JSON.stringify(node.target)} ${node.failureSummary ?? ''}`)
          .join(' | ')}`,
    )
    expect(told, `${name}, ${theme}`).toEqual([])
  }
  await page.evaluate(() => {
    document.documentElement.dataset.theme = 'dark'
  })
}

/** A picture for whoever looks at the run, where a folder is named for them. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.IRCOPILOT_SCREENS
  if (!folder) return
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}/${name}.png` })
}

/** Every page of an incident and of the whole, by name. */
export const everyPage = (incident: string): [name: string, path: string][] => [
  ['incidents', '/'],
  ...['timeline', 'graph', 'attack', 'evidence', 'actions', 'report', 'export'].map((tab): [string, string] => [
    tab,
    `/incidents/${encodeURIComponent(incident)}/${tab}`,
  ]),
  ...['', '/factors', '/keys', '/organisation', '/members', '/roles', '/sign-on', '/service-accounts', '/audit'].map(
    (part): [string, string] => [`settings${part}`, `/settings${part}`],
  ),
]

/** Until the page has drawn what it asked for. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('[role=status] .sweep'))
  await page.waitForTimeout(250)
  await page.waitForFunction(() => {
    const moving = document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity)
    return !document.querySelector('[role=status] .sweep') && moving.every((one) => one.playState !== 'running')
  })
}

/** What is cut off at the right, where nothing scrolls and no ellipsis says so. */
export async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const cut = (one: Element) => {
      const { overflowX, textOverflow, display } = getComputedStyle(one)
      if (one instanceof SVGElement || one.clientWidth < 8 || textOverflow === 'ellipsis' || display === '-webkit-box')
        return false
      const shut = one === document.documentElement || overflowX === 'hidden' || overflowX === 'clip'
      return shut && one.scrollWidth > one.clientWidth + 1
    }
    const found = [document.documentElement, ...document.querySelectorAll('body *')].filter(cut)
    return found.map((one) => `${one.scrollWidth} in ${one.clientWidth}: ${one.outerHTML.slice(0, 140)}`)
  })
}
