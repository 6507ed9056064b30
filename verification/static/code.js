// The code on a license, taken apart (docs/flows/code.md). Nothing it states is proved before `checkSignature`.

import { Answer, Tag, base32, cbor } from "./bytes.js";

const SMALLEST = 120;
const LARGEST = 640;
const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n; // n/2 of P-256 (FIPS 186-5)
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const UNIFIED = /^[0-9A-HJ-NPQRTUWXY]{18}$/; // GB 32100

const unreadable = () => new Answer("unreadable-code");
const isBytes = (value, least, most = least) =>
  value instanceof Uint8Array && value.length >= least && value.length <= most;

/** Steps 1 to 3 of reading: the parts of a code, or Answer not-our-code, look-alike, unreadable-code, newer-code. */
export function readCode(text, verifyUrl) {
  const start = `${verifyUrl}/#`;
  if (!text.startsWith(start)) throw new Answer(looksLikeOurs(text) ? "look-alike" : "not-our-code");
  const bytes = base32(text.slice(start.length));
  if (bytes.length < SMALLEST || bytes.length > LARGEST) throw unreadable();
  const whole = cbor(bytes);
  if (!(whole instanceof Tag) || whole.number !== 18 || !Array.isArray(whole.value) || whole.value.length !== 4) throw unreadable();
  const [header, unprotected, payload, signature] = whole.value;
  if (!isBytes(header, 1, 64) || !(unprotected instanceof Map) || unprotected.size || !isBytes(payload, 1, LARGEST)) throw unreadable();
  if (!isBytes(signature, 64) || toBigInt(signature.subarray(32)) > HALF_ORDER) throw unreadable();
  const named = cbor(header);
  if (!(named instanceof Map) || named.size !== 2 || named.get(1) !== -7 || !isBytes(named.get(4), 8)) throw unreadable();
  return { ...readPayload(payload), kid: named.get(4), header, payload, signature };
}

/** The part after `#` has the form of our codes, but the address is another one (threat: a look-alike page). */
function looksLikeOurs(text) {
  return /^[a-z]+:\/\/.*#[A-Z2-7]{192,1024}$/i.test(text);
}

function readPayload(payload) {
  const claims = cbor(payload);
  if (!(claims instanceof Map)) throw unreadable();
  const version = claims.get(-1);
  if (Number.isInteger(version) && version !== 1) throw new Answer("newer-code");
  const known = new Set([4, 6, -1, -2, -3, -4, -5, -6]);
  if (version !== 1 || [...claims.keys()].some((key) => !known.has(key))) throw unreadable();
  const test = claims.get(-6) ?? false;
  const status = claims.get(-4);
  if (!isBytes(claims.get(-3), 32) || !Array.isArray(status) || status.length !== 2 || typeof test !== "boolean") throw unreadable();
  return {
    identifier: readIdentifier(claims.get(-2), test),
    issued: whole(claims.get(6)),
    expires: claims.has(4) ? whole(claims.get(4)) : null,
    record: claims.get(-3),
    list: whole(status[0]),
    index: whole(status[1]),
    shown: claims.has(-5) ? readShown(claims.get(-5)) : [],
    test,
  };
}

function whole(value) {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) throw unreadable();
  return value;
}

function readShown(shown) {
  if (!(shown instanceof Map) || shown.size < 1 || shown.size > 4) throw unreadable();
  for (const [key, value] of shown) {
    if (typeof key !== "string" || !/^[a-z_]{1,24}$/.test(key)) throw unreadable();
    if (typeof value !== "string" || !value || [...value].length > 24) throw unreadable();
  }
  return [...shown];
}

const toBigInt = (bytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** The identifier (GB/T 36904) from its number in base 36; every part and the check character are checked. */
function readIdentifier(bytes, test) {
  if (!isBytes(bytes, 28, 49) || bytes[0] === 0) throw unreadable();
  const joined = toBigInt(bytes).toString(36).toUpperCase();
  if (joined.length < 44 || joined.length > 75) throw unreadable();
  const kind = joined.slice(0, 21);
  const agency = joined.slice(21, 39);
  const version = joined.slice(-4, -1);
  const wellFormed = UNIFIED.test(kind.slice(0, 18)) && /^[0-9]{3}$/.test(kind.slice(18)) && UNIFIED.test(agency);
  if (!wellFormed || !/^[0-9]{3}$/.test(version) || version === "000") throw unreadable();
  if (checkCharacter(joined.slice(0, -1)) !== joined.slice(-1)) throw unreadable();
  const text = [test ? "2.999" : "1.2.156.3005.2", kind, agency, joined.slice(39, -4), version, joined.slice(-1)].join(".");
  return { text, kind, agency };
}

/** ISO/IEC 7064 MOD 37,36. */
export function checkCharacter(text) {
  let product = 36;
  for (const character of text) {
    product = (product + DIGITS.indexOf(character)) % 36 || 36;
    product = (product * 2) % 37;
  }
  return DIGITS[(37 - product) % 36];
}

/** Step 5: whether the signature fits one of the keys (WebCrypto, ES256; RFC 9052 4.4). */
export async function checkSignature(code, jwks) {
  const signed = new Uint8Array([0x84, 0x6a, ...new TextEncoder().encode("Signature1"), ...byteString(code.header), 0x40, ...byteString(code.payload)]);
  for (const jwk of jwks) if (await verifies(jwk, code.signature, signed)) return true;
  return false;
}

function byteString(bytes) {
  const { length } = bytes;
  const head = length < 24 ? [0x40 + length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255];
  return [...head, ...bytes];
}

export async function verifies({ kty, crv, x, y }, signature, signed) {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, signature, signed);
}
