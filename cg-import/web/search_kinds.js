// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be searched for, and what a text most likely is. No DOM.
//
//   KINDS[kind]      {name, ask(q)}: how it is called, and the parameters of GET /v1/provenance/builds (null: not that)
//   guess('bash')    the kinds to look for, the likeliest first

const exactly = (name) => (q) => ({[name]: q});
const number = (name) => (q) => (/^[1-9][0-9]{0,15}$/.test(q) ? {[name]: q} : null);
/** A text within a glob: its own *, ? and [ stand for themselves. */
const literally = (q) => q.replace(/[*?[]/g, '[$&]');

export const KINDS = {
  nvr: {name: 'NVR', ask: exactly('nvr')},
  rpm: {name: 'rpm inside', ask: exactly('rpm')},
  digest: {name: 'digest', ask: exactly('digest')},
  pullspec: {name: 'pull spec', ask: exactly('pullspec')},
  commit: {name: 'commit', ask: exactly('commit')},
  source: {name: 'source', ask: exactly('source')},
  component: {name: 'file inside', ask: exactly('component')},
  built_with: {name: 'rpm it was built with', ask: exactly('built_with')},
  parent: {name: 'parent', ask: exactly('parent')},
  task: {name: 'task', ask: number('task_id')},
  build_id: {name: 'build id', ask: number('build_id')},
  submitter: {name: 'submitter or owner', ask: exactly('submitter')},
  generator: {name: 'content generator', ask: exactly('content_generator')},
  part: {name: 'part of an NVR', ask: (q) => ({nvr: `*${literally(q)}*`})},
  import: {name: 'import id', ask: () => null},
};

const ARCHES = 'x86_64|aarch64|ppc64le|s390x|noarch|i686|riscv64|armv7hl|src';

// The first rule that fits tells the order.
const RULES = [
  [/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, ['import']],
  [/^[a-z0-9]+:[0-9a-f]{32,128}$/i, ['digest']],
  [/^[0-9a-f]{64}$/i, ['digest', 'commit']],
  [/^[0-9a-f]{32}$/i, ['digest', 'rpm', 'component', 'built_with', 'commit']],
  [/^[0-9a-f]{40}$/i, ['commit', 'digest']],
  [/^[0-9]+$/, ['build_id', 'task', 'commit', 'part']],
  [/^[0-9a-f]{7,39}$/i, ['commit', 'part', 'digest', 'rpm', 'submitter']],
  [/^[a-z+]+:\/\/[^#]+$/i, ['source', 'pullspec', 'part']],
  [/\/.*[:@]/, ['pullspec', 'submitter', 'source', 'parent', 'component']],
  [/\//, ['pullspec', 'component', 'source', 'submitter']],
  [new RegExp(`\\.(?:${ARCHES})(?:\\.rpm)?$`), ['rpm', 'built_with', 'component']],
  [/^[^:]+-[0-9]+:[^:]+-[^:-]+$/, ['rpm', 'built_with']],
  [/[*?[]/, ['nvr']],
  [/@/, ['submitter', 'pullspec']],
  [/^.+-[^-]+-[^-]+$/, ['nvr', 'rpm', 'parent', 'built_with', 'component', 'part', 'submitter']],
  [/\.[a-z]{2,5}$/i, ['component', 'rpm', 'submitter', 'part']],
  [/^/, ['rpm', 'part', 'submitter', 'generator', 'component', 'built_with']],
];

export function guess(text) {
  return RULES.find(([form]) => form.test(text))[1];
}
