// SPDX-License-Identifier: LGPL-2.1-or-later
// The components of a build, with search. Tens of thousands stay quick: all are searched, and a piece of them is drawn.
//
//   componentsPanel(facts)   of GET /v1/provenance/builds/{build}
import {append, el, find, replace} from './dom.js';
import {bytes, count, DASH, digest, none} from './format.js';
import {listRow, listTable} from './list_table.js';
import {announce} from './page.js';

const PIECE = matchMedia('(max-width: 40rem)').matches ? 25 : 100;

/** One row a distinct component: what is shown, what is searched (an rpm's NVRA as well), and which outputs and buildroots have it. */
function rowsOf(facts) {
  const rows = facts.components.map(({component}) => ({...described(component), outputs: [], buildroots: []}));
  for (const holder of ['outputs', 'buildroots'])
    for (const [position, {components}] of facts[holder].entries())
      for (const index of new Set(components)) rows[index]?.[holder].push(position);
  for (const row of rows) row.text = [row.type, row.name, row.version, row.arch, row.checksum, row.whole].join(' ').toLowerCase();
  return rows.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

const word = (value) => (value === null || value === undefined ? '' : String(value));

function described(component) {
  const type = word(component.type);
  if (type === 'rpm') {
    const epoch = /^[0-9]+$/.test(word(component.epoch)) ? `${component.epoch}:` : '';
    return {
      type,
      name: word(component.name),
      version: `${epoch}${word(component.version)}-${word(component.release)}`,
      arch: word(component.arch),
      checksum: word(component.sigmd5),
      whole: `${component.name}-${component.version}-${component.release}.${component.arch}`,
    };
  }
  return {
    type,
    name: word(component.filename ?? component.name),
    version: word(component.nvr ?? component.version),
    arch: word(component.arch),
    checksum: word(component.checksum),
    size: component.filesize,
  };
}

const HOLDERS = [
  ['outputs', 'In the outputs'],
  ['buildroots', 'What it was built with'],
  ['', 'All'],
];

export function componentsPanel(facts) {
  const rows = rowsOf(facts);
  const panel = el(
    'section.panel',
    {id: 'components', 'aria-labelledby': 'components-heading'},
    el(
      'header',
      el('h2', {id: 'components-heading'}, 'Components'),
      el('span.muted', `${count(rows.length)} distinct rpms and files`),
    ),
  );
  if (rows.length === 0) return append(panel, none('The metadata names none.'));
  const list = listing(facts);
  const field = el('input', {
    type: 'search',
    id: 'component-filter',
    spellcheck: 'false',
    autocomplete: 'off',
    placeholder: 'name, version, architecture, checksum',
  });
  const holder = el(
    'select',
    {id: 'component-holder'},
    HOLDERS.map(([key, name]) =>
      el('option', {value: key}, `${name} (${count(key ? rows.filter((row) => row[key].length).length : rows.length)})`),
    ),
  );
  const output = el(
    'select',
    {id: 'component-output'},
    el('option', {value: ''}, 'Any'),
    facts.outputs.flatMap((one, i) => (one.components.length ? [el('option', {value: i}, `${i}: ${one.arch ?? one.path}`)] : [])),
  );
  const select = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean),
      position = output.value === '' ? null : Number(output.value);
    const wanted = rows.filter(
      (row) =>
        (!holder.value || row[holder.value].length > 0) &&
        words.every((one) => row.text.includes(one)) &&
        (position === null || row.outputs.includes(position)),
    );
    list.show(wanted);
  };
  for (const control of [field, holder, output]) control.addEventListener('input', select);
  if (!rows.some((row) => row.outputs.length)) holder.value = '';
  append(
    panel,
    el(
      'form.filters',
      {on: {submit: (event) => event.preventDefault()}},
      el('div.field', el('label', {for: 'component-filter'}, 'Search'), field),
      el('div.field', el('label', {for: 'component-holder'}, 'Where'), holder),
      el('div.field', el('label', {for: 'component-output'}, 'Output'), output),
    ),
    list.element,
  );
  select();
  return panel;
}

const COLUMNS = ['Name', 'Version', 'Arch', 'Type', 'Checksum', 'In'];

/** A table that draws its rows by pieces. */
function listing(facts) {
  const table = listTable('Components', COLUMNS, []),
    body = find('tbody', table);
  const said = el('p.muted', {role: 'status'}),
    more = el('button', {type: 'button'});
  let wanted = [],
    drawn = 0;
  const draw = () => {
    append(
      body,
      wanted.slice(drawn, drawn + PIECE).map((row) => tableRow(row, facts)),
    );
    drawn = Math.min(drawn + PIECE, wanted.length);
    said.textContent =
      wanted.length === drawn
        ? `${count(wanted.length)} components`
        : `${count(drawn)} of ${count(wanted.length)} components shown`;
    more.hidden = drawn === wanted.length;
    more.textContent = `Show ${count(Math.min(PIECE, wanted.length - drawn))} more`;
  };
  more.addEventListener('click', () => {
    const first = drawn;
    draw();
    body.rows[first]?.querySelector('button, a')?.focus();
    announce(`${count(drawn - first)} more.`);
  });
  return {
    element: el('div.components', said, table, el('div.buttons', more)),
    show(rows) {
      wanted = rows;
      drawn = 0;
      replace(body);
      draw();
    },
  };
}

function tableRow(row, facts) {
  return listRow(COLUMNS, [
    el('bdi', row.name || DASH),
    el('bdi', row.version || DASH),
    row.arch || DASH,
    row.type + (Number.isFinite(row.size) ? `, ${bytes(row.size)}` : ''),
    row.checksum ? digest(row.checksum, 10) : DASH,
    holders(row, facts),
  ]);
}

function holders(row, facts) {
  const outputs = row.outputs.map((i) => facts.outputs[i].arch ?? `output ${i}`);
  return [...new Set([...outputs, ...(row.buildroots.length ? ['buildroot'] : [])])].map((name) => el('span.tag', name));
}
