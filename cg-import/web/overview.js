// SPDX-License-Identifier: LGPL-2.1-or-later
// The overview: what waits for a person, the queue, the last two days, the hubs. Everything is of GET /v1/overview, asked again
// when something happened.
import {get, query} from './api.js';
import {el, append, find, replace} from './dom.js';
import {ago, bytes, count, none, nvr, state, DASH} from './format.js';
import {page, run} from './page.js';
import {changes} from './changes.js';
import {bars} from './plot.js';
import {HELD} from './words.js';

const LIVE = ['receiving', 'queued', 'running', 'held'];

const listed = (filter) => '/ui/imports' + query(filter);

function held({count: all, imports}) {
  const rows = imports.map((found) => el('tr',
    el('td', nvr(found.nvr, `/ui/imports/${found.id}`)),
    el('td', {data: {name: 'why'}}, el('strong', HELD[found.held]?.name ?? found.held),
      found.error ? el('div.small.muted', found.error.message) : null),
    el('td.nowrap', {data: {name: 'since'}}, ago(found.updated_at))));
  return el('section.panel', {'aria-labelledby': 'held'},
    el('header', el('h2', {id: 'held'}, 'Waits for a person'), all > imports.length ? el('a', {href: listed({state: 'held'})}, `all ${count(all)}`) : null),
    rows.length ? el('table.list', el('thead', el('tr', el('th', {scope: 'col'}, 'Build'), el('th', {scope: 'col'}, 'Why it is held'),
      el('th', {scope: 'col'}, 'Since'))), el('tbody', rows)) : none('Nothing is held.'));
}

function queue(told) {
  return el('section.panel', {'aria-labelledby': 'queue'}, el('h2', {id: 'queue'}, 'Queue'),
    el('ul.figures', LIVE.map((name) => el('li', el('a', {href: listed({state: name})},
      el('b', count(told.queue[name] ?? 0)), state(name))))),
    el('p', {class: 'muted'}, told.oldest_unfinished_at ? ['The oldest that is not finished was posted ', ago(told.oldest_unfinished_at), '.']
      : 'Everything that was posted is finished.'));
}

// The hours are told in UTC, as all times here.
const hour = (when) => `${when.slice(5, 10)} ${when.slice(11, 16)}`;

function plots(told) {
  const rows = (...keys) => told.hours.map((h) => ({label: hour(h.hour), values: keys.map((key) => h[key])}));
  return el('div.panels',
    el('section.panel', bars({title: 'Imports ended, per hour', rows: rows('imported', 'rejected', 'canceled'),
      series: ['imported', 'rejected', 'canceled'].map((kind) => ({name: kind, kind}))})),
    el('section.panel', bars({title: 'Bytes, per hour', rows: rows('bytes_posted', 'bytes_deduplicated'), show: bytes,
      series: [{name: 'received', kind: 'accent'}, {name: 'saved by deduplication', kind: 'saved'}]})));
}

const CIRCUIT = {closed: ['good', 'answers'], open: ['bad', 'does not answer'], 'half-open': ['warn', 'is tried again'],
  unknown: ['plain', 'not asked yet']};

function hubs(told, session) {
  const links = new Map(session.service.hubs.map((hub) => [hub.name, hub.web_url]));
  const rows = told.hubs.map((hub) => {
    const [kind, words] = CIRCUIT[hub.state] ?? ['plain', hub.state];
    const url = links.get(hub.name);
    return el('tr', el('td', el('bdi', url ? el('a', {href: url, rel: 'noreferrer'}, hub.name) : hub.name)),
      el('td', {data: {name: 'state'}}, el('span.health', {data: {kind}}, words), hub.reason ? el('div.small.muted', hub.reason) : null),
      el('td.nowrap', {data: {name: 'since'}}, ago(hub.since)));
  });
  return el('section.panel', {'aria-labelledby': 'hubs'}, el('h2', {id: 'hubs'}, 'Hubs'),
    el('table.list', el('thead', el('tr', ['Hub', 'State', 'Since'].map((name) => el('th', {scope: 'col'}, name)))), el('tbody', rows)));
}

function totals({totals: t}) {
  const kept = t.bytes_kept, saved = t.bytes_deduplicated;
  return el('section.panel', {'aria-labelledby': 'totals'}, el('h2', {id: 'totals'}, 'In all'),
    el('dl.facts', el('dt', 'Imports'), el('dd', el('a', {href: '/ui/imports'}, count(t.imports))),
      el('dt', 'Imported'), el('dd', el('a', {href: listed({state: 'imported'})}, count(t.imported))),
      el('dt', 'Kept'), el('dd', bytes(kept)),
      el('dt', 'Saved by deduplication'), el('dd', bytes(saved), ' ',
        el('span.muted', kept + saved > 0 ? `(${Math.round((100 * saved) / (kept + saved))}% of what was posted)` : DASH))));
}

run(async () => {
  const {session, main} = await page({title: 'Overview', active: 'overview'});
  const body = el('div', {id: 'overview'});
  async function show() {
    const told = await get('/v1/overview');
    const focused = body.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
    replace(body, el('div.panels', queue(told), held(told.held)), plots(told), el('div.panels', hubs(told, session), totals(told)));
    if (focused) body.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }
  const heading = el('div.heading', el('h1', 'Overview'));
  await show();
  replace(main, heading, body);
  append(heading, changes(session, {every_ms: 2000, otherwise_ms: 10000, onChange: show}));
  find('#overview');
});
