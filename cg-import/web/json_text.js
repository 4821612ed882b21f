// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON text as it was written: which part of it a JSON Pointer (RFC 6901) names, and the same text laid out over lines.
// JSON.parse would lose what findings are about: duplicate names, the digits of numbers, where something stands.
//
//   locate(text, ['/build/name', '/output/3'])   Map: pointer → [{start, end, key}, …]
//        Offsets of the value, and of the member's name before it (null in arrays and at the top). Several when the names
//        on the way are there twice. [] when there is no such place. Text that is not JSON is read up to its fault.
//   nearest(text, pointers)                      Map: pointer → {start, end, key, exact}: the last place with that name, or, not
//        exact, what of the way to it is there
//   layOut(text)                                 {text, range({start, end})}: two spaces a level, one member or element a line; every
//        string and number as it was. range() tells where a part of the given text is in the laid out one. null: not JSON.
//   faultIn(text)                                the offset from which it is no JSON; null: it is
//   lineOf(text, offset)                         1, 2, …
//   steps('/a~1b/0')                             ['a/b', '0']

const DEPTH_MOST = 500;
const STRING = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null)(?![-+.0-9A-Za-z])/y;

export function steps(pointer) {
  return pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function lineOf(text, offset) {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

export function locate(text, pointers) {
  const found = new Map(pointers.map((pointer) => [pointer, []]));
  const wanted = [...found.keys()].map((pointer) => ({pointer, left: steps(pointer)}));
  const scanner = new Scanner(text, (place, active) => {
    for (const {pointer, left} of active) if (!left.length) found.get(pointer).push(place);
  });
  try {
    scanner.document(wanted);
  } catch (fault) {
    if (!(fault instanceof SyntaxError)) throw fault;
  }
  return found;
}

export function nearest(text, pointers) {
  const ways = new Map(pointers.map((pointer) => [pointer, parents(pointer)]));
  const found = locate(text, [...ways.values()].flat());
  return new Map([...ways].map(([pointer, way]) => {
    const there = way.find((candidate) => found.get(candidate).length);
    return [pointer, there === undefined ? {start: 0, end: 0, key: null, exact: false}
      : {...found.get(there).at(-1), exact: there === pointer}];
  }));
}

// The pointer and those above it, itself first.
function parents(pointer) {
  const way = [pointer];
  while (pointer.includes('/')) {
    pointer = pointer.slice(0, pointer.lastIndexOf('/'));
    way.push(pointer);
  }
  return way;
}

// Reads JSON text (RFC 8259) from its begin. `tell(place, active)` hears of every value that a wanted way leads through or to.
class Scanner {
  constructor(text, tell) {
    this.text = text;
    this.at = 0;
    this.tell = tell;
    this.depth = 0;
  }

  document(active) {
    this.value(active, null);
    this.space();
    if (this.at < this.text.length) this.fault();
  }

  fault() {
    throw new SyntaxError(`no JSON at offset ${this.at}`);
  }

  space() {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at++;
  }

  value(active, key) {
    this.space();
    const start = this.at;
    const first = this.text[start];
    if (first === '{' || first === '[') this.inner(first, active);
    else if (first === '"') this.string();
    else this.word();
    if (active.length) this.tell({start, end: this.at, key}, active);
  }

  inner(first, active) {
    if (++this.depth > DEPTH_MOST) this.fault();
    const close = first === '{' ? '}' : ']';
    this.at++;
    this.space();
    for (let i = 0; this.text[this.at] !== close; i++) {
      if (i > 0) this.expect(',');
      if (first === '{') this.member(active);
      else this.value(further(active, String(i)), null);
      this.space();
    }
    this.at++;
    this.depth--;
  }

  member(active) {
    this.space();
    const start = this.at;
    this.string();
    const key = {start, end: this.at};
    const name = active.length ? JSON.parse(this.text.slice(start, this.at)) : '';
    this.space();
    this.expect(':');
    this.value(further(active, name), key);
  }

  expect(character) {
    if (this.text[this.at] !== character) this.fault();
    this.at++;
  }

  string() {
    this.take(STRING);
  }

  word() {
    this.take(WORD);
  }

  take(form) {
    form.lastIndex = this.at;
    if (!form.test(this.text)) this.fault();
    this.at = form.lastIndex;
  }
}

function further(active, step) {
  return active.filter(({left}) => left.length && left[0] === step)
    .map(({pointer, left}) => ({pointer, left: left.slice(1)}));
}

export function layOut(text) {
  const tokens = tokensOf(text);
  if (!tokens) return null;
  const from = [], to = [];
  let out = '', level = 0;
  const line = () => '\n' + '  '.repeat(level);
  tokens.forEach(([token, offset], i) => {
    const before = tokens[i - 1]?.[0], next = tokens[i + 1]?.[0];
    const closes = token === '}' || token === ']';
    if (closes) level--;
    if (closes ? before !== '{' && before !== '[' : before === '{' || before === '[' || before === ',') out += line();
    from.push(offset);
    to.push(out.length);
    out += token;
    if (token === ':') out += ' ';
    if (token === '{' || token === '[') level++;
    if (next === undefined) out += '\n';
  });
  const place = (offset) => placeOf(offset, from, to);
  return {text: out, range: ({start, end}) => ({start: place(start), end: end > start ? place(end - 1) + 1 : place(start)})};
}

export function faultIn(text) {
  const scanner = new Scanner(text, () => {});
  try {
    scanner.document([]);
    return null;
  } catch (fault) {
    if (!(fault instanceof SyntaxError)) throw fault;
    return scanner.at;
  }
}

// All tokens with their offsets; null when the text is not JSON.
function tokensOf(text) {
  if (faultIn(text) !== null) return null;
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[-+.0-9A-Za-z]+/gsy;
  const found = [];
  for (let at = 0; at < text.length;) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match) found.push([match[0], at]);
    at += match ? match[0].length : 1;
  }
  return found;
}

// By halving: the token that the offset is in or behind.
function placeOf(offset, from, to) {
  let low = 0, high = from.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (from[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return from.length ? to[low] + Math.max(0, offset - from[low]) : 0;
}
