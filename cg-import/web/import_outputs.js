// SPDX-License-Identifier: LGPL-2.1-or-later
// The outputs of an import, with how far each is here while they arrive.
//
//   const outputs = outputsView(found);  outputs.element;  outputs.update(found)
import {el, replace} from './dom.js';
import {bytes, count, digest, nvr} from './format.js';

// More rows than a reader looks through; the rest is a click away.
const SHOWN = 25;

export function outputsView(found) {
  const sum = el('p.muted');
  const body = el('tbody');
  const all = el('button.quiet', {type: 'button', hidden: found.outputs.length <= SHOWN, on: {click: () => {
    all.hidden = true;
    for (const row of body.rows) row.hidden = false;
  }}}, `Show all ${count(found.outputs.length)}`);
  const table = el('table.list', el('caption.hidden', 'Outputs'),
    el('thead', el('tr', el('th', {scope: 'col'}, 'File'), el('th.number', {scope: 'col'}, 'Size'), el('th', {scope: 'col'}, 'Checksum'),
      el('th', {scope: 'col'}, 'Here'))), body);
  const rows = found.outputs.map((output, i) => outputRow(output, i));
  replace(body, rows.map((row) => row.element));
  const view = {element: el('section.panel', {'aria-labelledby': 'outputs'}, el('h2', {id: 'outputs'}, 'Outputs'), sum, table, all), update};
  function update(now) {
    sum.textContent = summary(now);
    now.outputs.forEach((output, i) => rows[i]?.update(output, now));
  }
  update(found);
  return view;
}

function summary({outputs, state}) {
  const total = outputs.reduce((all, output) => all + output.size_bytes, 0);
  const here = outputs.reduce((all, output) => all + (output.complete ? output.size_bytes : output.received_bytes), 0);
  const missing = outputs.filter((output) => !output.complete).length;
  const files = `${count(outputs.length)} ${outputs.length === 1 ? 'file' : 'files'}, ${bytes(total)}`;
  return missing && state === 'receiving' ? `${files}; ${bytes(here)} are here, ${count(missing)} ${missing === 1 ? 'file is' : 'files are'} missing.`
    : `${files}.`;
}

function outputRow(output, i) {
  const fill = el('span');
  const bar = el('span.bar', {role: 'progressbar', 'aria-label': output.path, 'aria-valuemin': 0, 'aria-valuemax': 100}, fill);
  const text = el('span.small');
  const element = el('tr', {hidden: i >= SHOWN}, el('td', nvr(output.path)), el('td.number.nowrap', {data: {name: 'size'}}, bytes(output.size_bytes)),
    el('td', {data: {name: 'checksum'}}, el('span.nowrap', `${output.checksum_type} `, digest(output.checksum))),
    el('td.nowrap', {data: {name: 'here'}}, el('div.arrival', bar, text)));
  function update(now, {state}) {
    const part = now.complete ? 1 : now.size_bytes > 0 ? Math.min(1, now.received_bytes / now.size_bytes) : 0;
    const percent = Math.floor(100 * part);
    const arrives = state === 'receiving' && !now.complete;
    bar.hidden = !arrives;
    bar.setAttribute('aria-valuenow', percent);
    fill.style.width = `${percent}%`;
    text.textContent = now.complete ? '✓ complete' : arrives ? `${percent}%` : 'not kept';
  }
  return {element, update};
}
