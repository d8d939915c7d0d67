import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { analyse, comeIn, makeIncident, person, signInAsOwner, type Caller } from './arrange'
import { expectAccessible, openBrowser, openPage, origin, picture } from './browser'

let browser: Browser
let context: BrowserContext
let caller: Caller
let page: Page
let other: Page
let breaches: string[]
let incident = ''

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  caller = await signInAsOwner(context)
  incident = await makeIncident(caller, 'Sample')
  ;({ page, breaches } = await openPage(context))
  other = (await openPage(await browser.newContext({ reducedMotion: 'reduce' }))).page
  await comeIn(caller, other, person('Cy Ford'), 'analyst')
}, 200_000)
afterAll(() => browser.close())

const at = (rest: string) => `${origin()}/incidents/${encodeURIComponent(incident)}${rest}`
const until = (check: () => Promise<boolean> | boolean, what: string) =>
  expect.poll(check, { timeout: 30_000, message: what }).toBe(true)
const claim = (of: Page, n: number) => of.locator('[id^=claim-]').nth(n)
const sentence = (of: Page) => of.getByRole('textbox', { name: 'Edit', exact: true })

/** Open the n-th sentence for writing. */
async function write(of: Page, n: number): Promise<string> {
  await claim(of, n).waitFor()
  const text = (await claim(of, n).getByRole('button').first().innerText()).trim()
  await claim(of, n).hover()
  await claim(of, n).getByRole('button', { name: 'Edit', exact: true }).click()
  await sentence(of).waitFor()
  return text
}

it('the gate answers while a sentence is written, and underlines what no record has', async () => {
  await page.goto(at('/report'))
  await write(page, 2)
  await page.getByText('The records bear it out').waitFor()
  await sentence(page).press('End')
  await page.keyboard.type(' It also reached 203.0.113.199.')
  await page.locator('.fault').getByText('203.0.113.199').waitFor()
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await expectAccessible(page, 'refused sentence')
  await picture(page, 'refused-sentence')
  await page.getByRole('button', { name: 'Keep as my own word' }).click()
  await claim(page, 2).getByText('analyst’s own word').waitFor()
  await claim(page, 2).hover()
  await claim(page, 2).getByRole('button', { name: 'Take back' }).click()
  await until(async () => !(await claim(page, 2).innerText()).includes('203.0.113.199'), 'as it was drafted')
})

it('what is pasted is words and nothing else', async () => {
  await write(page, 2)
  await sentence(page).press('End')
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.setData('text/html', '<img src=x onerror="document.title=1"><b>bold</b>')
    data.setData('text/plain', ' <b>bold</b>\nand more')
    const target = document.querySelector('.sentence')!
    target.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })
  await until(async () => (await sentence(page).innerText()).endsWith('<b>bold</b> and more'), 'plain words')
  expect(await page.locator('.sentence b, .sentence img').count()).toBe(0)
  await page.keyboard.press('Escape')
  await sentence(page).waitFor({ state: 'detached' })
})

it('whoever else is here is seen, where they are and what they write, until they leave', async () => {
  await page.goto(at('/report'))
  await other.goto(at('/timeline'))
  const here = page.getByRole('list', { name: 'Also here now' })
  await here.getByText('Cy Ford · Timeline').waitFor()
  await other.goto(at('/report'))
  await write(other, 3)
  await claim(page, 3).getByText('Cy Ford is writing this sentence').waitFor()
  await here.getByText('Cy Ford · Report · writing').waitFor()
  await expectAccessible(page, 'presence')
  await picture(page, 'presence')
  await other.keyboard.press('Escape')
  await claim(page, 3).getByText('Cy Ford is writing').waitFor({ state: 'detached' })
  await other.goto(origin())
  await here.waitFor({ state: 'detached' })
})

it('two people write one sentence, and neither loses a word', async () => {
  const drafted = await write(page, 3)
  await sentence(page).press('End')
  await page.keyboard.type(' Mine.')
  await other.goto(at('/report'))
  await write(other, 3)
  await sentence(other).press('End')
  await other.keyboard.type(' Theirs.')
  await until(
    async () => (await other.getByText(/The records bear it out|marked as an analyst/).count()) > 0,
    'an answer',
  )
  const own = other.getByRole('button', { name: 'Keep as my own word' })
  await ((await own.count()) ? own : other.getByRole('button', { name: 'Save', exact: true })).click()
  await claim(other, 3).getByText('Theirs.').waitFor()
  const choice = page.getByRole('alert', { name: 'Two wordings' })
  await choice.getByText('Theirs.').waitFor()
  await choice.getByText('Mine.').waitFor()
  await expectAccessible(page, 'two wordings')
  await picture(page, 'two-wordings')
  await choice.getByRole('button', { name: 'Both, one after the other' }).click()
  await until(async () => (await sentence(page).innerText()).trim() === `${drafted} Theirs. ${drafted} Mine.`, 'both')
  await page.keyboard.press('Escape')
})

it('a decision can be taken back, and what was refused says why', async () => {
  await page.goto(at('/report'))
  await claim(page, 5).waitFor()
  await claim(page, 5).hover()
  await claim(page, 5).getByRole('button', { name: 'Reject', exact: true }).click()
  await claim(page, 5).getByRole('textbox', { name: 'Why is it wrong?' }).fill('Another host.')
  await page.keyboard.press('Enter')
  await claim(page, 5).getByText('Rejected · Another host.').waitFor()
  await claim(page, 5).hover()
  await claim(page, 5).getByRole('button', { name: 'Take back' }).click()
  await until(async () => !(await claim(page, 5).innerText()).includes('Another host.'), 'undecided again')
})

it('whoever is named hears of it at once, and comes to the very sentence with its thread', async () => {
  const [named, of] = [person('Cy Ford').email, (await claim(page, 4).getAttribute('id'))!.replace('claim-', '')]
  await other.getByRole('button', { name: 'Mentions', exact: true }).waitFor()
  await caller.send(`/incidents/${incident}/comments`, { body: `@${named} is it?`, anchor: { type: 'claim', id: of } })
  await other.getByRole('button', { name: 'Mentions, 1 not read' }).click()
  await expectAccessible(other, 'mentions')
  await picture(other, 'mentions')
  await other.getByRole('button', { name: /on a sentence.*@Cy Ford is it\?/ }).click()
  await until(() => other.url().includes('/report'), 'where it was said')
  await other.locator('p', { hasText: '@Cy Ford is it?' }).first().waitFor()
  expect(await other.locator(`[id="claim-${of}"]`).getByRole('button', { pressed: true }).count()).toBe(1)
  await other.getByRole('button', { name: 'Mentions', exact: true }).waitFor()
})

it('where a model would answer, it says that there is none, and offers nothing to press', async () => {
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  const panel = page.getByRole('complementary', { name: 'Ask' })
  await panel.getByText('No model is configured.').waitFor()
  expect(await panel.getByRole('button').count()).toBe(1)
  expect(await panel.getByRole('textbox').count()).toBe(0)
  await expectAccessible(page, 'ask')
  await picture(page, 'ask')
})

it('two versions held against each other say who made and who worked on each', async () => {
  await analyse(caller, incident, { first_stage: 'report' })
  await page.goto(at('/report?version=2&against=1'))
  const makers = page.getByRole('list', { name: 'Who made the two' })
  await makers
    .getByText(/^Worked on by .*Cy Ford/)
    .first()
    .waitFor()
  expect(await makers.getByText('Drafted by an analysis').count()).toBe(2)
  await expectAccessible(page, 'versions')
  await picture(page, 'versions')
})

it('no page broke its policy, threw, or called anybody else', () => {
  expect(breaches).toEqual([])
})
