/** An incident whose every name was written to attack whoever looks at it (tests/web/hostile.py): it stays text. */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeIncident, signInAsOwner, type Caller } from './arrange'
import { everyPage, openBrowser, openPage, origin, overflow, picture, settled } from './browser'

// A page that hangs takes longer; how fast it is on a quiet machine, benchmarks/web_page.py measures.
const LONGEST_MS = 15_000
let browser: Browser
let context: BrowserContext
let caller: Caller
let page: Page
let breaches: string[]
let incident = ''

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true })
  caller = await signInAsOwner(context)
  incident = await makeIncident(caller, '<x-evil onclick=alert(1)>{{7*7}}', { folder: process.env.IRCOPILOT_HOSTILE })
  ;({ page, breaches } = await openPage(context))
  page.on('dialog', (dialog) => {
    breaches.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (message.type() === 'error') breaches.push(`console: ${message.text()}`)
  })
}, 250_000)
afterAll(() => browser.close())

/** Each tab of a panel, which has some, and how long it took to stand. */
async function expectTabsInert(panel: Locator, name: string): Promise<void> {
  await panel.getByRole('tab').nth(1).waitFor()
  for (const tab of await panel.getByRole('tab').all()) {
    const begun = Date.now()
    await tab.click()
    await settled(page)
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)))
    const told = `${name}, ${await tab.innerText()}`
    expect(Date.now() - begun, told).toBeLessThan(LONGEST_MS)
    await expectInert(told)
  }
}

/** Elements, attributes and addresses that only evidence could have brought. */
const planted = () =>
  page.evaluate(() => {
    const found = [
      ...document.querySelectorAll('x-evil, [onerror], [onclick], [onload], base, object, embed, meta[http-equiv]'),
    ]
    const led = [...document.querySelectorAll('[href], [src], [action], [formaction]')].filter((one) =>
      ['href', 'src', 'action', 'formaction'].some((name) =>
        /^\s*(javascript|vbscript|data:text)|evil/i.test(one.getAttribute(name) ?? ''),
      ),
    )
    return [...found, ...led].map((one) => one.outerHTML.slice(0, 200))
  })

/** Characters that turn or hide text are shown by name, never as they are. */
const unseen = () =>
  page.evaluate(() => {
    const spoken = [...document.querySelectorAll('[title], [aria-label], [alt], [placeholder]')].flatMap((one) =>
      ['title', 'aria-label', 'alt', 'placeholder'].map((name) => one.getAttribute(name) ?? ''),
    )
    const text = [document.title, document.body.innerText, ...spoken].join(' | ')
    // eslint-disable-next-line no-control-regex -- these very characters are looked for
    return [...text.matchAll(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u001b\u0007]/g)].map(
      (one) => `U+${one[0].codePointAt(0)!.toString(16)} in ${text.slice(Math.max(0, one.index - 40), one.index + 20)}`,
    )
  })

async function expectInert(name: string): Promise<void> {
  expect(await planted(), name).toEqual([])
  expect((await unseen()).slice(0, 3), name).toEqual([])
  expect(await overflow(page), name).toEqual([])
  expect(breaches, name).toEqual([])
}

it('every page shows the names as they are written, and nothing of them is done', async () => {
  const shown: Record<string, boolean> = {}
  for (const [name, path] of everyPage(incident)) {
    const begun = Date.now()
    await page.goto(origin() + path)
    await settled(page)
    // A page that is busy cannot answer.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)))
    expect(Date.now() - begun, `${name} answers`).toBeLessThan(LONGEST_MS)
    await picture(page, `hostile-${name}`)
    shown[name] = (await page.locator('body').innerText()).includes('<x-evil')
    await expectInert(name)
  }
  expect(Object.entries(shown).filter(([name, yes]) => !yes && !name.startsWith('settings'))).toEqual([])
})

it('records, things, techniques and files open without harm', async () => {
  await page.goto(`${origin()}/incidents/${incident}/timeline?q=${encodeURIComponent('code:1 rundll32')}`)
  await settled(page)
  const rows = page.getByRole('row')
  await rows.nth(2).waitFor()
  await rows.nth(2).getByRole('gridcell').last().click()
  const drawer = page.getByRole('complementary', { name: 'Evidence' })
  await expectTabsInert(drawer, 'record')
  await page.goto(`${origin()}/incidents/${incident}/evidence`)
  await settled(page)
  await page
    .getByRole('button', { name: /many|constructor/ })
    .first()
    .click()
  await expectTabsInert(page.getByRole('complementary').first(), 'artifact')
  await page.goto(`${origin()}/incidents/${incident}/graph`)
  await settled(page)
  await page.locator('[data-thing]').filter({ hasText: 'x-evil' }).first().click()
  await page.getByRole('region', { name: 'What it did' }).waitFor()
  await settled(page)
  await expectInert('a thing of the graph')
  await page.goto(`${origin()}/incidents/${incident}/graph?view=processes`)
  await page.getByRole('list', { name: 'Processes' }).getByRole('button').nth(2).click()
  await settled(page)
  await picture(page, 'hostile-processes')
  await expectInert('a process')
  await page.goto(`${origin()}/incidents/${incident}/attack`)
  await page.getByRole('button', { name: /LSASS Memory/ }).click()
  await settled(page)
  await expectInert('a technique')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Go to an incident').fill('x-evil')
  await page.getByRole('option').first().waitFor()
  await expectInert('the palette')
})

it('a megabyte in one record opens, and the page goes on answering', async () => {
  await page.goto(`${origin()}/incidents/${incident}/timeline?q=${encodeURIComponent('BBBBBBBB*')}`)
  await settled(page)
  const rows = page.getByRole('row')
  await rows.nth(1).waitFor()
  await rows.nth(1).getByRole('gridcell').last().click()
  const drawer = page.getByRole('complementary', { name: 'Evidence' })
  await expectTabsInert(drawer, 'giant')
  await picture(page, 'hostile-giant')
})

async function exported(format: string): Promise<Buffer> {
  const { id } = await caller.send<{ id: string }>(`/incidents/${incident}/exports`, { format })
  for (let state = ''; state !== 'done'; await new Promise((later) => setTimeout(later, 250))) {
    ;({ state } = await caller.get<{ state: string }>(`/incidents/${incident}/exports/${id}`))
    if (state === 'failed') throw new Error(`${format} failed`)
  }
  return await caller.bytes(`/incidents/${incident}/exports/${id}/file`)
}

it('documents for others hold it as text, too', async () => {
  const words = (await exported('markdown')).toString('utf8')
  expect(words).toContain('x-evil')
  // Not in code, not escaped: that would be markup.
  const bare = words.replace(/`[^`\n]*`/g, '').match(/(?<!\\)<(x-evil|script|img)[^\n]{0,40}|(?<!\\)\]\(javascript:/g)
  expect(bare).toBeNull()
  const table = (await exported('csv')).toString('utf8')
  expect(table).toContain('x-evil')
  const formulas = table.split(/\r?\n/).flatMap((line) => line.match(/(^|,)"?[=+@\t-][^\d\s,]/g) ?? [])
  expect(formulas).toEqual([])
  const printed = (await exported('pdf')).toString('latin1')
  expect(printed).toMatch(/^%PDF-/)
  expect(printed.match(/\/(JavaScript|JS|Launch|OpenAction|AA|EmbeddedFile|RichMedia)\b/g)).toBeNull()
  await page.goto(`${origin()}/incidents/${incident}/export`)
  await settled(page)
  for (const tab of await page.getByRole('tab').all()) {
    await tab.click()
    await settled(page)
    await expectInert(`export, ${await tab.innerText()}`)
  }
})
