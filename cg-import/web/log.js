// SPDX-License-Identifier: LGPL-2.1-or-later
// The log: its state and who signed it, and its entries, newest first, a file of the published log a page (?page=N).
import {bytes as fetchBytes, get, Problem, query} from './api.js';
import {auditPage} from './audit_page.js';
import {append, el, replace} from './dom.js';
import {ago, count, DASH, digest, moment, none, nvr, problem, time} from './format.js';
import {canHash, Refusal, textOf, toBase64} from './bytes.js';
import {listTable} from './list_table.js';
import {logProofs} from './log_proofs.js';
import {announce} from './page.js';
import {keyPanel} from './key_panel.js';
import {saveButton, stepList, verdictMark, verdictNote} from './proof_view.js';
import {bundlePath, bundleWidth, parseBundle, TILE_WIDTH, verifyBundle} from './tiles.js';

async function show(log, main) {
  const proofs = await logProofs(log);
  const state = await get('/v1/audit/log');
  const found = await proofs.checkpoint((state.witnesses ?? []).map(({key}) => key));
  const entries = el('section.panel', {id: 'entries', 'aria-labelledby': 'entries-heading'});
  replace(
    main,
    heading(),
    verdictNote(
      found,
      proofs.trust,
      'the state of the log',
      found.growth?.state === 'first'
        ? 'The key below signed this state of the log.'
        : 'The key below signed this state of the log, and it belongs to what this browser saw before.',
    ),
    el('div.panels', statePanel(state, found), witnessPanel(state, found)),
    el(
      'div.panels',
      el(
        'section.panel',
        {'aria-labelledby': 'checks-heading'},
        el('h2', {id: 'checks-heading'}, 'What was checked here'),
        stepList(found),
        found.growth?.state === 'forked'
          ? el('p', saveButton('Save both signed states', 'two-histories.txt', `${found.growth.before.note}\n\n${found.note}`))
          : null,
        el(
          'p.muted',
          'A page that the service itself sends proves nothing against that service. Without trusting it: ',
          el('code', 'cg-import audit mirror'),
          ' and ',
          el('code', 'cg-import audit verify'),
          '.',
        ),
      ),
      keyPanel(proofs.trust, log, () => location.reload()),
    ),
    entries,
  );
  await showEntries(entries, found);
}

function heading() {
  const form = el(
    'form.goto',
    el('label', {for: 'goto'}, 'Entry'),
    el('input', {
      type: 'text',
      id: 'goto',
      inputmode: 'numeric',
      pattern: '[0-9]+',
      required: true,
      size: 8,
      autocomplete: 'off',
      title: 'The number of an entry',
    }),
    el('button', {type: 'submit'}, 'Go'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    location.assign(`/ui/log/${form.querySelector('input').value}`);
  });
  return el('div.heading', el('h1', 'Log'), el('div.buttons', form));
}

// --- its state ---------------------------------------------------------------------------------------------------------

function statePanel(state, {checkpoint, note}) {
  const waiting = Number(state.signed_size) - Number(state.size);
  const size = checkpoint ? Number(checkpoint.size) : state.size;
  return el(
    'section.panel',
    {'aria-labelledby': 'state-heading'},
    el('h2', {id: 'state-heading'}, 'Published state'),
    el(
      'dl.facts',
      el('dt', 'Log'),
      el('dd', el('bdi', checkpoint?.origin ?? state.origin)),
      el('dt', 'Entries'),
      el('dd', el('strong', count(size))),
      el('dt', 'Root'),
      el('dd', digest(checkpoint ? toBase64(checkpoint.root) : state.root, 20)),
      el('dt', 'Published'),
      el('dd', ago(state.published_at)),
      waiting > 0 ? [el('dt', 'Signed, not published'), el('dd', `${count(waiting)} entries wait for witnesses`)] : null,
      state.pending
        ? [el('dt', 'Not signed yet'), el('dd', count(state.pending), ', the oldest ', ago(state.oldest_pending_at))]
        : null,
    ),
    el('details', el('summary', 'The checkpoint as it was signed'), el('pre.raw.wrapped', {tabindex: 0}, note)),
  );
}

function witnessPanel(state, found) {
  const panel = el('section.panel', {'aria-labelledby': 'witness-heading'}, el('h2', {id: 'witness-heading'}, 'Witnesses'));
  if (!state.witnesses?.length)
    return append(
      panel,
      none('None. Nobody but the log itself says that all see the same one; docs/audit.md tells how to add a witness.'),
    );
  return append(
    panel,
    el(
      'p.muted',
      state.quorum === 1
        ? 'One of them must sign before a state is published.'
        : `${count(state.quorum)} of them must sign before a state is published.`,
    ),
    el(
      'ul.plain.witnesses',
      state.witnesses.map((witness) => witnessLine(witness, state, found.signatures?.witnesses ?? [])),
    ),
  );
}

/** What the browser verified itself, and how far the witness is behind what the log signed. */
function witnessLine({name, key, size}, state, verified) {
  const cosigned = verified.find((verdict) => verdict.key.vkey === key);
  const behind = (state.signed_size ?? 0) - (size ?? state.size ?? 0);
  const mark = cosigned
    ? verdictMark(cosigned.state === 'signed' ? 'proved' : 'unchecked', 'signed this state')
    : verdictMark('unchecked', 'did not sign this state');
  const when = cosigned?.time ? [' ', ago(moment(Number(cosigned.time)))] : null;
  return el(
    'li',
    mark,
    el('div', el('bdi', name), el('span.muted', when, behind > 0 ? `, ${count(behind)} entries behind what is signed` : null)),
  );
}

// --- its entries -------------------------------------------------------------------------------------------------------

async function showEntries(panel, found) {
  const heading = el('h2', {id: 'entries-heading'}, 'Entries');
  const isSigned = found.steps.every(({name, state}) => name !== 'signature' || state !== 'failed');
  if (!isSigned || found.checkpoint.size === 0n) {
    replace(panel, heading, none(isSigned ? 'The log is empty.' : 'Not read: what there is to read, nobody signed.'));
    return;
  }
  const size = Number(found.checkpoint.size),
    last = Math.floor((size - 1) / TILE_WIDTH);
  const asked = new URLSearchParams(location.search).get('page');
  const n = /^[0-9]+$/.test(asked ?? '') ? Math.min(Number(asked), last) : last;
  replace(panel, heading, el('p.waiting', 'One moment …'));
  try {
    const entries = parseBundle(await fetchBytes(bundlePath(n, bundleWidth(size, n))), bundleWidth(size, n));
    const verdict = await bundleVerdict(entries, n, found);
    replace(panel, el('header', heading, verdict), table(entries, n), pager(n, last));
    announce(`Entries ${n * TILE_WIDTH} to ${n * TILE_WIDTH + entries.length - 1}.`);
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof Refusal)) throw error;
    replace(panel, heading, error instanceof Refusal ? failure(error) : problem(error), pager(n, last));
  }
}

function failure(error) {
  return el(
    'div.note',
    {role: 'alert', data: {kind: 'error'}},
    el('strong', 'These entries are not those of the log'),
    el('p', `Verification FAILED: ${error.message}. Do not believe them.`),
  );
}

/** One path proves all entries of the page; a Refusal when they are not the log's. */
async function bundleVerdict(entries, n, {verdict, checkpoint}) {
  if (!canHash()) return verdictMark('unchecked');
  const {hashes} = await get(`/v1/audit/inclusion${query({index: n * TILE_WIDTH, size: String(checkpoint.size)})}`);
  await verifyBundle(entries, n, Number(checkpoint.size), hashes, checkpoint.root);
  if (verdict === 'proved') return verdictMark('proved', `all ${count(entries.length)} verified in this browser`);
  return verdictMark(
    verdict,
    verdict === 'failed' ? 'in a state of the log that is not to be believed' : 'in the tree; its signature is not verified',
  );
}

function table(entries, n) {
  return listTable(
    'Entries of the log, newest first',
    ['Entry', 'What', 'Build', 'When', 'Who'],
    entries.map((leaf, i) => cells(n * TILE_WIDTH + i, readEntry(leaf))).reverse(),
  );
}

function readEntry(leaf) {
  try {
    const entry = JSON.parse(textOf(leaf));
    return entry && typeof entry === 'object' ? entry : {};
  } catch {
    return {};
  }
}

/** The type, and of the worker's steps which. */
function what({type, detail}) {
  if (typeof type !== 'string') return 'unreadable';
  return typeof detail?.step === 'string' && type === 'step' ? `${type}: ${detail.step}` : type;
}

function cells(index, entry) {
  const hub = entry.koji?.hub;
  // What was refused is no build.
  const href = entry.type === 'refused' ? null : `/ui/builds/${encodeURIComponent(entry.nvr)}${query({hub})}`;
  const build = entry.nvr ? nvr(entry.nvr, href) : DASH;
  return [
    el('a', {href: `/ui/log/${index}`}, String(index)),
    what(entry),
    build,
    entry.time ? time(entry.time) : DASH,
    el('bdi', String(entry.actor ?? DASH)),
  ];
}

function pager(n, last) {
  const link = (to, words) => el('a.button', {href: `/ui/log${to === last ? '' : `?page=${to}`}#entries`}, words);
  return el(
    'nav.pager',
    {'aria-label': 'Pages of entries'},
    n < last ? link(last, 'Newest') : null,
    n < last ? link(n + 1, '← Newer') : null,
    n > 0 ? link(n - 1, 'Older →') : null,
    n > 0 ? link(0, 'First') : null,
    el('span.muted', `page ${n + 1} of ${last + 1}`),
  );
}

await auditPage({title: 'Log', active: 'log', leaves: true}, async (main, session) => {
  if (session.service.log) await show(session.service.log, main);
  else replace(main, el('h1', 'Log'), none('This service keeps no log.'));
});
