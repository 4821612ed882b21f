// SPDX-License-Identifier: LGPL-2.1-or-later
// Correct the metadata of an import and have it imported again. The posted document is there to be changed; findings are marked in
// it and move with the text. What the service refuses is shown at its places, and nothing is lost.
//
//   const editor = editorView(found, text, findings, {onDone(now), onLeave()});
//
// editor.element, editor.focus(). `onDone` gets the new import, `onLeave` is called by who changes their mind. Marks lie in a layer under the text field, which shows them through: the field stays an
// ordinary one for keyboards, screen readers and search.
import {post} from './api.js';
import {el, replace} from './dom.js';
import {announce} from './page.js';
import {figures, findingsView, placeOf} from './findings.js';
import {problem} from './format.js';
import {faultIn, layOut, lineOf} from './json_text.js';

const LONG = 160;
const MARK_AFTER_MS = 150;

export function editorView(found, text, findings, {onDone, onLeave}) {
  const posted = text.split('\n').some((line) => line.length > LONG) ? layOut(text)?.text ?? text : text;
  return new Editor(found, posted, findings, onDone, onLeave);
}

class Editor {
  constructor(found, posted, findings, onDone, onLeave) {
    this.found = found;
    this.posted = posted;
    this.findings = findings;
    this.onDone = onDone;
    this.layer = el('pre.layer', {'aria-hidden': 'true'});
    this.field = el('textarea', {id: 'corrected', spellcheck: 'false', autocomplete: 'off', wrap: 'off', rows: 24,
      'aria-describedby': 'corrected-state'});
    this.field.value = posted;
    this.status = el('p.small.muted', {id: 'corrected-state', role: 'status'});
    this.outcome = el('div');
    this.button = el('button.primary', {type: 'button', on: {click: () => this.send()}}, 'Import with this metadata');
    this.element = el('section.panel.editor', {'aria-labelledby': 'correct'},
      el('header', el('h2', {id: 'correct'}, 'Correct the metadata'), el('span.muted', found.nvr)),
      this.outcome,
      el('label.hidden', {for: 'corrected'}, 'Metadata document'),
      el('div.layers', this.layer, this.field), this.status,
      el('div.buttons', this.button, el('button', {type: 'button', on: {click: () => this.reset()}}, 'As it was posted'),
        el('button', {type: 'button', on: {click: onLeave}}, 'Leave it')));
    this.field.addEventListener('input', () => this.changed());
    this.field.addEventListener('scroll', () => this.scrolled());
    this.mark();
    this.show();
  }

  focus() {
    const places = this.places();
    const first = places.find(({level}) => level === 'error') ?? places[0];
    this.element.scrollIntoView({block: 'nearest'});
    if (first) this.goTo(first);
    else this.field.focus();
  }

  reset() {
    this.field.value = this.posted;
    this.changed();
    this.field.focus();
  }

  changed() {
    this.button.disabled = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.mark(), MARK_AFTER_MS);
    replace(this.layer);
  }

  places() {
    const text = this.field.value;
    return this.findings.map((finding) => ({...placeOf(text, finding), level: finding.level}))
      .filter(({start, end}) => end > start).sort((a, b) => a.start - b.start);
  }

  // Marks the findings and says whether the text can be sent.
  mark() {
    const text = this.field.value, pieces = [];
    let at = 0;
    for (const {start, end, level} of this.places()) {
      const from = Math.max(at, start);
      // Of a whole object or list its first line is enough.
      const line = text.indexOf('\n', from);
      const to = Math.max(from, line === -1 ? end : Math.min(end, line));
      if (to === from) continue;
      pieces.push(text.slice(at, from), el('mark', {data: {level}}, text.slice(from, to)));
      at = to;
    }
    replace(this.layer, pieces, text.slice(at), '\n');
    this.scrolled();
    this.say(text);
  }

  say(text) {
    const fault = faultOf(text);
    this.button.disabled = fault !== null || text === this.posted;
    this.status.textContent = fault ?? (text === this.posted ? 'Not changed yet.' : 'Changed. It is checked by the service before anything is done.');
    this.status.dataset.kind = fault ? 'error' : '';
  }

  scrolled() {
    this.layer.scrollTop = this.field.scrollTop;
    this.layer.scrollLeft = this.field.scrollLeft;
  }

  goTo({start, end}) {
    const field = this.field, text = field.value;
    const style = getComputedStyle(field);
    field.focus({preventScroll: true});
    field.setSelectionRange(start, end);
    field.scrollTop = Math.max(0, (lineOf(text, start) - 5) * parseFloat(style.lineHeight));
    field.scrollLeft = 0;
    field.scrollIntoView({block: 'nearest'});
  }

  show() {
    if (!this.findings.length) return replace(this.outcome);
    return replace(this.outcome, findingsView(this.findings, this.field.value, {goTo: (place) => this.goTo(place)}));
  }

  async send() {
    const text = this.field.value;
    this.button.disabled = true;
    replace(this.outcome, el('p.muted', 'The service checks it …'));
    try {
      this.onDone(await post(`/v1/imports/${this.found.id}/retry`, {raw: text}));
    } catch (error) {
      this.refused(error);
    }
  }

  refused(error) {
    this.button.disabled = false;
    if (error.findings?.length) this.findings = error.findings;
    this.show();
    const n = error.findings?.length ?? 0;
    const note = problem(error);
    this.outcome.prepend(note);
    if (n) announce(`Refused: ${figures(error.body.report)}.`);
    this.mark();
    this.button.disabled = false;
    note.tabIndex = -1;
    note.focus();
  }
}

// What keeps the text from being JSON, in words; null when nothing does.
function faultOf(text) {
  const at = faultIn(text);
  if (at === null) return null;
  const found = /^\s*(\S{1,20})/.exec(text.slice(at))?.[1];
  return `Not JSON yet, line ${lineOf(text, at)}: ${found ? `"${found}" cannot stand there` : 'the text ends too early'}.`;
}
