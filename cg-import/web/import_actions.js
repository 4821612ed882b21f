// SPDX-License-Identifier: LGPL-2.1-or-later
// What may be done with an import, and only that: retry, corrected metadata, release, cancel. Each asks once, does it, and says
// what happened.
//
//   actionsView(found, session, {onDone(found, text), onCorrect()})   the buttons, an element; empty when nothing may be done
import {post} from './api.js';
import {el} from './dom.js';
import {ask} from './page.js';
import {ACTIONS, HELD} from './words.js';
import {problem} from './format.js';

const FINAL = new Set(['rejected', 'canceled', 'imported']);

// A rejected or canceled import has `retry` as long as it is not replaced.
export function offered(found, may) {
  const ended = found.state === 'rejected' || found.state === 'canceled';
  const again = may.retry && ended && Boolean(found.retry);
  const held = found.state === 'held';
  return {
    retry: again,
    release: may.release && held,
    correct: again || (may.retry && held && found.held !== 'tag'),
    cancel: may.cancel && !FINAL.has(found.state) && found.held !== 'tag',
  };
}

export function actionsView(found, session, {onDone, onCorrect}) {
  const may = offered(found, session.may);
  const button = (name, act, kind = '') => el('button', {type: 'button', class: kind, on: {click: act}}, name);
  const work = (asks) => async () => {
    const wanted = await asks();
    if (wanted) await send(found, wanted, onDone);
  };
  return el('div.buttons.actions',
    may.release ? button('Release …', work(() => askRelease(found)), 'primary') : null,
    may.retry ? button('Import again …', work(() => askRetry(found)), found.report?.errors ? '' : 'primary') : null,
    may.correct ? button('Correct the metadata …', onCorrect, may.retry && found.report?.errors ? 'primary' : '') : null,
    may.cancel ? button('Cancel …', work(() => askCancel(found)), 'danger') : null);
}

async function send(found, {verb, body, says}, onDone) {
  try {
    const now = await post(`/v1/imports/${found.id}/${verb}`, body);
    onDone(now, el('div.note', {data: {kind: 'good'}}, says(now)));
  } catch (error) {
    onDone(null, problem(error));
  }
}

async function askRetry(found) {
  const given = await ask({title: `Import ${found.nvr} again?`, action: 'Import again',
    text: 'The same metadata and the same files are checked and imported once more. Nothing is imported twice.'});
  return given && {verb: 'retry', says: (now) => (now.state === 'receiving'
    ? 'Taken up again. Some of its files are no longer kept: it waits for them.' : 'Queued again: the import is tried from its begin.')};
}

async function askCancel(found) {
  const running = found.state === 'running';
  const given = await ask({title: `Cancel the import of ${found.nvr}?`, action: 'Cancel the import', danger: true,
    text: running ? 'The worker is asked to stop, and does where that leaves the hub clean. What was imported by then stays imported.'
      : 'It is given up. It can be taken up again later.'});
  return given && {verb: 'cancel', says: (now) => (now.state === 'canceled' ? 'Canceled.'
    : 'Asked to stop: it is canceled as soon as nothing of it is left on the hub.')};
}

async function askRelease(found) {
  const known = HELD[found.held]?.actions ?? ['retry'];
  const number = el('input', {id: 'release-build', name: 'build_id', type: 'number', min: 1, step: 1});
  const build = el('div.field', {hidden: known[0] !== 'mark-imported'}, el('label', {for: 'release-build'}, 'Id of the build on the hub'), number);
  number.required = !build.hidden;
  const choices = known.map((name, i) => el('label.choice', el('input', {type: 'radio', name: 'action', value: name, checked: i === 0, on: {change: () => {
    build.hidden = name !== 'mark-imported';
    number.required = !build.hidden;
  }}}), el('span', ACTIONS[name])));
  const note = el('textarea', {id: 'release-note', name: 'note', rows: 2, placeholder: 'What was done about it, and by whom; kept in the timeline'});
  const given = await ask({title: `Release ${found.nvr}`, text: HELD[found.held]?.text ?? [], action: 'Release',
    fields: [el('fieldset.choices', el('legend', 'What the worker shall do'), choices), build,
      el('div.field', el('label', {for: 'release-note'}, 'Note'), note)]});
  if (!given) return null;
  const body = {action: given.action};
  if (given.note.trim()) body.note = given.note.trim();
  if (given.action === 'mark-imported') body.build_id = Number(given.build_id);
  return {verb: 'release', body, says: (now) => (now.state === 'receiving' ? 'Released. It waits for files that are no longer kept.'
    : 'Released: it is in the queue again.')};
}
