// Bytes: base32, base64url, UTF-8, and CBOR in its one deterministic form (RFC 8949 4.2.1). No input is ever executed.

/** Ends a check: `reason` is one of the closed set (verification/model/reason.py). */
export class Answer extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648 6 without padding, in its one form: capitals only, unused bits zero. */
export function base32(text) {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = BASE32.indexOf(character);
    if (value < 0) throw new Answer("unreadable-code");
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (held !== 0 || bits >= 5) throw new Answer("unreadable-code");
  return bytes;
}

/** RFC 4648 5 without padding. Throws TypeError or DOMException for anything else. */
export function base64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new TypeError("not base64url");
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export const utf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** A CBOR tag with its value; everything else becomes a number, Uint8Array, string, array, Map or true. */
export class Tag {
  constructor(number, value) {
    this.number = number;
    this.value = value;
  }
}

/** The value of `bytes`, or unreadable-code for whatever is not in the one permitted form. */
export function cbor(bytes, depth = 4) {
  try {
    const reader = new Reader(bytes);
    const value = reader.value(depth);
    if (reader.at !== bytes.length) throw new Answer("unreadable-code");
    return value;
  } catch {
    throw new Answer("unreadable-code"); // hostile bytes: whatever went wrong, they are not one of our codes
  }
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new RangeError("cut off");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** The argument of a head: shortest form only, at most four bytes (nothing of ours is larger). */
  argument(info) {
    if (info < 24) return info;
    const size = { 24: 1, 25: 2, 26: 4 }[info];
    if (!size) throw new RangeError("indefinite, reserved or too large");
    const number = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    if (number < (size === 1 ? 24 : 256 ** (size / 2))) throw new RangeError("not the shortest form");
    return number;
  }

  value(depth) {
    if (depth < 0) throw new RangeError("too deep");
    const head = this.take(1)[0];
    if (head === 0xf5) return true;
    const number = this.argument(head & 31);
    switch (head >> 5) {
      case 0: return number;
      case 1: return -1 - number;
      case 2: return this.take(number);
      case 3: return utf8(this.take(number));
      case 4: return Array.from({ length: this.bounded(number) }, () => this.value(depth - 1));
      case 5: return this.map(this.bounded(number), depth);
      case 6: return new Tag(number, this.value(depth - 1));
      default: throw new RangeError("no floats and no other simple values");
    }
  }

  bounded(count) {
    if (count > this.bytes.length) throw new RangeError("more parts than bytes");
    return count;
  }

  map(count, depth) {
    const map = new Map();
    let before = new Uint8Array();
    for (let i = 0; i < count; i++) {
      const start = this.at;
      const key = this.value(0);
      const encoded = this.bytes.subarray(start, this.at);
      if (i > 0 && !sortsBefore(before, encoded)) throw new RangeError("keys twice or out of order");
      map.set(key, this.value(depth - 1));
      before = encoded;
    }
    return map;
  }
}

function sortsBefore(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] < b[i];
  return a.length < b.length;
}
