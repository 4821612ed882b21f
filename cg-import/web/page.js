// SPDX-License-Identifier: LGPL-2.1-or-later
// What all pages have: header with search box and navigation, who is signed in, footer, the live region. A page's HTML holds
// <header id="header">, <main id="main"> with its <h1>, and <footer id="footer">; its script begins with
//
//   const {session, main} = await page({title: 'Imports', active: 'imports'});
//
// `active`: 'overview', 'imports', 'log' or null. `session`: the answer of GET /v1/session; without one the page is left for the
// sign-in page. What may not be done is not offered: look at session.may, show nothing else.
//
//   announce('Copied.')                        read out by screen readers; polite
//   setTitle('webserver-1.0-3')                the title of the window
//   run(async () => {…})                       the page's own work: what it throws is shown on the page
//   ask({title, text, fields, action, danger}) a <dialog> that asks once; null when it was left, or {name: value} of its fields.
//                                              `fields`: elements with names; `action`: what the button says
import {get, del, Problem} from './api.js';
import {el, append, replace, find} from './dom.js';
import {problem} from './format.js';

const PLACES = [['overview', '/ui/', 'Overview'], ['imports', '/ui/imports', 'Imports'], ['log', '/ui/log', 'Log']];

export async function page({title, active = null}) {
  setTitle(title);
  frame(active);
  const session = await get('/v1/session');
  showSession(session);
  return {session, main: find('#main')};
}

export function setTitle(title) {
  document.title = `${title} · cg-import`;
}

export function announce(text) {
  const region = document.getElementById('announcements');
  if (region) region.textContent = region.textContent === text ? text + '\u00a0' : text;
}

export async function run(work) {
  const main = find('#main');
  try {
    await work();
  } catch (error) {
    find('#main').removeAttribute('aria-busy');
    main.querySelector('.waiting')?.remove();
    append(main, problem(error));
    if (!(error instanceof Problem)) throw error;
  }
}

// The frame without a session, as the sign-in page wants it.
export function frame(active) {
  replace(find('#header'),
    el('a.skip', {href: '#main'}, 'Skip to content'),
    el('a.brand', {href: '/ui/'}, mark(), 'cg-import'),
    el('nav', {'aria-label': 'Pages'}, PLACES.map(([key, href, name]) =>
      el('a', {href, 'aria-current': key === active ? 'page' : null, data: {place: key}}, name))),
    el('form.search', {role: 'search', action: '/ui/search', method: 'get'},
      el('input', {type: 'search', name: 'q', required: true, autocomplete: 'off', spellcheck: 'false',
        'aria-label': 'Search builds', placeholder: 'NVR, digest, pull spec, rpm, commit…',
        value: location.pathname === '/ui/search' ? new URLSearchParams(location.search).get('q') : null}),
      el('button', {type: 'submit'}, 'Search')),
    el('div.session', {id: 'session'}));
  replace(find('#footer'), el('span', {id: 'version'}, 'cg-import'),
    el('a', {href: '/openapi.yaml'}, 'HTTP interface'));
  if (!document.getElementById('announcements'))
    append(document.body, el('div.hidden', {id: 'announcements', role: 'status', 'aria-live': 'polite'}));
  document.addEventListener('keydown', slash);
}

function mark() {
  return el('img', {src: '/ui/assets/icon.svg', width: 20, height: 20, alt: ''});
}

// "/" goes to the search box, as in many tools; never while something is being typed.
function slash(event) {
  const typing = event.target instanceof Element && event.target.closest('input, textarea, select, dialog, [contenteditable]');
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  event.preventDefault();
  find('#header input[type=search]').focus();
}

function showSession(session) {
  find('#version').textContent = `cg-import ${session.service.version}`;
  if (!session.may.audit) document.querySelector('[data-place=log]')?.remove();
  if (!session.may.read_all && !session.may.audit) document.querySelector('#header .search')?.remove();
  replace(find('#session'),
    el('span.who', {title: `Roles: ${session.roles.join(', ') || 'none'}`}, el('bdi', session.caller),
      el('span.muted', ` ${session.roles.join(', ')}`)),
    session.via === 'session' ? el('button.quiet', {type: 'button', on: {click: signOut}}, 'Sign out') : null);
}

async function signOut() {
  await del('/v1/session', {here: true}).catch(() => {});
  location.assign('/ui/sign-in');
}

export function ask({title, text = [], fields = [], action, danger = false}) {
  const leave = el('button', {type: 'button'}, 'Leave it');
  const form = el('form', {method: 'dialog'}, el('h2', {id: 'ask-title'}, title),
    [text].flat().map((t) => el('p', t)), fields,
    el('div.buttons', el('button', {type: 'submit', value: 'yes', class: danger ? 'primary danger' : 'primary'}, action), leave));
  const dialog = el('dialog', {'aria-labelledby': 'ask-title'}, form);
  append(document.body, dialog);
  leave.addEventListener('click', () => dialog.close(''));
  return new Promise((done) => {
    dialog.addEventListener('close', () => {
      const given = dialog.returnValue === 'yes' ? Object.fromEntries(new FormData(form)) : null;
      dialog.remove();
      done(given);
    });
    dialog.showModal();
  });
}
