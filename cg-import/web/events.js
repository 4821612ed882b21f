// SPDX-License-Identifier: LGPL-2.1-or-later
// Server-sent events of the API. Read by fetch, because an EventSource neither tells an answer 204 (nothing will come any
// more) from a failure nor hands on events of names that it was not told of.
//
//   const stream = follow(path, {after, onEvent(event), onState(state), onEnd()});
//   stream.close()
//
// `after`: the id of the last event that is known already. `event`: the parsed JSON of an event of the API. `state`: 'open',
// 'waiting' (the connection broke; it comes again after 1 s, 2 s … 30 s, with the id of the last event) or 'closed'. onEnd: the
// stream is over for good. A page that is not seen holds no stream: browsers give a site six connections for all its pages.
import {problemOf, signInFirst} from './api.js';

const FIRST_MS = 1000;
const MOST_MS = 30000;

export function follow(path, {after = null, onEvent, onState = () => {}, onEnd = () => {}}) {
  let last = after, wait = FIRST_MS, timer = null, reading = null, over = false;

  function stop() {
    clearTimeout(timer);
    reading?.abort();
    reading = null;
  }

  function end() {
    over = true;
    stop();
    document.removeEventListener('visibilitychange', seen);
    onState('closed');
  }

  async function begin() {
    const mine = new AbortController();
    reading = mine;
    try {
      const response = await connect(path, last, mine.signal);
      if (!response) {
        end();
        return onEnd();
      }
      onState('open');
      await read(response.body, mine.signal, (event, id) => {
        last = id;
        wait = FIRST_MS;
        onEvent(event);
      });
    } catch (error) {
      if (mine.signal.aborted) return;
      if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        end();
        return onEnd();
      }
    }
    if (mine.signal.aborted) return;
    onState('waiting');
    timer = setTimeout(begin, wait);
    wait = Math.min(wait * 2, MOST_MS);
  }

  function seen() {
    stop();
    if (!document.hidden) begin();
  }

  document.addEventListener('visibilitychange', seen);
  if (!document.hidden) begin();
  return {close() { if (!over) end(); }};
}

// The answer, null when there is nothing to come.
async function connect(path, last, signal) {
  const headers = {Accept: 'text/event-stream'};
  if (last !== null) headers['Last-Event-ID'] = last;
  const response = await fetch(path, {headers, signal, cache: 'no-store', credentials: 'same-origin'});
  if (response.status === 204) return null;
  if (response.status === 401) return signInFirst();
  if (!response.ok) throw await problemOf(response);
  return response;
}

// The event stream of the HTML standard (9.2.6), as far as the service speaks it: id, data, comments.
async function read(body, signal, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const {done, value} = await reader.read();
    if (done || signal.aborted) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split(/\r?\n/).filter((line) => line.startsWith(name + ':'))
        .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
      const data = field('data');
      if (data.length) take(JSON.parse(data.join('\n')), field('id').at(-1) ?? null);
    }
  }
}
