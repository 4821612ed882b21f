# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages in a real browser, against a running service with PostgreSQL and the sandbox hub.

`browser`   Chromium, one for all tests of a session
`site`      one service for the tests of a module: site.service, site.hub, site.token('operator')
`visit`     visit('/ui/', 'operator') opens a page, signed in; of what it opened every page is guarded: at the end of the test none
            may have had an error in its console, a violation of the Content-Security-Policy or a request to another host
`shoot`     shoot(page, 'imports') writes screenshots below build/pages: light, dark and phone
"""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import builds
from patience import PATIENCE_S
from service_process import Service

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('CG_BUILD') or TOP / 'build')
ARGUMENTS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
             '--disable-background-networking', '--disable-component-update', '--disable-sync']
DESKTOP, PHONE = {'width': 1280, 'height': 860}, {'width': 360, 'height': 740}
PATIENCE_MS = PATIENCE_S * 1000

# What a page breaks of its policy, noted in the page; `console` would tell of most, this of all.
WATCH = '''document.addEventListener('securitypolicyviolation', (event) =>
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));'''


def python_packages():
    script = TOP / 'tests' / 'harness' / 'browser'
    return subprocess.run([str(script)], check=True, stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, BUILD=str(BUILD))).stdout.strip()


@pytest.fixture(scope='session')
def browser():
    """The distribution's Chromium, driven by playwright; without either the test is skipped and says so."""
    program = shutil.which('chromium') or shutil.which('chromium-browser')
    if not program:
        pytest.skip('no chromium')
    sys.path.append(python_packages())
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, timeout=PATIENCE_MS)
        yield started
        started.close()


@pytest.fixture
def expect(browser):
    """playwright's expect, which waits for what it expects."""
    from playwright.sync_api import expect as expecting
    expecting.set_options(timeout=PATIENCE_MS)
    return expecting


@pytest.fixture(scope='session')
def axe():
    """The text of axe-core."""
    return next(pathlib.Path(python_packages()).glob('axe*/axe.min.js')).read_text()


# --- the service -----------------------------------------------------------------------------------------------------
class Site:
    """A service for several tests. What a test changes on the hub (faults) it takes back."""

    ROLES = {'operator': ['operator', 'submitter'], 'auditor': ['auditor'], 'submitter': ['submitter']}

    def __init__(self, service, hub, sql):
        self.service, self.hub, self.sql, self.tokens, self.early = service, hub, sql, {}, {}

    def token(self, caller):
        if caller not in self.tokens:
            self.tokens[caller] = self.service.make_token(caller, *self.ROLES[caller])
        return self.tokens[caller]

    def post(self, build, state=None, caller='submitter'):
        """The id of the import, when it is in the state (any at which it rests if none is given)."""
        reply = self.service.post(build, token=self.token(caller))
        assert reply.status == 202, reply.body
        found = self.service.wait(reply.json()['id'], *([state] if state else []))
        return found['id']

    def post_early(self, directory):
        """Post the metadata alone of what only the hub's lists refuse, while the service does not have them."""
        for number, (name, how) in enumerate(builds.REFUSED.items()):
            build = builds.make(directory / name, release=str(90 + number), **how)
            told = self.service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(),
                                        {'Content-Type': 'application/json'}, self.token('submitter'))
            assert told.status == 202, told.body
            self.early[name] = (build, told.json()['id'])

    def reject(self, name):
        """Send the outputs of one of builds.REFUSED; its id, when it is rejected with findings."""
        build, id = self.early[name]
        for output in self.service.show(id)['missing']:
            sent = self.service.request('PUT', output['href'], (build / output['path']).read_bytes(),
                                        {'Content-Type': 'application/octet-stream'})
            assert sent.status == 200, sent.body
        found = self.service.wait(id, 'rejected')
        assert found['report']['errors'] > 0
        return id

    def reports(self):
        text = self.service.request('GET', '/metrics', token='').body.decode()
        return int(text.split('\ncg_import_page_reports_total ')[1].split()[0])


@pytest.fixture(scope='module')
def site(cg_import, hub_starter, postgres_server, tmp_path_factory):
    hub, database = hub_starter(), postgres_server.database()
    service = Service(cg_import.path, hub, database)
    # The service starts while the hub tells nothing of what it has registered: posts are judged without that, so that a
    # build which the hub does not know the content generator of is accepted, and rejected with findings by the worker.
    hub.arm('offline', 'multiCall', times=0)
    try:
        service.start()
        made = Site(service, hub, lambda text: postgres_server.sql(database, text))
        service.token = made.token('operator')
        made.post_early(tmp_path_factory.mktemp('early'))
        hub.clear_faults()
        yield made
    finally:
        service.remove()
        hub.stop()


# --- pages -----------------------------------------------------------------------------------------------------------
class Guard:
    """Notes what no page may do."""

    def __init__(self, url):
        self.url, self.faults, self.expected = url, [], []

    def watch(self, context):
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(WATCH)
        context.on('page', self.watch_page)
        context.on('request', self.look_at)

    def watch_page(self, page):
        page.on('console', lambda message: message.type in ('error', 'warning') and self.note(message))
        page.on('pageerror', lambda error: self.faults.append('error: %s\n%s' % (error, error.stack)))

    def note(self, message):
        text = '%s (%s)' % (message.text, message.location.get('url', ''))
        # Who is not signed in is told so by this answer, by design.
        if not any(part in text for part in [*self.expected, 'status of 401 (Unauthorized) (%s/v1/session)' % self.url]):
            self.faults.append('console: ' + text)

    def look_at(self, request):
        if not request.url.startswith((self.url + '/', 'blob:', 'data:')):
            self.faults.append('request: ' + request.url)

    def expect(self, *texts):
        """Browsers write every refused request to the console; a test says which it provokes."""
        self.expected += texts


@pytest.fixture(scope='module')
def bare_page(browser, site):
    """A page of the site of a module's own, for what its tests call in modules of the pages."""
    page = browser.new_page(base_url=site.service.url)
    page.set_default_timeout(PATIENCE_MS)
    page.goto('/ui/sign-in')
    yield page
    page.close()


@pytest.fixture
def visit(browser, site):
    """visit(path, caller='operator', size=PHONE): a page, signed in by the API (caller None: not)."""
    guard, contexts, before = Guard(site.service.url), [], site.reports()

    def open_page(path='/ui/', caller='operator', size=DESKTOP, **options):
        options = dict({'color_scheme': 'light', 'reduced_motion': 'reduce', 'locale': 'en-US'}, **options)
        context = browser.new_context(viewport=size, base_url=site.service.url, **options)
        contexts.append(context)
        guard.watch(context)
        if caller:
            answer = context.request.post('/v1/session', data={'token': site.token(caller)})
            assert answer.status == 201, answer.text()
        page = context.new_page()
        if path:
            page.goto(path)
        return page
    open_page.expect = guard.expect
    yield open_page
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior='ignoreErrors')       # what is being answered for a page is not asked for any more
        context.close()
    assert guard.faults == []
    assert site.reports() == before


@pytest.fixture
def shoot():
    """shoot(page, 'imports'): as it is for three readers. The page's size and scheme are as before afterwards."""
    def take(page, name, full_page=True):
        directory = BUILD / 'pages'
        directory.mkdir(parents=True, exist_ok=True)
        size = page.viewport_size
        for kind, scheme, viewport in [('light', 'light', DESKTOP), ('dark', 'dark', DESKTOP), ('phone', 'light', PHONE)]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(viewport)
            page.screenshot(path=directory / ('%s-%s.png' % (name, kind)), full_page=full_page, animations='disabled')
        page.emulate_media(color_scheme='light')
        page.set_viewport_size(size)
    return take


@pytest.fixture
def accessible(axe):
    """accessible(page): axe-core finds nothing serious, in light and dark; and nothing is cut off on a phone."""
    def look(page):
        size = page.viewport_size
        page.evaluate(axe)
        # In the dark only the colours are others.
        for scheme, rules in (('light', {}), ('dark', {'runOnly': ['color-contrast']})):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate('(rules) => axe.run(document, {resultTypes: ["violations"], ...rules})', rules)['violations']
            assert [(one['id'], [(node['html'], node['failureSummary']) for node in one['nodes']]) for one in found
                    if one['impact'] in ('serious', 'critical')] == []
        page.emulate_media(color_scheme='light')
        page.set_viewport_size(PHONE)
        wide = page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
        assert wide[0] <= wide[1], 'the page scrolls sideways on a phone'
        page.set_viewport_size(size)
    return look
