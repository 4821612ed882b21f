# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of imports and the overview: filters in the address, live without moving, and with 100,000 imports."""
import re

import pytest

import builds


def names(page):
    return page.locator('table.list tbody th').all_inner_texts()


def post_metadata(site, build):
    reply = site.service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(), {'Content-Type': 'application/json'})
    assert reply.status == 202, reply.body
    return reply.json()


def test_what_happens_is_shown_where_it_stands(site, visit, expect, tmp_path):
    """Three pages at once: no row moves by itself, new imports wait for the reader."""
    waiting = builds.make(tmp_path / 'waiting', name='waiting', seed=5)
    told = post_metadata(site, waiting)
    site.post(builds.make(tmp_path / 'one', name='one'))
    page = visit('/ui/imports')
    overview, single = page.context.new_page(), page.context.new_page()
    overview.goto('/ui/')
    single.goto('/ui/imports/' + told['id'])
    for one in (page, overview):
        expect(one.locator('.live')).to_have_text('live')
    before = names(page)
    row = page.locator('tbody tr', has_text='waiting-1.0-1')
    expect(row.locator('.state')).to_contain_text('receiving')
    link = row.get_by_role('link')
    link.focus()

    site.post(builds.make(tmp_path / 'two', name='two'))
    site.service.post(waiting)
    site.service.wait(told['id'], 'imported')
    expect(row.locator('.state')).to_contain_text('imported')
    assert names(page) == before
    expect(link).to_be_focused()
    more = page.get_by_role('button', name='Show 1 new import')
    more.click()
    expect(page.locator('tbody tr').first).to_contain_text('two-1.0-1')
    assert names(page) == ['two-1.0-1', *before]
    expect(more).to_have_count(0)
    expect(single.locator('.heading .state')).to_contain_text('imported')
    receiving = site.sql("SELECT count(*) FROM imports WHERE state = 'receiving'")
    expect(overview.get_by_role('region', name='Queue').get_by_role('link', name='receiving').locator('b')).to_have_text(receiving)
    expect(overview.get_by_role('region', name='In all')).to_contain_text(str(site.sql("SELECT count(*) FROM imports WHERE state = 'imported'")))


def test_a_day_that_no_calendar_has_is_no_filter(site, visit, expect, tmp_path):
    site.post(builds.make(tmp_path / 'a', name='dated', release='1'))
    page = visit('/ui/imports?nvr=dated-*&since=2026-13-45&until=tomorrow')
    expect(page.locator('tbody tr')).to_have_count(1)
    expect(page.get_by_label('Posted since')).to_have_value('')


def test_filters_are_the_address(site, visit, expect, tmp_path):
    site.post(builds.make(tmp_path / 'a', name='filtered', release='1'))
    site.post(builds.make(tmp_path / 'b', name='filtered', release='2'))
    page = visit('/ui/imports')
    page.get_by_label('NVR').fill('filtered-1.0-[2-9]')
    page.keyboard.press('Enter')
    expect(page).to_have_url(re.compile(r'/ui/imports\?nvr=filtered-1\.0-%5B2-9%5D$'))
    expect(page.locator('tbody th')).to_have_text(['filtered-1.0-2'])
    page.reload()
    expect(page.get_by_label('NVR')).to_have_value('filtered-1.0-[2-9]')
    expect(page.locator('tbody th')).to_have_text(['filtered-1.0-2'])
    page.get_by_label('Posted since').fill('2099-01-01')
    page.get_by_role('button', name='Filter').click()
    expect(page.get_by_text('No import is like this.')).to_be_visible()
    expect(page).to_have_url(re.compile('since=2099-01-01'))
    page.get_by_role('link', name='All').click()
    expect(page.locator('tbody th', has_text='filtered-1.0-1')).to_be_visible()


def test_a_service_that_is_away_is_told_and_waited_for(site, visit, expect, tmp_path):
    page = visit(None)
    broken = []
    page.route('**/v1/events**', lambda route: route.abort() if broken else route.continue_())
    visit.expect('ERR_FAILED')
    broken.append(True)
    page.goto('/ui/imports')
    expect(page.locator('.live')).to_have_text('reconnecting')
    # What happened meanwhile is shown, too, though no event tells of it.
    site.post(builds.make(tmp_path, name='in-the-break'))
    broken.clear()
    expect(page.locator('.live')).to_have_text('live')
    expect(page.get_by_role('button', name='Show 1 new import')).to_be_visible()


PACKAGES = ['httpd-el9', 'postgresql-el9', 'redis-el9', 'nodejs-el9', 'python-el9']
MANY = """
INSERT INTO imports (id, hub, nvr, content_generator, package, metadata_sha256, metadata_bytes, options, caller, request_id, state, held,
                     created_at, updated_at, finished_at, output_bytes, known_bytes, error_name, error_message)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'sandbox', p.name || '-1.0-' || n, 'atomic-reactor', p.name,
       md5(n::text) || md5(n::text), 1000, '{}', 'osbs', 'r', s.state, CASE WHEN s.state = 'held' THEN 'conflict' END, s.at, s.at,
       CASE WHEN s.state <> 'held' THEN s.at + interval '90 seconds' END, 1000000 + n %% 977 * 1000, n %% 977 * 700,
       CASE WHEN s.state = 'rejected' THEN 'CG_E_HUB_REFUSED' WHEN s.state = 'held' THEN 'CG_E_CONFLICT' END,
       CASE WHEN s.state = 'rejected' THEN 'the hub has no archive type for this file' WHEN s.state = 'held' THEN 'the build is on the hub with other content' END
FROM (SELECT n, CASE WHEN n %% 20000 = 0 THEN 'held' WHEN n %% 19 = 0 THEN 'rejected' WHEN n %% 53 = 0 THEN 'canceled' ELSE 'imported' END AS state,
             now() - ((100000 - n) * 100 + 8000 * (sin(n / 100.0) - sin(1000.0))) * interval '1 second' AS at FROM generate_series(1, 100000) n) s,
     LATERAL (SELECT ('{%s}'::text[])[n %% 5 + 1] AS name) p
"""


def nvr(n):
    return '%s-1.0-%d' % (PACKAGES[n % 5], n)


@pytest.fixture(scope='module')
def many(site):
    """Four months of imports, 100,000, up to now."""
    site.sql(MANY % ','.join(PACKAGES))
    site.sql('ANALYZE imports')


def test_a_hundred_thousand_imports(site, many, visit, expect, accessible, shoot):
    page = visit('/ui/imports?nvr=*-el9-*')
    rows = page.locator('tbody tr')
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text(nvr(100000))
    accessible(page)
    shoot(page, 'imports', full_page=False)
    # Page by page: no import twice, none left out.
    seen = names(page)
    for number in (2, 3):
        page.get_by_role('link', name='Older').click()
        expect(page.locator('tbody tr').first).to_contain_text(nvr(100000 - (number - 1) * 50))
        seen += names(page)
    assert seen == [nvr(n) for n in range(100000, 100000 - 150, -1)]
    page.get_by_role('link', name='Newest').click()
    expect(rows.first).to_contain_text(nvr(100000))
    page.get_by_label('State').select_option('held')
    expect(rows).to_have_count(5)
    # The end of the list has no further page.
    page.goto('/ui/imports?nvr=' + nvr(7))
    expect(rows).to_have_count(1)
    expect(page.get_by_role('link', name='Older')).to_have_count(0)


def test_the_overview_of_many(site, many, visit, expect, accessible, shoot):
    # One overview for all that is looked at: an hour may end meanwhile.
    page = visit(None)
    told = page.context.request.get('/v1/overview').json()
    page.route('**/v1/overview', lambda route: route.fulfill(json=told))
    page.goto('/ui/')
    held = page.get_by_role('region', name='Waits for a person')
    expect(held.get_by_role('row', name=nvr(100000))).to_contain_text('conflict')
    expect(page.get_by_role('region', name='In all')).to_contain_text('100,0')
    # The plots tell the same to those who do not see them.
    table = page.get_by_role('table', name='Imports ended, per hour')
    expect(table.get_by_role('row')).to_have_count(49)
    imported = [hour['imported'] for hour in told['hours']]
    assert sum(imported) > 0
    expect(page.locator('figure.plot').first.locator('.legend b').first).to_have_text('{:,}'.format(sum(imported)))
    expect(page.locator('figure.plot').first.locator('rect.column[data-kind=imported]')).to_have_count(sum(n > 0 for n in imported))
    accessible(page)
    shoot(page, 'overview', full_page=False)
    page.get_by_role('link', name=re.compile('held')).first.click()
    expect(page).to_have_url(re.compile('state=held'))
