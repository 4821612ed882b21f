// SPDX-License-Identifier: LGPL-2.1-or-later
// Small bar plots: SVG for the eye, a table of the same figures for screen readers.
//
//   bars({title, rows: [{label, values: [3, 1]}], series: [{name: 'imported', kind: 'imported'}, …], show: count})
//
// One stacked bar a row, oldest first. `kind`: the colour, as an import's state, or 'accent', 'saved'. `show`: how a figure reads.
import {el, svg} from './dom.js';
import {count} from './format.js';

const WIDTH = 480;
const HEIGHT = 84;

export function bars({title, rows, series, show = count}) {
  const most = Math.max(0, ...rows.map((row) => total(row.values)));
  const picture = svg('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true',
    focusable: 'false'});
  picture.append(svg('line.base', {x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5}));
  rows.forEach((row, i) => bar(picture, row, i, {rows, series, most, show}));
  return el('figure.plot', el('figcaption', el('span', title), legend(series, rows, show)),
    el('div.canvas', el('span.most', {'aria-hidden': 'true'}, most ? show(most) : ''), picture),
    el('div.axis', {'aria-hidden': 'true'}, el('span', rows[0]?.label ?? ''), el('span', rows.at(-1)?.label ?? '')),
    table(title, rows, series, show));
}

const total = (values) => values.reduce((sum, value) => sum + value, 0);

function bar(picture, row, i, {rows, series, most, show}) {
  const step = WIDTH / rows.length;
  const group = svg('g', svg('title', `${row.label}: ${series.map((s, k) => `${show(row.values[k])} ${s.name}`).join(', ')}`),
    svg('rect.hit', {x: i * step, y: 0, width: step, height: HEIGHT}));
  let y = HEIGHT - 1;
  row.values.forEach((value, k) => {
    if (!value || !most) return;
    const height = Math.max(1.5, (value / most) * (HEIGHT - 4));
    y -= height;
    group.append(svg('rect.column', {x: i * step + 0.5, y, width: Math.max(1, step - 1.5), height, 'data-kind': series[k].kind}));
  });
  picture.append(group);
}

function legend(series, rows, show) {
  return el('span.legend', series.map((s, k) =>
    el('span', el('i', {data: {kind: s.kind}, 'aria-hidden': 'true'}), `${s.name} `,
      el('b', show(rows.reduce((sum, row) => sum + row.values[k], 0))))));
}

function table(title, rows, series, show) {
  return el('div.hidden', el('table', el('caption', title),
    el('thead', el('tr', el('th', {scope: 'col'}, 'Time'), series.map((s) => el('th', {scope: 'col'}, s.name)))),
    el('tbody', rows.map((row) => el('tr', el('th', {scope: 'row'}, row.label), row.values.map((v) => el('td', show(v))))))));
}
