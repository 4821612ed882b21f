// SPDX-License-Identifier: LGPL-2.1-or-later
// What an answer of /v1/provenance is complete for, in a sentence (its `complete_for`); null where it does not say.
import {el} from './dom.js';
import {count} from './format.js';

export function completeFor(told) {
  if (!told) return null;
  return el(
    'p.muted.small',
    `Complete for ${count(told.builds)} builds: all that the first ${count(told.log_size)} entries of the `,
    el('a', {href: '/ui/log'}, 'log'),
    ' tell of.',
    told.imports_without_facts
      ? ` ${count(told.imports_without_facts)} imports from before there was provenance are not looked at.`
      : '',
    (told.hubs ?? []).map(
      ({hub, outbox, backfills}) => ` Of other clients’ builds on ${hub}: ${otherClients(outbox, backfills)}.`,
    ),
  );
}

function otherClients(outbox, backfills) {
  const open = outbox?.open ? `, but for ${count(outbox.open)}` : '';
  const record = outbox ? `all imports up to event ${count(outbox.position)} of its record${open}` : 'none from a record';
  return backfills.length ? `${record}, and ${count(backfills.length)} histories brought in whole` : record;
}
