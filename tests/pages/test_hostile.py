# SPDX-License-Identifier: LGPL-2.1-or-later
"""What builds, hubs and people write is text, wherever it is shown: never HTML, never script, never out of its place."""
import re

import builds

def assert_text_only(page):
    assert page.evaluate('document.querySelectorAll("main script, main iframe, main [onerror], main [onclick], main img").length') == 0
    assert page.title() != 'owned'


def test_findings_and_documents(site, visit, expect, accessible):
    page = visit('/ui/imports/' + site.reject('hostile'))
    findings = page.locator('ol.findings > li')
    expect(findings.nth(0)).to_contain_text('atomic<b onclick=alert(1)>')
    # Escaped in the document, and shown as it is written there.
    expect(findings.nth(1).locator('mark')).to_contain_text('<script>document.title=')
    expect(page.get_by_role('region', name='About')).to_contain_text('atomic<b onclick=alert(1)>')
    page.get_by_text('Metadata document', exact=True).click()
    expect(page.get_by_label('Metadata document').locator('pre')).to_contain_text(builds.IMAGE.replace('"', '\\"'))
    assert_text_only(page)
    accessible(page)
    page.get_by_role('button', name='Correct the metadata').click()
    expect(page.locator('#corrected')).to_be_focused()
    assert_text_only(page)
    page.goto('/ui/imports')
    expect(page.locator('tbody tr').filter(has_text='atomic<b onclick')).to_have_count(1)
    assert_text_only(page)


def test_what_the_hub_and_the_log_say(site, visit, expect, accessible, tmp_path):
    site.hub.arm('fault', 'CGImport', code=1000, text=builds.HOSTILE)
    rejected = site.post(builds.make(tmp_path), 'rejected')
    page = visit(None)
    page.route(re.compile('/v1/imports/[^/]*/log$'), lambda route: route.fulfill(json={'dropped': 3, 'lines': [
        {'at': '2026-11-30T10:00:00Z', 'level': 'error', 'text': builds.HOSTILE + '\u001b[31m'}]}))
    page.goto('/ui/imports/' + rejected)
    expect(page.get_by_role('region', name='What went wrong')).to_contain_text(builds.IMAGE)
    page.get_by_text('Log lines', exact=True).click()
    expect(page.get_by_label('Log lines').locator('pre')).to_contain_text(builds.SCRIPT)
    expect(page.get_by_text('3 older lines are not kept here.')).to_be_visible()
    assert_text_only(page)
    accessible(page)


def test_names_as_no_service_would_take_them(site, visit, expect, accessible, tmp_path):
    """Names that the checks refuse, as if one came through."""
    found = site.service.show(site.post(builds.make(tmp_path, release='2')))
    hostile = dict(found, nvr=builds.HOSTILE, content_generator=builds.HOSTILE, caller=builds.HOSTILE, hub=builds.HOSTILE,
                   state='held', held=builds.HOSTILE, error={'code': builds.HOSTILE, 'message': builds.HOSTILE, 'hint': builds.HOSTILE})
    hostile['outputs'] = [dict(output, path=builds.HOSTILE) for output in found['outputs']]
    events = [{'id': n, 'import': found['id'], 'at': found['created_at'], 'type': kind, 'actor': builds.HOSTILE,
               'detail': {'message': builds.HOSTILE, 'note': builds.HOSTILE, 'held': builds.HOSTILE, 'step': builds.HOSTILE, 'position': 0, 'by': builds.HOSTILE}}
              for n, kind in enumerate(['accepted', 'content', 'claimed', 'step', 'held', 'released', 'replaced', builds.HOSTILE], 1)]
    page = visit(None)
    overview = page.context.request.get('/v1/overview').json()
    overview['held'] = {'count': 1, 'imports': [hostile]}
    overview['hubs'][0].update(name=builds.HOSTILE, reason=builds.HOSTILE, state='open')
    page.route(re.compile(r'/v1/imports/[^/]*/events\?'), lambda route: route.fulfill(json={'events': events, 'next': None}))
    page.route(re.compile('/v1/imports/[^/?]*$'), lambda route: route.fulfill(json=hostile))
    page.route(re.compile(r'/v1/imports\?'), lambda route: route.fulfill(json={'imports': [hostile], 'next': None}))
    page.route('**/v1/overview', lambda route: route.fulfill(json=overview))
    for path in ('/ui/imports/' + found['id'], '/ui/imports', '/ui/'):
        page.goto(path)
        expect(page.locator('main .nvr', has_text='<script>').first).to_be_visible()
        assert_text_only(page)
        accessible(page)
    page.goto('/ui/imports/' + found['id'])
    page.get_by_role('button', name='Release').click()
    expect(page.get_by_role('dialog')).to_contain_text('<script>')
    assert_text_only(page)
