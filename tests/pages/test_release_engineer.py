# SPDX-License-Identifier: LGPL-2.1-or-later
"""A release engineer's day: what failed, why, and imported again; from sign-in to what the hub has."""
import re

import builds


def panel(page, name):
    return page.get_by_role('region', name=name)


def field_replace(page, old, new):
    """Type over a part of the document in the editor, as a person does."""
    page.evaluate('''([old, now]) => {
        const field = document.querySelector('#corrected'), at = field.value.indexOf(old);
        field.focus();
        field.setSelectionRange(at, at + old.length);
    }''', [old, new])
    page.keyboard.insert_text(new)


def test_a_rejected_import_is_repaired_in_the_page(site, visit, expect, accessible, shoot):
    rejected = site.reject('repaired')
    nvr = site.service.show(rejected)['nvr']
    page = visit('/ui/sign-in', caller=None)
    page.get_by_label('Token').fill(site.token('operator'))
    page.keyboard.press('Enter')
    page.get_by_role('link', name='Imports', exact=True).click()
    page.get_by_label('State').select_option('rejected')
    expect(page).to_have_url(re.compile(r'/ui/imports\?state=rejected$'))
    page.get_by_role('link', name=nvr).click()

    # What failed and why: the place in the document, marked, and what was expected.
    findings = panel(page, 'What is wrong with the document').locator('ol.findings > li')
    expect(findings).to_have_count(2)
    expect(findings.nth(0).locator('mark')).to_have_text('"name": "atomic-reactr"')
    expect(findings.nth(0)).to_contain_text('/buildroots/0/content_generator/name')
    expect(findings.nth(0)).to_contain_text('expecteda content generator that is registered on this hub')
    expect(findings.nth(1).locator('mark')).to_contain_text('"source": "git://git.example.com/webserver-container"')
    line = findings.nth(0).locator('.line', has=page.locator('mark')).get_attribute('data-n')
    text = (site.early['repaired'][0] / 'metadata.json').read_text()
    assert 'atomic-reactr' in text.splitlines()[int(line) - 1]
    accessible(page)
    shoot(page, 'import-rejected')

    # A correction that is wrong itself: the findings are shown at their places, and what was typed stays.
    page.get_by_role('button', name='Correct the metadata').click()
    send = page.get_by_role('button', name='Import with this metadata')
    expect(send).to_be_disabled()
    assert page.evaluate('getSelection().toString()') == '"name": "atomic-reactr"'
    field_replace(page, '"atomic-reactr"', '"atomic-reactor"')
    field_replace(page, '"version": "1.0"', '"version": "1-0"')
    expect(page.locator('#corrected-state')).to_contain_text('Changed')
    visit.expect('status of 422')
    send.click()
    expect(page.get_by_role('alert')).to_contain_text('error')
    refused = page.locator('.editor ol.findings > li', has_text='/build/version')
    expect(refused).to_have_count(1)
    expect(page.locator('.layer mark', has_text='"version": "1-0"')).to_have_count(1)
    assert '"atomic-reactor"' in page.locator('#corrected').input_value()
    accessible(page)
    shoot(page, 'editor')
    refused.get_by_role('button', name='Go to it').click()
    assert page.evaluate('getSelection().toString()') == '"version": "1-0"'
    page.keyboard.insert_text('"version": ')
    expect(page.locator('#corrected-state')).to_contain_text('Not JSON yet, line')
    expect(send).to_be_disabled()
    page.keyboard.insert_text('"1.0"')
    expect(send).to_be_enabled()
    send.click()

    # A new import, which the old one names; on the hub once.
    expect(page).not_to_have_url(re.compile(rejected))
    expect(page.locator('.heading .state')).to_have_text(re.compile('imported'))
    expect(page.get_by_role('button', name='Correct')).to_have_count(0)
    build = site.hub.call('getBuild', nvr)
    expect(panel(page, 'About')).to_contain_text('%d on the hub' % build['id'])
    page.get_by_role('link', name='an earlier import').click()
    expect(page.get_by_text('This import was replaced by')).to_be_visible()
    expect(page.get_by_role('button', name=re.compile('again|Correct|Cancel|Release'))).to_have_count(0)


def test_what_the_hub_refused_is_imported_again_by_keyboard(site, visit, expect, tmp_path):
    site.hub.arm('fault', 'CGImport', code=1000, text='No such entry in table btype: image')
    rejected = site.post(builds.make(tmp_path, release='2'), 'rejected')
    page = visit('/ui/imports/' + rejected)
    said = page.get_by_role('region', name='What went wrong')
    expect(said).to_contain_text('CG_E_HUB_REFUSED')
    again = page.get_by_role('button', name='Import again')
    # Everything is reached by Tab alone, from the top.
    for _ in range(40):
        page.keyboard.press('Tab')
        if again.evaluate('button => button === document.activeElement'):
            break
    else:
        raise AssertionError('the button is not reached by the keyboard')
    page.keyboard.press('Enter')
    expect(page.get_by_role('dialog')).to_be_visible()
    page.keyboard.press('Escape')
    expect(page.get_by_role('dialog')).to_have_count(0)
    assert site.service.show(rejected)['state'] == 'rejected'
    expect(again).to_be_focused()
    page.keyboard.press('Enter')
    page.keyboard.press('Tab')
    page.keyboard.press('Shift+Tab')
    expect(page.get_by_role('dialog').get_by_role('button', name='Import again')).to_be_focused()
    page.keyboard.press('Enter')
    expect(page.get_by_text('Queued again')).to_be_visible()
    expect(page.locator('.heading .state')).to_have_text(re.compile('imported'))
    expect(page.locator('#announcements')).to_contain_text('is imported')
    expect(page.locator('.timeline li[data-type=retried]')).to_contain_text('by operator')
    expect(said).to_have_count(0)
    assert site.service.show(rejected)['attempts'] == 2


def test_a_held_import_is_released(site, visit, expect, cg_import, accessible, shoot, tmp_path):
    """The build is on the hub by other means, with other content."""
    theirs = builds.make(tmp_path / 'theirs', release='3', seed=2)
    done = cg_import(site.hub, 'import', theirs / 'metadata.json', theirs)
    assert done.returncode == 0, done.stderr
    held = site.post(builds.make(tmp_path / 'ours', release='3'), 'held')
    build = site.hub.call('getBuild', 'webserver-container-1.0-3')['id']
    page = visit('/ui/')
    row = panel(page, 'Waits for a person').get_by_role('row', name='webserver-container-1.0-3')
    expect(row).to_contain_text('conflict')
    row.get_by_role('link').click()
    expect(page).to_have_url(re.compile(held))
    expect(page.get_by_role('region', name='What went wrong')).to_contain_text('Held: conflict.')
    accessible(page)
    shoot(page, 'import-held')
    page.get_by_role('button', name='Release').click()
    dialog = page.get_by_role('dialog', name='Release webserver-container-1.0-3')
    accessible(page)
    shoot(page, 'release', full_page=False)
    expect(dialog.get_by_role('radio')).to_have_count(2)
    dialog.get_by_role('button', name='Leave it').click()
    expect(dialog).to_have_count(0)
    assert site.service.show(held)['state'] == 'held'
    page.get_by_role('button', name='Release').click()
    dialog.get_by_label('Id of the build on the hub').fill(str(build))
    dialog.get_by_label('Note').fill('ticket 4711: <b>theirs</b> is right')
    dialog.get_by_role('button', name='Release').click()
    expect(page.get_by_text('Released: it is in the queue again.')).to_be_visible()
    expect(page.locator('.heading .state')).to_have_text(re.compile('imported'))
    expect(page.locator('.timeline li[data-type=released]')).to_contain_text('ticket 4711: <b>theirs</b> is right')
    assert site.service.show(held)['build_id'] == build


def test_an_import_is_canceled_after_asking_once(site, visit, expect, tmp_path):
    build = builds.make(tmp_path, release='4', seed=4)
    told = site.service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(),
                                {'Content-Type': 'application/json'}).json()
    page = visit('/ui/imports/' + told['id'])
    page.get_by_role('button', name='Cancel').click()
    page.get_by_role('button', name='Leave it').click()
    expect(page.get_by_role('dialog')).to_have_count(0)
    assert site.service.show(told['id'])['state'] == 'receiving'
    page.get_by_role('button', name='Cancel').click()
    page.get_by_role('button', name='Cancel the import').click()
    expect(page.get_by_text('Canceled.', exact=True)).to_be_visible()
    expect(page.locator('.heading .state')).to_have_text(re.compile('canceled'))
    expect(page.get_by_role('button', name='Cancel')).to_have_count(0)
    expect(page.get_by_role('button', name='Import again')).to_be_visible()


def test_what_cannot_be_done_is_said(site, visit, expect, tmp_path):
    """The import went on behind the page's back."""
    held = site.post(builds.make(tmp_path, release='5'), 'imported')
    page = visit(None)
    page.route(re.compile('/v1/imports/%s$' % held), lambda route: route.fulfill(
        json=dict(site.service.show(held), state='held', held='exhausted', build_id=None)))
    page.goto('/ui/imports/' + held)
    visit.expect('status of 409')
    page.get_by_role('button', name='Release').click()
    page.get_by_role('dialog').get_by_role('button', name='Release').click()
    expect(page.get_by_role('alert')).to_contain_text('imported')
    assert site.service.show(held)['state'] == 'imported'


def test_auditors_look_and_change_nothing(site, visit, expect, tmp_path):
    site.hub.arm('fault', 'CGImport', code=1000, text='No such entry in table btype: image')
    rejected = site.post(builds.make(tmp_path, release='6'), 'rejected')
    page = visit('/ui/imports/' + rejected, 'auditor')
    expect(page.locator('.heading .state')).to_have_text(re.compile('rejected'))
    expect(page.get_by_role('button', name=re.compile('again|Correct|Cancel|Release'))).to_have_count(0)
