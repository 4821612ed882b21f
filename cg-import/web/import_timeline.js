// SPDX-License-Identifier: LGPL-2.1-or-later
// The timeline of an import: its events, each with how long it took until the next. Outputs that arrived one after the other are
// one row, and so is an upload that told its progress many times.
//
//   timeline(events, found)    an <ol>; `events`: of the API, oldest first; `found`: the import, for the paths of its outputs
import {el} from './dom.js';
import {bytes, clock, count, day, duration, nvr} from './format.js';
import {ACTIONS, HELD, STEPS} from './words.js';

const RESTS = new Set(['imported', 'rejected', 'canceled', 'held', 'replaced']);

export function timeline(events, found) {
  const rows = grouped(events);
  const date = (row) => day(row.first.at).slice(0, 10);
  return el('ol.timeline', rows.map((row, i) => [
    i === 0 || date(row) !== date(rows[i - 1]) ? el('li.date', el('span.muted', date(row))) : null,
    entry(row, rows[i + 1], found)]));
}

// Rows of events that belong together: [{type, first, last, events}].
function grouped(events) {
  const rows = [];
  for (const event of events) {
    const row = rows.at(-1);
    const same = row && row.type === event.type
      && (event.type === 'content' || (event.type === 'step' && row.first.detail?.step === event.detail?.step));
    if (same) {
      row.events.push(event);
      row.last = event;
    } else {
      rows.push({type: event.type, first: event, last: event, events: [event]});
    }
  }
  return rows;
}

function entry(row, next, found) {
  const {kind, text, more} = say(row, found);
  const from = new Date(row.first.at);
  const goes = !next && !RESTS.has(row.type);
  const took = next && !RESTS.has(row.type) ? duration(new Date(next.first.at) - from) : goes ? 'goes on' : '';
  return el('li', {data: {type: row.type, kind}}, el('span.dot', {'aria-hidden': 'true'}), clock(row.first.at),
    el('span.what', el('span', text), more ? el('div.small.muted', more) : null),
    el('span.took', {title: took && !goes ? 'until what came next' : null}, took), who(row));
}

function who({first}) {
  return first.actor && first.type !== 'step' ? el('span.actor.small.muted', 'by ', el('bdi', first.actor)) : null;
}

const SAYS = {
  accepted: () => ({text: 'Posted and kept'}),
  content: arrived,
  queued: () => ({text: 'Put into the queue'}),
  claimed: ({detail}) => ({text: `Attempt ${count(detail.attempt)} begins`,
    more: detail.because && detail.because !== 'due' ? detail.because : null}),
  step: uploading,
  later: ({detail}) => ({kind: 'warn', text: ['Failed for now: ', reason(detail)],
    more: Number.isFinite(detail.delay_ms) ? `tried again after ${duration(detail.delay_ms)}` : null}),
  held: ({detail}) => ({kind: 'warn', text: ['Held, ', HELD[detail.held]?.name ?? detail.held ?? '', ': ', reason(detail)]}),
  rejected: ({detail}) => ({kind: 'bad', text: ['Rejected: ', reason(detail)]}),
  imported: ({detail}) => ({kind: 'good', text: detail.build_id ? `Imported as build ${detail.build_id}` : 'Imported'}),
  retried: () => ({text: 'To be imported again'}),
  released: ({detail}) => ({text: ['Released', detail?.action ? `: ${ACTIONS[detail.action] ?? detail.action}` : ''],
    more: detail?.note ? el('bdi', detail.note) : null}),
  'cancel-asked': () => ({text: 'Asked to stop'}),
  canceled: () => ({kind: 'bad', text: 'Canceled'}),
  replaced: ({detail}) => ({text: ['Replaced by ', detail?.by ? el('a', {href: `/ui/imports/${detail.by}`}, 'a corrected import') : 'another']}),
};

function say(row, found) {
  const says = SAYS[row.type];
  const {kind = '', text, more = null} = says ? says(row.last, row, found) : {text: row.type, more: JSON.stringify(row.last.detail)};
  return {kind, text, more};
}

function reason(detail) {
  return el('span', el('bdi', detail?.message ?? ''), detail?.error ? el('span.muted', ` (${detail.error})`) : null);
}

function arrived(event, {events}, found) {
  const paths = events.map(({detail}) => found.outputs?.[detail.position]?.path ?? `output ${detail.position}`);
  return {text: events.length === 1 ? ['Output arrived: ', nvr(paths[0])] : `${count(events.length)} outputs arrived`,
    more: events.length > 1 ? el('details', el('summary', 'which'), el('ul.plain', paths.map((path) => el('li', nvr(path))))) : null};
}

function uploading({detail}) {
  const told = detail?.detail;
  const far = told && Number.isFinite(told.total_bytes) ? `${bytes(told.done_bytes)} of ${bytes(told.total_bytes)}` : null;
  return {text: STEPS[detail?.step] ?? detail?.step ?? 'step', more: far};
}
