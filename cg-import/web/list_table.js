// SPDX-License-Identifier: LGPL-2.1-or-later
// Tables of base.css's .list, whose rows become cards on a phone: each cell has its column's name and its content in one box.
//
//   listTable('Builds found', ['Build', 'State', '#Size'], rows)   '#' before a column of figures
//       rows: [[cell, cell, …], …], cells as el() takes them; or elements of listRow()
//   listRow(columns, cells, {data: {…}})                           one <tr>, to be added later or with attributes
import {el} from './dom.js';

const nameOf = (column) => column.replace(/^#/, '');
const kindOf = (column) => (column.startsWith('#') ? '.number' : '');

export function listRow(columns, cells, attributes = {}) {
  return el(
    'tr',
    attributes,
    cells.map((cell, i) => el(`td${kindOf(columns[i])}`, {data: {name: nameOf(columns[i])}}, el('div', cell))),
  );
}

export function listTable(caption, columns, rows, {shown = false} = {}) {
  return el(
    'div.scroll',
    el(
      'table.list',
      el(shown ? 'caption' : 'caption.hidden', caption),
      el(
        'thead',
        el(
          'tr',
          columns.map((column) => el(`th${kindOf(column)}`, {scope: 'col'}, nameOf(column))),
        ),
      ),
      el(
        'tbody',
        rows.map((row) => (row instanceof Node ? row : listRow(columns, row))),
      ),
    ),
  );
}
