// SPDX-License-Identifier: LGPL-2.1-or-later
// C2SP signed-note: a text with signatures below it, and the public keys that check them. Ed25519 (type 1) and
// witnesses' cosignatures (type 4, C2SP tlog-cosignature). Signatures of other types are unknown keys' signatures.
import {canHash, concat, equal, fromBase64, Refusal, sha256, toHex, utf8} from './bytes.js';

const NOTE_MAX = 1024 * 1024,
  SIGNATURES_MAX = 100,
  NAME_MAX = 255;
const ED25519 = 1,
  COSIGNATURE = 4;
const SIGNATURE_BYTES = {[ED25519]: 64, [COSIGNATURE]: 72};
const DASH = '\u2014 ';
/** Unicode's White_Space, controls and the plus sign that ends a name. */
const NOT_IN_NAMES = /[\u0000-\u0020+\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const LONE_SURROGATE = /[\ud800-\udfff]/u;

const isName = (name) => name !== '' && utf8(name).length <= NAME_MAX && !NOT_IN_NAMES.test(name);

// --- keys -----------------------------------------------------------------------------------------------------------

/** Reads "NAME+KEYID+BASE64". {vkey, name, type, id, publicKey, isWitness}; `id` is four bytes. */
export async function parseKey(vkey) {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(vkey);
  if (!parts || !isName(parts[1]))
    throw new Refusal('form', `"${vkey.slice(0, 80)}" is no verifier key, which reads NAME+KEYID+BASE64`);
  const [, name, digits, base64] = parts;
  const data = fromBase64(base64, 33),
    type = data[0];
  if (!(type in SIGNATURE_BYTES))
    throw new Refusal('form', `the key of ${name} is of type ${type}, expected 1 (Ed25519) or 4 (cosignature)`);
  const id = (await sha256(concat(utf8(name + '\n'), data))).slice(0, 4);
  if (toHex(id) !== digits) throw new Refusal('form', `the key id ${digits} is not that of this key of ${name}`);
  return {vkey, name, type, id, publicKey: data.slice(1), isWitness: type === COSIGNATURE};
}

// RFC 8032 section 7.1, test 2: a browser that calls this signature right and a spoiled one wrong knows Ed25519.
const KNOWN_KEY = 'PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=';
const KNOWN_SIGNATURE = 'kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==';
const KNOWN_MESSAGE = Uint8Array.of(0x72);

async function verifyEd25519(publicKey, signature, message) {
  const key = await crypto.subtle.importKey('raw', publicKey, {name: 'Ed25519'}, false, ['verify']);
  return crypto.subtle.verify({name: 'Ed25519'}, key, signature, message);
}

/** Does this browser check Ed25519 signatures, here? */
export async function canVerifySignatures() {
  if (!canHash()) return false;
  const key = fromBase64(KNOWN_KEY),
    signature = fromBase64(KNOWN_SIGNATURE),
    spoiled = signature.slice();
  spoiled[0] ^= 1;
  try {
    return (await verifyEd25519(key, signature, KNOWN_MESSAGE)) && !(await verifyEd25519(key, spoiled, KNOWN_MESSAGE));
  } catch {
    return false;
  }
}

// --- notes ----------------------------------------------------------------------------------------------------------

function checkText(text) {
  if (LONE_SURROGATE.test(text)) throw new Refusal('form', 'the note is not UTF-8');
  if (!text.endsWith('\n')) throw new Refusal('form', 'the text of a note ends in a newline');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw new Refusal('form', 'the note has a control character');
}

function parseSignature(line, number) {
  const refuse = (why) => new Refusal('form', `signature line ${number} of the note: ${why}`);
  const space = line.indexOf(' ', DASH.length);
  if (!line.startsWith(DASH) || space < 0) throw refuse('expected an em dash, a name and base64');
  const name = line.slice(DASH.length, space);
  if (!isName(name)) throw refuse('the name is empty, too long or has a space, control or plus');
  let blob;
  try {
    blob = fromBase64(line.slice(space + 1));
  } catch (failure) {
    throw refuse(failure.message);
  }
  if (blob.length <= 4) throw refuse('no signature follows the key id');
  return {name, id: blob.slice(0, 4), bytes: blob.slice(4)};
}

/** Reads a note, verifying nothing. {text, signatures: [{name, id, bytes}]}; the text has its last newline. */
export function parseNote(data) {
  if (utf8(data).length > NOTE_MAX) throw new Refusal('form', `the note has more than ${NOTE_MAX} bytes`);
  checkText(data);
  const end = data.lastIndexOf('\n\n');
  if (end <= 0 || end + 2 === data.length) throw new Refusal('form', 'the note has no signatures below an empty line');
  const lines = data.slice(end + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) throw new Refusal('form', `the note has more than ${SIGNATURES_MAX} signatures`);
  return {text: data.slice(0, end + 1), signatures: lines.map((line, i) => parseSignature(line, i + 1))};
}

/** Checks the signature that bears the key's name and id. The time of a cosignature (seconds, BigInt), or null. */
async function verifySignature(text, signature, key) {
  const {bytes} = signature;
  if (bytes.length !== SIGNATURE_BYTES[key.type])
    throw new Refusal(
      'signature',
      `the signature of ${key.name} has ${bytes.length} bytes, expected ${SIGNATURE_BYTES[key.type]}`,
    );
  const time = key.isWitness ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) : null;
  const message = key.isWitness ? `cosignature/v1\ntime ${time}\n${text}` : text;
  let good = false;
  try {
    good = await verifyEd25519(key.publicKey, bytes.slice(-64), utf8(message));
  } catch {
    // Bytes that are no point of the curve are no key that signed anything.
  }
  if (!good) throw new Refusal('signature', `the signature of ${key.name} is not one over this text`);
  return time;
}

/**
 * What each key says of the note: {key, state, time}, state "signed", "absent", or "unchecked" where the browser knows
 * no Ed25519. A signature that bears a key's name and id and is not its signature throws a Refusal.
 */
export async function verifyNote(note, keys) {
  const able = await canVerifySignatures();
  const verdicts = [];
  for (const key of keys) {
    const verdict = {key, state: 'absent', time: null};
    for (const signature of note.signatures) {
      if (signature.name !== key.name || !equal(signature.id, key.id)) continue;
      const time = able ? await verifySignature(note.text, signature, key) : null;
      verdict.state = able ? 'signed' : 'unchecked';
      if (time !== null && (verdict.time === null || time > verdict.time)) verdict.time = time;
    }
    verdicts.push(verdict);
  }
  return verdicts;
}
