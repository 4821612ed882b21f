// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the builds of a family stand: a column a step, the build itself in the middle, ancestors to its left, descendants to its
// right. No DOM.
//
//   layOut(build, ancestors, descendants, most)   the related lists of the API
//     nodes: [{id, column, row, way, build, kind, from, label, hidden}]   build null: the trail does not know it; `hidden`: a node
//            that stands for so many that are not drawn (its column has more than `most`)
//     edges: [{from, to}]   ids; from the older to the newer one
//     columns, rows         how many there are

export function layOut(build, ancestors, descendants, most) {
  const before = side(ancestors, -1, most),
    after = side(descendants, 1, most);
  const first = Math.min(0, ...before.nodes.map((node) => node.column));
  const centre = {id: build.nvr, column: 0, row: 0, way: null, build, kind: 'this', from: null, label: build.nvr, hidden: 0};
  const nodes = [...before.nodes, centre, ...after.nodes].map((node) => ({...node, column: node.column - first}));
  spread(nodes);
  const known = new Set(nodes.map(({id}) => id));
  const edges = [...before.edges, ...after.edges].filter(({from, to}) => known.has(from) && known.has(to));
  return {
    nodes,
    edges,
    columns: 1 + Math.max(...nodes.map(({column}) => column)),
    rows: 1 + Math.max(...nodes.map(({row}) => row)),
  };
}

const nameOf = ({nvr, pullspec, build_id: id}) => nvr ?? pullspec ?? (id ? `build ${id}` : 'unnamed');

const WAYS = {'-1': 'ancestors', 1: 'descendants'};

/** The nodes and edges of one direction; `way` is -1 to the left, 1 to the right. */
function side(related, way, most) {
  const drawn = new Map(),
    nodes = [],
    edges = [],
    left = new Map();
  for (const one of related) {
    const column = way * one.depth,
      inColumn = drawn.get(column) ?? 0;
    if (inColumn >= most) {
      left.set(column, (left.get(column) ?? 0) + 1);
      continue;
    }
    drawn.set(column, inColumn + 1);
    const id = one.build ? one.build.nvr : `${way}:${one.depth}:${nameOf(one)}`;
    nodes.push({
      id,
      column,
      row: inColumn,
      way: WAYS[way],
      build: one.build,
      kind: one.kind,
      from: one.from,
      label: nameOf(one),
      hidden: 0,
    });
    edges.push(way < 0 ? {from: id, to: one.from} : {from: one.from, to: id});
  }
  for (const [column, hidden] of left)
    nodes.push({
      id: `hidden:${column}`,
      column,
      row: drawn.get(column),
      way: WAYS[way],
      build: null,
      kind: 'more',
      from: null,
      label: `${hidden} more`,
      hidden,
    });
  return {nodes, edges};
}

/** Columns with fewer nodes stand in the middle of the tallest one. */
function spread(nodes) {
  const heights = new Map();
  for (const {column} of nodes) heights.set(column, (heights.get(column) ?? 0) + 1);
  const tallest = Math.max(...heights.values());
  for (const node of nodes) node.row += (tallest - heights.get(node.column)) / 2;
}

/** Where an arrow key leads from a node: the id of the nearest node that way, or null. */
export function neighbour(layout, id, key) {
  const here = layout.nodes.find((node) => node.id === id);
  const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[key];
  if (!here || !step) return null;
  const linked = new Set(layout.edges.flatMap(({from, to}) => (from === id ? [to] : to === id ? [from] : [])));
  const there = layout.nodes.filter((node) =>
    step[0]
      ? Math.sign(node.column - here.column) === step[0]
      : node.column === here.column && Math.sign(node.row - here.row) === step[1],
  );
  // The nearest column first, in it the relatives of this node, then whatever is level with it.
  const distance = (node) =>
    Math.abs(node.column - here.column) * 1e6 + (step[0] && !linked.has(node.id) ? 1e3 : 0) + Math.abs(node.row - here.row);
  return there.sort((one, other) => distance(one) - distance(other))[0]?.id ?? null;
}
