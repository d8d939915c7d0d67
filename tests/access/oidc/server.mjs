// A certified OpenID provider on loopback for the tests: whoever names a login is let in, with the claims that the test
// has given that login. What the test wants changed it posts to /control; keys are made anew when it asks for that.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const state = { people: {}, late_s: 0, redirect_uris: ['http://localhost/'], secret: 'not a secret', in_token: true };
let serve;
let keys = [newKey()];

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(4).toString('hex'), use: 'sig', alg: 'RS256' };
}

function build(issuer) {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'ircopilot', client_secret: state.secret, redirect_uris: state.redirect_uris,
      grant_types: ['authorization_code'], response_types: ['code'],
    }],
    jwks: { keys },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    conformIdTokenClaims: !state.in_token,
    pkce: { required: () => true },
    ttl: { IdToken: 600, AccessToken: 600, Grant: 600, Session: 600, Interaction: 600 },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...state.people[id] }) }),
  });
  serve = provider.callback();
}

const server = createServer((request, response) => {
  if (request.url === '/token' && state.late_s) { // a token as it would have been made that long ago
    const now = Date.now;
    Date.now = () => now() - state.late_s * 1000;
    response.on('close', () => { Date.now = now; });
  }
  if (request.url !== '/control') return serve(request, response);
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const { rotate, ...change } = JSON.parse(body);
    Object.assign(state, change);
    if (rotate) keys = [newKey()];
    build(`http://127.0.0.1:${server.address().port}`);
    response.end(keys[0].kid);
  });
});
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  build(issuer);
  console.log(issuer);
});
process.stdin.on('close', () => process.exit(0)).resume(); // ends with the test
