// SPDX-License-Identifier: LGPL-2.1-or-later
// Proofs fetched and verified: what verify.js does alone, with the service asked for what it needs and log_trust.js for whom to
// believe. One object a page.
//
//   const proofs = await logProofs(session.service.log);
//   proofs.trust                       of log_trust.js meet(): state, keys, offered, since
//   await proofs.entry(index)          GET /v1/audit/entries/{index}, verified: verifyProof's answer and {growth, text}
//   await proofs.verify(text, asked)   the same of a proof at hand
//   await proofs.checkpoint(witnesses) GET /checkpoint, verified, also with these keys of witnesses (or none): {verdict, steps,
//                                      checkpoint, signatures, growth, note}
//
// `growth`: null where it was not asked, or {state, before, at, why} of log_trust.js see(), state "unasked" where the service
// did not answer. A log that does not continue what this browser saw makes the verdict "failed".
import {get, Problem, text as fetchText} from './api.js';
import {canHash, Refusal} from './bytes.js';
import {meet, see} from './log_trust.js';
import {canVerifySignatures, parseKey} from './note.js';
import {readCheckpoint, verifyCheckpoint, verifyProof, verdictOf} from './verify.js';

/** Null when the service says that it cannot: it knows no such sizes. That it does not answer is something else. */
async function prove(from, to) {
  try {
    return (await get(`/v1/audit/consistency?from=${from}&to=${to}`)).hashes;
  } catch (error) {
    if (error.status === 400 || error.status === 404) return null;
    throw error;
  }
}

async function grown(checkpoint) {
  try {
    return await see(checkpoint, prove);
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    return {state: 'unasked', before: null, at: null, why: failure.message};
  }
}

const growthState = ({state}) => (state === 'forked' ? 'failed' : state === 'unasked' ? 'unchecked' : 'proved');

/** The verdict with the step "growth" added, where everything before it allows to go on. */
async function withGrowth(found) {
  if (found.verdict === 'failed' || !canHash()) return {...found, growth: null};
  const growth = await grown(found.checkpoint);
  const steps = [...found.steps, {name: 'growth', state: growthState(growth), why: growth.why}];
  return {...found, steps, growth, verdict: verdictOf(steps)};
}

/** The keys, parsed. A text that is no key is nobody's, and nothing is believed by it. */
async function parseKeys(vkeys) {
  if (!canHash()) return [];
  const parsed = await Promise.allSettled(vkeys.map(parseKey));
  return parsed.filter(({status}) => status === 'fulfilled').map(({value}) => value);
}

async function openCheckpoint(note, keys) {
  const steps = [];
  let checkpoint, signatures;
  try {
    checkpoint = readCheckpoint(note);
    signatures = canHash() ? await verifyCheckpoint(checkpoint, keys) : undefined;
    const able = await canVerifySignatures();
    steps.push({name: 'signature', state: able ? 'proved' : 'unchecked', why: ''});
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    steps.push({name: 'signature', state: 'failed', why: failure.message});
  }
  return {verdict: verdictOf(steps), steps, checkpoint, signatures, note};
}

export async function logProofs(log) {
  const trust = meet(log),
    keys = await parseKeys(trust.keys);
  const verify = async (text, asked) => ({...(await withGrowth(await verifyProof(text, keys, asked))), text});
  return {
    trust,
    verify,
    entry: async (index) => verify(await fetchText(`/v1/audit/entries/${index}`), {index}),
    checkpoint: async (witnesses = []) =>
      withGrowth(await openCheckpoint(await fetchText('/checkpoint'), [...keys, ...(await parseKeys(witnesses))])),
  };
}
