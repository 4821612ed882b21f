// SPDX-License-Identifier: LGPL-2.1-or-later
// RFC 8785 canonical JSON, and the digest of a build's facts that the log's entries name (docs/provenance.md).
import {Refusal, sha256, toHex, utf8} from './bytes.js';

/** The one spelling of a value that JSON.parse made. A number that JavaScript may have rounded throws a Refusal. */
export function canonical(value) {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new Refusal('form', `${value} may have been rounded by this browser`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(',')}}`;
}

const digest = async (value) => toHex(await sha256(utf8(canonical(value))));

/** The SHA-256 of facts, hexadecimal; each component must be what its own digest says, Refusal ("proof") otherwise. */
export async function factsDigest(facts) {
  const digests = await Promise.all(facts.components.map(({component}) => digest(component)));
  const wrong = facts.components.findIndex((entry, i) => entry.digest !== digests[i]);
  if (wrong >= 0) throw new Refusal('proof', `component ${wrong} is not the one that its digest names`);
  return digest({...facts, components: digests});
}
