// A service under the FAPI 2.0 Security Profile: pushed requests, private_key_jwt, PKCE, tokens bound by DPoP.
import { createServer } from 'node:http'
import { importJWK } from 'jose'
import * as oidc from 'openid-client'

const { ISSUER, CLIENT_ID, PRIVATE_KEY, BASE, PORT } = process.env
const jwk = JSON.parse(PRIVATE_KEY)
const key = { key: await importJWK(jwk, 'ES256'), kid: jwk.kid }
const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, { id_token_signed_response_alg: 'ES256' },
  oidc.PrivateKeyJwt(key), { execute: [oidc.allowInsecureRequests] })
const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'))
let flow, tokens

const pages = {
  async '/sign-in'(url, response) {
    flow = { verifier: oidc.randomPKCECodeVerifier(), state: oidc.randomState() }
    const to = await oidc.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: `${BASE}/callback`,
      scope: 'openid profile',
      code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
      state: flow.state,
    }, { DPoP })
    response.writeHead(303, { location: to.href }).end()
  },
  async '/callback'(url, response) {
    const checks = { pkceCodeVerifier: flow.verifier, expectedState: flow.state, idTokenExpected: true }
    tokens = await oidc.authorizationCodeGrant(config, url, checks, undefined, { DPoP })
    const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP })
    response.end(JSON.stringify({ type: tokens.token_type, sub: person.sub, refresh: Boolean(tokens.refresh_token) }))
  },
  async '/renew'(url, response) {
    tokens = { ...tokens, ...(await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })) }
    const person = await oidc.fetchUserInfo(config, tokens.access_token, oidc.skipSubjectCheck, { DPoP })
    response.end(JSON.stringify({ type: tokens.token_type, sub: person.sub }))
  },
  async '/unbound'(url, response) {
    // The same token without its proof.
    const answer = await fetch(config.serverMetadata().userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    response.end(JSON.stringify({ status: answer.status, says: answer.headers.get('www-authenticate') }))
  },
}

createServer(async (request, response) => {
  const url = new URL(request.url, BASE)
  try {
    await pages[url.pathname](url, response)
  } catch (error) {
    response.writeHead(400).end(JSON.stringify({ error: error.message, cause: error.cause }))
  }
}).listen(PORT, '127.0.0.1', () => console.log('ready'))
