// SPDX-License-Identifier: LGPL-2.1-or-later
// Search: one box. It guesses what the text is (?q=), looks for one kind after the other until it finds something, says what it
// looked for, and lets one choose (?kind=). ?state=any finds builds, too, that are not on their hub.
import {get, Problem, query} from './api.js';
import {auditPage} from './audit_page.js';
import {append, el, find, replace} from './dom.js';
import {buildLink, count, digest, DASH, none, problem, state as stateBadge, time} from './format.js';
import {completeFor} from './complete_for.js';
import {listRow, listTable} from './list_table.js';
import {announce} from './page.js';
import {guess, KINDS} from './search_kinds.js';

const PAGE = 50;
const address = new URLSearchParams(location.search);
const text = (address.get('q') ?? '').trim();
const chosen = Object.hasOwn(KINDS, address.get('kind') ?? '') ? address.get('kind') : null;
const any = address.get('state') === 'any';

function hints() {
  const one = (words, example) =>
    el('li', `${words}: `, el('a', {href: `/ui/search${query({q: example})}`}, el('code', example)));
  return el(
    'section.panel',
    el('p', 'Type what you have in hand into the box above; what it is, is guessed and told.'),
    el(
      'ul.plain',
      one('A build, also by pattern', 'webserver-*'),
      one('An rpm inside, in any form', 'openssl-3.0.7-27.el9.x86_64'),
      one('A digest of an image or file', 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'),
      one('A pull spec', 'registry.example.com/webserver:1.0-3'),
      one('A commit, or what it begins with', '5cb45172e9'),
      one('Who submitted it', 'jdoe'),
      one('A task or a build, by number', '123456'),
    ),
  );
}

// --- looking -----------------------------------------------------------------------------------------------------------

async function search(main) {
  const results = el('div#results', {'aria-busy': 'true'}, el('p.waiting', 'Looking …'));
  const kinds = chosen ? [chosen] : guess(text);
  const tried = [];
  const choices = el('div.choices');
  const show = () => replace(choices, ...said(tried));
  replace(main, el('h1', 'Search for ', el('bdi.quoted', text)), choices, results);
  show();
  for (const kind of kinds) {
    const found = await look(kind);
    tried.push({kind, ...found});
    show();
    if (found.rows.length > 0) break;
  }
  results.removeAttribute('aria-busy');
  const hit = tried.find(({rows}) => rows.length > 0);
  replace(results, hit ? (hit.kind === 'import' ? importHit(hit.rows[0]) : buildHits(hit)) : nothing(tried));
  announce(hit ? `${count(hit.rows.length)}${hit.next ? ' or more' : ''} found as ${KINDS[hit.kind].name}.` : 'Nothing found.');
}

/** {rows, next, complete, why}: one page of one kind; a text that cannot be of that kind finds nothing, and says why. */
async function look(kind, after = null) {
  try {
    if (kind === 'import') return {rows: [await get(`/v1/imports/${encodeURIComponent(text)}`)], next: null};
    const asked = KINDS[kind].ask(text);
    if (!asked) return {rows: [], next: null, why: 'not a number that one has'};
    const found = await get('/v1/provenance/builds' + query({...asked, state: any ? 'any' : null, limit: PAGE, after}));
    return {rows: found.builds, next: found.next, complete: found.complete_for};
  } catch (error) {
    if (!(error instanceof Problem) || ![400, 404].includes(error.status)) throw error;
    return {rows: [], next: null, why: error.status === 400 ? error.message : ''};
  }
}

const link = (values) => `/ui/search${query({q: text, state: any ? 'any' : null, ...values})}`;

/** What was looked for, with what came of it, and everything else that it might be. */
function said(tried) {
  const outcome = (kind) => {
    const found = tried.find((one) => one.kind === kind);
    if (!found) return null;
    return found.rows.length ? `${count(found.rows.length)}${found.next ? '+' : ''}` : 'none';
  };
  const chip = (kind) => {
    const told = outcome(kind);
    return el(
      'a.chip',
      {
        href: link({kind}),
        'aria-current': chosen === kind ? 'true' : null,
        title: tried.find((one) => one.kind === kind)?.why || null,
        data: {told: told === null ? 'untold' : told === 'none' ? 'none' : 'found'},
      },
      KINDS[kind].name,
      told ? el('b', ` ${told}`) : null,
    );
  };
  const others = Object.keys(KINDS).filter((kind) => !tried.some((one) => one.kind === kind));
  return [
    el(
      'p.looked',
      el('span.muted', chosen ? 'Looked for it as ' : 'Looked for it, until found, as '),
      tried.map(({kind}) => chip(kind)),
      chosen ? el('a.chip', {href: link({kind: null})}, 'guess again') : null,
    ),
    el('details.others', el('summary', 'Look for it as something else'), el('p.looked', others.map(chip))),
    el(
      'p.small',
      any
        ? el('a', {href: link({kind: chosen, state: null})}, 'Only builds that are on their hub')
        : el('a', {href: link({kind: chosen, state: 'any'})}, 'Also builds that were accepted and are not on their hub'),
    ),
  ];
}

function nothing(tried) {
  const why = tried.filter((one) => one.why).map(({kind, why: reason}) => el('li', `As ${KINDS[kind].name}: ${reason}.`));
  return el('section.panel', none('Nothing found that you may see.'), why.length ? el('ul', why) : null);
}

// --- what was found ----------------------------------------------------------------------------------------------------

function importHit(found) {
  return el(
    'section.panel',
    el('h2', 'Import'),
    el('p', stateBadge(found.state), ' ', el('a', {href: `/ui/imports/${found.id}`}, el('code', found.id))),
    el('p', 'It brings ', buildLink(found), '.'),
  );
}

function buildHits(hit) {
  const table = listTable(`Builds found by ${KINDS[hit.kind].name}`, COLUMNS, hit.rows.map(buildRow)),
    body = find('tbody', table);
  const more = el('button', {type: 'button', hidden: !hit.next}, 'More');
  let next = hit.next;
  more.addEventListener('click', async () => {
    more.disabled = true;
    try {
      const found = await look(hit.kind, next);
      append(body, found.rows.map(buildRow));
      next = found.next;
      more.hidden = !next;
      announce(`${count(found.rows.length)} more.`);
    } catch (error) {
      more.after(problem(error));
    } finally {
      more.disabled = false;
    }
  });
  return el(
    'section.panel',
    {'aria-labelledby': 'found-heading'},
    el('h2.hidden', {id: 'found-heading'}, 'Builds'),
    table,
    el('div.buttons', more),
    completeFor(hit.complete),
  );
}

const COLUMNS = ['Build', 'State', 'What matched', 'Commit', 'Submitter', 'Imported'];

function buildRow(build) {
  return listRow(COLUMNS, [
    buildLink(build),
    stateBadge(build.state),
    matches(build.matches ?? []),
    build.commit ? digest(build.commit, 10) : DASH,
    el('bdi', build.submitter ?? build.owner ?? build.caller ?? DASH),
    time(build.imported_at ?? build.accepted_at),
  ]);
}

const MATCHES = 3;

function matches(list) {
  if (list.length === 0) return DASH;
  return [
    ...list.slice(0, MATCHES).map((one) => el('div', matchText(one))),
    list.length > MATCHES ? el('div.muted', `and ${count(list.length - MATCHES)} more`) : null,
  ];
}

/** {component, checksum, parts: [["output", 0], …]} or {key, value, output}. */
function matchText({component, parts, key, value, output}) {
  if (component)
    return [el('code', component), el('span.muted', ` in ${(parts ?? []).map((part) => part.join(' ')).join(', ')}`)];
  return [
    el('span.muted', `${key} `),
    el('code', value),
    typeof output === 'number' ? el('span.muted', ` of output ${output}`) : null,
  ];
}

await auditPage({title: text ? `${text} · Search` : 'Search'}, async (main) => {
  if (text) {
    await search(main);
    return;
  }
  replace(main, el('div.heading', el('h1', 'Search')), hints());
  find('#header input[type=search]').focus();
});
