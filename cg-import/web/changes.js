// SPDX-License-Identifier: LGPL-2.1-or-later
// Hears that imports changed: by the events of all imports for those who may read them, otherwise by asking again and again.
//
//   changes(session, {every_ms, otherwise_ms, onChange(events)})   an element that says whether the page is live
//
// onChange is called at most every `every_ms` and never while it still works; `events` are those since the last call ([] when
// nobody told any). What it throws is shown in place of "live", and it is called again with the next change.
import {follow} from './events.js';
import {el} from './dom.js';

const SAYS = {open: ['live', 'What happens is shown at once.'], waiting: ['reconnecting', 'The connection broke; it is made again.'],
  closed: ['not live', 'Load the page again for what happened since.']};

export function changes(session, {every_ms, otherwise_ms, onChange}) {
  const light = el('span.live', {role: 'status'});
  let waiting = [], timer = null;

  function say(state, title = SAYS[state][1]) {
    light.textContent = SAYS[state][0];
    light.dataset.state = state;
    light.title = title;
  }

  async function work() {
    const events = waiting;
    waiting = [];
    try {
      await onChange(events);
      say('open');
    } catch (error) {
      say('waiting', error.message);
    }
    timer = null;
    if (waiting.length) soon();
  }

  function soon() {
    timer ??= setTimeout(work, every_ms);
  }

  say('waiting', 'The page connects.');
  if (session.may.read_all) {
    follow('/v1/events?begin=now', {onState: say, onEvent(event) {
      waiting.push(event);
      soon();
    }});
  } else {
    say('open', `Asked again every ${otherwise_ms / 1000} s.`);
    setInterval(() => {
      if (!document.hidden && timer === null) timer = setTimeout(work, 0);
    }, otherwise_ms);
  }
  return light;
}
