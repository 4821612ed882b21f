// SPDX-License-Identifier: LGPL-2.1-or-later
// Findings shown in the document: the lines around the place that each names, the place marked, with what was expected.
//
//   findingsView(findings, text, {goTo})   an element; `text`: the document's text, null when it is no longer there. With `goTo` no
//                                          lines are shown, but a button at each finding that calls goTo({start, end})
//   figures(report)                        '1 error, 2 warnings'
//   placeOf(text, finding)                 {start, end}: where in the text the finding is
import {el} from './dom.js';
import {count} from './format.js';
import {layOut, lineOf, locate, nearest} from './json_text.js';

// Lines of context, lines of the marked part itself, characters of one line.
const AROUND = 3;
const MARKED = 6;
const LINE = 400;
// A document with a line longer than this is shown laid out.
const LONG = 160;

export function placeOf(text, finding) {
  if (finding.line && layOut(text) === null) return placeOfLine(text, finding);
  const places = locate(text, [finding.pointer]).get(finding.pointer);
  const place = places.find((p) => lineOf(text, (p.key ?? p).start) === finding.line) ?? places.at(-1)
    ?? nearest(text, [finding.pointer]).get(finding.pointer);
  return {start: (place.key ?? place).start, end: place.end};
}

// Text that is no JSON has no pointers: from the column to the end of the line.
function placeOfLine(text, {line, column = 1}) {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0);
  const length = (lines[line - 1] ?? '').length;
  const start = Math.min(text.length, before + Math.min(column - 1, length));
  return {start, end: Math.max(start, before + length)};
}

export function figures({errors, warnings}) {
  const some = (n, word) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;
  return [errors ? some(errors, 'error') : null, warnings ? some(warnings, 'warning') : null].filter(Boolean).join(', ');
}

export function findingsView(findings, text, {goTo = null} = {}) {
  const shown = text === null ? null : layedOut(text);
  const errors = findings.filter((finding) => finding.level === 'error');
  const ordered = [...errors, ...findings.filter((finding) => finding.level !== 'error')];
  return el('ol.findings', ordered.map((finding) => {
    const place = text === null ? null : placeOf(text, finding);
    return el('li', {data: {level: finding.level}}, head(finding),
      shown && !goTo ? excerpt(shown.text, shown.range(place)) : null, told(finding),
      goTo && place ? el('button.small', {type: 'button', on: {click: () => goTo(place)}}, 'Go to it') : null);
  }));
}

function layedOut(text) {
  const long = text.split('\n').some((line) => line.length > LONG);
  return (long && layOut(text)) || {text, range: (place) => place};
}

function head(finding) {
  return el('div.finding', el('span.level', finding.level), el('strong', el('bdi', finding.message)),
    el('code.pointer', {title: 'JSON pointer'}, el('bdi', finding.pointer || 'the whole document')),
    el('span.rule.muted', finding.rule));
}

function told({expected, got}) {
  if (!expected && !got) return null;
  return el('dl.told', expected ? [el('dt', 'expected'), el('dd', el('code', expected))] : null,
    got ? [el('dt', 'found'), el('dd', el('code', got))] : null);
}

// The lines of the text from AROUND above to AROUND below the place; of a long place only its begin.
function excerpt(text, {start, end}) {
  const lines = linesAround(text, start, end);
  const last = lines.at(-1);
  return el('pre.excerpt', {tabindex: 0, 'aria-label': `Lines ${lines[0].number} to ${last.number} of the document`},
    el('code', lines.map((line) => numbered(line, text, start, end))));
}

function linesAround(text, start, end) {
  let from = text.lastIndexOf('\n', start - 1) + 1;
  for (let i = 0; i < AROUND && from > 0; i++) from = text.lastIndexOf('\n', from - 2) + 1;
  const lines = [];
  let number = lineOf(text, from), after = 0, marked = 0, hidden = 0;
  for (let at = from; at < text.length && after < AROUND; number++) {
    const stop = text.indexOf('\n', at) === -1 ? text.length : text.indexOf('\n', at);
    if (at >= end && stop > start) after++;
    else if (stop >= start) marked++;
    if (marked <= MARKED || at >= end) {
      lines.push({number, at, stop, hidden});
      hidden = 0;
    } else {
      hidden++;
    }
    at = stop + 1;
  }
  return lines;
}

function numbered({number, at, stop, hidden}, text, start, end) {
  const skipped = hidden ? el('span.skipped', `${count(hidden)} more ${hidden === 1 ? 'line' : 'lines'}\n`) : null;
  return [skipped, el('span.line', {data: {n: number}}, marked(text, at, stop, start, end))];
}

function marked(text, at, stop, start, end) {
  const from = Math.min(Math.max(at, start), stop), to = Math.max(from, Math.min(stop, end));
  // Spaces at the begin of a line that is marked as a whole stay unmarked.
  const indent = /^ */.exec(text.slice(from, to))[0].length;
  const begin = from === at ? from + indent : from;
  if (begin >= to) return cut(text.slice(at, stop));
  return [cut(text.slice(at, begin)), el('mark', cut(text.slice(begin, to))), cut(text.slice(to, stop))];
}

function cut(text) {
  return text.length <= LINE ? text : `${text.slice(0, LINE)} … ${count(text.length - LINE)} characters more`;
}
