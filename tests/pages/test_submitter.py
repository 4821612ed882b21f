# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who posts builds: watches its own arrive and be imported, without being offered what it may not."""
import hashlib
import json
import re

import builds


def send(site, path, data, **headers):
    return site.service.request('PATCH', path, data, {'Content-Type': 'application/partial-upload',
                                                      **{k.replace('_', '-'): v for k, v in headers.items()}},
                                site.token('submitter'))


def test_a_build_is_watched_from_its_post_to_the_hub(site, visit, expect, accessible, shoot, tmp_path):
    build = builds.make(tmp_path, release='1', size=300000)
    told = site.service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(),
                                {'Content-Type': 'application/json'}, site.token('submitter')).json()
    page = visit('/ui/sign-in', caller=None)
    page.get_by_label('Token').fill(site.token('submitter'))
    page.keyboard.press('Enter')
    expect(page.get_by_role('region', name='Queue').get_by_role('link', name='receiving')).to_be_visible()
    page.get_by_role('link', name='Imports', exact=True).click()
    page.get_by_role('link', name=told['nvr']).click()
    expect(page.locator('.heading .doing')).to_have_text('Waits for its outputs.')
    expect(page.get_by_role('button', name=re.compile('again|Correct|Cancel|Release'))).to_have_count(0)

    # Outputs, one of them in two pieces: how far it is can be seen before it is there.
    image = max(told['missing'], key=lambda output: output['size_bytes'])
    content = (build / image['path']).read_bytes()
    half = len(content) // 2
    assert send(site, image['href'], content[:half], Upload_Offset='0', Upload_Complete='?0').status == 204
    row = page.get_by_role('region', name='Outputs').get_by_role('row', name=image['path'])
    bar = row.get_by_role('progressbar')
    expect(bar).to_have_attribute('aria-valuenow', str(100 * half // len(content)))
    accessible(page)
    shoot(page, 'import-receiving')
    assert send(site, image['href'], content[half:], Upload_Offset=str(half), Upload_Complete='?1').status == 200
    expect(row).to_contain_text('complete')
    expect(bar).to_have_count(0)
    for output in told['missing']:
        if output is not image:
            site.service.request('PUT', output['href'], (build / output['path']).read_bytes(),
                                 {'Content-Type': 'application/octet-stream'}, site.token('submitter'))

    # What happens is shown without a reload.
    expect(page.locator('.heading .state')).to_have_text(re.compile('imported'))
    expect(page.get_by_role('region', name='About')).to_contain_text('%d on the hub' % site.hub.call('getBuild', told['nvr'])['id'])
    timeline = page.locator('ol.timeline')
    for said in ('Posted and kept', 'outputs arrived', 'Put into the queue', 'Attempt 1 begins', 'Upload to the hub',
                 'Import (CGImport)', 'Imported as build'):
        expect(timeline).to_contain_text(said)
    types = [event['type'] for event in site.service.request('GET', '/v1/imports/%s/events' % told['id']).json()['events']]
    expect(timeline.locator('li[data-type=step]')).to_have_count(types.count('step'))
    shoot(page, 'import-imported')


def test_the_document_and_the_log_are_there_to_read(site, visit, expect, tmp_path):
    build = builds.make(tmp_path, release='2')
    page = visit('/ui/imports/' + site.post(build, 'imported'), 'submitter')
    page.get_by_text('Metadata document', exact=True).click()
    raw = page.get_by_label('Metadata document').locator('pre')
    expect(raw).to_contain_text('"release": "2"')
    assert json.loads(raw.text_content()) == json.loads((build / 'metadata.json').read_text())
    page.context.grant_permissions(['clipboard-read', 'clipboard-write'])
    # It says so for a moment, which a machine under load may sleep through.
    page.evaluate("""() => {
      const real = Element.prototype.setAttribute;
      window.said = [];
      Element.prototype.setAttribute = function (name, value) {
        window.said.push(value);
        return real.call(this, name, value);
      };
    }""")
    page.get_by_role('region', name='About').get_by_role('button', name='Copy digest').click()
    page.wait_for_function("window.said.includes('Copied digest')")
    digest = hashlib.sha256((build / 'metadata.json').read_bytes()).hexdigest()
    assert page.evaluate('navigator.clipboard.readText()') == digest
    page.get_by_text('Log lines', exact=True).click()
    expect(page.get_by_label('Log lines').locator('pre .line').first).to_be_visible()


def test_others_imports_do_not_exist(site, visit, expect, tmp_path):
    posted = site.post(builds.make(tmp_path, release='3'))
    stranger = site.service.make_token('stranger', 'submitter', package='other*')
    page = visit(None, caller=None)
    page.context.request.post('/v1/session', data={'token': stranger})
    visit.expect('status of 404')
    page.goto('/ui/imports/' + posted)
    expect(page.get_by_role('alert')).to_contain_text('there is no such import')
    page.goto('/ui/imports')
    expect(page.get_by_text('Nothing was posted yet.')).to_be_visible()
