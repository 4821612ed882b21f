// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements made from data. What a hub, a caller or a document says becomes text nodes and attribute values only: nothing
// here, and nothing that uses it, parses HTML.
//
//   el('p.muted', 'text')                      <p class="muted">text</p>
//   el('a#id.a.b', {href: '/ui/'}, child, …)   attributes; children are nodes, strings, numbers, arrays of those;
//                                              null, undefined and false are left out
//   el('button', {type: 'button', on: {click: f}, disabled: true, data: {state: 'held'}, style: {width: '3%'}})
//                                              true: attribute without value; false, null: no attribute;
//                                              style goes through the object model, which the page's policy allows
//   svg('path', {d: …})                        the same for SVG
//   replace(parent, ...children)               the parent's children are these now
//   append(parent, ...children)
//   find(selector, from = document)            the first match; a missing one is a defect and throws

const SVG = 'http://www.w3.org/2000/svg';

export function el(what, ...rest) {
  return make((name) => document.createElement(name), what, rest);
}

export function svg(what, ...rest) {
  return make((name) => document.createElementNS(SVG, name), what, rest);
}

export function append(parent, ...children) {
  parent.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== true)
    .map((c) => (c instanceof Node ? c : String(c))));
  return parent;
}

export function replace(parent, ...children) {
  parent.replaceChildren();
  return append(parent, ...children);
}

export function find(selector, from = document) {
  const found = from.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

function make(create, what, rest) {
  const [, name, id, classes] = /^([a-z][a-z0-9-]*)(?:#([\w-]+))?((?:\.[\w-]+)*)$/i.exec(what);
  const made = create(name);
  if (id) made.id = id;
  if (classes) made.classList.add(...classes.slice(1).split('.'));
  if (isAttributes(rest[0])) setAttributes(made, rest.shift());
  return append(made, ...rest);
}

function isAttributes(value) {
  return value !== null && typeof value === 'object' && !(value instanceof Node) && !Array.isArray(value);
}

function setAttributes(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'on') for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (key === 'data') Object.assign(element.dataset, value);
    else if (key === 'style') for (const [name, v] of Object.entries(value)) element.style.setProperty(name, v);
    else element.setAttribute(key, value === true ? '' : value);
  }
}
