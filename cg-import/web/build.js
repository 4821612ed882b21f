// SPDX-License-Identifier: LGPL-2.1-or-later
// One build: what it is, where it came from, what is in it, what the log proves of it.
import {get, query} from './api.js';
import {auditPage} from './audit_page.js';
import {factsDigest} from './canon.js';
import {completeFor} from './complete_for.js';
import {componentsPanel} from './components.js';
import {Refusal} from './bytes.js';
import {el, replace} from './dom.js';
import {copyButton, count, DASH, duration, moment, none, nvr, state, time} from './format.js';
import {imagePanels, showLayers} from './images.js';
import {hubPanel, originRows} from './on_hub.js';
import {listTable} from './list_table.js';
import {setTitle} from './page.js';
import {proofMark} from './proof-mark.js';
import {capital, verdictMark} from './proof_view.js';

const name = decodeURIComponent(location.pathname.split('/').pop());
const hub = new URLSearchParams(location.search).get('hub');

function show(main, session, answer) {
  const {build, facts} = answer;
  const web = session.service.hubs?.find(({name: one}) => one === build.hub)?.web_url ?? null;
  replace(
    main,
    heading(build, web),
    build.state === 'imported'
      ? null
      : el('div.note', {data: {kind: 'warning'}}, `This build was accepted and is not on its hub: its import is ${build.state}.`),
    el('div.panels', whatPanel(build, facts), wherePanel(build, facts, web)),
    el('div.panels', proofPanel(session, answer), documentsPanel(build, facts)),
    hubPanel(answer),
    imagePanels(answer),
    buildrootPanel(facts),
    componentsPanel(facts),
    completeFor(answer.complete_for),
  );
}

const below = (build, what, more = {}) =>
  `/ui/builds/${encodeURIComponent(build.nvr)}/${what}${query({hub: build.hub, ...more})}`;

function heading(build, web) {
  return el(
    'div.heading',
    el('h1', nvr(build.nvr)),
    state(build.state),
    copyButton(build.nvr, 'NVR'),
    el(
      'div.buttons',
      el('a.button', {href: below(build, 'graph')}, 'Family'),
      el('a.button', {href: below(build, 'difference')}, 'Difference'),
      web && build.build_id
        ? el('a.button', {href: `${web}/buildinfo?buildID=${build.build_id}`, rel: 'noreferrer'}, 'On the hub')
        : null,
    ),
  );
}

const rows = (...pairs) =>
  el(
    'dl.facts',
    pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== '' && value.length !== 0)
      .flatMap(([term, value]) => [el('dt', term), el('dd', value)]),
  );

const seconds = (at) => (Number.isFinite(at) ? time(moment(at)) : null);
const bdi = (text) => (text ? el('bdi', String(text)) : null);

function whatPanel(build, facts) {
  const took =
    Number.isFinite(facts.end_time) && Number.isFinite(facts.start_time)
      ? duration((facts.end_time - facts.start_time) * 1000)
      : '';
  return el(
    'section.panel',
    {'aria-labelledby': 'what-heading'},
    el('h2', {id: 'what-heading'}, 'What it is'),
    rows(
      ['Name', bdi(facts.name)],
      ['Version', bdi(facts.version)],
      ['Release', bdi(facts.release)],
      ['Epoch', facts.epoch === undefined ? null : String(facts.epoch)],
      ['Types', facts.types.map((type) => [el('span.tag', type), ' '])],
      ['Hub', [el('bdi', build.hub), build.build_id ? `, build ${build.build_id}` : '']],
      ['Owner', bdi(facts.owner)],
      ['Submitter', bdi(facts.submitter)],
      ['Posted by', bdi(build.caller)],
      ['Built', facts.end_time ? [seconds(facts.end_time), took ? ` in ${took}` : ''] : null],
      ['Imported', build.imported_at ? time(build.imported_at) : null],
      ['Import', build.import ? el('a', {href: `/ui/imports/${build.import}`}, el('code', build.import)) : null],
      ...originRows(build),
    ),
  );
}

// --- where it came from ------------------------------------------------------------------------------------------------

function wherePanel(build, facts, web) {
  return el(
    'section.panel',
    {'aria-labelledby': 'where-heading'},
    el('h2', {id: 'where-heading'}, 'Where it came from'),
    rows(
      ['Source', facts.source_url ? el('code', facts.source_url) : bdi(facts.source)],
      [
        'Commit',
        facts.source_commit
          ? [
              el('code', facts.source_commit),
              copyButton(facts.source_commit, 'commit'),
              ' ',
              search('same commit', {q: facts.source_commit, kind: 'commit'}),
            ]
          : null,
      ],
      ['Task', facts.task_id ? task(facts.task_id, web) : null],
      ['Generator', facts.content_generators.map((one) => el('div', bdi(one.name), ` ${one.version ?? ''}`))],
      ['Parents', facts.parents.length ? facts.parents.map((parent) => parentLine(parent, build)) : 'none'],
      [
        'Remote sources',
        facts.remote_sources.map((one) => el('div', one.name ? [bdi(one.name), ' '] : null, el('code', one.url ?? DASH))),
      ],
    ),
  );
}

const search = (words, values) => el('a.small', {href: `/ui/search${query(values)}`}, words);

const task = (id, web) => (web ? el('a', {href: `${web}/taskinfo?taskID=${id}`, rel: 'noreferrer'}, String(id)) : String(id));

function parentLine(parent, build) {
  const known = parent.nvr ?? parent.build_id;
  return el(
    'div',
    el('span.tag', parent.kind === 'base' ? 'base' : 'image'),
    ' ',
    known
      ? nvr(parent.nvr ?? `build ${parent.build_id}`, `/ui/builds/${encodeURIComponent(known)}${query({hub: build.hub})}`)
      : null,
    parent.pullspec ? el('div.muted', el('code', parent.pullspec)) : null,
  );
}

// --- what the log proves -----------------------------------------------------------------------------------------------

function proofPanel(session, {build, facts, log}) {
  return el(
    'section.panel',
    {'aria-labelledby': 'proof-heading'},
    el('h2', {id: 'proof-heading'}, 'What the log says of it'),
    proofMark(session, build.import, {log, atLeast: () => log.length, also: (entries) => factsMark(entries, build, facts)}),
    el(
      'p.muted.small',
      'Verified means: what is shown was accepted, and told in the log then, with these very contents. It does not mean that the builder told the truth. ',
      'A page that the service sends proves nothing against that service: ',
      el('code', 'cg-import audit prove'),
      ' and ',
      el('code', 'verify'),
      ' do without it.',
    ),
  );
}

/** Are the facts of this page those that a verified entry of the log names, of the build of this page? */
async function factsMark(entries, build, facts) {
  const telling = entries.find(({found}) => typeof found.entry?.detail?.facts_sha256 === 'string');
  if (!telling) return [];
  const {index, found} = telling;
  if (found.verdict === 'failed') return [];
  try {
    if (found.entry.nvr !== build.nvr) throw new Refusal('proof', `they are of ${found.entry.nvr}`);
    if ((await factsDigest(facts)) !== found.entry.detail.facts_sha256) throw new Refusal('proof', 'their SHA-256 is another');
    const words = `This page shows what entry ${index} names`;
    return [
      el('p', verdictMark(found.verdict, found.verdict === 'proved' ? words : `${words}, which is not fully verified`)),
      el(
        'p.muted',
        `Its digest covers the source, the parents, the tools, all files and ${count(facts.components.length)} components.`,
      ),
    ];
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    if (failure.kind === 'form') return el('p', verdictMark('unchecked', `Not compared with entry ${index}: ${failure.message}`));
    return el(
      'div.note',
      {role: 'alert', data: {kind: 'error'}},
      el('strong', `VERIFICATION FAILED: these are not the contents that entry ${index} of the log names`),
      el('p', `${capital(failure.message)}. Do not believe this page.`),
    );
  }
}

// --- documents ---------------------------------------------------------------------------------------------------------

const FORMATS = [
  ['spdx-2.3', 'SPDX 2.3', 'spdx.json'],
  ['cyclonedx-1.6', 'CycloneDX 1.6', 'cdx.json'],
  ['cyclonedx-1.5', 'CycloneDX 1.5', 'cdx-1.5.json'],
];

function documentsPanel(build, facts) {
  const panel = (...content) =>
    el('section.panel', {'aria-labelledby': 'documents-heading'}, el('h2', {id: 'documents-heading'}, 'Documents'), content);
  const metadata = build.import
    ? download(`/v1/imports/${build.import}/metadata`, `${build.nvr}.metadata.json`, 'metadata.json')
    : null;
  if (build.state !== 'imported')
    return panel(none('Nothing is attested before the build is imported.'), metadata ? el('p', metadata) : null);
  const place = `/v1/provenance/builds/${encodeURIComponent(build.nvr)}`;
  const holders = facts.outputs.filter(({components}) => components.length > 0);
  return panel(
    rows(
      [
        'Attestation',
        download(
          `${place}/attestation${query({hub: build.hub, form: 'statement'})}`,
          `${build.nvr}.intoto.json`,
          'in-toto statement, SLSA provenance',
        ),
      ],
      [
        'Bill of materials',
        holders.length === 0
          ? 'No output has components.'
          : holders.map((output) =>
              el(
                'div',
                output.arch ?? output.path,
                ': ',
                FORMATS.map(([format, words, ending]) => [
                  download(
                    `${place}/sbom${query({hub: build.hub, format, output: String(output.position)})}`,
                    `${build.nvr}.${output.arch ?? output.position}.${ending}`,
                    words,
                  ),
                  ' ',
                ]),
              ),
            ),
      ],
      ['As posted', metadata],
    ),
  );
}

const download = (href, file, words) => el('a.download', {href, download: file}, words);

// --- what it was built by ----------------------------------------------------------------------------------------------

function buildrootPanel(facts) {
  const rowOf = (one) => [
    bdi(one.id ?? DASH),
    pair(one.host, 'os', 'arch'),
    pair(one.container, 'type', 'arch'),
    pair(one.content_generator, 'name', 'version'),
    one.tools.map((tool) => [el('span.tag', pair(tool, 'name', 'version')), ' ']),
    count(one.components.length),
  ];
  return el(
    'section.panel',
    {'aria-labelledby': 'buildroots-heading'},
    el('h2', {id: 'buildroots-heading'}, 'Where and with what it was built'),
    listTable('Buildroots', ['Buildroot', 'Host', 'Container', 'Generator', 'Tools', '#Components'], facts.buildroots.map(rowOf)),
  );
}

/** Two words of an object; each keeps its own direction. */
function pair(value, first, second) {
  const words = [value?.[first], value?.[second]].filter(Boolean);
  return words.length ? words.map((word) => [bdi(word), ' ']) : DASH;
}

await auditPage({title: name, build: name}, async (main, session) => {
  const answer = await get(`/v1/provenance/builds/${encodeURIComponent(name)}${query({hub})}`);
  setTitle(answer.build.nvr);
  show(main, session, answer);
  await showLayers(answer);
});
