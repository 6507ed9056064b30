// The two signed lists a check rests on: the trust list and the status lists. Nothing unsigned, old or rolled back is used.

import { Answer, base64url, utf8 } from "./bytes.js";
import { verifies } from "./code.js";

export const LEEWAY = 120; // seconds a list may seem to come from the future: clocks differ, a day is not a difference
const MOST_BYTES = 8 * 1024 * 1024; // 32 million licenses of two bits; whatever inflates beyond is no list of ours

/** The claims of a compact JWS (RFC 7515), ES256 by one of `jwks`, of the type `typ`; else Answer `wrong`. */
async function readJws(token, typ, jwks, wrong, members = ["alg", "typ", "kid"]) {
  try {
    const [header, payload, signature, ...rest] = token.trim().split(".");
    const named = JSON.parse(utf8(base64url(header)));
    const allowed = Object.keys(named).every((name) => members.includes(name));
    if (rest.length || !allowed || named.alg !== "ES256" || named.typ !== typ) throw new TypeError("not of the expected form");
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    for (const jwk of jwks.filter(({ kid }) => kid === named.kid))
      if (await verifies(jwk, base64url(signature), signed)) return JSON.parse(utf8(base64url(payload)));
  } catch {
    // hostile or cut off: the same answer as for a wrong signature
  }
  throw new Answer(wrong);
}

/** The trust list: which keys sign codes and status lists. `pinned` are the keys that came with this page. */
export async function readTrustList(token, pinned, now, leastCounter = 0) {
  const claims = await readJws(token, "trust-list+jwt", pinned, "trust-list-wrong", ["alg", "typ", "kid", "x5c"]);
  const { keys, iat, exp, seq } = claims;
  if (!Array.isArray(keys) || ![iat, exp, seq].every(Number.isInteger)) throw new Answer("trust-list-wrong");
  if (iat > now + LEEWAY) throw new Answer("clock-wrong");
  if (exp <= now || seq < leastCounter) throw new Answer("trust-list-old");
  const listed = keys.map(({ jwk, kid, use, since, until }) => ({ ...jwk, kid, use, since, until }));
  return { keys: listed, made: iat, until: exp, counter: seq };
}

/** The keys of one use that were trusted at `moment`. */
export function trusted(trust, use, moment) {
  return trust.keys.filter((key) => key.use === use && key.kty === "EC" && key.crv === "P-256"
    && (key.since ?? 0) <= moment && (key.until === undefined || key.until === null || moment < key.until));
}

/** A status list (IETF Token Status List), or Answer status-wrong, status-old, status-rolled-back, clock-wrong. */
export async function readStatusList(token, url, trust, now, leastCounter = 0) {
  const claims = await readJws(token, "statuslist+jwt", trusted(trust, "status-list", now), "status-wrong");
  const { sub, iat, exp, ctr, status_list: list } = claims;
  if (sub !== url || !Number.isInteger(iat) || !Number.isInteger(exp) || !Number.isInteger(ctr) || list?.bits !== 2) throw new Answer("status-wrong");
  if (iat > now + LEEWAY) throw new Answer("clock-wrong");
  if (ctr < leastCounter) throw new Answer("status-rolled-back");
  if (exp <= now) throw new Answer("status-old");
  return { bytes: await inflated(list.lst), made: iat, until: exp, counter: ctr };
}

/** The status of one license: 0 in force, 1 revoked, 2 suspended, 3 replaced. */
export function statusAt(list, index) {
  const byte = list.bytes[index >> 2];
  if (byte === undefined) throw new Answer("status-wrong");
  return (byte >> ((index & 3) * 2)) & 3;
}

/** zlib, with a cap on what comes out: a bomb ends here. */
async function inflated(lst) {
  try {
    const reader = new Blob([base64url(lst)]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    const parts = [];
    for (let size = 0, part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > MOST_BYTES) throw new RangeError("too large");
      parts.push(part.value);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch {
    throw new Answer("status-wrong");
  }
}
