# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signing in: who is not known is led there and back, the token is not kept, and what is not allowed is not offered."""
import re

import pytest


def sign_in(page, token):
    page.get_by_label('Token').fill(token)
    page.get_by_role('button', name='Sign in').click()


def test_there_and_back(site, visit, expect, accessible, shoot):
    page = visit('/ui/imports?state=held', caller=None)
    expect(page).to_have_url(re.compile(r'/ui/sign-in\?next=%2Fui%2Fimports%3Fstate%3Dheld$'))
    expect(page.get_by_label('Token')).to_be_focused()
    accessible(page)
    shoot(page, 'sign-in', full_page=False)
    visit.expect('status of 401')
    sign_in(page, 'cgi_this-is-no-token')
    expect(page.get_by_role('alert')).to_contain_text('token')
    sign_in(page, site.token('operator'))
    expect(page).to_have_url(re.compile('/ui/imports[?]state=held$'))
    expect(page.get_by_role('heading', name='Imports')).to_be_visible()

    cookie, = page.context.cookies()
    assert (cookie['name'], cookie['httpOnly'], cookie['sameSite']) == ('cg_import_session', True, 'Strict')
    assert page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]') == ['', 0, 0]
    page.get_by_role('button', name='Sign out').click()
    expect(page.get_by_label('Token')).to_be_visible()
    assert page.context.cookies() == []
    page.goto('/ui/')
    expect(page).to_have_url(re.compile('/ui/sign-in$'))


@pytest.mark.parametrize('next', ['//example.com/ui/', 'https://example.com/ui/', '/ui/../v1/session', '/\\example.com/ui/',
                                  'javascript:alert(1)'])
def test_who_signs_in_stays_here(site, visit, expect, next):
    page = visit(None, caller=None)
    page.goto('/ui/sign-in?next=' + page.evaluate('encodeURIComponent', next))
    sign_in(page, site.token('operator'))
    expect(page.locator('#session')).to_contain_text('operator')
    assert page.url.startswith(site.service.url + '/ui/')


def test_who_is_signed_in_goes_on(visit, expect):
    page = visit('/ui/sign-in?next=/ui/imports')
    expect(page).to_have_url(re.compile('/ui/imports$'))


def test_a_session_that_ended_leads_to_the_sign_in_page(site, visit, expect):
    page = visit('/ui/imports', caller='submitter')
    expect(page.get_by_role('heading', name='Imports')).to_be_visible()
    visit.expect('status of 401')
    page.context.request.delete('/v1/session')
    page.context.clear_cookies()
    expect(page).to_have_url(re.compile(r'/ui/sign-in\?next=%2Fui%2Fimports$'))


@pytest.mark.parametrize('caller, places, search', [('operator', ['Overview', 'Imports', 'Log'], 1),
                                                    ('auditor', ['Overview', 'Imports', 'Log'], 1),
                                                    ('submitter', ['Overview', 'Imports'], 0)])
def test_each_is_offered_what_it_may(visit, expect, caller, places, search):
    page = visit('/ui/', caller)
    expect(page.locator('#session')).to_contain_text(caller)
    expect(page.get_by_role('navigation', name='Pages').get_by_role('link')).to_have_text(places)
    expect(page.get_by_role('search')).to_have_count(search)


def test_a_cross_site_request_is_refused(site, visit):
    """As a page of another site would send it; the cookie alone does not let it in."""
    page = visit('/ui/')
    refused = page.context.request.post('/v1/imports/018bc2b5-6f2e-7c31-9c5e-2f1f8f6c6a01/cancel',
                                        headers={'Sec-Fetch-Site': 'cross-site', 'Origin': 'https://example.com'})
    assert (refused.status, refused.json()['reason']) == (403, 'cross-site')
