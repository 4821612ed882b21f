// SPDX-License-Identifier: LGPL-2.1-or-later
// One entry of the log, with its proof verified here.
import {auditPage} from './audit_page.js';
import {append, el, replace} from './dom.js';
import {bytes, copyButton, count, DASH, digest, none, nvr, time} from './format.js';
import {textOf} from './bytes.js';
import {listTable} from './list_table.js';
import {logProofs} from './log_proofs.js';
import {setTitle} from './page.js';
import {keyPanel} from './key_panel.js';
import {capital, meaning, offline, saveButton, stepList, verdictNote} from './proof_view.js';

const index = decodeURIComponent(location.pathname.split('/').pop());

async function show(session, main) {
  const proofs = await logProofs(session.service.log);
  const found = await proofs.entry(index);
  setTitle(`${found.verdict === 'failed' ? 'FAILED: entry' : 'Entry'} ${index} of the log`);
  replace(
    main,
    heading(found),
    verdictNote(found, proofs.trust, 'this entry', 'This entry is in the log that the key below signed, exactly as it is shown.'),
    el('div.panels.wide-left', entryPanel(found), checksPanel(found)),
    el(
      'section.panel',
      {'aria-labelledby': 'meaning-heading'},
      el('h2', {id: 'meaning-heading'}, 'What a verified entry means'),
      meaning(),
    ),
    keyPanel(proofs.trust, session.service.log, () => location.reload()),
    offlinePanel(found, proofs.trust),
  );
}

function heading(found) {
  const number = Number(index),
    size = found.checkpoint ? Number(found.checkpoint.size) : 0;
  const to = (n, words) => el('a.button', {href: `/ui/log/${n}`}, words);
  return el(
    'div.heading',
    el('h1', `Entry ${index} of the log`),
    found.entry ? el('span.tag', String(found.entry.type)) : null,
    el(
      'div.buttons',
      number > 0 ? to(number - 1, '← Entry before') : null,
      el('a.button', {href: '/ui/log'}, 'The log'),
      number + 1 < size ? to(number + 1, 'Entry after →') : null,
    ),
  );
}

// --- what the entry says -----------------------------------------------------------------------------------------------

function entryPanel({entry, leaf, verdict}) {
  const believed = verdict !== 'failed';
  const panel = el(
    'section.panel.entry',
    {'aria-labelledby': 'entry-heading', data: {verdict}},
    el('h2', {id: 'entry-heading'}, believed ? 'What it says' : 'What the service claims that it says'),
  );
  if (!leaf) return append(panel, none('Nothing that could be read.'));
  return append(
    panel,
    entry && typeof entry === 'object'
      ? el(
          'dl.facts',
          ROWS.flatMap((row) => row(entry)),
        )
      : null,
    outputs(entry),
    el(
      'details',
      el('summary', `The ${count(leaf.length)} bytes themselves`),
      el('pre.raw.wrapped', {tabindex: 0}, textOf(leaf)),
    ),
  );
}

const row = (name, value) => (value === undefined || value === null || value === '' ? [] : [el('dt', name), el('dd', value)]);

const ROWS = [
  ({type}) => row('What happened', WHAT[type] ?? type),
  ({time: when}) => row('When', when && time(when)),
  ({actor}) => row('Who', actor && el('bdi', String(actor))),
  ({nvr: name, koji}) =>
    row(
      'Build',
      name && nvr(name, `/ui/builds/${encodeURIComponent(name)}` + (koji?.hub ? `?hub=${encodeURIComponent(koji.hub)}` : '')),
    ),
  ({koji}) => row('Hub', koji && [koji.hub, koji.build_id, koji.cg].filter(Boolean).map(String).join(' · ')),
  (leaf) =>
    row(
      'Import',
      leaf.import && el('a', {href: `/ui/imports/${encodeURIComponent(leaf.import)}`}, el('code', String(leaf.import))),
    ),
  (leaf) => row('Metadata', leaf.metadata_sha256 && [digest(`sha256:${leaf.metadata_sha256}`), ` ${bytes(leaf.metadata_size)}`]),
  (leaf) => row('Schema', leaf.schema_id && [String(leaf.schema_id), ' ', digest(`sha256:${leaf.schema_sha256}`)]),
  (leaf) =>
    row(
      'Outputs',
      leaf.outputs_root && `${count(leaf.outputs_count)}, too many to be named here; their root: ${leaf.outputs_root}`,
    ),
  ({detail}) => Object.entries(detail ?? {}).flatMap(([name, value]) => row(capital(name), detailValue(name, value))),
  (leaf) =>
    row(
      'Detail',
      leaf.detail_sha256 && [digest(`sha256:${leaf.detail_sha256}`), ` ${bytes(leaf.detail_size)}, too long to be told here`],
    ),
];

function detailValue(name, value) {
  if (typeof value === 'string' && /sha256$/.test(name)) return digest(value);
  return typeof value === 'object' ? el('code', JSON.stringify(value)) : el('bdi', String(value));
}

const WHAT = {
  refused: 'A post was refused',
  accepted: 'A new import was accepted',
  replaced: 'An import took the place of an earlier one',
  content: 'An output came, and is what the metadata says',
  queued: 'It waits for a worker',
  claimed: 'A worker took it',
  step: 'The worker began a step',
  later: 'It will be tried again',
  imported: 'It is imported: the build is on the hub',
  rejected: 'The import was rejected',
  held: 'It waits for a person',
  canceled: 'It was canceled',
  retried: 'An operator had it tried again',
  released: 'An operator released it',
  'cancel-asked': 'An operator asked for it to be canceled',
  'token-created': 'A token was created',
  'token-revoked': 'A token was revoked',
  key: 'These keys sign from here on',
  build: 'A build of another client was found on its hub and taken in',
  'build-seen': 'A backfill saw another state of a build',
  backfill: 'A history of a hub was brought in whole',
  'hub-import': 'The hub told of an import',
  'hub-state': 'The hub told that a build has another state',
  'hub-volume': 'The hub told that a build has another volume',
  'hub-promote': 'The hub told that a draft was promoted',
  'hub-tag': 'The hub told that a build was tagged',
  'hub-untag': 'The hub told that a build was untagged',
  'hub-event': 'The hub told something that this service does not know',
  'hub-went-back': 'A hub was restored from a backup',
};

function outputs(entry) {
  if (!Array.isArray(entry?.outputs) || entry.outputs.length === 0) return null;
  return listTable(
    'Outputs',
    ['Name', '#Size', 'Digest'],
    entry.outputs.map((one) => [
      el('bdi', String(one.name)),
      bytes(one.size),
      one.sha256 ? digest(`sha256:${one.sha256}`) : one.md5 ? digest(`md5:${one.md5}`) : DASH,
    ]),
    {shown: true},
  );
}

// --- what was checked --------------------------------------------------------------------------------------------------

function checksPanel(found) {
  return el(
    'section.panel',
    {'aria-labelledby': 'checks-heading'},
    el('h2', {id: 'checks-heading'}, 'What was checked here'),
    stepList(found),
    found.growth?.state === 'forked' ? evidence(found) : null,
  );
}

function evidence(found) {
  return el(
    'p',
    saveButton('Save both signed states', 'two-histories.txt', `${found.growth.before.note}\n\n${found.checkpoint.note}`),
    ' Whoever has both can show that the log told two histories.',
  );
}

function offlinePanel(found, trust) {
  const name = `${index}.tlog-proof`;
  return el(
    'section.panel',
    {'aria-labelledby': 'offline-heading'},
    el('h2', {id: 'offline-heading'}, 'Verify it without this page'),
    el(
      'p',
      'The proof holds the entry and the signed state. Keep it beside the build: it proves what it says for as long as the key is trusted. Take the key from whoever runs the log, not from here.',
    ),
    el('div.buttons', saveButton('Save the proof', name, found.text), copyButton(found.text, 'proof')),
    offline(name, trust.keys[0] ?? 'KEY'),
  );
}

await auditPage({title: `Entry ${index} of the log`, active: 'log', leaves: true}, async (main, session) => {
  if (session.service.log) await show(session, main);
  else replace(main, el('h1', 'Entry of the log'), none('This service keeps no log.'));
});
