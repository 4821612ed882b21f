// SPDX-License-Identifier: LGPL-2.1-or-later
// The image archives of a build, with their layers, and its other files.
//
//   imagePanels(answer)                of GET /v1/provenance/builds/{build}: a panel for the image of all architectures, one for
//                                      each archive with an image, one for the other files
//   await showLayers(answer)           fetches the metadata document, which alone tells of layers, and puts them in
import {bytes as fetchBytes} from './api.js';
import {canHash, sha256, textOf, toHex} from './bytes.js';
import {append, el} from './dom.js';
import {bytes, copyButton, count, DASH, digest, none} from './format.js';
import {listTable} from './list_table.js';

const rows = (...pairs) =>
  el(
    'dl.facts',
    pairs.filter(([, value]) => value && value.length !== 0).flatMap(([name, value]) => [el('dt', name), el('dd', value)]),
  );

const digests = (manifests) =>
  Object.entries(manifests ?? {}).map(([type, value]) => el('div', digest(value, 16), el('span.muted.small', ` ${type}`)));
const specs = (list) => (list ?? []).map((spec) => el('div.spec', el('code', spec), copyButton(spec, 'pull spec')));
const tags = (list) => (list ?? []).map((tag) => [el('span.tag', tag), ' ']);

export function imagePanels({facts, outputs_sha256: computed}) {
  const images = facts.outputs.filter(({image}) => image),
    files = facts.outputs.filter(({image}) => !image);
  return el(
    'section',
    {id: 'images', 'aria-labelledby': 'images-heading'},
    el('h2.section', {id: 'images-heading'}, images.length ? 'Images and files' : 'Files'),
    facts.index ? indexPanel(facts.index) : null,
    el(
      'div.panels',
      images.map((output) => imagePanel(output, computed)),
    ),
    filesPanel(files, computed),
  );
}

function indexPanel(index) {
  return el(
    'div.panel',
    el('h3', 'All architectures'),
    rows(
      ['Manifest list', digests(index.manifests)],
      ['Pull', specs(index.pull)],
      ['Tags', tags([...(index.tags ?? []), ...(index.floating_tags ?? [])])],
    ),
  );
}

function fileDigests(output, computed) {
  const own = computed?.[output.position];
  return [
    output.checksum
      ? el('div', digest(`${output.checksum_type}:${output.checksum}`), el('span.muted.small', ' as the metadata says'))
      : null,
    own ? el('div', digest(`sha256:${own}`), el('span.muted.small', ' as the service computed it')) : null,
  ].filter(Boolean);
}

function imagePanel(output, computed) {
  const {image} = output;
  return el(
    'div.panel',
    el('header', el('h3', output.arch ?? 'Image'), el('span.muted', bytes(output.size_bytes))),
    rows(
      ['File', el('code', output.path ?? DASH)],
      ['Digests', fileDigests(output, computed)],
      ['Manifest', digests(image.manifests)],
      ['Config', image.config_id ? digest(image.config_id, 16) : null],
      ['Made on', image.parent_id ? digest(image.parent_id, 16) : null],
      ['Pull', specs(image.pull)],
      ['Tags', tags(image.tags)],
    ),
    el('div.layers', {data: {position: output.position}}, el('p.muted', 'Layers …')),
  );
}

function filesPanel(files, computed) {
  if (files.length === 0) return null;
  return el(
    'div.panel',
    el('h3', 'Other files'),
    listTable(
      'Other files',
      ['File', 'Type', 'Arch', '#Size', 'Digest'],
      files.map((file) => [
        el('bdi', file.path ?? DASH),
        file.type ?? DASH,
        file.arch ?? DASH,
        bytes(file.size_bytes),
        fileDigests(file, computed),
      ]),
    ),
  );
}

// --- layers ------------------------------------------------------------------------------------------------------------

/** The document, when it is the one that the build was accepted with; what is said where the layers would be, otherwise. */
async function acceptedDocument(build) {
  if (!build.import) return [null, 'The service did not import this build and does not have its metadata.'];
  let raw;
  try {
    raw = await fetchBytes(`/v1/imports/${encodeURIComponent(build.import)}/metadata`);
  } catch (error) {
    if (error.status !== 410) throw error;
    return [null, 'The metadata document is no longer kept.'];
  }
  if (canHash() && toHex(await sha256(raw)) !== build.metadata_sha256)
    return [null, 'VERIFICATION FAILED: the metadata document is not the one that was accepted.'];
  return [JSON.parse(textOf(raw)), ''];
}

export async function showLayers({build}) {
  const places = [...document.querySelectorAll('.layers')];
  if (places.length === 0) return;
  const [metadata, why] = await acceptedDocument(build);
  for (const place of places) {
    const docker = metadata?.output?.[Number(place.dataset.position)]?.extra?.docker;
    place.replaceChildren();
    append(place, why ? el('p', {class: why.startsWith('VERIFICATION') ? 'bad' : 'none'}, why) : layerTable(docker));
  }
}

/** Layers from the lowest to the topmost: their digests from the config, their sizes from beside it. */
function layerTable(docker) {
  const sizes = new Map(
    (Array.isArray(docker?.layer_sizes) ? docker.layer_sizes : []).map((one) => [one?.diff_id ?? one?.digest, one?.size]),
  );
  const config = Array.isArray(docker?.config?.rootfs?.diff_ids) ? docker.config.rootfs.diff_ids : [];
  const layers = config.length ? config : [...sizes.keys()];
  if (layers.length === 0) return none('The metadata tells nothing of layers.');
  const total = layers.reduce((sum, id) => sum + (Number.isFinite(sizes.get(id)) ? sizes.get(id) : 0), 0);
  const words = layers.length === 1 ? '1 layer' : `${count(layers.length)} layers, lowest first`;
  return listTable(
    `${words}${total ? `, ${bytes(total)} unpacked` : ''}`,
    ['No.', 'Diff id', '#Size'],
    layers.map((id, i) => [String(i + 1), digest(String(id)), bytes(sizes.get(id))]),
    {shown: true},
  );
}
