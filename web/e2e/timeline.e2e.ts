import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeIncident, signInAsOwner } from './arrange'
import { expectAccessible, openBrowser, openPage, origin, picture } from './browser'

let browser: Browser
let context: BrowserContext
let page: Page
let breaches: string[]
let incident = ''

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  incident = await makeIncident(await signInAsOwner(context), 'Sample')
  ;({ page, breaches } = await openPage(context))
}, 200_000)
afterAll(() => browser.close())

const at = (rest = '/timeline') => `${origin()}/incidents/${encodeURIComponent(incident)}${rest}`
const asked = () => new URL(page.url()).searchParams
const until = (check: () => Promise<boolean> | boolean, what: string) =>
  expect.poll(check, { timeout: 30_000, message: what }).toBe(true)
const drawer = () => page.getByRole('complementary', { name: 'Evidence' })
const lane = (name: string) => page.getByRole('list', { name: 'Lanes by' }).getByText(name, { exact: true })

it('an event is pinned, tagged and noted, stands on the axis, and is found by its marks', async () => {
  await page.goto(at())
  await page.getByRole('row').nth(5).waitFor()
  for (const name of ['Rules', 'Rare', 'Chat', 'Our actions']) await lane(name).waitFor()
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await drawer().getByRole('button', { name: 'Pin', exact: true }).waitFor()
  await page.keyboard.press('p')
  await drawer().getByRole('button', { name: 'Pinned' }).waitFor()
  await lane('Marked').waitFor()
  await drawer().getByRole('button', { name: 'Tag', exact: true }).click()
  await drawer().getByLabel('Add a tag').first().fill('no:tag')
  await page.keyboard.press('Enter')
  await drawer().getByRole('alert').getByText('A tag is one word').waitFor()
  await drawer().getByLabel('Add a tag').first().fill('First run')
  await page.keyboard.press('Enter')
  await drawer().getByText('#first-run').waitFor()
  await drawer().getByRole('button', { name: 'Note', exact: true }).click()
  await drawer().getByRole('textbox', { name: 'Write a note' }).fill('<b>Here</b> it begins.')
  await page.keyboard.press('Control+Enter')
  await drawer().getByText('<b>Here</b> it begins.').waitFor()
  await expectAccessible(page, 'marks')
  await picture(page, 'marks')
  await page.getByRole('button', { name: /^Marked/ }).click()
  await page.getByRole('menuitem', { name: '#first-run (1)' }).click()
  await until(async () => (await page.getByRole('row').count()) === 2, 'the one event')
  expect(asked().get('q')).toBe('tag:"first-run"')
  await page.getByRole('row').nth(1).getByRole('button', { name: 'Unpin' }).click()
  await drawer().getByRole('button', { name: 'Pin', exact: true }).waitFor()
})

it('a record is talked about where it is shown, settled and taken up again', async () => {
  await page.keyboard.press('c')
  const talk = drawer().getByRole('region', { name: 'Comments on this record' })
  const box = talk.getByRole('textbox', { name: 'Say something of this record' })
  await until(() => box.evaluate((one) => one === document.activeElement), 'the box has the focus')
  await box.pressSequentially('<i>Ours?</i> @ad')
  await page.getByRole('option', { name: /Ada Byron/ }).waitFor()
  await box.press('Enter')
  await box.press('Control+Enter')
  await talk.getByText('<i>Ours?</i> @Ada Byron').waitFor()
  await talk.getByRole('textbox', { name: 'Answer' }).fill('No scanner runs there.')
  await talk.getByRole('textbox', { name: 'Answer' }).press('Control+Enter')
  await talk.locator('p', { hasText: 'No scanner runs there.' }).waitFor()
  await page.getByRole('row').nth(1).getByLabel('2 comments').waitFor()
  await expectAccessible(page, 'talk')
  await picture(page, 'talk')
  await drawer().getByRole('tab', { name: 'Comments 1' }).waitFor()
  await talk.getByRole('button', { name: 'Resolve' }).click()
  await page.getByRole('row').nth(1).getByLabel('Comments, all resolved').waitFor()
  await talk.getByRole('button', { name: '1 resolved thread' }).click()
  await talk.getByRole('button', { name: 'Reopen' }).click()
  await talk.getByRole('textbox', { name: 'Answer' }).focus()
  await page.keyboard.press('Escape')
  await until(() => talk.evaluate((one) => one === document.activeElement), 'the writing has ended')
  await drawer().getByRole('tab', { name: 'Comments 1' }).waitFor()
})

it('what came around an event is told by how far away it was, and opened', async () => {
  await drawer().getByRole('tab', { name: 'Around' }).click()
  await drawer().getByText('this event').waitFor()
  const before = asked().get('e')
  await expectAccessible(page, 'around')
  await drawer().getByRole('button', { name: /^\+/ }).first().click()
  await until(() => asked().get('e') !== before, 'another record')
  await page.keyboard.press('Escape')
})

it('values are counted, and a value is a way into the events', async () => {
  await page.goto(at('/timeline?pane=values'))
  await page
    .getByRole('region', { name: 'source' })
    .getByRole('button', { name: /^windows.sysmon/ })
    .click()
  await page.getByRole('menuitem', { name: 'Leave this out' }).click()
  await until(() => asked().get('q') === 'NOT source:"windows.sysmon"', 'the search')
  await page.getByRole('region', { name: 'source' }).getByText('windows.sysmon').waitFor({ state: 'detached' })
  await page
    .getByRole('region', { name: 'host.name' })
    .getByRole('button', { name: /^jump01/ })
    .waitFor()
  await expectAccessible(page, 'values')
  await page.getByRole('radio', { name: 'Events' }).click()
  await page.getByRole('row').getByRole('button', { name: 'zeek.conn', exact: true }).first().click()
  await page.getByRole('menuitem', { name: 'Count its values' }).click()
  await until(() => asked().get('facets')?.startsWith('source,') === true, 'its values')
})

it('two hosts are held against each other', async () => {
  await page.goto(at('/timeline?pane=compare'))
  await page.getByRole('combobox', { name: 'Held against' }).selectOption('jump01')
  const programs = page.getByRole('region', { name: 'Accounts' })
  await programs.getByRole('button', { name: /^deploy: 0, \d+, only on jump01/ }).waitFor()
  await until(
    async () => (await page.getByRole('list', { name: 'Lanes by' }).getByRole('listitem').count()) === 2,
    'lanes',
  )
  await expectAccessible(page, 'compare')
  await picture(page, 'compare')
})

it('a time is gone to at once, and what is no time is refused', async () => {
  await page.goto(at())
  await page.getByRole('row').nth(5).waitFor()
  await page.keyboard.press('t')
  await page.keyboard.type('quarter past')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('That is no time').waitFor()
  const box = page.getByRole('textbox', { name: /^Go to a time/ })
  await box.fill('10:11:30')
  await box.press('Enter')
  await page
    .getByRole('row')
    .getByRole('button', { name: /^2026-03-10 10:11:[23]/ })
    .first()
    .waitFor()
  await until(() => asked().get('t') === '2026-03-10T10:11:30Z', 'the playhead')
})

it('graph and techniques light up in step with the playhead, and on their own pages as well', async () => {
  await page.goto(at())
  await page.getByRole('row').nth(2).waitFor()
  await page.getByRole('button', { name: 'In step' }).click()
  const panel = page.getByRole('complementary', { name: 'In step' })
  await panel.getByText('Play or scrub').waitFor()
  const seen = async () =>
    (await panel.getByRole('list', { name: 'Techniques by tactic' }).innerText()).match(/\d+\/\d+/g)
  const all = await seen()
  await page.getByRole('button', { name: 'Next act' }).click()
  await panel.getByRole('img', { name: 'Things and acts' }).waitFor()
  await until(async () => `${await seen()}` !== `${all}`, 'only what was seen by then')
  await expectAccessible(page, 'in step')
  await picture(page, 'in-step')
  const t = asked().get('t')
  await panel.getByRole('link', { name: 'ATT&CK' }).click()
  await page.waitForURL(/\/attack\?t=/)
  expect(asked().get('t')).toBe(t)
  await page.locator('[data-lit=false]').first().waitFor()
  const unlit = await page.locator('[data-lit=false]').count()
  for (let i = 0; i < 6; i += 1) await page.getByRole('button', { name: 'Next act' }).click()
  await until(async () => (await page.locator('[data-lit=false]').count()) < unlit, 'more techniques')
  await expectAccessible(page, 'attack in step')
  await page.getByRole('link', { name: 'Graph' }).click()
  await page.waitForURL(/\/graph\?t=/)
  await page.getByRole('slider', { name: 'Playhead' }).press('ArrowRight')
  await expectAccessible(page, 'graph in step')
  await picture(page, 'graph-in-step')
  await page.getByRole('button', { name: 'Show all' }).click()
  await until(() => !asked().has('t'), 'all of it')
  await page.goto(at('/attack?t=soon'))
  await page.getByText('The whole incident').waitFor()
})

it('a view is kept and put on again, by name and by address, exactly', async () => {
  await page.goto(at('/timeline?q=host:jump01&by=user&hide=rare&t=2026-03-10T09:24:50Z'))
  await page.getByRole('row').nth(2).waitFor()
  await page.keyboard.press('+')
  await until(() => asked().has('from'), 'the window')
  const exact = page.url()
  await page.getByRole('button', { name: 'Views', exact: true }).click()
  await page.getByRole('textbox', { name: 'Name of the view' }).fill('Jump host')
  await expectAccessible(page, 'views')
  await page.getByRole('button', { name: 'Keep', exact: true }).click()
  await page.getByText('Kept as Jump host').waitFor()
  await page.goto(at())
  await page.getByRole('row').nth(2).waitFor()
  await page.getByRole('button', { name: 'Views', exact: true }).click()
  await page.getByRole('button', { name: 'Jump host', exact: true }).click()
  const sorted = (url: string) => [...new URL(url).searchParams].map(String).sort()
  await until(() => `${sorted(page.url())}` === `${sorted(exact)}`, 'the same view')
  await page.goBack()
  await until(() => !asked().has('from'), 'the way back')
})

it('the view is saved as a picture and as a table', async () => {
  await page.goto(at('/timeline?q=host:jump01'))
  await page.getByRole('row').nth(2).waitFor()
  const save = async (name: string) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
    return file.suggestedFilename()
  }
  expect(await save('Save view as PNG')).toBe(`${incident}-timeline.png`)
  expect(await save('Save events as CSV')).toBe(`${incident}-events.csv`)
  await page.getByText(/^\d+ events saved$/).waitFor()
})

it('the story is shown chapter by chapter from the keyboard, and nothing runs by itself under reduced motion', async () => {
  await page.goto(at())
  await page.getByRole('row').nth(2).waitFor()
  await page.keyboard.press('s')
  const show = page.getByRole('dialog')
  const place = () => show.getByRole('progressbar').getAttribute('aria-valuenow')
  const chapter = () => show.getByRole('navigation', { name: 'Chapters' }).locator('[aria-current]').innerText()
  await until(async () => (await place()) === '1', 'the first sentence')
  const first = await chapter()
  await page.keyboard.press('Space')
  await until(async () => (await place()) === '2', 'the second')
  await new Promise((later) => setTimeout(later, 400))
  expect(await place()).toBe('2')
  await page.keyboard.press('PageDown')
  await until(async () => (await chapter()) !== first, 'the next chapter')
  await expectAccessible(page, 'show')
  await picture(page, 'show')
  await page.keyboard.press('End')
  expect(await show.getByRole('button', { name: 'Next sentence' }).last().isDisabled()).toBe(true)
  await show.getByRole('button', { name: /^2\s*Runs/ }).click()
  await page.keyboard.press('Escape')
  await show.waitFor({ state: 'detached' })
  await until(() => asked().has('t') && !asked().has('show'), 'the playhead where the show ended')
})

it('on a tablet the timeline is dragged and pinched', async () => {
  await page.setViewportSize({ width: 820, height: 1180 })
  await page.goto(at())
  await page.getByRole('row').nth(2).waitFor()
  const box = (await page.getByTestId('timeline-canvas').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height * 0.6]
  const hand = await context.newCDPSession(page)
  const touch = async (type: 'touchStart' | 'touchMove' | 'touchEnd', ...xs: number[]) => {
    const touchPoints = xs.map((one, id) => ({ x: one, y, id }))
    await hand.send('Input.dispatchTouchEvent', { type, touchPoints })
  }
  await touch('touchStart', x)
  for (let i = 1; i <= 8; i += 1) await touch('touchMove', x - i * 20)
  await touch('touchEnd')
  await until(() => asked().has('from'), 'the window was dragged')
  const wide = () => Date.parse(asked().get('to')!) - Date.parse(asked().get('from')!)
  const dragged = wide()
  await touch('touchStart', x - 20, x + 20)
  for (let i = 1; i <= 8; i += 1) await touch('touchMove', x - 20 - i * 15, x + 20 + i * 15)
  await touch('touchEnd')
  await until(() => wide() < dragged / 2, 'the window was pinched')
  await picture(page, 'tablet')
  await page.setViewportSize({ width: 1440, height: 900 })
})

it('the way from machine to machine stands as a map, and each way opens its record', async () => {
  await page.goto(at('/graph?view=movement'))
  const stops = page.getByRole('list', { name: /^Machines in the order/ })
  await stops.getByText('FIN-WS07').waitFor()
  expect((await stops.innerText()).replace(/\s+/g, ' ')).toMatch(/Outside.*FIN-WS07.*APP-SRV02.*jump01.*Cloud account/)
  await expectAccessible(page, 'movement')
  await picture(page, 'movement')
  await page
    .getByRole('list', { name: 'How each was reached' })
    .getByRole('button', { name: /^svc-deploy/ })
    .click()
  await drawer().getByRole('tab', { name: 'As found' }).waitFor()
  await page.goto(at('/graph?view=movement&t=2026-03-10T08:50:00Z'))
  await stops.getByText('FIN-WS07').waitFor()
  expect(await stops.locator('[data-seen=false], li[data-seen=false]').count()).toBe(3)
  await expectAccessible(page, 'movement in step')
})

it('what is asked before the page has come is what the page asks, and is asked once', async () => {
  const begins = ['me', 'incidents/[^/]+', 'runs', 'runs/[^/]+/outputs/report.json', 'incidents/[^/]+/events/histogram']
  const paths = new RegExp(`^/v1/(?:${begins.join('|')}|incidents/[^/]+/events)$`)
  const stretch = 'from=2026-03-10T08:45:00.000001Z&to=2026-03-10T09:20:00Z'
  for (const rest of [
    '',
    '/timeline',
    '/timeline?by=user&t=2026-03-10T09:00:00.5Z',
    `/timeline?${stretch}`,
    '/attack',
  ]) {
    const asked: string[] = []
    const hear = (request: Request) => {
      const url = new URL(request.url())
      if (request.method() === 'GET' && paths.test(url.pathname)) asked.push(url.pathname + url.search)
    }
    page.on('request', hear)
    await page.goto(at(rest))
    if (rest !== '/attack') await page.getByRole('row').nth(2).waitFor()
    await until(() => asked.length >= (rest === '/attack' ? 4 : 6), `what the page begins with was asked: ${rest}`)
    await until(() => page.evaluate(() => window.early?.size === 0), `all that was asked early was taken: ${rest}`)
    expect([...new Set(asked)]).toEqual(asked)
    page.off('request', hear)
  }
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})
