// SPDX-License-Identifier: LGPL-2.1-or-later
// What the log signed, and whether an entry is in it: C2SP tlog-checkpoint and tlog-proof, verified in the browser.
// Pure functions: nothing is fetched, nothing is drawn. note.js has the signatures, merkle.js the tree.
import {canHash, equal, fromBase64, parseNumber, Refusal, textOf, utf8} from './bytes.js';
import {leafHash, verifyConsistency, verifyInclusion} from './merkle.js';
import {parseNote, verifyNote} from './note.js';

const PROOF_FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const PROOF_BYTES_MAX = 2 * 1024 * 1024,
  HASHES_MAX = 64,
  ORIGIN_MAX = 255;

/** Reads the text of a note: {origin, size (BigInt), root, extension (lines)}. */
export function parseCheckpoint(text) {
  const lines = text.split('\n');
  if (lines.length < 4 || lines.pop() !== '') throw new Refusal('form', 'the checkpoint ends before its root');
  const [origin, size, root, ...extension] = lines;
  if (origin === '' || utf8(origin).length > ORIGIN_MAX)
    throw new Refusal('form', `the origin of the checkpoint has ${utf8(origin).length} bytes, expected 1 to ${ORIGIN_MAX}`);
  if (extension.includes('')) throw new Refusal('form', 'the checkpoint has an empty line in its text');
  return {origin, size: parseNumber(size), root: fromBase64(root, 32), extension};
}

/** Reads a checkpoint with its signatures: {note, origin, size, root, extension, signatures}, nothing verified. */
export function readCheckpoint(note) {
  const {text, signatures} = parseNote(note);
  return {note, text, signatures, ...parseCheckpoint(text)};
}

/**
 * Who signed a checkpoint (of readCheckpoint)? `keys`: those to believe, of parseKey. {logs, witnesses}: verdicts of
 * verifyNote. A log's key must have signed, and name the log that the checkpoint is of; Refusal otherwise.
 */
export async function verifyCheckpoint(checkpoint, keys) {
  const verdicts = await verifyNote(checkpoint, keys);
  const logs = verdicts.filter((verdict) => !verdict.key.isWitness && verdict.state !== 'absent');
  if (logs.length === 0) throw new Refusal('signature', 'the checkpoint is not signed by a key that this browser trusts');
  if (!logs.some((verdict) => verdict.key.name === checkpoint.origin))
    throw new Refusal('signature', `the checkpoint is of the log ${checkpoint.origin}, expected ${logs[0].key.name}`);
  return {logs, witnesses: verdicts.filter((verdict) => verdict.key.isWitness && verdict.state !== 'absent')};
}

/** Reads a tlog-proof: {leaf (bytes or null), index (BigInt), path, checkpoint (text of the note)}, nothing verified. */
function parseProof(text) {
  if (utf8(text).length > PROOF_BYTES_MAX) throw new Refusal('form', `the proof has more than ${PROOF_BYTES_MAX} bytes`);
  const end = text.indexOf('\n\n');
  if (end < 0) throw new Refusal('form', 'the proof ends before its checkpoint');
  const [first, ...lines] = text.slice(0, end).split('\n');
  if (first !== PROOF_FIRST_LINE) throw new Refusal('form', `the proof does not begin with the line ${PROOF_FIRST_LINE}`);
  const leaf = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift().slice('extra '.length)) : null;
  if (!lines[0]?.startsWith('index ')) throw new Refusal('form', 'the proof has no line "index" where it is expected');
  const index = parseNumber(lines.shift().slice('index '.length));
  if (lines.length > HASHES_MAX) throw new Refusal('form', `the proof has more than ${HASHES_MAX} hashes`);
  return {leaf, index, path: lines.map((line) => fromBase64(line, 32)), checkpoint: text.slice(end + 2)};
}

// --- one entry, step by step ----------------------------------------------------------------------------------------

/** Runs one step: its state "proved" with what it gives, "unchecked", or "failed" with why. */
async function step(steps, name, work) {
  if (steps.some((earlier) => earlier.state === 'failed')) {
    steps.push({name, state: 'unchecked', why: 'a step before it failed'});
    return undefined;
  }
  try {
    const outcome = await work();
    steps.push({name, state: outcome?.unchecked ? 'unchecked' : 'proved', why: outcome?.unchecked ?? ''});
    return outcome;
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    steps.push({name, state: 'failed', why: failure.message});
    return undefined;
  }
}

/** The entry of what was asked about? An entry of something else verifies just as well. */
function checkAbout(entry, about) {
  for (const [name, expected] of Object.entries(about))
    if (entry?.[name] !== expected) throw new Refusal('proof', `the entry is of the ${name} ${entry?.[name] ?? 'none'}, not of ${expected}`);
}

/** The proof read, and held against what was asked for and what is shown beside it. */
function readAsAsked(text, {index, leaf}) {
  const proof = parseProof(text);
  if (proof.leaf === null && leaf === undefined)
    throw new Refusal('form', 'the proof does not hold the entry, and none was given');
  if (index !== undefined && proof.index !== BigInt(index))
    throw new Refusal('proof', `this is a proof of entry ${proof.index}, not of entry ${index}`);
  if (leaf !== undefined && proof.leaf !== null && !equal(proof.leaf, utf8(leaf)))
    throw new Refusal('proof', 'the entry in the proof is not the one that is shown');
  return {...proof, leaf: proof.leaf ?? utf8(leaf), signed: readCheckpoint(proof.checkpoint)};
}

function readLeaf(bytes) {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    throw new Refusal('form', 'the entry is not JSON');
  }
}

const NO_HASHES = 'this page did not come over HTTPS, and browsers give it no cryptography';
const NO_SIGNATURES = 'this browser does not know Ed25519 signatures';

function signatureOutcome(signatures) {
  const unchecked = signatures.logs.every((verdict) => verdict.state === 'unchecked');
  return unchecked ? {...signatures, unchecked: NO_SIGNATURES} : signatures;
}

/**
 * Verifies a tlog-proof. `keys`: those to believe; `asked`: {index, leaf, about}, what was asked for and what is shown,
 * where that is known; `about`: members that the entry has, {import: …}. {verdict, steps, leaf, entry, index, checkpoint, signatures}: verdict "proved" (all of it), "failed"
 * (something is wrong: nothing of it is to be believed) or "unchecked" (nothing is wrong, and not all could be
 * checked); steps {name: read|path|signature, state, why}; `entry` is the leaf's JSON. Members after a failure are
 * undefined. Never throws for what is in the proof.
 */
export async function verifyProof(text, keys, asked = {}) {
  const steps = [];
  const read = await step(steps, 'read', () => {
    const proof = readAsAsked(text, asked);
    const entry = readLeaf(proof.leaf);
    checkAbout(entry, asked.about ?? {});
    return {...proof, entry};
  });
  await step(steps, 'path', async () => {
    if (!canHash()) return {unchecked: NO_HASHES};
    await verifyInclusion(await leafHash(read.leaf), read.index, read.signed.size, read.path, read.signed.root);
    return undefined;
  });
  const signatures = await step(steps, 'signature', async () =>
    canHash() ? signatureOutcome(await verifyCheckpoint(read.signed, keys)) : {unchecked: NO_HASHES},
  );
  return {
    verdict: verdictOf(steps),
    steps,
    leaf: read?.leaf,
    entry: read?.entry,
    index: read?.index,
    checkpoint: read?.signed,
    signatures,
  };
}

/** Of several states: "failed" if one is, "proved" if all are, "unchecked" otherwise. */
export function verdictOf(steps) {
  if (steps.some(({state}) => state === 'failed')) return 'failed';
  return steps.every(({state}) => state === 'proved') ? 'proved' : 'unchecked';
}

/** Does the later of two checkpoints continue the earlier, by this path of base64 hashes? Refusal if not. */
export function verifyGrowth(earlier, later, hashes) {
  return verifyConsistency(
    earlier.size,
    earlier.root,
    later.size,
    later.root,
    hashes.map((hash) => fromBase64(hash, 32)),
  );
}
