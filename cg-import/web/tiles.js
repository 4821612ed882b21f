// SPDX-License-Identifier: LGPL-2.1-or-later
// C2SP tlog-tiles: where the entries of a log lie, 256 to a file, and whether such a file is what the log signed.
import {fromBase64, equal, Refusal} from './bytes.js';
import {inclusionRoot, leafHash, treeRoot} from './merkle.js';

export const TILE_WIDTH = 256;

/** Entries that bundle `n` has in a log of `size` entries (Numbers): 0, there is none, to 256. */
export const bundleWidth = (size, n) => Math.max(0, Math.min(TILE_WIDTH, size - n * TILE_WIDTH));

/** "/tile/entries/x001/x234/067", with ".p/WIDTH" where it is not full. */
export function bundlePath(n, width) {
  const groups = [];
  for (let rest = n; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift((groups.length > 0 ? 'x' : '') + String(rest % 1000).padStart(3, '0'));
  return '/tile/entries/' + groups.join('/') + (width < TILE_WIDTH ? `.p/${width}` : '');
}

/** Takes a bundle apart into `width` entries, Uint8Arrays. */
export function parseBundle(bytes, width) {
  const entries = [];
  let at = 0;
  for (let i = 0; i < width; i++) {
    const size = at + 2 <= bytes.length ? (bytes[at] << 8) | bytes[at + 1] : Infinity;
    if (at + 2 + size > bytes.length)
      throw new Refusal('form', `a bundle of ${bytes.length} bytes ends in its entry ${i + 1} of ${width}`);
    entries.push(bytes.slice(at + 2, at + 2 + size));
    at += 2 + size;
  }
  if (at < bytes.length) throw new Refusal('form', `${bytes.length - at} bytes follow the ${width} entries of a bundle`);
  return entries;
}

/**
 * Are these the entries of bundle `n` of the tree of `size` entries with this root? One inclusion path of the first of
 * them (base64) proves all: its lower hashes lead to the root over the bundle, which the entries must make, and the
 * rest of it from there to the root of the log.
 */
export async function verifyBundle(entries, n, size, hashes, root) {
  const leaves = await Promise.all(entries.map(leafHash));
  const path = hashes.map((hash) => fromBase64(hash, 32));
  const inside = leaves.length > 1 ? Math.ceil(Math.log2(leaves.length)) : 0;
  const over = await inclusionRoot(leaves[0], 0, leaves.length, path.slice(0, inside));
  if (!equal(over, await treeRoot(leaves))) throw new Refusal('proof', 'these entries are not those that the log has here');
  if (!equal(await inclusionRoot(leaves[0], n * TILE_WIDTH, size, path), root))
    throw new Refusal('proof', `entries from ${n * TILE_WIDTH} are not in this tree of ${size} entries`);
}
