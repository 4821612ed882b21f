// SPDX-License-Identifier: LGPL-2.1-or-later
// What verifying found, in plain words. `found` is what log_proofs.js gives; `trust` its trust.
//
//   verdictMark(verdict)             the small mark: proved, failed, not checked
//   verdictNote(found, trust, what, proved)  the large word at the head of a page; `what`: "this entry", `proved`: what it means
//                                    that all of it verified
//   stepList(found, trust)           what was checked, one by one
//   meaning(found)                   what a proof proves, and what it does not
//   offline(name, key), saveButton(label, name, content)   to verify without this page, and to keep what was found
//   capital(text)                    its first letter large
import {el} from './dom.js';
import {ago, copyButton, count} from './format.js';

const MARKS = {proved: ['✓', 'verified'], failed: ['✕', 'FAILED'], unchecked: ['?', 'not verified']};

export function verdictMark(verdict, words = MARKS[verdict][1]) {
  return el('span.verdict', {data: {verdict}}, el('span.mark', {'aria-hidden': 'true'}, MARKS[verdict][0]), words);
}

const HEADLINES = {
  proved: (what, proved) => ['Verified in this browser', proved],
  failed: (what) => [
    `Verification FAILED: do not believe ${what}`,
    'What the service answered is not what the log signed. It was changed on its way, in the service, or in the log. Keep this page, ' +
      'and tell whoever runs the log and whoever watches over it.',
  ],
  unchecked: (what) => ['Not fully verified', `Nothing was found wrong with ${what}, but not everything could be checked here.`],
};

const KINDS = {proved: 'good', failed: 'error', unchecked: 'warning'};

export function verdictNote(found, trust, what, proved) {
  const [head, text] = HEADLINES[found.verdict](what, proved);
  const why = found.steps.filter((step) => step.state === 'failed');
  return el(
    'div.note.verdict-note',
    {role: found.verdict === 'failed' ? 'alert' : null, data: {kind: KINDS[found.verdict], verdict: found.verdict}},
    el('h2', verdictMark(found.verdict, head)),
    why.map((step) => el('p', el('strong', `${capital(step.why)}.`))),
    el('p', capital(text)),
    found.verdict === 'failed' && trust.state === 'changed' ? keyChanged() : null,
  );
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function keyChanged() {
  return el('p', 'The key of this log is not the one that this browser knows: see the keys below before you believe anything.');
}

// --- step by step ------------------------------------------------------------------------------------------------------

const names = (verdicts) => verdicts.map(({key}) => key.name).join(', ');

const STEPS = {
  read: [
    'The answer is a proof of this entry',
    (found) =>
      found.index === undefined ? '' : `It holds the ${count(found.leaf.length)} bytes that are shown, as number ${found.index}.`,
  ],
  path: [
    'The entry is in the tree',
    (found) =>
      `The SHA-256 of these bytes leads, by hashing upwards, to the root over all ${count(Number(found.checkpoint.size))} entries.`,
  ],
  signature: [
    'The root is signed',
    (found) =>
      `By ${names(found.signatures?.logs ?? [])}, a key that this browser trusts` +
      (found.signatures?.witnesses.length ? `, and by the witnesses ${names(found.signatures.witnesses)}.` : '.'),
  ],
  growth: ['The log only grew', (found) => growthWords(found)],
};

function growthWords({growth}) {
  const before = growth.before ? count(Number(growth.before.size)) : '';
  switch (growth.state) {
    case 'first':
      return 'This is the first state of it that this browser sees; from now on it is held against this one.';
    case 'same':
      return 'This is the very state that this browser saw before.';
    case 'grown':
      return `It continues the ${before} entries that this browser saw before: none was changed or taken away.`;
    case 'older':
      return `This is an earlier state of the log of ${before} entries that this browser saw before.`;
    case 'forked':
      return `This browser saw ${before} entries before, signed too. A log that shows two histories lies to someone.`;
    default:
      return 'The service did not prove it.';
  }
}

const FAILED = {
  read: 'So there is nothing to verify.',
  path: 'Hashed upwards, these bytes do not lead to the root: the entry, the proof or the root was changed.',
  signature: 'So nobody whom this browser trusts stands for it.',
};

const UNCHECKED = {
  'a step before it failed': 'Not checked, since something before it failed.',
};

export function stepList(found) {
  return el(
    'ol.steps',
    found.steps.map((step) => {
      const [title, words] = STEPS[step.name];
      const text =
        step.state === 'proved'
          ? words(found)
          : step.state === 'failed'
            ? `${capital(step.why)}. ${step.name === 'growth' ? growthWords(found) : FAILED[step.name]}`
            : (UNCHECKED[step.why] ?? `Not checked: ${step.why}.`);
      return el(
        'li',
        {data: {state: step.state}},
        verdictMark(step.state),
        el(
          'div',
          el('strong', title),
          el('p', text),
          step.name === 'growth' && found.growth?.at ? el('p.muted', 'Last seen ', ago(found.growth.at), '.') : null,
        ),
      );
    }),
  );
}

// --- what it means -----------------------------------------------------------------------------------------------------

export function meaning() {
  return el(
    'div.meaning',
    el(
      'div',
      el('h3', 'What this proves'),
      el(
        'ul',
        el('li', 'The entry has stood in the log, with these very bytes, since the signed state was made.'),
        el(
          'li',
          'Nobody can show you other bytes for this number and have them verify, whoever runs the service or its database.',
        ),
        el('li', 'The log did not take back anything that this browser saw of it before.'),
      ),
    ),
    el(
      'div',
      el('h3', 'What it does not prove'),
      el(
        'ul',
        el(
          'li',
          'That what the entry says is true. It attests “accepted and imported”, not “built”: what a builder wrote is told as it was posted.',
        ),
        el('li', 'That nothing was left out. Read all entries for that: ', el('code', 'cg-import audit mirror'), '.'),
        el('li', 'That others see the same log. Witnesses make sure of that.'),
        el(
          'li',
          'Anything against the service itself: it sent you this page and its code. To verify without trusting it, do it offline, with a key you were given by other means.',
        ),
      ),
    ),
  );
}

export function offline(name, key) {
  const command = `cg-import audit verify ${name} --key '${key}'`;
  return el('p.command', el('code', command), copyButton(command, 'command'));
}

/** A button that saves a text as a file. */
export function saveButton(label, name, content) {
  return el(
    'button',
    {
      type: 'button',
      on: {
        click: () => {
          const url = URL.createObjectURL(new Blob([content], {type: 'text/plain'}));
          el('a', {href: url, download: name}).click();
          setTimeout(() => URL.revokeObjectURL(url), 60000);
        },
      },
    },
    label,
  );
}
