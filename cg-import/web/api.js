// SPDX-License-Identifier: LGPL-2.1-or-later
// The HTTP API of /openapi.json, asked with the page's session. Nothing else in the pages asks the service, but events.js.
//
//   await get('/v1/imports?limit=50')      the parsed JSON
//   await text('/v1/imports/ID/metadata')  the body as it was sent
//   await bytes(path)                      the body as Uint8Array
//   await post(path, value)                JSON of the value, or no body without one; {raw: 'text'} sends text as JSON
//   await del(path)
//
// Each throws a Problem: status (0: no answer), title, detail, hint, code, findings (of a refused document, [] if none),
// body (the whole problem), message (one line for people). A 401 leads to the sign-in page and back; then the promise
// stays open, since the page is being left. Options, last: {signal, here: true: a 401 is thrown like the others}.
//
//   signInFirst()                          leave for the sign-in page, to come back to this address
//   query({state: 'held', q: ''})          '?state=held': what is empty or null is left out

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `the service answered ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.title = body.title || '';
    this.detail = body.detail || '';
    this.hint = body.hint || '';
    this.code = body.code || '';
    this.findings = body.report?.findings || [];
    this.body = body;
  }
}

export const get = async (path, options) => (await ask('GET', path, undefined, options)).json();
export const text = async (path, options) => (await ask('GET', path, undefined, options)).text();
export const bytes = async (path, options) => new Uint8Array(await (await ask('GET', path, undefined, options)).arrayBuffer());
export const post = async (path, value, options) => parsed(await ask('POST', path, value, options));
export const del = async (path, options) => parsed(await ask('DELETE', path, undefined, options));

export function signInFirst() {
  const next = location.pathname + location.search + location.hash;
  location.assign('/ui/sign-in' + query({next: next === '/ui/' ? '' : next}));
  return new Promise(() => {});
}

export function query(values) {
  const given = Object.entries(values).filter(([, v]) => v !== null && v !== undefined && v !== '' && v !== false);
  const encoded = new URLSearchParams(given).toString();
  return encoded ? '?' + encoded : '';
}

// The Problem of a Response that is not ok.
export async function problemOf(response) {
  let body = {};
  try {
    body = JSON.parse(await response.text());
  } catch {
    body = {title: response.statusText};
  }
  return new Problem(response.status, body && typeof body === 'object' ? body : {});
}

async function parsed(response) {
  const body = await response.text();
  return body ? JSON.parse(body) : null;
}

async function ask(method, path, value, {signal, here} = {}) {
  const request = {method, signal, credentials: 'same-origin', cache: 'no-store', headers: {Accept: 'application/json, */*;q=0.5'}};
  if (value !== undefined && value !== null) {
    request.headers['Content-Type'] = 'application/json';
    request.body = typeof value.raw === 'string' ? value.raw : JSON.stringify(value);
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, {title: 'no answer', detail: 'The service does not answer. Is the network there?'});
  }
  if (response.ok) return response;
  if (response.status === 401 && !here) return signInFirst();
  throw await problemOf(response);
}
