/** What a person has in their pocket: a passkey that Chromium plays, and an app that shows one-time codes. */
import { createHmac } from 'node:crypto'
import type { Page } from 'playwright-core'

export interface Passkey {
  /** Whether the person lets it answer. */
  willing: (yes: boolean) => Promise<void>
}

/** A virtual authenticator with user verification, for all that the page asks from now on. */
export async function givePasskey(page: Page): Promise<Passkey> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const willing = async (yes: boolean) => {
    await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: yes })
  }
  return { willing }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const STEP_MS = 30_000

/** The six digits of now, or of `steps` later. Source: RFC 6238, RFC 4226 §5.3. */
export function oneTimeCode(secret: string, steps = 0): string {
  const bits = [...secret.replace(/[ =]/g, '')].map((c) => LETTERS.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + steps))
  const mac = createHmac('sha1', key).update(counter).digest()
  const code = mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff
  return String(code % 1_000_000).padStart(6, '0')
}
