// SPDX-License-Identifier: LGPL-2.1-or-later
// What changed from one build (?from=) to the build of this page.
import {get, query} from './api.js';
import {auditPage} from './audit_page.js';
import {completeFor} from './complete_for.js';
import {append, el, replace} from './dom.js';
import {buildLink, count, DASH, none, time} from './format.js';
import {listRow, listTable} from './list_table.js';
import {announce, setTitle} from './page.js';

const build = decodeURIComponent(location.pathname.split('/').at(-2));
const address = new URLSearchParams(location.search);
const from = (address.get('from') ?? '').trim(),
  hub = address.get('hub');
const place = `/v1/provenance/builds/${encodeURIComponent(build)}`;

function form(label) {
  return el(
    'form.filters',
    {method: 'get'},
    hub ? el('input', {type: 'hidden', name: 'hub', value: hub}) : null,
    el(
      'div.field',
      el('label', {for: 'from'}, label),
      el('input', {
        type: 'text',
        id: 'from',
        name: 'from',
        required: true,
        value: from,
        size: 40,
        spellcheck: 'false',
        autocomplete: 'off',
      }),
    ),
    el('button.primary', {type: 'submit'}, 'Compare'),
  );
}

/** The builds of the same package, to choose from. */
async function choose(main) {
  const {build: known} = await get(place + query({hub}));
  const {builds} = await get('/v1/provenance/builds' + query({nvr: `${known.package}-*`, hub: known.hub, limit: 50}));
  const others = builds.filter((one) => one.nvr !== known.nvr && one.package === known.package);
  replace(
    main,
    el('div.heading', el('h1', 'What changed to ', el('span.nvr', el('bdi', known.nvr)), '?')),
    el(
      'section.panel',
      form('From this build: NVR, build id or import id'),
      others.length
        ? [
            el('h2', 'Builds of the same package'),
            el(
              'ul.plain',
              others.map((one) =>
                el(
                  'li',
                  el('a.nvr', {href: query({from: one.nvr, hub: known.hub})}, el('bdi', one.nvr)),
                  ' ',
                  el('span.muted', 'imported ', time(one.imported_at)),
                ),
              ),
            ),
          ]
        : none('There is no other build of this package to compare with.'),
    ),
  );
}

// --- what changed ------------------------------------------------------------------------------------------------------

const PARTS = [
  ['components', 'Components', 'rpms and files in the outputs'],
  ['parents', 'Parent images', ''],
  ['remote_sources', 'Remote sources', ''],
  ['tools', 'Tools', 'of the buildroots'],
  ['content_generators', 'Content generators', ''],
  ['buildroot_components', 'What it was built with', 'rpms and files in the buildroots'],
];

function show(main, {from: before, to: after, difference, complete_for: complete}) {
  setTitle(`${before.nvr} → ${after.nvr}`);
  const turned = `/ui/builds/${encodeURIComponent(before.nvr)}/difference${query({from: after.nvr, hub: before.hub})}`;
  replace(
    main,
    el(
      'div.heading',
      el('h1', 'Difference'),
      el(
        'div.buttons',
        el('a.button', {href: turned}, 'The other way round'),
        el('a.button', {href: `${location.pathname}${query({hub})}`}, 'Compare with another'),
      ),
    ),
    el(
      'section.panel',
      el(
        'dl.facts',
        el('dt', 'From'),
        el('dd', buildLink(before), el('span.muted', ' imported ', time(before.imported_at))),
        el('dt', 'To'),
        el('dd', buildLink(after), el('span.muted', ' imported ', time(after.imported_at))),
        el('dt', 'Source'),
        el('dd', source(difference.source)),
      ),
    ),
    el(
      'nav.choices',
      {'aria-label': 'Parts'},
      PARTS.map(([key, name]) => summary(key, name, difference[key])),
    ),
    PARTS.reduce((sum, [key]) => sum + changes(difference[key]), 0) > 8 ? filter() : null,
    PARTS.filter(([key]) => changes(difference[key])).map(([key, name, of]) => part(key, name, of, difference[key])),
    same(difference),
    completeFor(complete),
  );
}

function source(changed) {
  if (!changed) return 'the same';
  return [el('del', el('code', changed.from ?? 'none')), el('br'), el('ins', el('code', changed.to ?? 'none'))];
}

const changes = (part) => part.added.length + part.removed.length + part.changed.length;

function summary(key, name, part) {
  if (!changes(part)) return el('span.chip', {data: {told: 'none'}}, name, el('b', ' same'));
  return el('a.chip', {href: `#${key}`, data: {told: 'found'}}, name, el('b', ` ${count(changes(part))}`));
}

function same(difference) {
  const parts = PARTS.filter(([key]) => !changes(difference[key])).map(
    ([key, name]) => `${name} (${difference[key].same ? count(difference[key].same) : 'none'})`,
  );
  return parts.length ? el('p.muted.wide', `The same in both: ${parts.join(', ')}.`) : null;
}

/** Rows that do not have the text in them are hidden; the tables say how many are left. */
function filter() {
  const box = el('input', {type: 'search', id: 'filter', spellcheck: 'false', autocomplete: 'off'});
  box.addEventListener('input', () => {
    const wanted = box.value.trim().toLowerCase();
    let shown = 0;
    for (const row of document.querySelectorAll('tr[data-text]')) {
      row.hidden = !row.dataset.text.includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    announce(`${count(shown)} changes shown.`);
  });
  return el(
    'form.filters',
    {on: {submit: (event) => event.preventDefault()}},
    el('div.field', el('label', {for: 'filter'}, 'Only changes with this text'), box),
  );
}

function part(key, name, of, told) {
  const section = el(
    'section.panel',
    {id: key, 'aria-labelledby': `${key}-heading`},
    el('header', el('h2', {id: `${key}-heading`}, name), of ? el('span.muted', of) : null),
  );
  const rows = ['changed', 'added', 'removed']
    .flatMap((what) => told[what].map((thing) => [what, thing]))
    .sort(([, one], [, other]) => (nameOf(one) < nameOf(other) ? -1 : 1));
  return append(
    section,
    el(
      'p.muted',
      `${count(told.changed.length)} changed, ${count(told.added.length)} added, ` +
        `${count(told.removed.length)} removed, ${count(told.same)} the same.`,
    ),
    listTable(
      name,
      COLUMNS,
      rows.map(([what, thing]) => changeRow(what, thing)),
    ),
  );
}

const nameOf = (thing) => [thing.name, thing.arch].filter(Boolean).join('.') || thing.type || DASH;

const COLUMNS = ['Change', 'Name', 'Before', 'After'];
const WHAT = {changed: '~', added: '+', removed: '−'};

function changeRow(what, thing) {
  const before = what === 'changed' ? thing.from : what === 'removed' ? thing.versions : [];
  const after = what === 'changed' ? thing.to : what === 'added' ? thing.versions : [];
  const name = nameOf(thing);
  const anew = what === 'changed' && before.map(({version}) => version).join() === after.map(({version}) => version).join();
  const text = [name, ...before, ...after]
    .map((one) => (typeof one === 'string' ? one : (one.version ?? '')))
    .join(' ')
    .toLowerCase();
  return listRow(
    COLUMNS,
    [
      el('span.change', {data: {what}}, el('span.mark', {'aria-hidden': 'true'}, WHAT[what]), anew ? 'built anew' : what),
      el('bdi', name),
      versions(before, anew),
      versions(after, anew),
    ],
    {data: {what, text}},
  );
}

/** Checksums tell two builds of one version apart, and are left out elsewhere. */
function versions(list, anew) {
  if (list.length === 0) return DASH;
  return list.map(({version, checksum}) =>
    el('div', el('code', version || DASH), anew && checksum ? el('span.muted', ` ${checksum}`) : null),
  );
}

await auditPage({title: `Difference to ${build}`, build}, async (main) => {
  if (!from) await choose(main);
  else show(main, await get(`${place}/difference${query({from, hub})}`));
});
