// SPDX-License-Identifier: LGPL-2.1-or-later
// What verifying found, in plain words. `found` is what log_proofs.js gives; `trust` its trust.
//
//   verdictMark(verdict)             the small mark: proved, failed, not checked
//   verdictNote(found, trust, what, proved)  the large word at the head of a page; `what`: "this entry", `proved`: what it means
//                                    that all of it verified
//   stepList(found, trust)           what was checked, one by one
//   meaning(found)                   what a proof proves, and what it does not
//   keyPanel(trust, log, onTrust)    the keys: shown, compared, and trusted anew by a person
import {el} from './dom.js';
import {ago, copyButton, count} from './format.js';
import {parseKey} from './note.js';
import {canHash, Refusal} from './bytes.js';
import {trust as trustKeys} from './log_trust.js';
import {announce} from './page.js';

const MARKS = {proved: ['✓', 'verified'], failed: ['✕', 'FAILED'], unchecked: ['?', 'not verified']};

export function verdictMark(verdict, words = MARKS[verdict][1]) {
  return el('span.verdict', {data: {verdict}}, el('span.mark', {'aria-hidden': 'true'}, MARKS[verdict][0]), words);
}

const HEADLINES = {
  proved: (what, proved) => ['Verified in this browser', proved],
  failed: (what) => [`Verification FAILED: do not believe ${what}`,
    'What the service answered is not what the log signed. It was changed on its way, in the service, or in the log. Keep this page, '
    + 'and tell whoever runs the log and whoever watches over it.'],
  unchecked: (what) => ['Not fully verified', `Nothing was found wrong with ${what}, but not everything could be checked here.`],
};

const KINDS = {proved: 'good', failed: 'error', unchecked: 'warning'};

export function verdictNote(found, trust, what, proved) {
  const [head, text] = HEADLINES[found.verdict](what, proved);
  const why = found.steps.filter((step) => step.state === 'failed');
  return el('div.note.verdict-note', {role: found.verdict === 'failed' ? 'alert' : null,
    data: {kind: KINDS[found.verdict], verdict: found.verdict}},
  el('h2', verdictMark(found.verdict, head)),
  why.map((step) => el('p', el('strong', `${capital(step.why)}.`))),
  el('p', capital(text)),
  found.verdict === 'failed' && trust.state === 'changed' ? keyChanged() : null);
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function keyChanged() {
  return el('p', 'The key of this log is not the one that this browser knows: see the keys below before you believe anything.');
}

// --- step by step ------------------------------------------------------------------------------------------------------

const names = (verdicts) => verdicts.map(({key}) => key.name).join(', ');

const STEPS = {
  read: ['The answer is a proof of this entry', (found) =>
    found.index === undefined ? '' : `It holds the ${count(found.leaf.length)} bytes that are shown, as number ${found.index}.`],
  path: ['The entry is in the tree', (found) =>
    `The SHA-256 of these bytes leads, by hashing upwards, to the root over all ${count(Number(found.checkpoint.size))} entries.`],
  signature: ['The root is signed', (found) => `By ${names(found.signatures?.logs ?? [])}, a key that this browser trusts`
    + (found.signatures?.witnesses.length ? `, and by the witnesses ${names(found.signatures.witnesses)}.` : '.')],
  growth: ['The log only grew', (found) => growthWords(found)],
};

function growthWords({growth}) {
  const before = growth.before ? count(Number(growth.before.size)) : '';
  switch (growth.state) {
    case 'first': return 'This is the first state of it that this browser sees; from now on it is held against this one.';
    case 'same': return 'This is the very state that this browser saw before.';
    case 'grown': return `It continues the ${before} entries that this browser saw before: none was changed or taken away.`;
    case 'older': return `This is an earlier state of the log of ${before} entries that this browser saw before.`;
    case 'forked': return `This browser saw ${before} entries before, signed too. A log that shows two histories lies to someone.`;
    default: return 'The service did not prove it.';
  }
}

const UNCHECKED = {
  'a step before it failed': 'Not checked, since something before it failed.',
};

export function stepList(found) {
  return el('ol.steps', found.steps.map((step) => {
    const [title, words] = STEPS[step.name];
    const text = step.state === 'proved' ? words(found)
      : step.state === 'failed' ? `${capital(step.why)}. ${step.name === 'growth' ? growthWords(found) : ''}`
        : UNCHECKED[step.why] ?? `Not checked: ${step.why}.`;
    return el('li', {data: {state: step.state}}, verdictMark(step.state), el('div', el('strong', title), el('p', text),
      step.name === 'growth' && found.growth?.at ? el('p.muted', 'Last seen ', ago(found.growth.at), '.') : null));
  }));
}

// --- what it means -----------------------------------------------------------------------------------------------------

export function meaning() {
  return el('div.meaning',
    el('div', el('h3', 'What this proves'), el('ul',
      el('li', 'The entry has stood in the log, with these very bytes, since the signed state was made.'),
      el('li', 'Nobody can show you other bytes for this number and have them verify, whoever runs the service or its database.'),
      el('li', 'The log did not take back anything that this browser saw of it before.'))),
    el('div', el('h3', 'What it does not prove'), el('ul',
      el('li', 'That what the entry says is true. It attests “accepted and imported”, not “built”: what a builder wrote is told as it was posted.'),
      el('li', 'That nothing was left out. Read all entries for that: ', el('code', 'cg-import audit mirror'), '.'),
      el('li', 'That others see the same log. Witnesses make sure of that.'),
      el('li', 'Anything against the service itself: it sent you this page and its code. To verify without trusting it, do it offline, with a key you were given by other means.'))));
}

export function offline(name, key) {
  const command = `cg-import audit verify ${name} --key '${key}'`;
  return el('p.command', el('code', command), copyButton(command, 'command'));
}

/** A button that saves a text as a file. */
export function saveButton(label, name, content) {
  return el('button', {type: 'button', on: {click: () => {
    const url = URL.createObjectURL(new Blob([content], {type: 'text/plain'}));
    el('a', {href: url, download: name}).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }}}, label);
}

// --- keys --------------------------------------------------------------------------------------------------------------

const TRUST = {
  first: ['warning', 'First meeting. This browser trusts this key because the service named it, and will tell if it ever changes. Compare it with what you were given by whoever runs the log.'],
  known: ['good', 'This is the key that this browser knows.'],
  added: ['warning', 'The known key still signs, and another one beside it: the log is changing its key. Only the known one is believed so far.'],
  changed: ['error', 'THE KEY OF THIS LOG HAS CHANGED. The key that this browser knows is not offered any more. Unless whoever runs the log told you so by other means, someone may be showing you another log.'],
};

function keyLine(key, words) {
  return el('li', el('code.vkey', key), copyButton(key, 'key'), words ? el('span.tag', words) : null);
}

function keyLines(trust) {
  const known = new Set(trust.keys), offered = new Set(trust.offered);
  const word = (key) => trust.state === 'known' || trust.state === 'first' ? null
    : known.has(key) ? (offered.has(key) ? 'known' : 'known, not offered any more') : 'new';
  return [...new Set([...trust.keys, ...trust.offered])].map((key) => keyLine(key, word(key)));
}

async function compare(given, trust) {
  const wanted = given.trim();
  if (!wanted) return ['', ''];
  if (canHash()) {
    try {
      await parseKey(wanted);
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure;
      return ['failed', `${capital(failure.message)}.`];
    }
  }
  if (trust.keys.includes(wanted)) return ['proved', 'The same: this is a key that this browser believes.'];
  if (trust.offered.includes(wanted)) return ['unchecked', 'The service offers this key; this browser does not trust it yet.'];
  return ['failed', 'ANOTHER KEY: this is not the key of the log that you are looking at.'];
}

function compareForm(trust) {
  const answer = el('p.compared', {role: 'status'});
  const field = el('input', {type: 'text', id: 'given-key', spellcheck: 'false', autocomplete: 'off',
    placeholder: 'name+id+base64'});
  const form = el('form.compare', el('label', {for: 'given-key'}, 'Compare with a key you were given'),
    el('div.row', field, el('button', {type: 'submit'}, 'Compare')), answer);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const [verdict, words] = await compare(field.value, trust);
    answer.replaceChildren(...(words ? [verdictMark(verdict, words)] : []));
  });
  return form;
}

function trustButton(trust, log, onTrust) {
  if (trust.state !== 'changed' && trust.state !== 'added') return null;
  const label = trust.state === 'changed' ? 'Trust the changed key' : 'Trust the new key, too';
  return el('button.danger', {type: 'button', on: {click: () => {
    trustKeys(log);
    announce('Trusted.');
    onTrust();
  }}}, label);
}

export function keyPanel(trust, log, onTrust) {
  const [kind, words] = TRUST[trust.state];
  return el('section.panel.keys', {'aria-labelledby': 'keys-heading'},
    el('header', el('h2', {id: 'keys-heading'}, trust.keys.length > 1 ? 'The keys of the log' : 'The key of the log'),
      trust.since ? el('span.muted', 'trusted since ', ago(trust.since)) : null),
    el('ul.plain', keyLines(trust)),
    el('div.note', {data: {kind, trust: trust.state}, role: trust.state === 'changed' ? 'alert' : null}, el('p', words),
      trustButton(trust, log, onTrust)),
    compareForm(trust));
}
