import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { evidenceFolder, expectAccessible, firstLink, openBrowser, openPage, origin, picture } from './browser'

const WHO = { name: 'Ada Byron', email: 'ada@example.org', password: 'quiet harbour lanterns' }
let browser: Browser
let context: BrowserContext
let page: Page
let breaches: string[]
let incident = ''

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  ;({ page, breaches } = await openPage(context))
})
afterAll(() => browser.close())

const at = (tab = '') => `${origin()}/incidents/${encodeURIComponent(incident)}${tab}`
const asked = () => new URL(page.url()).searchParams
const until = (check: () => Promise<boolean> | boolean, what: string) =>
  expect.poll(check, { timeout: 60_000, message: what }).toBe(true)

it('the first owner comes in by the link, once', async () => {
  await page.goto(firstLink())
  await page.getByLabel('Your name').fill(WHO.name)
  await page.getByLabel('E-mail').fill(WHO.email)
  await page.getByLabel('Password').fill(WHO.password)
  await expectAccessible(page, 'first owner')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('Nothing to respond to').waitFor()
  await expectAccessible(page, 'empty list')
  const again = await openPage(await browser.newContext())
  await again.page.goto(firstLink())
  await again.page.getByText('This link is used up').waitFor()
  await again.page.context().close()
})

it('a folder of evidence begins an incident, and its analysis is seen as it goes', async () => {
  await page.locator('[data-choose=folder]').setInputFiles(evidenceFolder())
  await page.waitForURL(/\/incidents\/[^/]+$/)
  incident = decodeURIComponent(new URL(page.url()).pathname.split('/')[2]!)
  await page.getByRole('list', { name: 'Storyline' }).waitFor({ timeout: 180_000 })
  await until(
    async () => (await page.getByRole('list', { name: 'Storyline' }).getByRole('button').count()) >= 6,
    'chapters',
  )
})

it('the timeline is walked, zoomed and cited from the keyboard, and its address brings it back', async () => {
  await page.goto(at('/timeline'))
  await page.getByRole('row').nth(5).waitFor()
  await picture(page, 'timeline')
  await expectAccessible(page, 'timeline')
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('ArrowRight')
  await until(() => asked().has('t'), 'the playhead stands in the address')
  await page.keyboard.press('Enter')
  const drawer = page.getByRole('complementary', { name: 'Evidence' })
  await drawer
    .getByText(/claims? cites? this/)
    .first()
    .waitFor()
  await expectAccessible(page, 'evidence')
  await drawer.getByRole('tab', { name: 'Where it lies' }).click()
  await drawer.getByText('Read again from the artifact just now').waitFor()
  await drawer.getByRole('tab', { name: 'As found' }).click()
  await drawer
    .getByText(/"[A-Za-z_.]+": /)
    .first()
    .waitFor()
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  await page.keyboard.press('+')
  await until(() => asked().has('from'), 'the window stands in the address')
  const [from, time] = [asked().get('from'), asked().get('t')]
  const clock = await page.getByRole('slider', { name: 'Playhead' }).getAttribute('aria-valuetext')
  await page.goto(page.url())
  await page.getByRole('row').nth(3).waitFor()
  expect([asked().get('from'), asked().get('t')]).toEqual([from, time])
  expect(await page.getByRole('slider', { name: 'Playhead' }).getAttribute('aria-valuetext')).toBe(clock)
})

it('the pointer scrubs, pans, zooms where it points, and marks a stretch', async () => {
  await page.goto(at('/timeline'))
  const canvas = page.getByTestId('timeline-canvas')
  await page.getByRole('row').nth(3).waitFor()
  const box = (await canvas.boundingBox())!
  const slider = page.getByRole('slider', { name: 'Playhead' })
  const told = () => slider.getAttribute('aria-valuenow').then(Number)
  await page.mouse.move(box.x + 200, box.y + 10)
  await page.mouse.down()
  const first = await told()
  await page.mouse.move(box.x + 700, box.y + 10, { steps: 8 })
  await page.mouse.up()
  expect(await told()).toBeGreaterThan(first)
  await page.mouse.move(box.x + 600, box.y + 80)
  await page.mouse.wheel(0, -400)
  await until(() => asked().has('from'), 'zoomed')
  const wide = () => Date.parse(asked().get('to')!) - Date.parse(asked().get('from')!)
  const before = wide()
  await page.keyboard.down('Shift')
  await page.mouse.down()
  await page.mouse.move(box.x + 800, box.y + 90, { steps: 5 })
  await page.mouse.up()
  await page.keyboard.up('Shift')
  await until(() => wide() < before * 0.5, 'the marked stretch fills the view')
})

it('a search narrows everything, completes names, and points at what is wrong', async () => {
  await page.goto(at('/timeline'))
  await page.getByRole('row').nth(3).waitFor()
  await page.keyboard.press('/')
  const box = page.getByRole('combobox', { name: 'Search events' })
  await box.pressSequentially('hos')
  await page
    .getByRole('option', { name: /^host:/ })
    .first()
    .click()
  await box.pressSequentially('fin-ws07 AND (')
  await page
    .getByRole('alert')
    .getByText(/at character/)
    .waitFor()
  await box.fill('host:fin-ws07 AND kind:log')
  await box.press('Enter')
  await until(() => asked().get('q') === 'host:fin-ws07 AND kind:log', 'the search stands in the address')
  await until(async () => {
    const hosts = await page.getByRole('row').locator('[role=cell]:nth-child(3)').allInnerTexts()
    return hosts.length > 3 && hosts.every((host) => host === 'FIN-WS07')
  }, 'only events of that host')
})

it('a claim is accepted, and one that the records do not bear out is not taken', async () => {
  await page.goto(at('/report'))
  const claims = page.locator('[id^=claim-]')
  await claims.nth(3).waitFor()
  await expectAccessible(page, 'report')
  await page.keyboard.press('j')
  await page.keyboard.press('a')
  await claims.first().getByText('Accepted').waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('e')
  const editor = page.getByRole('textbox', { name: 'Edit' })
  await editor.fill(
    'msedge.exe on FIN-WS07 downloaded evil-elsewhere.exe from http://nowhere.example/evil-elsewhere.exe.',
  )
  await page.locator('article .text-act-high').first().waitFor()
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await page.keyboard.press('Escape')
  await picture(page, 'report')
})

it('a sentence is talked about beside it, and what was said is text and nothing else', async () => {
  await page.goto(at('/report'))
  const claims = page.locator('[id^=claim-]')
  await claims.nth(3).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('c')
  const box = page.getByRole('textbox', { name: 'Say something of this sentence' })
  await box.pressSequentially('<b>Sure?</b> @ad')
  await page.getByRole('option', { name: /Ada Byron/ }).waitFor()
  await box.press('Enter')
  await until(async () => (await box.inputValue()) === `<b>Sure?</b> @${WHO.email} `, 'the mention is written')
  await box.press('Control+Enter')
  const talk = page.getByRole('region', { name: 'Comments on this sentence' })
  await talk.getByText('<b>Sure?</b> @Ada Byron').waitFor()
  await expectAccessible(page, 'comments')
  await talk.getByRole('textbox', { name: 'Answer' }).fill('The alert says so.')
  await talk.getByRole('textbox', { name: 'Answer' }).press('Control+Enter')
  await talk.getByText('The alert says so.').waitFor()
  await talk.getByRole('textbox', { name: 'Answer' }).press('Escape')
  await talk.waitFor({ state: 'detached' })
  await page.reload()
  await claims.first().getByRole('button', { name: '2 comments' }).click()
  await picture(page, 'comments')
  await talk.getByRole('button', { name: 'Resolve' }).click()
  await talk.getByRole('button', { name: '1 resolved thread' }).click()
  await talk.getByRole('button', { name: 'Reopen' }).waitFor()
})

it('evidence is hashed anew, and its custody says so', async () => {
  await page.goto(at('/evidence'))
  await page.getByRole('button', { name: /fin-ws07/ }).click()
  await page.getByRole('button', { name: 'Verify now' }).click()
  await page.getByText('Hashed just now').waitFor()
  await page.getByRole('tab', { name: 'Bytes' }).click()
  await page.getByText('00000000', { exact: true }).waitFor()
  await page.getByRole('tab', { name: 'Custody' }).click()
  await page.getByText(/verif/i).nth(1).waitFor()
  await expectAccessible(page, 'evidence wall')
})

it('actions are taken up and moved', async () => {
  await page.goto(at('/actions'))
  await page.getByRole('button', { name: 'Take up what the report suggests' }).click()
  const card = page.getByRole('listitem').filter({ hasText: 'Isolate FIN-WS07' })
  await card.hover()
  await card.getByRole('button', { name: /^Move/ }).click()
  await page.getByRole('menuitem', { name: 'In progress' }).click()
  const column = page.getByRole('list', { name: 'Containment, In progress' })
  await column.getByText('Isolate FIN-WS07').waitFor()
  await page.reload()
  await column.getByText('Isolate FIN-WS07').waitFor()
  await expectAccessible(page, 'actions')
})

it('a playbook is looked into and applied, once', async () => {
  await page.goto(at('/actions'))
  await page.getByRole('button', { name: 'Playbooks' }).click()
  const shelf = page.getByRole('complementary', { name: 'Playbooks' })
  await shelf.getByRole('button', { name: /^Credential theft/ }).click()
  const step = 'List the accounts whose credentials were exposed'
  await shelf.getByText(step).waitFor()
  await expectAccessible(page, 'playbook')
  await shelf.getByRole('button', { name: 'Apply' }).click()
  const card = page.getByRole('list', { name: 'Analysis, Open' }).getByRole('listitem').filter({ hasText: step })
  await card.getByText('due in').waitFor()
  await shelf.getByText('Applied by Ada Byron').waitFor()
  await shelf.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('nothing was added').waitFor()
  expect(await card.count()).toBe(1)
  await picture(page, 'playbook')
})

it('the incident says its own severity, which is changed above it', async () => {
  await page.getByRole('button', { name: /^Severity/ }).click()
  await page.getByRole('menuitemradio', { name: 'Critical' }).click()
  await page.getByRole('button', { name: 'Severity: Critical' }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Severity: Critical' }).waitFor()
})

it('the graph is walked by keys, tells what a thing did, and opens the record', async () => {
  await page.goto(at('/graph'))
  const graph = page.getByRole('group', { name: /^Graph of the incident/ })
  await graph.getByRole('button').nth(10).waitFor()
  await picture(page, 'graph')
  await expectAccessible(page, 'graph')
  await graph.locator('[tabindex="0"]').focus()
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-thing') ?? '')
  const first = await focused()
  await page.keyboard.press('ArrowRight')
  expect(await focused()).not.toBe(first)
  await page.keyboard.press('Enter')
  await until(() => asked().has('thing'), 'the thing stands in the address')
  await page.getByRole('region', { name: 'What it did' }).waitFor()
  await expectAccessible(page, 'thing')
  await page
    .getByRole('button', { name: /[0-9] records?/ })
    .first()
    .click()
  await page.getByRole('complementary', { name: 'Evidence' }).getByRole('tab', { name: 'As found' }).waitFor()
  await page.getByRole('button', { name: 'Attacker', exact: true }).click()
  await until(() => !(asked().get('roles') ?? 'attacker').includes('attacker'), 'the role is left out')
  await page.goto(at('/graph?view=processes'))
  await page.getByRole('list', { name: 'Processes' }).getByText('whoami.exe', { exact: true }).first().waitFor()
  await expectAccessible(page, 'processes')
})

it('a document is made with a marking and without a host, and can be known again', async () => {
  await page.goto(at('/export'))
  await page.getByText('Markdown', { exact: true }).click()
  await page.getByText('AMBER', { exact: true }).click()
  await page.getByRole('textbox', { name: 'Leave out' }).fill('fin-ws07')
  await page.getByRole('button', { name: /^FIN-WS07.* host/i }).click()
  await expectAccessible(page, 'export')
  await page.getByRole('button', { name: 'Make Markdown' }).click()
  const shown = page.getByRole('region', { name: 'Preview of report.md' })
  await shown.getByText('REDACTED-1').waitFor({ timeout: 60_000 })
  expect(await shown.innerText()).not.toMatch(/FIN-WS07/i)
  await page.getByRole('tab', { name: /^Handed out/ }).click()
  await page.getByText('TLP:AMBER · 1 value left out', { exact: false }).waitFor()
  await picture(page, 'export')
  await expectAccessible(page, 'handed out')
  await page.getByRole('tab', { name: 'Of the analysis' }).click()
  await page.getByText('Report, PDF/A').waitFor()
  // An export is a run: the analysis is still the one that is shown.
  await page.goto(at('/timeline'))
  await page.getByRole('row').nth(3).waitFor()
})

it('techniques, settings and the list stand, and everything is found by the palette', async () => {
  await page.goto(at('/attack'))
  await page.getByRole('button', { name: /LSASS Memory/ }).click()
  await page.getByRole('complementary', { name: 'Evidence' }).waitFor()
  await expectAccessible(page, 'attack')
  await page.goto(`${origin()}/settings`)
  await page.getByText('this one').waitFor()
  await expectAccessible(page, 'settings')
  await page.goto(origin())
  await page.getByRole('row').nth(1).waitFor()
  await expectAccessible(page, 'list')
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Go to an incident').fill(incident)
  await page.getByRole('option').filter({ hasText: incident }).waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(at())
})

it('whoever signs out sees nothing more, and comes back to where they wanted to go', async () => {
  await page.getByRole('button', { name: 'Account AB', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/sign-in$/)
  await expectAccessible(page, 'sign-in')
  await page.goto(at('/report'))
  await page.waitForURL(/\/sign-in\?to=/)
  await page.getByLabel('E-mail').fill(WHO.email)
  await page.getByLabel('Password').fill('not the one')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').first().waitFor()
  await page.getByLabel('Password').fill(WHO.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(at('/report'))
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})
