// The npm package oidc-provider as a department would set it up: its records in Redis, confidential clients, PKCE, one
// password hash for each login. PORT, ALG and REDIS (the path of a socket) say where and how.
import http from 'node:http';
import { generateKeyPairSync, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import Provider from 'oidc-provider';
import Redis from 'ioredis';

const { PORT, ALG, REDIS, PASSWORD, SECRET, CALLBACK } = process.env;
const issuer = `http://localhost:${PORT}`;
const redis = new Redis(REDIS, { keyPrefix: 'peer:' });
const usedOnce = ['AuthorizationCode', 'RefreshToken'];
const ofGrant = ['AccessToken', ...usedOnce];

class Records {
  constructor(kind) { Object.assign(this, { kind, once: usedOnce.includes(kind), granted: ofGrant.includes(kind) }); }

  name(id) { return `${this.kind}:${id}`; }

  async upsert(id, record, seconds) {
    const [key, text, step] = [this.name(id), JSON.stringify(record), redis.multi()];
    if (this.once) step.hset(key, 'record', text).expire(key, seconds); else step.set(key, text, 'EX', seconds);
    if (this.granted) step.rpush(`of:${record.grantId}`, key).expire(`of:${record.grantId}`, 86400);
    if (record.uid) step.set(`uid:${record.uid}`, id, 'EX', seconds);
    await step.exec();
  }

  async find(id) {
    if (!this.once) return JSON.parse(await redis.get(this.name(id)) ?? 'null') ?? undefined;
    const { record, consumed } = await redis.hgetall(this.name(id));
    return record && { ...JSON.parse(record), ...(consumed && { consumed: Number(consumed) }) };
  }

  async findByUid(uid) { const id = await redis.get(`uid:${uid}`); return id ? this.find(id) : undefined; }

  async consume(id) { await redis.hset(this.name(id), 'consumed', Math.floor(Date.now() / 1000)); }

  async destroy(id) { await redis.del(this.name(id)); }

  async revokeByGrantId(grant) { await redis.del(`of:${grant}`, ...await redis.lrange(`of:${grant}`, 0, -1)); }
}

const key = ALG === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SCOPES = 'openid profile offline_access api';
const client = (number) => ({
  client_id: `service-${number}`,
  client_secret: SECRET,
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: SCOPES,
  id_token_signed_response_alg: ALG,
});
const agreed = async (provider, clientId, accountId) => {
  const grant = new provider.Grant({ clientId, accountId });
  grant.addOIDCScope(SCOPES);
  await grant.save();
  return grant;
};

const provider = new Provider(issuer, {
  adapter: Records,
  clients: [1, 2, 3].map(client),
  jwks: { keys: [{ ...key.privateKey.export({ format: 'jwk' }), use: 'sig', alg: ALG, kid: 'one' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  scopes: SCOPES.split(' '),
  claims: { openid: ['sub'], profile: ['name'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: { enabled: false },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id }) }),
  loadExistingGrant: async ({ oidc: { session, client: { clientId } } }) => {
    const id = session.grantIdFor(clientId);
    return id ? provider.Grant.find(id) : agreed(provider, clientId, session.accountId);
  },
  issueRefreshToken: (_, __, code) => code.scopes.has('offline_access'),
  interactions: { url: (_, { uid }) => `/sign-in/${uid}` },
  ttl: { Session: 86400, Grant: 86400, Interaction: 600, AccessToken: 600, AuthorizationCode: 60, IdToken: 300, RefreshToken: 86400, ClientCredentials: 600 },
});

const hash = promisify(scrypt);
const salt = randomBytes(16);
const kept = await hash(PASSWORD, salt, 32);
const page = '<!doctype html><title>Sign in</title><form method="post"><input name="account"><input name="password" type="password"><button>Sign in</button></form>';
const answer = provider.callback();

async function signIn(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (request.method === 'GET' && prompt.name === 'consent') {
    const { jti } = await agreed(provider, params.client_id, session.accountId);
    return provider.interactionFinished(request, response, { consent: { grantId: jti } }, { mergeWithLastSubmission: true });
  }
  if (request.method === 'POST') {
    let body = '';
    for await (const some of request) body += some;
    const form = new URLSearchParams(body);
    if (timingSafeEqual(await hash(form.get('password') ?? '', salt, 32), kept)) {
      return provider.interactionFinished(request, response, { login: { accountId: form.get('account') } });
    }
  }
  response.setHeader('content-type', 'text/html; charset=utf-8');
  return response.end(page);
}

http.createServer((request, response) => {
  if (!request.url.startsWith('/sign-in/')) return answer(request, response);
  return signIn(request, response).catch((error) => { response.statusCode = 500; response.end(String(error)); });
}).listen(Number(PORT), '127.0.0.1');
