// SPDX-License-Identifier: LGPL-2.1-or-later
// What the auditors' pages have in common: they are for those who may read the trail, and say so to others; a build that the trail
// does not know is no accident.
//
//   await auditPage({title, active, build: 'NVR'}, async (main, session) => {…});   `build`: what the page is about, if it is one;
//                                                            `leaves: true` if it tells of all imports, which not every operator sees
import {Problem, query} from './api.js';
import {el, replace} from './dom.js';
import {none} from './format.js';
import {page, run} from './page.js';

export function auditPage({title, active = null, build = null, leaves = false}, show) {
  return run(async () => {
    const {session, main} = await page({title, active});
    if (!(leaves ? session.may.audit : session.may.read_all)) {
      const whom = leaves ? 'auditors, and for operators who see all imports' : 'operators and auditors';
      replace(
        main,
        el('h1', title),
        none(`This page is for ${whom}. Ask whoever runs the service for such a role.`),
      );
      return;
    }
    try {
      await show(main, session);
    } catch (error) {
      if (!build || !(error instanceof Problem) || error.status !== 404) throw error;
      replace(
        main,
        el('div.heading', el('h1', title)),
        el(
          'section.panel',
          el('p', 'The trail knows no such build that you may see: ', error.message, '.'),
          el(
            'p',
            el('a', {href: `/ui/search${query({q: build, state: 'any'})}`}, 'Search for it'),
            ' as anything else: as a parent, an rpm, a part of a name.',
          ),
        ),
      );
    }
  });
}
