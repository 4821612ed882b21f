// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes as verification needs them: UTF-8, base64 and hexadecimal digits in their one spelling, SHA-256. No DOM.

/** What was given is not what it must be. `kind`: form (unreadable), proof (hashes disagree), signature. */
export class Refusal extends Error {
  constructor(kind, message) {
    super(message);
    this.name = 'Refusal';
    this.kind = kind;
  }
}

/** Is there a WebCrypto? Browsers hide it from pages that came over plain HTTP (but for those of this machine). */
export const canHash = () => typeof globalThis.crypto?.subtle?.digest === 'function';

export const utf8 = (text) => new TextEncoder().encode(text);

/** The text of bytes that are UTF-8; a byte order mark is a character like any other. */
export function textOf(bytes) {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    throw new Refusal('form', 'these bytes are not UTF-8');
  }
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const equal = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

export function toBase64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** RFC 4648 section 4 with padding, and no other spelling of the same bytes. `size`: so many bytes, if given. */
export function fromBase64(text, size) {
  const form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (!form.test(text)) throw new Refusal('form', `"${text.slice(0, 80)}" is not base64`);
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (toBase64(bytes) !== text) throw new Refusal('form', `"${text.slice(0, 80)}" has bits set that no byte has`);
  if (size !== undefined && bytes.length !== size) throw new Refusal('form', `base64 of ${bytes.length} bytes, expected ${size}`);
  return bytes;
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** A decimal number as all texts of a log write it: below 2^64, without leading zeroes. A BigInt. */
export function parseNumber(text) {
  const number = /^(?:0|[1-9][0-9]{0,19})$/.test(text) ? BigInt(text) : -1n;
  if (number < 0n || number >= 1n << 64n)
    throw new Refusal('form', `"${text.slice(0, 40)}" is no decimal number of 64 bits without leading zeroes`);
  return number;
}
