// SPDX-License-Identifier: LGPL-2.1-or-later
// One import: what it is, what went wrong and what to do, the findings in the document, the timeline, outputs, log lines and the
// document itself; live while it goes on.
import {get, text as getText} from './api.js';
import {el, find, replace} from './dom.js';
import {follow} from './events.js';
import {figures, findingsView, placesOf} from './findings.js';
import {ago, buildLink, bytes, count, digest, none, nvr, state, time} from './format.js';
import {actionsView} from './import_actions.js';
import {editorView} from './import_editor.js';
import {outputsView} from './import_outputs.js';
import {timeline} from './import_timeline.js';
import {announce, page, run, setTitle} from './page.js';
import {proofMark} from './proof-mark.js';
import {doing, HELD} from './words.js';

// Asked again: after events at most so often, and while bytes of outputs arrive, which no event tells.
const REFRESH_MS = 400;
const ARRIVING_MS = 1500;
const EVENTS_PAGE = 1000;
const RAW_MOST = 1 << 20;

const id = location.pathname.split('/')[3];

class ImportPage {
  constructor(session, main, found, events) {
    this.session = session;
    this.found = found;
    this.events = events;
    this.text = null;
    this.parts = Object.fromEntries(['head', 'outcome', 'what', 'findings', 'editor', 'facts', 'timeline', 'proof'].map((name) =>
      [name, el(`div.part-${name}`)]));
    this.parts.outcome.setAttribute('role', 'status');
    this.outputs = outputsView(found);
    this.log = el('div');
    const {head, outcome, what, findings, editor, facts, timeline: line, proof} = this.parts;
    replace(main, head, outcome, what, findings, editor,
      el('div.columns', el('div', el('section.panel', {'aria-labelledby': 'timeline'}, el('h2', {id: 'timeline'}, 'Timeline'), line)),
        el('div', facts, this.outputs.element)), proof, this.logPanel(), this.rawPanel());
  }

  // --- what is shown ------------------------------------------------------------------------------------------------
  show() {
    const {head, what, facts} = this.parts, found = this.found;
    const status = `${found.state}/${found.held}/${found.replaced_by}/${Boolean(found.retry)}`;
    if (this.status !== status) {
      this.status = status;
      // Who stood on a button that is no longer there goes on from the heading.
      const focused = head.contains(document.activeElement);
      replace(head, this.heading());
      if (focused) find('h1', head).focus();
      replace(this.parts.proof, el('section.panel', {'aria-labelledby': 'proof'}, el('h2', {id: 'proof'}, 'What the log says of it'),
        proofMark(this.session, found.id, {atLeast: () => this.events.length})));
      if (this.said) announce(`${found.nvr} is ${found.state}.`);
      this.said = true;
      document.documentElement.dataset.state = found.state;
    } else {
      find('.doing', head).textContent = doing(found);
    }
    replace(what, whatWentWrong(found), replaced(found));
    replace(facts, factsOf(found, this.session));
    replace(this.parts.timeline, timeline(this.events, found));
    this.outputs.update(found);
  }

  heading() {
    const found = this.found;
    return el('div.heading', el('h1', {tabindex: -1}, nvr(found.nvr)), state(found.state), el('span.doing.muted', doing(found)),
      actionsView(found, this.session, {onDone: (now, said) => this.acted(now, said), onCorrect: () => this.correct()}));
  }

  async showFindings() {
    const findings = this.found.report?.findings ?? [];
    if (!findings.length) return replace(this.parts.findings);
    const text = await this.document();
    return replace(this.parts.findings, el('section.panel', {'aria-labelledby': 'findings'},
      el('header', el('h2', {id: 'findings'}, 'What is wrong with the document'), el('span.muted', `${figures(this.found.report)}; nothing was sent to the hub`)),
      text === null ? none('The document is no longer kept; these are its findings.') : null, findingsView(findings, text)));
  }

  // The document as it was posted; null when it was let go of.
  async document() {
    try {
      this.text ??= await getText(`/v1/imports/${id}/metadata`);
    } catch (error) {
      if (error.status !== 410) throw error;
    }
    return this.text;
  }

  // --- log and raw document, when they are looked at ----------------------------------------------------------------
  logPanel() {
    const details = el('details', el('summary', 'Log lines'), this.log);
    details.addEventListener('toggle', () => details.open && run(() => this.showLog()));
    this.logDetails = details;
    return el('section.panel', {'aria-label': 'Log lines'}, details);
  }

  async showLog() {
    const {lines, dropped} = await get(`/v1/imports/${id}/log`);
    const shown = lines.map(({at, level, text}) => [el('span.line', {data: {level}}, el('span.muted', at), ' ', el('b', level), ' ', text), '\n']);
    replace(this.log, dropped ? el('p.muted', `${count(dropped)} older lines are not kept here.`) : null,
      lines.length ? el('pre.raw.log', {tabindex: 0, 'aria-label': 'Log lines'}, shown) : none('No lines yet.'));
  }

  rawPanel() {
    const inner = el('div');
    const details = el('details', el('summary', 'Metadata document'), inner);
    details.addEventListener('toggle', () => details.open && !inner.hasChildNodes() && run(async () => replace(inner, await this.raw())));
    return el('section.panel', {'aria-label': 'Metadata document'}, details);
  }

  async raw() {
    const text = await this.document();
    if (text === null) return none('The document is no longer kept.');
    return [el('p.muted', `${bytes(this.found.metadata.size_bytes)}, as it was posted. `,
      el('a', {href: `/v1/imports/${id}/metadata`, download: `${this.found.nvr}.json`}, 'Download'), '. sha256 ', digest(this.found.metadata.sha256)),
    text.length > RAW_MOST ? el('p', `Its first ${bytes(RAW_MOST)}:`) : null,
    el('pre.raw', {tabindex: 0, 'aria-label': 'Metadata document'}, markedRaw(text, this.found.report?.findings ?? []))];
  }

  // --- what is done -------------------------------------------------------------------------------------------------
  async correct() {
    const text = await this.document().catch(() => null);
    if (text === null) {
      replace(this.parts.outcome, el('div.note', {data: {kind: 'warning'}}, 'The document is no longer kept: post the corrected build anew.'));
      return;
    }
    const editor = editorView(this.found, text, this.found.report?.findings ?? [], {
      onDone: (now) => {
        if (now.id === id) this.acted(now, el('div.note', {data: {kind: 'good'}}, 'Queued again, with the same metadata.'));
        else location.assign(`/ui/imports/${now.id}`);
      },
      onLeave: () => {
        this.leaveEditor();
        this.parts.head.querySelector('button')?.focus();
      }});
    this.parts.findings.hidden = true;
    find('.actions', this.parts.head).hidden = true;
    replace(this.parts.editor, editor.element);
    editor.focus();
  }

  acted(now, said) {
    replace(this.parts.outcome, said);
    if (now === null) return;
    this.leaveEditor();
    this.follow();
    this.soon();
  }

  leaveEditor() {
    replace(this.parts.editor);
    this.parts.findings.hidden = false;
    find('.actions', this.parts.head).hidden = false;
  }

  // --- live ---------------------------------------------------------------------------------------------------------
  follow() {
    this.stream?.close();
    this.stream = follow(`/v1/imports/${id}/events`, {after: this.events.at(-1)?.id ?? null, onEvent: (event) => {
      if (event.id <= (this.events.at(-1)?.id ?? 0)) return;
      this.events.push(event);
      this.soon();
    }, onEnd: () => this.soon()});
    this.poll ??= setInterval(() => !document.hidden && this.found.state === 'receiving' && this.soon(), ARRIVING_MS);
  }

  soon() {
    this.timer ??= setTimeout(() => this.refresh(), REFRESH_MS);
  }

  async refresh() {
    try {
      this.found = await get(`/v1/imports/${id}`);
      this.show();
      await this.showFindings();
      if (this.logDetails.open) await this.showLog();
    } catch (error) {
      // The next event asks again; an import that is gone says so.
      if (error.status === 404) location.reload();
    } finally {
      this.timer = null;
    }
  }
}

function whatWentWrong(found) {
  const {error} = found;
  const held = found.state === 'held' ? HELD[found.held] : null;
  if (!error || found.state === 'imported' || found.state === 'receiving') return null;
  // The findings say it all.
  if (error.code === 'CG_E_REFUSED' && found.report?.errors) return null;
  const hub = /^CG_E_(HUB|DENIED|UNSUPPORTED|CONFLICT|RESERVED|STRAY|AUTH|TAG|UNKNOWN|SESSION|BUSY|OFFLINE)/.test(error.code);
  return el('section.note.wrong', {data: {kind: found.state === 'rejected' ? 'error' : 'warning'}, 'aria-label': 'What went wrong'},
    el('p.headline', held ? el('strong', `Held: ${held.name}. `) : null, el('bdi', error.message)),
    error.hint ? el('p', 'Hint: ', error.hint) : null,
    held ? el('p', held.text) : null,
    el('p.small.muted', hub ? 'As the hub answered. ' : '', error.code,
      found.next_attempt_at ? [' · next attempt ', time(found.next_attempt_at)] : null));
}

function replaced(found) {
  if (found.replaced_by)
    return el('div.note', {data: {kind: 'info'}}, 'This import was replaced by ', el('a', {href: `/ui/imports/${found.replaced_by}`}, 'a corrected one'), '.');
  if (found.replaces)
    return el('div.note', {data: {kind: 'info'}}, 'It replaces ', el('a', {href: `/ui/imports/${found.replaces}`}, 'an earlier import'), ' of this build.');
  return null;
}

function factsOf(found, session) {
  const options = Object.entries(found.options).filter(([, value]) => value).map(([name, value]) => (value === true ? name : `${name} ${value}`));
  const fact = (name, ...values) => [el('dt', name), el('dd', values)];
  const hub = session.service.hubs.find(({name}) => name === found.hub)?.web_url;
  return el('section.panel', {'aria-labelledby': 'facts'}, el('h2', {id: 'facts'}, 'About'),
    el('dl.facts',
      found.build_id ? fact('Build', session.may.read_all || session.may.audit ? [buildLink(found), ' '] : null,
        found.build_url ? el('a', {href: found.build_url, rel: 'noreferrer'}, `${found.build_id} on the hub`) : `${found.build_id} on the hub`) : null,
      fact('Hub', hub ? el('a', {href: hub, rel: 'noreferrer'}, el('bdi', found.hub)) : el('bdi', found.hub)),
      fact('Content generator', el('bdi', found.content_generator)),
      fact('Posted', time(found.created_at), ' by ', el('bdi', found.caller)),
      found.finished_at ? fact('Ended', time(found.finished_at)) : fact('Changed', ago(found.updated_at)),
      fact('Attempts', count(found.attempts)),
      options.length ? fact('Options', options.join(', ')) : null,
      fact('Metadata', `${bytes(found.metadata.size_bytes)} `, digest(found.metadata.sha256)),
      fact('Import', el('code', found.id))));
}

function markedRaw(text, findings) {
  const places = placesOf(text, findings).map((place, i) => ({...place, finding: findings[i]})).sort((a, b) => a.start - b.start);
  const pieces = [];
  let at = 0;
  for (const {start, end, finding} of places) {
    if (start < at || start > RAW_MOST) continue;
    pieces.push(text.slice(at, start), el('mark', {title: finding.message, data: {level: finding.level}}, text.slice(start, end)));
    at = end;
  }
  return [...pieces, text.slice(at, RAW_MOST)];
}

async function allEvents() {
  const events = [];
  for (let next = 0; next !== null;) {
    const told = await get(`/v1/imports/${id}/events?limit=${EVENTS_PAGE}&after=${next}`);
    events.push(...told.events);
    ({next} = told);
  }
  return events;
}

run(async () => {
  const {session, main} = await page({title: 'Import', active: 'imports'});
  const [found, events] = await Promise.all([get(`/v1/imports/${id}`), allEvents()]);
  setTitle(found.nvr);
  const view = new ImportPage(session, main, found, events);
  view.show();
  await view.showFindings();
  view.follow();
});
