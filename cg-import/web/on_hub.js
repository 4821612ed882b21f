// SPDX-License-Identifier: LGPL-2.1-or-later
// What a hub told of a build after it was imported, and how the trail knows of builds that the service did not import.
//
//   originRows(build)        rows [term, value] for the list of what a build is: whence it is known, and what became of it
//   hubPanel(answer)         what the hub's record told, the last first; null where it told nothing
//                            `answer`: of GET /v1/provenance/builds/{build}, `build`: its `build`
import {el} from './dom.js';
import {count, DASH, nvr, time} from './format.js';
import {listTable} from './list_table.js';

const ORIGINS = {
  service: 'imported by this service',
  outbox: 'imported by another client, as the hub’s record told',
  backfill: 'imported by another client, found in the hub’s history',
};
const FROM = {
  metadata: '',
  hub: 'Not from its metadata: only what the hub’s tables say.',
  event: 'Not from its metadata: only what the record of the import says.',
};
/** States of a build in which there is nothing to be had on the hub any more. */
const LOST = ['deleted', 'failed', 'canceled', 'gone'];

export function originRows(build) {
  const from = FROM[build.facts_from ?? 'metadata'];
  return [
    ['Known as', ORIGINS[build.origin]],
    ['Contents', from ? [el('strong', from), build.remark ? el('div.muted', el('bdi', build.remark)) : null] : null],
    ['On the hub', build.on_hub ? standing(build.on_hub, build) : null],
  ];
}

function standing(told, build) {
  const lost = LOST.includes(told.state);
  return [
    el(lost ? 'strong.bad' : 'span', told.state ?? 'state not told'),
    told.nvr === build.nvr ? null : [' as ', nvr(told.nvr)],
    told.tags.length ? [' in ', told.tags.map((tag) => [el('span.tag', tag), ' '])] : null,
    el('div.muted.small', `as ${told.told_by === 'outbox' ? 'the hub’s record' : 'a backfill'} told, `, time(told.told_at)),
  ];
}

/** What is told beyond the kind: the hub's own words, short. */
function detailText(detail) {
  const words = Object.entries(detail ?? {}).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return words.length ? el('bdi', words.join(', ')) : DASH;
}

export function hubPanel({hub_events: events, build}) {
  if (!events?.length) return null;
  const rows = events.map((one) => [
    time(one.time),
    one.kind,
    one.nvr === build.nvr ? DASH : nvr(one.nvr),
    el('bdi', one.user ?? DASH),
    detailText(one.detail),
  ]);
  return el(
    'section.panel',
    {'aria-labelledby': 'hub-heading'},
    el(
      'header',
      el('h2', {id: 'hub-heading'}, 'What the hub told of it'),
      el('span.muted', `${count(events.length)} events, the last first`),
    ),
    listTable('What the hub told of it', ['When', 'What', 'As', 'Who', 'Detail'], rows),
  );
}
