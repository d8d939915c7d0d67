// Chromium with a virtual authenticator: makes and shows passkeys on an empty page of the origin that it is given.
// One JSON command per line comes in, one JSON answer per line goes out.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [origin, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<title>empty</title>' }));
await page.goto(origin);
const cdp = await page.context().newCDPSession(page);
await cdp.send('WebAuthn.enable', { enableUI: false });
const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
  options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  },
});

const commands = {
  create: (options) => page.evaluate(async (o) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(o);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }, options),
  get: (options) => page.evaluate(async (o) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(o);
    return (await navigator.credentials.get({ publicKey })).toJSON();
  }, options),
  forget: () => cdp.send('WebAuthn.clearCredentials', { authenticatorId }),
};

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await commands[name](argument)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
await browser.close();
