// SPDX-License-Identifier: LGPL-2.1-or-later
// The mark that says whether what the log tells of an import verifies, for the pages of imports and builds.
//
//   append(somewhere, proofMark(session, importId));
//
// It asks GET /v1/imports/{id}/audit, verifies the proof of each entry in this browser, and becomes "3 entries verified", with
// the entries in a list that opens; or says what failed, and where. The element is there at once and fills itself.
//
//   proofMark(session, null, {log})          of a build that no import brought: the entries that its `log` names
//   proofMark(session, id, {also})           also(entries) gives further nodes, or a promise of them; entries: [{index, found}],
//                                            `found` of log_proofs.js
//   proofMark(session, id, {atLeast})        atLeast(): so many entries there will be; it looks again until they are published
import {get} from './api.js';
import {el, replace} from './dom.js';
import {count, problem} from './format.js';
import {verdictOf} from './verify.js';
import {logProofs} from './log_proofs.js';
import {verdictMark} from './proof_view.js';

const LOOKS = 8;
const WAIT_MS = 500;

/** All published entries of the import, each with what verifying it found; `unpublished` of them are still to come. */
async function ofImport(proofs, importId) {
  const entries = [];
  let from = 0,
    unpublished = 0;
  while (from !== undefined) {
    const trail = await get(`/v1/imports/${encodeURIComponent(importId)}/audit?from=${from}`);
    for (const {index, leaf, proof} of trail.leaves) entries.push({index, found: await proofs.verify(proof, {index, leaf, about: {import: importId}})});
    unpublished = trail.unpublished;
    from = trail.next;
  }
  return {entries, unpublished};
}

async function ofLog(proofs, log) {
  const entries = [];
  for (const {index} of log) entries.push({index, found: await proofs.entry(index)});
  return {entries, unpublished: 0};
}

export function proofMark(session, importId, {log = [], also = () => [], atLeast = () => 0} = {}) {
  const box = el('div.proof-mark', {'aria-busy': 'true'}, el('span.muted', 'Verifying the log’s entries …'));
  fill(box, {session, importId, log, also, atLeast})
    .catch((error) => replace(box, problem(error)))
    .finally(() => box.removeAttribute('aria-busy'));
  return box;
}

/** Shows what there is, and looks again while entries are on their way into the published log. */
async function fill(box, asked) {
  for (let looked = 1; looked <= LOOKS; looked++) {
    const isComplete = await show(box, asked);
    box.removeAttribute('aria-busy');
    if (isComplete) return;
    await new Promise((done) => setTimeout(done, looked * WAIT_MS));
    if (!box.isConnected) return;
  }
}

/** True when all entries are there that are to be expected. */
async function show(box, {session, importId, log, also, atLeast}) {
  if (!session.service.log) {
    replace(box, el('span.muted', 'This service keeps no log.'));
    return true;
  }
  const proofs = await logProofs(session.service.log);
  const proven = importId ? await ofImport(proofs, importId) : await ofLog(proofs, log);
  replace(box, view(proven, proofs.trust, session.may.audit), await also(proven.entries));
  return proven.unpublished === 0 && proven.entries.length >= atLeast();
}

function summary(entries, unpublished) {
  if (entries.length === 0)
    return unpublished
      ? [verdictMark('unchecked', `${count(unpublished)} entries are not published yet`)]
      : [el('span.muted', 'The log tells nothing of this.')];
  const verdict = verdictOf(entries.map(({found}) => ({state: found.verdict})));
  const failed = entries.filter(({found}) => found.verdict === 'failed').length;
  const words = {
    proved: `${plural(entries.length)} of the log verified in this browser`,
    failed: `VERIFICATION FAILED: ${count(failed)} of ${plural(entries.length)} of the log`,
    unchecked: `${plural(entries.length)} of the log, not fully verified`,
  }[verdict];
  return [verdictMark(verdict, words), unpublished ? el('span.muted', ` ${count(unpublished)} more not published yet`) : null];
}

const plural = (n) => (n === 1 ? '1 entry' : `${count(n)} entries`);

function view({entries, unpublished}, trust, mayAudit) {
  const bad = entries.find(({found}) => found.verdict === 'failed');
  const why = bad?.found.steps.find(({state}) => state === 'failed').why;
  const unsure = entries.flatMap(({found}) => found.steps).find(({state, why: reason}) => state === 'unchecked' && reason)?.why;
  return [
    el('p', summary(entries, unpublished)),
    bad
      ? el(
          'div.note',
          {role: 'alert', data: {kind: 'error'}},
          el('strong', `Entry ${bad.index}: ${why}.`),
          el('p', 'What the service answered is not what the log signed. Do not believe it.'),
        )
      : null,
    !bad && unsure ? el('p.muted', `Not checked: ${unsure}.`) : null,
    trust.state === 'changed'
      ? el('div.note', {data: {kind: 'error'}}, el('strong', 'The key of the log has changed since this browser first met it.'))
      : null,
    entries.length
      ? el(
          'details',
          el('summary', 'The entries'),
          el(
            'ul.plain.proven',
            entries.map((one) => line(one, mayAudit)),
          ),
        )
      : null,
  ];
}

function line({index, found}, mayAudit) {
  const name = `entry ${index}`;
  return el(
    'li',
    verdictMark(found.verdict),
    ' ',
    mayAudit ? el('a', {href: `/ui/log/${index}`}, name) : name,
    found.entry ? el('span.muted', ` ${found.entry.type}`) : null,
  );
}
