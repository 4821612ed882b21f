// SPDX-License-Identifier: LGPL-2.1-or-later
// How figures, times, names and digests read, everywhere the same.
//
// Strings:   bytes(1536) '1.5 KiB' · count(12345) '12,345' · duration(ms) '1 min 12 s' · day(rfc3339) '2026-11-30 18:34:03Z'
//            moment(seconds) rfc3339
// Elements:  time(rfc3339)      <time> with the moment in UTC; its title says how long ago. null: a dash
//            clock(rfc3339)     the same, of the day only '18:34:03Z'
//            ago(rfc3339)       <time> that says how long ago and keeps saying it; its title is the moment
//            digest('sha256:…') shortened, all of it in its title, with a button that copies all of it
//            copyButton(text, 'digest')
//            state('held')      the badge of an import's state
//            nvr(name, href)    a name that may break after its hyphens; a link with an href
//            buildLink(import or knownBuild)   to the build's page
//            problem(error)     an alert that says what went wrong: of a Problem title, detail and hint
//            none('No builds.') what stands where there is nothing
// DASH is what stands for a value that is not there.
import {el, svg} from './dom.js';

export const DASH = '–';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(n) {
  if (!Number.isFinite(n)) return DASH;
  let unit = 0;
  while (n >= 1024 && unit < UNITS.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`;
}

export function count(n) {
  return Number.isFinite(n) ? n.toLocaleString('en-US') : DASH;
}

export function duration(ms) {
  if (!Number.isFinite(ms)) return DASH;
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return longer(Math.round(seconds));
}

function longer(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

// Seconds since the epoch in the form that the API has moments in; null for what no calendar has.
export function moment(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

export function day(when) {
  const date = new Date(when);
  return Number.isNaN(date.getTime()) ? DASH : date.toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

// How long ago, in one unit.
function since(when) {
  const seconds = Math.round((Date.now() - new Date(when).getTime()) / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

export function time(when) {
  return when ? el('time', {datetime: when, title: since(when)}, day(when)) : DASH;
}

export function clock(when) {
  return el('time', {datetime: when, title: day(when)}, day(when).slice(11));
}

export function ago(when) {
  return when ? el('time', {datetime: when, title: day(when), data: {ago: ''}}, since(when)) : DASH;
}

setInterval(() => {
  for (const node of document.querySelectorAll('time[data-ago]')) {
    const text = since(node.dateTime);
    if (node.textContent !== text) node.textContent = text;
  }
}, 5000);

export function digest(text, kept = 12) {
  if (!text) return DASH;
  const [, algorithm, digits] = /^([a-z0-9]+:)?(.*)$/s.exec(text);
  const short = digits.length > kept + 4 ? `${algorithm || ''}${digits.slice(0, kept)}…` : text;
  return el('span.digest', el('code', {title: text}, short), copyButton(text, 'digest'));
}

// Two sheets, and a tick.
const SHEETS = 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7';
const TICK = 'M3 8.5l3.5 3.5L13 4.5';

// Browsers let pages write to the clipboard on https and on their own machine only; elsewhere there is no button.
export function copyButton(text, what) {
  if (!navigator.clipboard) return null;
  const path = svg('path', {d: SHEETS});
  const button = el('button.copy', {type: 'button', title: `Copy ${what}`, 'aria-label': `Copy ${what}`},
    svg('svg', {viewBox: '0 0 16 16', 'aria-hidden': 'true'}, path));
  const says = (word, drawn) => {
    button.setAttribute('aria-label', `${word} ${what}`);
    path.setAttribute('d', drawn);
  };
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text);
    says('Copied', TICK);
    setTimeout(() => says('Copy', SHEETS), 1500);
  });
  return button;
}

const MARKS = {receiving: '↓', queued: '⋯', running: '▸', held: '!', imported: '✓', rejected: '✕', canceled: '⊘'};

export function state(name) {
  return el('span.state', {data: {state: name}}, el('span.mark', {'aria-hidden': 'true'}, MARKS[name] || '·'), name);
}

export function nvr(name, href) {
  const parts = String(name).split(/(?<=-)/).flatMap((part, i) => (i ? [el('wbr'), part] : [part]));
  return href ? el('a.nvr', {href}, el('bdi', parts)) : el('span.nvr', el('bdi', parts));
}

export function buildLink(build) {
  const hub = build.hub ? `?hub=${encodeURIComponent(build.hub)}` : '';
  return nvr(build.nvr, `/ui/builds/${encodeURIComponent(build.nvr)}${hub}`);
}

export function problem(error) {
  if (!('status' in error)) console.error(error);
  const title = error.title && error.title !== error.message ? error.title : 'That did not work';
  return el('div.note', {role: 'alert', data: {kind: 'error'}}, el('strong', title), el('p', error.message),
    error.hint ? el('p.muted', error.hint) : null);
}

export function none(text) {
  return el('p.none', text);
}
