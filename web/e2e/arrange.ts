/** What a test needs before its first page: an owner who is signed in, an incident that is analysed; through the API. */
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { APIRequestContext, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { evidenceFolder, firstLink, origin } from './browser'

export interface Who {
  name: string
  email: string
  password: string
}

/** Addresses differ by file: an account is one across organisations. */
export const person = (name: string): Who => ({
  name,
  email: `${name.toLowerCase().replace(/\W+/g, '.')}.${fileName()}@example.org`,
  password: 'quiet harbour lanterns',
})

const fileName = () => /([\w-]+)\.e2e\.ts$/.exec(expect.getState().testPath ?? '')?.[1] ?? 'pages'

async function good(answer: Awaited<ReturnType<APIRequestContext['fetch']>>): Promise<Record<string, unknown>> {
  if (!answer.ok()) throw new Error(`${answer.url()}: ${answer.status()} ${await answer.text()}`)
  return (await answer.json()) as Record<string, unknown>
}

/** The gateway as the signed-in person of a browser's context calls it. */
export class Caller {
  constructor(
    private readonly context: BrowserContext,
    private readonly csrf: string,
  ) {}

  async get<T>(path: string): Promise<T> {
    return (await good(await this.context.request.get(`${origin()}/v1${path}`))) as T
  }

  async bytes(path: string): Promise<Buffer> {
    const answer = await this.context.request.get(`${origin()}/v1${path}`)
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()}`)
    return answer.body()
  }

  async send<T>(path: string, body: object | Buffer = {}, method = 'POST', more: object = {}): Promise<T> {
    const headers = { 'X-CSRF-Token': this.csrf, Origin: origin(), ...more }
    return (await good(await this.context.request.fetch(`${origin()}/v1${path}`, { method, data: body, headers }))) as T
  }
}

/** The first owner of this file's organisation, whose session the context has from now on. */
export async function signInAsOwner(context: BrowserContext, who = person('Ada Byron')): Promise<Caller> {
  const token = new URL(firstLink()).searchParams.get('token')
  const begun = await good(
    await context.request.post(`${origin()}/v1/auth/first`, { data: { token, ...who }, headers: { Origin: origin() } }),
  )
  return new Caller(context, String(begun.csrf_token))
}

/** Somebody else of the same organisation, who comes in by an invitation on that page. */
export async function comeIn(caller: Caller, page: Page, who: Who, role: string): Promise<void> {
  const { link } = await caller.send<{ link: string }>('/invitations', { email: who.email, role })
  await page.goto(origin() + new URL(link).pathname + new URL(link).search)
  await page.getByLabel('Your name').fill(who.name)
  await page.getByLabel('Password').fill(who.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('button', { name: /^Account / }).waitFor()
}

/** The sample's first host with what was told of it: a story in a third of the time. */
export const ONE_HOST = /fin-ws07|alerts|slack/

/** An incident with those files of a folder (all of the sample's unless told), its key; it is analysed when this returns. */
export async function makeIncident(caller: Caller, title: string, { folder = evidenceFolder(), files = /./ } = {}) {
  const { key } = await caller.send<{ key: string }>('/incidents', { title })
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name)
    if (!file.isFile() || !files.test(path)) continue
    const name = encodeURIComponent(relative(folder, path))
    await caller.send(`/incidents/${key}/evidence?name=${name}`, readFileSync(path))
  }
  await analyse(caller, key)
  return key
}

/** A run of the incident, from its first stage or another one; it is done when this returns. */
export async function analyse(caller: Caller, key: string, asked = {}): Promise<void> {
  const { id } = await caller.send<{ id: string }>(`/incidents/${key}/runs`, asked)
  for (let state = ''; state !== 'done';) {
    ;({ state } = await caller.get<{ state: string }>(`/runs/${id}`))
    if (state === 'failed' || state === 'cancelled') throw new Error(`the analysis of ${key}: ${state}`)
    await new Promise((later) => setTimeout(later, 250))
  }
}
