// SPDX-License-Identifier: LGPL-2.1-or-later
// The keys of the log as this browser knows them: shown, compared with one that a person was given, and trusted anew by a person.
//
//   keyPanel(trust, log, onTrust)   `trust`: of log_proofs.js, `log`: of the session; onTrust() when a person trusted new ones
import {canHash, Refusal} from './bytes.js';
import {el} from './dom.js';
import {ago, copyButton} from './format.js';
import {trust as trustKeys} from './log_trust.js';
import {parseKey} from './note.js';
import {announce} from './page.js';
import {capital, verdictMark} from './proof_view.js';

const TRUST = {
  first: [
    'warning',
    'First meeting. This browser trusts this key because the service named it, and will tell if it ever changes. Compare it with what you were given by whoever runs the log.',
  ],
  known: ['good', 'This is the key that this browser knows.'],
  added: [
    'warning',
    'The known key still signs, and another one beside it: the log is changing its key. Only the known one is believed so far.',
  ],
  changed: [
    'error',
    'THE KEY OF THIS LOG HAS CHANGED. The key that this browser knows is not offered any more. Unless whoever runs the log told you so by other means, someone may be showing you another log.',
  ],
};

function keyLine(key, words) {
  return el('li', el('code.vkey', key), copyButton(key, 'key'), words ? el('span.tag', words) : null);
}

function keyLines(trust) {
  const known = new Set(trust.keys),
    offered = new Set(trust.offered);
  const word = (key) =>
    trust.state === 'known' || trust.state === 'first'
      ? null
      : known.has(key)
        ? offered.has(key)
          ? 'known'
          : 'known, not offered any more'
        : 'new';
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
  const field = el('input', {
    type: 'text',
    id: 'given-key',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'name+id+base64',
  });
  const form = el(
    'form.compare',
    el('label', {for: 'given-key'}, 'Compare with a key you were given'),
    el('div.row', field, el('button', {type: 'submit'}, 'Compare')),
    answer,
  );
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
  return el(
    'button.danger',
    {
      type: 'button',
      on: {
        click: () => {
          trustKeys(log);
          announce('Trusted.');
          onTrust();
        },
      },
    },
    label,
  );
}

export function keyPanel(trust, log, onTrust) {
  const [kind, words] = TRUST[trust.state];
  return el(
    'section.panel.keys',
    {'aria-labelledby': 'keys-heading'},
    el(
      'header',
      el('h2', {id: 'keys-heading'}, trust.keys.length > 1 ? 'The keys of the log' : 'The key of the log'),
      trust.since ? el('span.muted', 'trusted since ', ago(trust.since)) : null,
    ),
    el('ul.plain', keyLines(trust)),
    el(
      'div.note',
      {data: {kind, trust: trust.state}, role: trust.state === 'changed' ? 'alert' : null},
      el('p', words),
      trustButton(trust, log, onTrust),
    ),
    compareForm(trust),
  );
}
