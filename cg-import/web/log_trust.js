// SPDX-License-Identifier: LGPL-2.1-or-later
// What this browser remembers of the log: the keys that it trusts since it first met them, and the last checkpoint that it saw
// signed. So a service cannot quietly change its key, nor show this browser another history than it showed before.
//
//   meet(log)           log: {origin, keys} of GET /v1/session. {state, keys, offered, since}: `keys` are those to verify with
//                       first    nothing was known: what is offered is trusted from here on
//                       known    the key is the one that is known
//                       added    the known one is offered, and others beside it (a key is being replaced)
//                       changed  the key that is known is not offered any more: what is offered is not trusted
//   trust(log)          what is offered is trusted from here on; a person said so
//   see(checkpoint, prove)   of one whose signature was not found wrong: does it continue the last one? {state, before, at, why}
//                       first    none was seen before        same   the same state
//                       grown    it continues the last one   older  the last one continues it: a late answer
//                       forked   they are states of two different logs. It is never remembered over the last one.
//                       `prove(from, to)` gives the base64 hashes of /v1/audit/consistency, null where the service cannot.
//
// `storage`: like localStorage; where a browser keeps nothing, each visit is the first.
import {equal, Refusal} from './bytes.js';
import {readCheckpoint, verifyGrowth} from './verify.js';

const NAME = 'cg-import.log';

function load(storage) {
  try {
    const kept = JSON.parse(storage.getItem(NAME));
    return typeof kept?.origin === 'string' && Array.isArray(kept.keys) ? kept : null;
  } catch {
    return null;
  }
}

function save(storage, kept) {
  try {
    storage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // Storage that is full or forbidden: the next visit will be as the first.
  }
}

export function trust(log, storage = localStorage) {
  const kept = load(storage);
  const checkpoint = kept?.origin === log.origin ? kept.checkpoint : null;
  save(storage, {origin: log.origin, keys: log.keys, since: new Date().toISOString(), checkpoint});
}

export function meet(log, storage = localStorage) {
  const kept = load(storage);
  if (!kept) {
    trust(log, storage);
    return {state: 'first', keys: log.keys, offered: log.keys, since: null};
  }
  const known = log.keys.filter((key) => kept.keys.includes(key));
  const same = kept.origin === log.origin && known.length > 0;
  const state = !same ? 'changed' : known.length < log.keys.length ? 'added' : 'known';
  return {state, keys: kept.keys, offered: log.keys, since: kept.since};
}

export async function see(checkpoint, prove, storage = localStorage) {
  const kept = load(storage);
  const remember = () => {
    // Another tab may have seen more in the meantime; it must not be forgotten.
    const newest = load(storage) ?? kept;
    const seen = newest?.checkpoint && readCheckpoint(newest.checkpoint.note);
    if (newest && (!seen || seen.size < checkpoint.size))
      save(storage, {...newest, checkpoint: {note: checkpoint.note, at: new Date().toISOString()}});
  };
  if (!kept?.checkpoint) {
    remember();
    return {state: 'first', before: null, at: null, why: ''};
  }
  const before = readCheckpoint(kept.checkpoint.note),
    at = kept.checkpoint.at;
  const told = (state, why = '') => ({state, before, at, why});
  if (before.origin !== checkpoint.origin)
    return told('forked', `the log seen before is ${before.origin}, and this one is ${checkpoint.origin}`);
  if (before.size === checkpoint.size)
    return equal(before.root, checkpoint.root)
      ? told('same')
      : told('forked', `two signed states of ${before.size} entries have different roots`);
  const [earlier, later] = before.size < checkpoint.size ? [before, checkpoint] : [checkpoint, before];
  try {
    const hashes = await prove(earlier.size, later.size);
    if (hashes === null)
      return told('forked', `the service cannot prove that ${earlier.size} and ${later.size} entries are of one log`);
    await verifyGrowth(earlier, later, hashes);
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    return told('forked', failure.message);
  }
  if (later === checkpoint) remember();
  return told(later === checkpoint ? 'grown' : 'older');
}
