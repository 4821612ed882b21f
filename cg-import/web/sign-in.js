// SPDX-License-Identifier: LGPL-2.1-or-later
// Sign in: a token becomes a session's cookie. Who is known already, by a front server or a certificate, goes straight on.
import {get, post} from './api.js';
import {el, find, replace} from './dom.js';
import {problem} from './format.js';
import {frame, run, setTitle} from './page.js';

// Only to our own pages: what stands in an address may be anyone's.
function next() {
  const wanted = new URLSearchParams(location.search).get('next') || '/ui/';
  const address = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : location;
  return address.origin === location.origin && address.pathname.startsWith('/ui/') && wanted.startsWith('/ui/') ? address.href : '/ui/';
}

function form() {
  const token = el('input', {id: 'token', name: 'token', type: 'password', required: true, autocomplete: 'current-password',
    spellcheck: 'false', 'aria-describedby': 'token-help'});
  const button = el('button.primary', {type: 'submit'}, 'Sign in');
  const outcome = el('div', {id: 'outcome'});
  const made = el('form.panel.sign-in', {method: 'post'}, el('h1', 'Sign in'), outcome,
    el('div.field', el('label', {for: 'token'}, 'Token'), token),
    el('p.muted.small', {id: 'token-help'}, 'Whoever runs the service makes one for you with ', el('code', 'cg-import token create NAME'),
      '. It is exchanged for a session that ends by itself; the browser does not keep the token.'),
    el('div.buttons', button));
  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    replace(outcome);
    try {
      await post('/v1/session', {token: token.value.trim()}, {here: true});
      location.replace(next());
    } catch (error) {
      replace(outcome, problem(error));
      button.disabled = false;
      token.select();
    }
  });
  return made;
}

run(async () => {
  setTitle('Sign in');
  frame(null);
  find('#header nav').remove();
  find('#header .search').remove();
  try {
    await get('/v1/session', {here: true});
    location.replace(next());
  } catch (error) {
    if (error.status !== 401) throw error;
    replace(find('#main'), form());
    find('#token').focus();
  }
});
