// SPDX-License-Identifier: LGPL-2.1-or-later
// What a build was made from and what was made from it: a graph to walk with arrow keys, and the same as lists.
import {get, query} from './api.js';
import {auditPage} from './audit_page.js';
import {completeFor} from './complete_for.js';
import {append, el, find, replace, svg} from './dom.js';
import {buildLink, count, none, nvr, state} from './format.js';
import {layOut, neighbour} from './graph_layout.js';
import {setTitle} from './page.js';

const WIDTH = 236,
  HEIGHT = 46,
  GAP_X = 44,
  GAP_Y = 14,
  EDGE = 12;
/** Builds that are drawn of one step; the lists have all. */
const MOST = 25;
const name = decodeURIComponent(location.pathname.split('/').at(-2));
const address = new URLSearchParams(location.search);
const hub = address.get('hub');
const depth = /^([1-9]|1[0-9]|20)$/.test(address.get('depth') ?? '') ? Number(address.get('depth')) : 3;

const familyOf = (build) => `/ui/builds/${encodeURIComponent(build.nvr)}/graph${query({hub: build.hub, depth})}`;

function show(main, up, down) {
  const {build} = up;
  setTitle(`Family of ${build.nvr}`);
  const layout = layOut(build, up.related, down.related, MOST);
  replace(
    main,
    el(
      'div.heading',
      el('h1', 'Family of ', el('span.nvr', el('bdi', build.nvr))),
      el(
        'div.buttons',
        el('a.button', {href: `/ui/builds/${encodeURIComponent(build.nvr)}${query({hub: build.hub})}`}, 'The build'),
        depthForm(),
      ),
    ),
    el('p.muted.wide', summary(up, down)),
    layout.nodes.length > 1 ? drawing(layout) : null,
    el(
      'div.panels',
      list('Made from', 'ancestors', up, 'It was made from nothing that the trail tells of.'),
      list('Made into', 'descendants', down, 'Nothing was made from it, as far as the trail knows.'),
    ),
    completeFor(up.complete_for),
  );
}

const number = (n, word) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;

function summary(up, down) {
  const cut = up.truncated || down.truncated ? ' There are more relatives than are shown.' : '';
  return (
    `${number(up.related.length, 'ancestor')} and ${number(down.related.length, 'descendant')} within ${depth === 1 ? '1 step' : `${depth} steps`}, ` +
    `along parent images and kojifile components; each where it is nearest.${cut}`
  );
}

function depthForm() {
  const choice = el(
    'select',
    {name: 'depth', id: 'depth', on: {change: () => form.requestSubmit()}},
    [1, 2, 3, 5, 10, 20].map((steps) =>
      el('option', {value: steps, selected: steps === depth}, steps === 1 ? '1 step' : `${steps} steps`),
    ),
  );
  const form = el(
    'form.inline',
    {method: 'get'},
    hub ? el('input', {type: 'hidden', name: 'hub', value: hub}) : null,
    el('label', {for: 'depth'}, 'As far as'),
    choice,
  );
  return form;
}

// --- the drawing -------------------------------------------------------------------------------------------------------

const left = ({column}) => EDGE + column * (WIDTH + GAP_X);
const top = ({row}) => EDGE + row * (HEIGHT + GAP_Y);

function drawing(layout) {
  const width = 2 * EDGE + layout.columns * (WIDTH + GAP_X) - GAP_X,
    height = 2 * EDGE + layout.rows * (HEIGHT + GAP_Y) - GAP_Y;
  const at = new Map(layout.nodes.map((node) => [node.id, node]));
  const picture = svg(
    'svg.family',
    {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'group',
      'aria-label': 'Family; arrow keys walk, Enter goes to the build',
    },
    layout.edges.map(({from, to}) => svg('path.edge', {d: curve(at.get(from), at.get(to))})),
    layout.nodes.map(drawNode),
  );
  picture.addEventListener('keydown', (event) => walk(event, layout));
  picture.addEventListener('focusin', (event) => mark(event.target.closest('.node')));
  const box = el(
    'div.panel.drawing',
    el(
      'p.muted.small.wide',
      'Left is older. Tab into the graph, walk with the arrow keys, Enter goes to the family of that build.',
    ),
    el('div.scroll', picture),
  );
  requestAnimationFrame(() => centre(box));
  return box;
}

function curve(from, to) {
  const x1 = left(from) + WIDTH,
    y1 = top(from) + HEIGHT / 2,
    x2 = left(to),
    y2 = top(to) + HEIGHT / 2,
    bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

const KINDS = {
  ancestors: {base: 'base image', image: 'parent image', kojifile: 'gave a file'},
  descendants: {base: 'built on it', image: 'uses the image', kojifile: 'has a file of it'},
};

/** What a node is to the one it is linked with. */
function wordOf({kind, way, build, hidden}) {
  if (kind === 'this') return 'this build';
  if (hidden) return 'in the list below';
  return [KINDS[way][kind], build ? (build.state === 'imported' ? '' : build.state) : 'not in the trail']
    .filter(Boolean)
    .join(' · ');
}

function fitted(text, most) {
  return text.length <= most ? text : `${text.slice(0, most - 14)}…${text.slice(-13)}`;
}

function drawNode(node) {
  const lines = [
    svg('title', node.label),
    svg('rect', {width: WIDTH, height: HEIGHT, rx: 6}),
    svg('text.name', {x: 12, y: 20}, fitted(node.label, 28)),
    svg('text.kind', {x: 12, y: 36}, wordOf(node)),
  ];
  const attributes = {
    transform: `translate(${left(node)} ${top(node)})`,
    tabindex: node.kind === 'this' ? 0 : -1,
    'data-id': node.id,
    'data-kind': node.build ? node.kind : 'unknown',
    'aria-label': `${node.label}, ${wordOf(node)}`,
  };
  if (node.build && node.kind !== 'this') return svg('a.node', {...attributes, href: familyOf(node.build)}, lines);
  return svg('g.node', {...attributes, role: 'img'}, lines);
}

function mark(node) {
  if (!node) return;
  for (const other of document.querySelectorAll('.family .node')) other.setAttribute('tabindex', other === node ? 0 : -1);
}

function walk(event, layout) {
  const here = event.target.closest('.node');
  const id = here && neighbour(layout, here.dataset.id, event.key);
  if (!id) return;
  event.preventDefault();
  const node = [...document.querySelectorAll('.family .node')].find((one) => one.dataset.id === id);
  node.focus();
  node.scrollIntoView({block: 'nearest', inline: 'nearest'});
}

function centre(box) {
  const node = find('.node[data-kind=this]', box),
    scroll = find('.scroll', box);
  const middle = node.getBoundingClientRect(),
    seen = scroll.getBoundingClientRect();
  scroll.scrollLeft += middle.left + middle.width / 2 - (seen.left + seen.width / 2);
}

// --- the lists ---------------------------------------------------------------------------------------------------------

const LINKS = {
  ancestors: {base: 'base image of', image: 'parent image of', kojifile: 'gave a file to'},
  descendants: {base: 'built on', image: 'uses the image of', kojifile: 'has a file of'},
};

function standing({build}) {
  if (!build) return [el('span.tag', 'not in the trail'), ' '];
  return build.state === 'imported' ? null : [state(build.state), ' '];
}

function list(title, id, {related, truncated}, nothing) {
  const panel = el(
    'section.panel',
    {'aria-labelledby': `${id}-heading`},
    el('h2', {id: `${id}-heading`}, `${title} (${count(related.length)}${truncated ? '+' : ''})`),
  );
  if (related.length === 0) return append(panel, none(nothing));
  return append(
    panel,
    el(
      'ol.plain.related',
      related.map((one) =>
        el(
          'li',
          {style: {'padding-left': `${(one.depth - 1) * 1.1}rem`}},
          one.build ? buildLink(one.build) : nvr(one.nvr ?? one.pullspec ?? `build ${one.build_id}`),
          el('span.muted', ` ${LINKS[id][one.kind]} `, el('bdi', one.from), ' '),
          standing(one),
          one.build ? el('a.small', {href: familyOf(one.build), 'aria-label': `Family of ${one.build.nvr}`}, 'family') : null,
        ),
      ),
    ),
  );
}

await auditPage({title: `Family of ${name}`, build: name}, async (main) => {
  const place = `/v1/provenance/builds/${encodeURIComponent(name)}`;
  const [up, down] = await Promise.all(['ancestors', 'descendants'].map((way) => get(`${place}/${way}${query({hub, depth})}`)));
  show(main, up, down);
});
