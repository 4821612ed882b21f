// SPDX-License-Identifier: LGPL-2.1-or-later
// The Merkle tree of the log: RFC 9162 section 2.1 (as RFC 6962) with SHA-256. Proofs are verified, none are made.
// Indexes and sizes are Numbers or BigInts; hashes are Uint8Arrays of 32 bytes. What does not hold throws a Refusal.
import {concat, equal, Refusal, sha256} from './bytes.js';

const LEAF = Uint8Array.of(0),
  NODE = Uint8Array.of(1);
/** Leaves that a tree may have; the program that makes the log has the same limit. */
const SIZE_MAX = 1n << 62n;

export const leafHash = (leaf) => sha256(concat(LEAF, leaf));
export const nodeHash = (left, right) => sha256(concat(NODE, left, right));
const emptyRoot = () => sha256(new Uint8Array(0));

function checkedSize(size) {
  const checked = BigInt(size);
  if (checked < 0n || checked > SIZE_MAX)
    throw new Refusal('proof', `a tree of ${checked} leaves, at most ${SIZE_MAX} are handled`);
  return checked;
}

const wrongCount = (path) =>
  new Refusal('proof', `the proof has ${path.length} hashes, which is not what trees of these sizes need`);

/** The root over the hashes of all leaves (section 2.1.1), level by level. */
export async function treeRoot(leaves) {
  if (leaves.length === 0) return emptyRoot();
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i], level[i + 1]));
    // The last one of an odd number has no sibling: it stands for itself one level up.
    if (level.length % 2 === 1) above.push(level[level.length - 1]);
    level = await Promise.all(above);
  }
  return level[0];
}

/** Does the sibling of this node, the last of its level being `last`, stand to its left? */
const isFromLeft = (node, last) => (node & 1n) === 1n || node === last;

/** Node and last node one level up; where the node was the last one without a sibling, as far up as it stays so. */
function stepUp(node, last) {
  const fromLeft = isFromLeft(node, last);
  while (fromLeft && (node & 1n) === 0n && node !== 0n) {
    node >>= 1n;
    last >>= 1n;
  }
  return [node >> 1n, last >> 1n];
}

/** The root that the path leads to from the hash of leaf `index` (section 2.1.3.2). */
export async function inclusionRoot(leaf, index, size, path) {
  const count = checkedSize(size);
  let node = BigInt(index),
    last = count - 1n,
    hash = leaf;
  if (node < 0n || node >= count) throw new Refusal('proof', `leaf ${node} is not in a tree of ${count} leaves`);
  for (const sibling of path) {
    if (last === 0n) throw wrongCount(path);
    hash = isFromLeft(node, last) ? await nodeHash(sibling, hash) : await nodeHash(hash, sibling);
    [node, last] = stepUp(node, last);
  }
  if (last !== 0n) throw wrongCount(path);
  return hash;
}

export async function verifyInclusion(leaf, index, size, path, root) {
  if (!equal(await inclusionRoot(leaf, index, size, path), root))
    throw new Refusal('proof', `leaf ${index} is not in this tree of ${size} leaves`);
}

/** Both roots that a consistency path leads to (section 2.1.4.2), for 0 < oldSize < newSize. */
async function climbBoth(oldSize, newSize, oldRoot, path) {
  let old = oldSize - 1n,
    last = newSize - 1n;
  while ((old & 1n) === 1n) {
    old >>= 1n;
    last >>= 1n;
  }
  // An old tree that is perfect is itself where both begin, and is not in the proof.
  const rest = old === 0n ? [...path] : path.slice(1);
  let before = old === 0n ? oldRoot : path[0],
    after = before;
  if (!before) throw wrongCount(path);
  for (const sibling of rest) {
    if (last === 0n) throw wrongCount(path);
    const fromLeft = isFromLeft(old, last);
    if (fromLeft) before = await nodeHash(sibling, before);
    after = fromLeft ? await nodeHash(sibling, after) : await nodeHash(after, sibling);
    [old, last] = stepUp(old, last);
  }
  if (last !== 0n) throw wrongCount(path);
  return [before, after];
}

/** Does the new tree continue the old one? Any tree continues the empty one, if that has the empty root. */
export async function verifyConsistency(oldSize, oldRoot, newSize, newRoot, path) {
  const from = checkedSize(oldSize),
    to = checkedSize(newSize);
  if (from > to) throw new Refusal('proof', `a tree of ${to} leaves does not continue one of ${from}`);
  if (from === 0n || from === to) {
    if (path.length !== 0) throw wrongCount(path);
    if (from === 0n && !equal(oldRoot, await emptyRoot()))
      throw new Refusal('proof', 'the root of the empty tree is not SHA-256 of nothing');
    if (from === to && !equal(oldRoot, newRoot)) throw new Refusal('proof', `two trees of ${to} leaves have different roots`);
    return;
  }
  const [before, after] = await climbBoth(from, to, oldRoot, path);
  if (!equal(before, oldRoot) || !equal(after, newRoot))
    throw new Refusal('proof', `the tree of ${to} leaves does not continue this one of ${from}`);
}
