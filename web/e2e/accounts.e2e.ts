import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { person, signInAsOwner } from './arrange'
import { givePasskey, oneTimeCode, type Passkey } from './authenticator'
import { expectAccessible, openBrowser, openPage, origin, picture } from './browser'

const OWNER = person('Ada Byron')
const GUEST = person('Bo Quist')
let browser: Browser
let context: BrowserContext
let page: Page
let passkey: Passkey
const breaches: string[] = []
let secret = ''
let codes: string[] = []

async function newcomer(): Promise<Page> {
  const watched = await openPage(await browser.newContext({ reducedMotion: 'reduce' }))
  watched.page.on('close', () => breaches.push(...watched.breaches))
  return watched.page
}

async function signIn(on: Page, who = OWNER): Promise<void> {
  await on.goto(`${origin()}/sign-in?to=/settings`)
  await on.getByLabel('E-mail').fill(who.email)
  await on.getByLabel('Password').fill(who.password)
  await on.getByRole('button', { name: 'Sign in', exact: true }).click()
}

beforeAll(async () => {
  browser = await openBrowser()
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  await signInAsOwner(context, OWNER)
  const watched = await openPage(context)
  page = watched.page
  page.on('close', () => breaches.push(...watched.breaches))
  passkey = await givePasskey(page)
})
afterAll(() => browser.close())

it('a passkey is enrolled, and the recovery codes are shown once', async () => {
  await page.goto(`${origin()}/settings/factors`)
  await page.getByText('A password alone opens this account').waitFor()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('What to call it').fill('<b>ThinkPad</b>')
  await passkey.willing(false)
  await dialog.getByRole('button', { name: 'Add a passkey' }).click()
  await dialog.getByText('Nothing was enrolled').waitFor()
  await passkey.willing(true)
  await dialog.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByRole('heading', { name: 'Keep these recovery codes' }).waitFor()
  await expectAccessible(page, 'recovery codes')
  codes = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts()
  codes = codes.map((one) => one.replace(/^\d+\s*/, '').trim())
  expect(codes).toHaveLength(10)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('<b>ThinkPad</b>').waitFor()
  await page.getByText('10 recovery codes are left').waitFor()
})

it('an authenticator app is enrolled by its picture or its key, with its first code', async () => {
  await page.getByRole('button', { name: 'Add an app' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Which app, on what').fill('phone')
  await dialog.getByRole('button', { name: 'Next' }).click()
  const qr = dialog.getByRole('img', { name: /^QR code/ })
  await qr.waitFor()
  expect(await qr.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100)
  await expectAccessible(page, 'first code')
  await picture(page, 'authenticator')
  secret = await dialog.getByLabel('Key', { exact: true }).innerText()
  await dialog.getByLabel('The code that it shows now').fill('000000')
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await dialog.getByText('The second factor was refused').waitFor()
  await dialog.getByLabel('The code that it shows now').fill(oneTimeCode(secret))
  await dialog.getByRole('button', { name: 'Confirm' }).click()
  await page.getByText('any one of 2 factors').waitFor()
  await picture(page, 'factors')
})

it('the passkey lets in alone; a code, or a recovery code once, goes with the password', async () => {
  const other = await newcomer()
  await signIn(other)
  await other.getByRole('heading', { name: 'Second factor' }).waitFor()
  await expectAccessible(other, 'second factor')
  await other.reload()
  await other.getByLabel('Code of your authenticator').fill('123456')
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await other.getByText('The second factor was refused').waitFor()
  await other.getByLabel('Code of your authenticator').fill(oneTimeCode(secret, 1))
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await other.getByText('this one').waitFor()
  await other.context().clearCookies()
  await signIn(other)
  await other.getByRole('button', { name: 'Use a recovery code' }).click()
  await other.getByLabel('Recovery code').fill(codes[0]!)
  await other.getByRole('button', { name: 'Sign in', exact: true }).click()
  await other.getByText('this one').waitFor()
  await other.close()

  await context.clearCookies()
  await page.goto(`${origin()}/sign-in?to=/settings/factors`)
  await passkey.willing(false)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('No passkey was shown').waitFor()
  await passkey.willing(true)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('9 recovery codes are left').waitFor()
})

it('sessions elsewhere are seen and ended, and a password is changed only by who knows it', async () => {
  await page.goto(`${origin()}/settings`)
  const sessions = page.getByRole('region', { name: 'Sessions' })
  await sessions.getByRole('listitem').nth(1).waitFor()
  await picture(page, 'account')
  await sessions.getByRole('button', { name: 'End all others' }).click()
  await expect.poll(() => sessions.getByRole('listitem').count()).toBe(1)
  await page.getByLabel('Current password').fill('not the one')
  await page.getByLabel('New password').fill('a lantern on every quay')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByRole('region', { name: 'Password' }).getByRole('alert').waitFor()
  await page.getByLabel('Current password').fill(OWNER.password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('Changed. Your other sessions have ended.').waitFor()
  OWNER.password = 'a lantern on every quay'
  await page.getByLabel('Name').fill('Ada Lovelace')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Account AL' }).waitFor()
})

it('a key of one’s own is shown once, replaced and revoked', async () => {
  await page.goto(`${origin()}/settings/keys`)
  await page.getByText('No keys yet').waitFor()
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByLabel('What it is for').fill('nightly')
  await page.getByLabel('For how long').selectOption('7 days')
  await page.getByRole('button', { name: 'Make key' }).click()
  const shown = page.getByRole('status', { name: 'Copy the key now' })
  const first = await shown.innerText()
  expect(first).toMatch(/^irc_/)
  const works = async (key: string) =>
    (await fetch(`${origin()}/v1/incidents`, { headers: { Authorization: `Bearer ${key}` } })).status
  expect(await works(first)).toBe(200)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.reload()
  await page.getByText('nightly').waitFor()
  expect(await page.content()).not.toContain(first)
  await page.getByRole('button', { name: 'Replace nightly' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click()
  const second = await shown.innerText()
  expect([await works(first), await works(second)]).toEqual([401, 200])
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Revoke nightly' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('2 that are of no use any more').waitFor()
  expect(await works(second)).toBe(401)
})

it('whoever the organisation asks for a second factor enrols one before anything else', async () => {
  const link = await page.evaluate(async (email) => {
    const { csrf_token } = (await (await fetch('/v1/me')).json()) as { csrf_token: string }
    const headers = { 'X-CSRF-Token': csrf_token, 'Content-Type': 'application/json' }
    const seen = (await fetch('/v1/organisation')).headers.get('ETag') ?? ''
    const asked = JSON.stringify({ require_mfa: true })
    await fetch('/v1/organisation', { method: 'PATCH', headers: { ...headers, 'If-Match': seen }, body: asked })
    const body = JSON.stringify({ email, role: 'analyst' })
    const made = await fetch('/v1/invitations', { method: 'POST', headers, body })
    return ((await made.json()) as { link: string }).link
  }, GUEST.email)
  const guest = await newcomer()
  await givePasskey(guest)
  await guest.goto(origin() + new URL(link).pathname + new URL(link).search)
  await guest.getByLabel('Your name').fill(GUEST.name)
  await guest.getByLabel('Password').fill(GUEST.password)
  await guest.getByRole('button', { name: 'Create account' }).click()
  await guest.getByRole('heading', { name: 'One more key to the door' }).waitFor()
  await guest.goto(origin())
  await guest.getByRole('heading', { name: 'One more key to the door' }).waitFor()
  await expectAccessible(guest, 'enrolment')
  await picture(guest, 'enrolment')
  await guest.getByRole('radio', { name: /^Passkey/ }).click()
  await guest.getByLabel('What to call it').fill('blue key')
  await guest.getByRole('button', { name: 'Add a passkey' }).click()
  await guest.getByRole('button', { name: 'I have kept them' }).click()
  await guest.getByText('Nothing to respond to').waitFor()
  await guest.close()
})

it('whoever comes back refused by a provider is told so, and an organisation without one says that', async () => {
  const other = await newcomer()
  await other.goto(`${origin()}/sign-in?refused=provider-refused`)
  await other.getByRole('alert').getByText('did not let you in').waitFor()
  await other.getByRole('button', { name: 'Sign in with your organisation' }).click()
  await other.getByLabel('Organisation').fill('Nowhere')
  await other.getByRole('button', { name: 'Find its providers' }).click()
  await other.getByText('No single sign-on is set up').waitFor()
  await expectAccessible(other, 'single sign-on')
  await other.close()
})

it('no page broke its policy, threw, or called anybody else', async () => {
  await page.close()
  expect(breaches).toEqual([])
})
