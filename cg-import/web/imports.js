// SPDX-License-Identifier: LGPL-2.1-or-later
// The list of imports. Its filters and its place are the address, so that a list can be sent to a colleague. What happens is
// shown in the rows that are there; no row moves by itself, and new imports wait behind a button until the reader wants them.
import {get, query} from './api.js';
import {el, append, find, replace} from './dom.js';
import {ago, duration, none, nvr, state, DASH} from './format.js';
import {changes} from './changes.js';
import {announce, page, run} from './page.js';
import {HELD, STEPS} from './words.js';

const STATES = ['receiving', 'queued', 'running', 'held', 'imported', 'rejected', 'canceled'];
const FILTERS = ['state', 'nvr', 'content_generator', 'hub', 'since', 'until'];
const ROWS = 50;
// Imports that are asked for one by one when they have left the filter that the list is of.
const ALONE_MOST = 10;

// A day that no calendar has is left out, as the field for it does.
function filters() {
  const given = new URLSearchParams(location.search);
  for (const name of ['since', 'until']) if (Number.isNaN(midnight(given.get(name)))) given.delete(name);
  return Object.fromEntries([...FILTERS, 'after'].map((name) => [name, given.get(name)]));
}

const midnight = (day) => Date.parse(`${day}T00:00:00Z`);

// Days are days in UTC, "until" includes its day.
function asked(chosen) {
  const {since, until} = chosen;
  const day = (text, days) => (text ? new Date(midnight(text) + days * 86400000).toISOString() : null);
  return '/v1/imports' + query({...chosen, since: day(since, 0), until: day(until, 1), limit: ROWS});
}

function field(name, label, input) {
  input.id = `filter-${name}`;
  input.name = name;
  return el('div.field', el('label', {for: input.id}, label), input);
}

function form(chosen, session) {
  const option = (value, label) => el('option', {value, selected: chosen.state === value || chosen.hub === value}, label ?? value);
  const text = (name, rest) => el('input', {type: 'text', value: chosen[name], autocomplete: 'off', spellcheck: 'false', ...rest});
  const hubs = session.service.hubs.map((hub) => hub.name);
  const made = el('form.filters', {action: '/ui/imports', method: 'get', 'aria-label': 'Filters'},
    field('state', 'State', el('select', option('', 'any'), STATES.map((name) => option(name)))),
    field('nvr', 'NVR', text('nvr', {placeholder: 'webserver-1.0-*', size: 26})),
    field('content_generator', 'Content generator', text('content_generator', {size: 16})),
    hubs.length > 1 || chosen.hub ? field('hub', 'Hub', el('select', option('', 'any'), hubs.map((name) => option(name)))) : null,
    field('since', 'Posted since', el('input', {type: 'date', value: chosen.since})),
    field('until', 'until', el('input', {type: 'date', value: chosen.until})),
    el('div.buttons', el('button.primary', {type: 'submit'}, 'Filter'),
      FILTERS.some((name) => chosen[name]) ? el('a.button.quiet', {href: '/ui/imports'}, 'All') : null));
  // What is empty does not belong into the address.
  made.addEventListener('submit', (event) => {
    event.preventDefault();
    location.assign('/ui/imports' + query(Object.fromEntries(new FormData(made))));
  });
  made.querySelector('select').addEventListener('change', () => made.requestSubmit());
  return made;
}

// What is to be known of an import beside its state: why it is held or was rejected, where it is.
function outcome(found) {
  const why = found.state === 'held' ? HELD[found.held]?.name ?? found.held
    : found.state === 'running' ? STEPS[found.step] ?? found.step
      : found.state === 'rejected' && found.report?.errors ? `${found.report.errors} ${found.report.errors === 1 ? 'finding' : 'findings'}` : null;
  const error = ['held', 'rejected', 'queued'].includes(found.state) && found.error ? found.error.message : null;
  return [el('div', state(found.state), why ? [' ', el('span', why)] : null),
    error ? el('div.small.muted.clamp', {title: error}, error) : null];
}

function row(found) {
  const took = found.finished_at ? duration(new Date(found.finished_at) - new Date(found.created_at)) : DASH;
  return el('tr', {data: {id: found.id, updated: found.updated_at}},
    el('th', {scope: 'row'}, nvr(found.nvr, `/ui/imports/${found.id}`)),
    el('td', {data: {name: 'state'}}, el('div', outcome(found))),
    el('td', {data: {name: 'generator'}}, el('bdi', found.content_generator)),
    el('td', {data: {name: 'posted by'}}, el('bdi', found.caller)),
    el('td.nowrap', {data: {name: 'posted'}}, ago(found.created_at)),
    el('td.number.nowrap', {data: {name: 'took'}}, took));
}

function table(imports) {
  return el('table.list', el('caption.hidden', 'Imports, newest first'),
    el('thead', el('tr', ['Build', 'State', 'Content generator', 'Posted by', 'Posted'].map((name) => el('th', {scope: 'col'}, name)),
      el('th.number', {scope: 'col'}, 'Took'))),
    el('tbody', imports.map(row)));
}

function paging(chosen, next) {
  const {after, ...rest} = chosen;
  return el('nav.buttons', {'aria-label': 'Pages of the list'},
    after ? el('a.button', {href: '/ui/imports' + query(rest)}, '⇤ Newest') : null,
    next ? el('a.button', {href: '/ui/imports' + query({...rest, after: next}), rel: 'next'}, 'Older →') : null);
}

// Puts what changed into the rows that are there; says how many new ones there are.
class Live {
  constructor(chosen, body, {more, empty}) {
    this.chosen = chosen;
    this.body = body;
    this.more = more;
    this.empty = empty;
    this.fresh = [];
  }

  async update(events) {
    const {imports} = await get(asked(this.chosen));
    const rows = new Map([...this.body.rows].map((old) => [old.dataset.id, old]));
    for (const found of imports) if (rows.has(found.id)) this.put(rows.get(found.id), found);
    const told = new Set(imports.map((found) => found.id));
    const left = [...rows.keys()].filter((id) => !told.has(id) && events.some((event) => event.import === id));
    for (const id of left.slice(0, ALONE_MOST)) this.put(rows.get(id), await get(`/v1/imports/${id}`));
    const newest = this.body.rows[0]?.dataset.id ?? '';
    this.fresh = this.chosen.after ? [] : imports.filter((found) => found.id > newest);
    this.offer();
  }

  put(old, found) {
    if (old.dataset.updated === found.updated_at) return;
    const focused = old.contains(document.activeElement);
    const changed = row(found);
    old.replaceWith(changed);
    if (focused) changed.querySelector('a').focus();
  }

  offer() {
    const n = this.fresh.length;
    const text = n ? `Show ${n}${n === ROWS ? ' or more' : ''} new ${n === 1 ? 'import' : 'imports'}` : '';
    if (text === this.more.textContent) return;
    replace(this.more, n ? el('button', {type: 'button', on: {click: () => this.show()}}, text) : null);
    if (n) announce(`${n} new imports`);
  }

  show() {
    if (this.fresh.length === ROWS) return location.reload();
    this.empty?.remove();
    this.body.prepend(...this.fresh.map(row));
    find('a', this.body.rows[0]).focus();
    this.fresh = [];
    this.offer();
    return null;
  }
}

run(async () => {
  const {session, main} = await page({title: 'Imports', active: 'imports'});
  const chosen = filters();
  const {imports, next} = await get(asked(chosen));
  const list = table(imports);
  const more = el('div.more');
  const heading = el('div.heading', el('h1', 'Imports'));
  const empty = imports.length ? null : none(FILTERS.some((name) => chosen[name]) ? 'No import is like this.' : 'Nothing was posted yet.');
  replace(main, heading, form(chosen, session), more, el('section.panel', {'aria-label': 'List'}, list, empty), paging(chosen, next));
  const live = new Live(chosen, list.tBodies[0], {more, empty});
  append(heading, changes(session, {every_ms: 500, otherwise_ms: 5000, onChange: (events) => live.update(events)}));
});
