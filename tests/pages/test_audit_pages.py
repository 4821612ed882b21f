# SPDX-License-Identifier: LGPL-2.1-or-later
"""The auditors' pages in the browser: from sign-in over search to a build, its family, what changed, its documents and a proof that
the browser verified; and what these pages say when the service's answers were tampered with."""
import base64
import json
import re
import time

import pytest

import family_builds
import hub_client
from patience import wait_until
from published_log import Checkpoint

WEB2, WEB1 = 'webserver-container-1.0-2', 'webserver-container-1.0-1'


@pytest.fixture(scope='module')
def family(site, tmp_path_factory):
    """{nvr: import} of all builds, told of by the published log."""
    brought = family_builds.bring_in(site.service, tmp_path_factory.mktemp('family'))
    for caller in ('operator', 'auditor', 'submitter'):
        site.token(caller)
    settle(site)
    return brought


def settle(site):
    """Wait until all that happened is published; the checkpoint."""
    def state():
        return site.service.request('GET', '/v1/audit/log').json()

    def is_settled(told):
        return told['pending'] == 0 and told['size'] == told['signed_size']
    wait_until(lambda: is_settled(state()), state, 0.1)
    return Checkpoint(site.service.request('GET', '/checkpoint', token='').body.decode())


def entry_of(site, identity, kind):
    """The index of the import's entry of this type."""
    trail = site.service.request('GET', '/v1/imports/%s/audit' % identity).json()
    return next(leaf['index'] for leaf in trail['leaves'] if leaf['type'] == kind)


def heading(page, text):
    page.get_by_role('heading', level=1, name=text).wait_for()


def verdict(page):
    """What the large word at the head of a page says."""
    note = page.locator('.verdict-note')
    note.wait_for()
    return note.get_attribute('data-verdict'), note.inner_text()


# --- the journey ------------------------------------------------------------------------------------------------------
def test_an_auditor_from_sign_in_to_a_verified_proof(cg_import, site, family, visit, expect):
    visit.expect('401')
    page = visit('/ui/search?q=' + WEB2, None)
    page.wait_for_url('**/ui/sign-in?next=*')
    page.locator('input[name=token], input[type=password]').first.fill(site.token('auditor'))
    page.get_by_role('button', name='Sign in').click()
    page.wait_for_url('**/ui/search?q=' + WEB2)
    page.locator('.looked .chip', has_text='NVR 1').wait_for()
    page.get_by_role('link', name=WEB2).click()

    # The build, and that it is what the log tells of.
    heading(page, WEB2)
    mark = page.locator('.proof-mark')
    mark.get_by_text(re.compile(r'\d+ entries of the log verified in this browser$')).wait_for()
    accepted = entry_of(site, family[WEB2]['id'], 'accepted')
    mark.get_by_text('This page shows what entry %d names' % accepted).wait_for()
    expect(page.locator('.layers table tbody tr')).to_have_count(2)
    assert page.get_by_text(family_builds.commit_of('webserver-container2')).count() == 1

    # Its components.
    page.get_by_label('Search', exact=True).fill('openssl-libs x86')
    rows = page.locator('.components tbody tr')
    page.wait_for_function("document.querySelectorAll('.components tbody tr').length === 1")
    assert '99.el9' in rows.inner_text() and 'x86_64' in rows.inner_text()

    # Its family, walked with the keyboard.
    page.get_by_role('link', name='Family', exact=True).click()
    heading(page, 'Family of ' + WEB2)
    page.locator('.family .node[data-kind=this]').focus()
    page.keyboard.press('ArrowLeft')
    assert page.evaluate('document.activeElement.dataset.id') == 'runtime-container-1.0-1'
    page.keyboard.press('ArrowDown')
    assert page.evaluate('document.activeElement.getAttribute("aria-label")') == (
        'ubi9-container-9.4-1194, parent image · not in the trail')
    for key in ('ArrowUp', 'Enter'):
        page.keyboard.press(key)
    heading(page, 'Family of runtime-container-1.0-1')
    told = page.locator('section', has=page.get_by_role('heading', name='Made into (4)')).locator('li')
    expect(told).to_have_count(4)
    assert sorted(text.split()[0] for text in told.all_inner_texts()) == [
        'metrics-container-1.0-1', 'shop-container-1.0-1', WEB1, WEB2]
    page.locator('.related').get_by_role('link', name=WEB2, exact=True).click()

    # What changed.
    heading(page, WEB2)
    page.get_by_role('link', name='Difference').click()
    page.get_by_role('link', name=WEB1).click()
    heading(page, 'Difference')
    # The heading stands there before it is known what changed.
    changed = page.locator('#components tbody tr')
    expect(changed).to_have_count(4)
    assert [re.split(r'\s+', text)[2] for text in changed.all_inner_texts()] == [
        'curl.aarch64', 'curl.x86_64', 'openssl-libs.aarch64', 'openssl-libs.x86_64']
    assert 'added' in page.locator('#parents tbody tr').inner_text()
    page.get_by_role('link', name=WEB2).first.click()

    # Its documents.
    heading(page, WEB2)
    with page.expect_download() as download:
        page.get_by_role('link', name='in-toto statement').click()
    assert download.value.suggested_filename == WEB2 + '.intoto.json'
    statement = json.loads(download.value.path().read_text())
    assert statement['predicate']['runDetails']['metadata']['invocationId'] == family[WEB2]['id']
    with page.expect_download() as download:
        page.get_by_role('link', name='CycloneDX 1.6').nth(1).click()
    assert download.value.suggested_filename == WEB2 + '.aarch64.cdx.json'
    assert json.loads(download.value.path().read_text())['specVersion'] == '1.6'

    # To one entry of the log, its proof verified.
    page.locator('.proof-mark summary').click()
    page.get_by_role('link', name='entry %d' % accepted, exact=True).click()
    heading(page, 'Entry %d of the log' % accepted)
    assert verdict(page)[0] == 'proved'
    assert page.locator('ol.steps > li').evaluate_all('(all) => all.map((one) => one.dataset.state)') == ['proved'] * 4
    assert page.get_by_text('What it does not prove').count() == 1
    with page.expect_download() as download:
        page.get_by_role('button', name='Save the proof').click()
    key = page.locator('.vkey').inner_text()
    done = cg_import(None, 'audit', 'verify', str(download.value.path()), '--key', key)
    assert done.returncode == 0, done.stderr


def test_an_import_has_the_mark_of_the_log_too(site, family, visit):
    page = visit('/ui/imports/' + family[WEB1]['id'], 'operator')
    trail = site.service.request('GET', '/v1/imports/%s/audit' % family[WEB1]['id']).json()
    page.locator('.proof-mark', has_text='%d entries of the log verified in this browser' % len(trail['leaves'])).wait_for()
    page.locator('.proof-mark summary').click()
    page.locator('.proof-mark').get_by_role('link', name='entry %d' % trail['leaves'][-1]['index']).click()
    assert verdict(page)[0] == 'proved'


# --- the log ----------------------------------------------------------------------------------------------------------
def test_the_log_is_verified_and_walked(site, family, visit):
    # What is refused is told in the log, too.
    for _ in range(300):
        assert site.service.request('POST', '/v1/imports', b'{', {'Content-Type': 'application/json'}).status == 400
    size = settle(site).size
    page = visit('/ui/log', 'auditor')
    assert verdict(page)[0] == 'proved'
    last = size - (size - 1) // 256 * 256
    page.get_by_text('all %d verified in this browser' % last).wait_for()
    assert page.locator('#entries tbody tr').count() == last
    page.get_by_role('link', name='Older').click()
    page.get_by_text('all 256 verified in this browser').wait_for()
    page.goto('/ui/log?page=0')
    page.get_by_text('page 1 of %d' % ((size - 1) // 256 + 1)).wait_for()
    assert page.locator('#entries tbody tr td:first-child').last.inner_text() == '0'
    index = page.locator('#entries tbody tr', has_text='key').last.locator('td').first.inner_text()
    page.get_by_label('Entry', exact=True).fill(index)
    page.get_by_role('button', name='Go').click()
    heading(page, 'Entry %s of the log' % index)
    assert verdict(page)[0] == 'proved'
    assert page.get_by_text('These keys sign from here on').count() == 1


def test_the_log_is_held_against_what_the_browser_saw(site, family, visit):
    before = settle(site)
    page = visit('/ui/log', 'auditor')
    page.get_by_text('This is the first state of it that this browser sees').wait_for()
    site.service.make_token('later-%d' % time.monotonic_ns(), 'submitter')
    wait_until(lambda: settle(site).size > before.size)
    page.reload()
    page.get_by_text('It continues the %d entries that this browser saw before' % before.size).wait_for()

    # A state that was never one of this log: of this size, of an earlier one, of one that it does not have any more.
    visit.expect('400')
    for size, why in ((10 ** 6, 'The service cannot prove that %d and 1000000 entries are of one log' % settle(site).size),
                      (settle(site).size, 'Two signed states of %d entries have different roots' % settle(site).size),
                      (before.size, 'does not continue this one of %d' % before.size)):
        note = before.note.replace('\n%d\n' % before.size, '\n%d\n' % size).replace(
            base64.b64encode(before.root).decode(), base64.b64encode(bytes(32)).decode())
        page.evaluate('''(note) => {
          const kept = JSON.parse(localStorage.getItem('cg-import.log'));
          localStorage.setItem('cg-import.log', JSON.stringify({...kept, checkpoint: {...kept.checkpoint, note}}));
        }''', note)
        page.reload()
        state, text = verdict(page)
        assert state == 'failed' and 'Verification FAILED' in text and why in text
        with page.expect_download() as download:
            page.get_by_role('button', name='Save both signed states').click()
        saved = download.value.path().read_text()
        assert saved.startswith(note) and settle(site).note in saved
        # It is not forgotten by looking again.
        page.reload()
        assert verdict(page)[0] == 'failed'


# --- keys -------------------------------------------------------------------------------------------------------------
OTHER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'


def test_a_changed_key_is_told_and_trusted_by_a_person_only(site, family, visit):
    page = visit('/ui/log/0', 'auditor')
    page.get_by_text('First meeting.').wait_for()
    key = page.locator('.vkey').inner_text()
    page.reload()
    page.get_by_text('This is the key that this browser knows.').wait_for()
    page.evaluate('''(other) => {
      const kept = JSON.parse(localStorage.getItem('cg-import.log'));
      localStorage.setItem('cg-import.log', JSON.stringify({...kept, keys: [other], checkpoint: null}));
    }''', OTHER)
    page.reload()
    state, text = verdict(page)
    assert state == 'failed' and 'not signed by a key that this browser trusts' in text
    page.locator('.keys [role=alert]', has_text='THE KEY OF THIS LOG HAS CHANGED').wait_for()
    assert page.locator('.vkey').all_inner_texts() == [OTHER, key]
    page.get_by_role('button', name='Trust the changed key').click()
    page.get_by_text('This is the key that this browser knows.').wait_for()
    assert verdict(page)[0] == 'proved'


def test_a_key_is_compared(site, family, visit):
    page = visit('/ui/log', 'auditor')
    field = page.get_by_label('Compare with a key you were given')
    field.wait_for()
    key = page.locator('.vkey').inner_text()
    for given, said in ((key, 'The same'), (OTHER, 'ANOTHER KEY'), (key[:-4] + 'AAAA', 'is not that of this key'),
                        ('nothing', 'is no verifier key')):
        field.fill(given)
        page.get_by_role('button', name='Compare').click()
        page.locator('.compared', has_text=said).wait_for()


# --- tampered answers -------------------------------------------------------------------------------------------------
def flip(text, bit=3):
    """Base64 of the same bytes but for one bit."""
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1 << bit
    return base64.b64encode(bytes(data)).decode()


def tampered(proof, part):
    lines = proof.split('\n')
    if part == 'leaf':
        lines[1] = 'extra ' + flip(lines[1][6:])
    elif part == 'hash':
        lines[3] = flip(lines[3])
    elif part == 'root':
        lines[lines.index('') + 3] = flip(lines[lines.index('') + 3])
    elif part == 'signature':
        words = lines[-2].split(' ')
        lines[-2] = ' '.join(words[:-1] + [flip(words[-1])])
    return '\n'.join(lines)


SAID = {'leaf': re.compile('is not in this tree|is not JSON'), 'hash': re.compile('is not in this tree'),
        'root': re.compile('is not in this tree'), 'signature': re.compile('is not one over this text')}


@pytest.mark.parametrize('part', sorted(SAID))
def test_a_tampered_proof_is_shown_as_such(site, family, visit, part):
    index = entry_of(site, family[WEB2]['id'], 'imported')

    def answer(route):
        reply = route.fetch()
        route.fulfill(response=reply, body=tampered(reply.text(), part))
    page = visit(None, 'auditor')
    page.route('**/v1/audit/entries/*', answer)
    page.goto('/ui/log/%d' % index)
    state, text = verdict(page)
    assert state == 'failed'
    assert 'Verification FAILED: do not believe this entry' in text and SAID[part].search(text)
    assert page.locator('.verdict-note[role=alert]').count() == 1
    assert page.title().startswith('FAILED')
    # What was tampered with once is as before when it is not any more: nothing of it was remembered.
    page.unroute('**/v1/audit/entries/*')
    page.reload()
    assert verdict(page)[0] == 'proved'


def test_the_proof_of_another_entry_is_no_proof_of_this_one(site, family, visit):
    page = visit(None, 'auditor')
    page.route('**/v1/audit/entries/7', lambda route: route.fulfill(response=route.fetch(
        url=site.service.url + '/v1/audit/entries/8')))
    page.goto('/ui/log/7')
    assert 'this is a proof of entry 8, not of entry 7' in verdict(page)[1].lower()


def test_tampered_entries_of_a_build_are_shown_as_such(site, family, visit):
    def answer(route):
        reply = route.fetch()
        told = reply.json()
        told['leaves'][1]['proof'] = tampered(told['leaves'][1]['proof'], 'hash')
        route.fulfill(response=reply, json=told)
    page = visit(None, 'auditor')
    page.route('**/v1/imports/*/audit?*', answer)
    page.goto('/ui/builds/' + WEB2)
    page.get_by_text('VERIFICATION FAILED: 1 of').wait_for()
    assert page.locator('.proof-mark [role=alert]').count() == 1


def test_an_entry_shown_beside_the_proof_of_another_is_shown_as_such(site, family, visit):
    def answer(route):
        reply = route.fetch()
        told = reply.json()
        told['leaves'][0]['leaf'] = told['leaves'][0]['leaf'].replace('accepted', 'imported', 1)
        route.fulfill(response=reply, json=told)
    page = visit(None, 'auditor')
    page.route('**/v1/imports/*/audit?*', answer)
    page.goto('/ui/builds/' + WEB2)
    page.locator('.proof-mark', has_text='the entry in the proof is not the one that is shown').wait_for()


def test_entries_of_another_import_are_shown_as_such(site, family, visit):
    """They are in the log, and verify; of this import they say nothing."""
    page = visit(None, 'auditor')
    page.route('**/v1/imports/*/audit?*', lambda route: route.fulfill(response=route.fetch(
        url=site.service.url + '/v1/imports/%s/audit?from=0' % family[WEB1]['id'])))
    for place in ('/ui/builds/' + WEB2, '/ui/imports/' + family[WEB2]['id']):
        page.goto(place)
        page.locator('.proof-mark [role=alert]', has_text='the entry is of the import %s, not of %s' % (
            family[WEB1]['id'], family[WEB2]['id'])).wait_for()
        assert page.get_by_text('This page shows what entry').count() == 0


def test_the_facts_of_another_build_are_shown_as_such(site, family, visit):
    """Facts, entries and proofs agree, and the name above them is another's."""
    other = site.service.request('GET', '/v1/provenance/builds/' + WEB1).json()
    other['build']['nvr'] = WEB2
    page = visit(None, 'auditor')
    page.route('**/v1/provenance/builds/*', lambda route: route.fulfill(json=other))
    page.goto('/ui/builds/' + WEB2)
    page.locator('.proof-mark [role=alert]', has_text='They are of %s' % WEB1).wait_for()
    assert page.get_by_text('This page shows what entry').count() == 0


def test_times_that_no_calendar_has_do_not_hide_the_rest(site, family, visit):
    told = site.service.request('GET', '/v1/provenance/builds/' + WEB2).json()
    told['facts'].update(start_time=1e15, end_time=2e15)
    page = visit(None, 'auditor')
    page.route('**/v1/provenance/builds/*', lambda route: route.fulfill(json=told))
    page.goto('/ui/builds/' + WEB2)
    page.locator('.components tbody tr').first.wait_for()


@pytest.mark.parametrize('change', ['component', 'source', 'swapped'])
def test_tampered_facts_of_a_build_are_shown_as_such(site, family, visit, change):
    """All proofs are good, and the page shows something else than what they name."""
    def answer(route):
        reply = route.fetch()
        told = reply.json()
        components = told['facts']['components']
        if change == 'component':
            components[0]['component']['version'] = '0'
        elif change == 'source':
            told['facts']['source_commit'] = 'f' * 40
        else:
            components[0], components[1] = components[1], components[0]
        route.fulfill(response=reply, json=told)
    page = visit(None, 'auditor')
    page.route('**/v1/provenance/builds/*', answer)
    page.goto('/ui/builds/' + WEB2)
    page.locator('.proof-mark [role=alert]', has_text='VERIFICATION FAILED: these are not the contents that entry').wait_for()
    assert page.get_by_text('This page shows what entry').count() == 0


def test_a_tampered_document_tells_nothing_of_layers(site, family, visit):
    page = visit(None, 'auditor')
    page.route('**/v1/imports/*/metadata', lambda route: route.fulfill(body=route.fetch().text().replace('"jdoe"', '"jdoo"')))
    page.goto('/ui/builds/' + WEB2)
    page.locator('.layers', has_text='VERIFICATION FAILED').first.wait_for()
    assert page.locator('.layers table').count() == 0


def test_tampered_entries_of_the_log_are_shown_as_such(site, family, visit):
    def answer(route):
        data = bytearray(route.fetch().body())
        data[200] ^= 1
        route.fulfill(body=bytes(data))
    page = visit(None, 'auditor')
    page.route('**/tile/entries/**', answer)
    page.goto('/ui/log')
    page.locator('#entries [role=alert]', has_text='These entries are not those of the log').wait_for()
    assert page.locator('#entries tbody tr').count() == 0


def test_the_root_that_is_shown_is_the_one_that_was_verified(site, family, visit):
    def answer(route):
        told = route.fetch().json()
        route.fulfill(json=dict(told, root=flip(told['root'])))
    page = visit(None, 'auditor')
    page.route('**/v1/audit/log', answer)
    page.goto('/ui/log')
    assert verdict(page)[0] == 'proved'
    root = site.service.request('GET', '/checkpoint', token='').body.decode().split('\n')[2]
    assert page.locator('dl.facts code').first.get_attribute('title') == root


def test_a_tampered_checkpoint_is_shown_as_such(site, family, visit):
    page = visit(None, 'auditor')
    page.route('**/checkpoint', lambda route: route.fulfill(body=re.sub(r'\n\d+\n', '\n1\n', route.fetch().text(), count=1)))
    page.goto('/ui/log')
    state, text = verdict(page)
    assert state == 'failed' and 'is not one over this text' in text
    page.get_by_text('Not read: what there is to read, nobody signed.').wait_for()


def test_without_ed25519_nothing_is_claimed(site, family, visit):
    page = visit(None, 'auditor')
    page.add_init_script('crypto.subtle.importKey = () => Promise.reject(new DOMException("no", "NotSupportedError"));')
    page.goto('/ui/log/3')
    state, text = verdict(page)
    assert state == 'unchecked' and 'Not fully verified' in text
    assert page.locator('ol.steps > li').evaluate_all('(all) => all.map((one) => one.dataset.state)') == [
        'proved', 'proved', 'unchecked', 'proved']
    assert page.get_by_text('this browser does not know Ed25519 signatures').count() == 1
    page.goto('/ui/builds/' + WEB2)
    page.locator('.proof-mark', has_text='not fully verified').wait_for()


def test_what_became_of_a_build_is_told(site, family, visit):
    """The answer is made as it is for a build of another client, which the sandbox hub's record does not tell of."""
    log = site.service.request('GET', '/v1/provenance/builds/' + WEB1).json()['log']

    def answer(route):
        reply = route.fetch()
        told = reply.json()
        told['build'].update(**{'import': None, 'origin': 'outbox', 'facts_from': 'hub', 'remark': 'the stored metadata are gone',
                                'on_hub': {'nvr': WEB1 + '.draft', 'state': 'deleted', 'tags': ['f40'], 'told_by': 'outbox',
                                           'told_at': '2026-11-30T12:00:00Z'}})
        told['hub_events'] = [{'position': 9, 'time': '2026-11-30T12:00:00Z', 'kind': 'state', 'nvr': WEB1, 'user': 'kojiadmin',
                               'detail': {'old': 'COMPLETE', 'new': 'DELETED'}}]
        told['complete_for']['hubs'] = [{'hub': 'sandbox', 'outbox': {'line': 1, 'position': 9, 'at': None, 'open': 2}, 'backfills': []}]
        route.fulfill(response=reply, json=told)
    page = visit(None, 'auditor')
    page.route('**/v1/provenance/builds/*', answer)
    page.goto('/ui/builds/' + WEB1)
    complete(page)
    text = page.locator('main').inner_text()
    for said in ('imported by another client, as the hub’s record told', 'only what the hub’s tables say', 'the stored metadata are gone',
                 'deleted as', 'kojiadmin', 'old COMPLETE, new DELETED', 'all imports up to event 9 of its record, but for 2',
                 'The service did not import this build and does not have its metadata.',
                 '%d entries of the log verified in this browser' % len(log)):
        assert said in text, said
    assert page.get_by_role('link', name='metadata.json').count() == 0


# --- searching --------------------------------------------------------------------------------------------------------
def facts_of(site, nvr):
    return site.service.request('GET', '/v1/provenance/builds/' + nvr).json()['facts']


def test_one_box_finds_everything(site, family, visit):
    facts = facts_of(site, WEB2)
    image = next(output for output in facts['outputs'] if 'image' in output)
    rpm = facts['components'][image['components'][0]]['component']
    manifest = next(iter(image['image']['manifests'].values()))
    page = visit(None, 'auditor')
    for text, kind in ((WEB2, 'NVR'), ('webserver-*', 'NVR'), (manifest, 'digest'), (manifest[7:], 'digest'),
                       (image['image']['pull'][1], 'pull spec'), (image['checksum'], 'digest'),
                       ('%s-%s-%s.%s' % (rpm['name'], rpm['version'], rpm['release'], rpm['arch']), 'rpm inside'),
                       (rpm['sigmd5'], 'rpm inside'), (facts['source_commit'], 'commit'), (facts['source_commit'][:9], 'commit'),
                       (str(family[WEB2]['build_id']), 'build id'), ('jdoe', 'submitter or owner'), (facts['source_url'], 'source'),
                       ('ubi9-container-9.4-1194', 'parent'), ('webserv', 'part of an NVR')):
        page.goto('/ui/search?q=' + text.replace('*', '%2A').replace('@', '%40').replace('#', '%23').replace('+', '%2B'))
        page.locator('.chip[data-told=found]').wait_for()
        assert page.locator('.chip[data-told=found]').inner_text().rsplit(' ', 1)[0] == kind, text
        assert page.locator('#results').get_by_role('link', name=WEB2).count() == 1, text
    page.goto('/ui/search?q=' + family[WEB2]['id'])
    page.locator('#results', has_text='It brings').wait_for()
    assert page.locator('#results').get_by_role('link', name=family[WEB2]['id']).get_attribute('href') == '/ui/imports/' + family[WEB2]['id']


def test_a_task_finds_the_build_that_it_made(site, family, visit, tmp_path):
    """The hub has the task; a build has its number, too, and is the likelier thing to be meant."""
    koji = hub_client.HubClient(site.hub, 'kojiadmin')
    koji.call('packageListAdd', 'test-candidate', 'webserver-container', 'osbs')
    task = koji.call('tagBuild', 'test-candidate', family[WEB1]['build_id'])
    place = family_builds.write(tmp_path, 'tasked-container')
    metadata = json.loads((place / 'metadata.json').read_text())
    metadata['build']['extra']['container_koji_task_id'] = task
    family_builds.write_metadata(place, metadata)
    imported = site.service.wait(site.service.post(place).json()['id'])
    assert imported['state'] == 'imported', imported
    page = visit('/ui/search?q=%d' % task, 'auditor')
    page.locator('.chip[data-told=found]').wait_for()
    page.get_by_text('Look for it as something else').click()
    page.locator('.chip', has_text=re.compile('^task$')).click()
    page.locator('.chip[data-told=found]', has_text='task 1').wait_for()
    page.locator('#results').get_by_role('link', name='tasked-container-1.0-1').click()
    heading(page, 'tasked-container-1.0-1')
    assert page.locator('dt', has_text='Task').locator('xpath=following-sibling::dd[1]').inner_text() == str(task)


def test_what_was_looked_for_is_told_and_can_be_changed(site, family, visit):
    page = visit('/ui/search?q=nothing-1-1&kind=constructor', 'auditor')
    page.get_by_text('Nothing found that you may see.').wait_for()
    assert page.locator('.looked').first.locator('.chip').all_inner_texts()[:3] == ['NVR none', 'rpm inside none', 'parent none']
    page.goto('/ui/search?q=' + WEB2)
    page.locator('.chip[data-told=found]').wait_for()
    page.get_by_text('Look for it as something else').click()
    page.get_by_role('link', name='parent').click()
    page.locator('.chip[data-told=found]', has_text='parent 1').wait_for()
    page.locator('#results').get_by_role('link', name='shop-container-1.0-1').wait_for()
    assert page.locator('#header input[name=q]').input_value() == WEB2


def test_a_build_that_nobody_knows(site, family, visit):
    visit.expect('404')
    page = visit('/ui/builds/ubi9-container-9.4-1194', 'auditor')
    page.get_by_text('The trail knows no such build that you may see').wait_for()
    page.get_by_role('link', name='Search for it').click()
    page.locator('.chip[data-told=found]', has_text='parent 1').wait_for()


def name_of(row):
    """NAME-VERSION-RELEASE.ARCH, as rpm has it, of the row of a component."""
    name, version, arch = row.locator('td').all_inner_texts()[:3]
    return '%s-%s.%s' % (name, version.split(':')[-1], arch)


def test_thousands_of_components_stay_quick_to_read(site, family, visit, tmp_path):
    imported = site.service.wait(site.service.post(family_builds.write(tmp_path, 'large-container', components=5000)).json()['id'])
    assert imported['state'] == 'imported', imported
    page = visit('/ui/builds/large-container-1.0-1', 'auditor')
    page.get_by_text('100 of 5,000 components shown').wait_for()
    # Drawn are a hundred, whatever there is; searched are all.
    assert page.locator('.components tbody tr').count() == 100
    page.get_by_label('Search', exact=True).fill('package-4999')
    page.get_by_text('1 components').wait_for()
    assert page.locator('.components tbody tr').all_inner_texts()[0].startswith('package-4999')
    page.get_by_label('Search', exact=True).fill(name_of(page.locator('.components tbody tr')))
    page.get_by_text('1 components').wait_for()
    page.get_by_label('Search', exact=True).fill('')
    page.get_by_role('button', name='Show 100 more').click()
    page.get_by_text('200 of 5,000 components shown').wait_for()
    page.locator('.proof-mark', has_text='This page shows what entry').wait_for()


# --- who, and what they meet ------------------------------------------------------------------------------------------
@pytest.mark.parametrize('path', ['/ui/log', '/ui/log/0', '/ui/search?q=x', '/ui/builds/x', '/ui/builds/x/graph', '/ui/builds/x/difference'])
def test_a_submitter_is_told_that_this_is_for_others(site, family, visit, path):
    page = visit(path, 'submitter')
    whom = 'auditors, and for operators who see all imports' if path.startswith('/ui/log') else 'operators and auditors'
    page.get_by_text('This page is for %s.' % whom).wait_for()


PAGES = {'build': '/ui/builds/' + WEB2, 'family': '/ui/builds/%s/graph' % WEB2,
         'difference': '/ui/builds/%s/difference?from=%s' % (WEB2, WEB1), 'difference-choose': '/ui/builds/%s/difference' % WEB2,
         'search': '/ui/search?q=openssl-libs', 'search-hints': '/ui/search', 'log': '/ui/log', 'entry': '/ui/log/9',
         'hostile': '/ui/builds/hostile-1.0-1'}


def complete(page):
    """All that a page fetches is there."""
    page.wait_for_load_state('networkidle')
    page.wait_for_function("!document.querySelector('[aria-busy=true], .waiting')")


@pytest.mark.parametrize('name', sorted(PAGES))
def test_pages_are_accessible_and_looked_at(site, family, visit, shoot, accessible, name):
    page = visit(PAGES[name], 'auditor')
    complete(page)
    accessible(page)
    shoot(page, 'audit-' + name)


def test_a_tampered_entry_is_accessible_and_looked_at(site, family, visit, shoot, accessible):
    page = visit(None, 'auditor')
    page.route('**/v1/audit/entries/*', lambda route: route.fulfill(body=tampered(route.fetch().text(), 'hash')))
    page.goto('/ui/log/9')
    complete(page)
    accessible(page)
    shoot(page, 'audit-tampered')


@pytest.mark.parametrize('path', ['/ui/builds/hostile-1.0-1', '/ui/builds/hostile-1.0-1/graph', '/ui/builds/hostile-1.0-1/difference?from=' + WEB1,
                                  '/ui/search?q=hostile-1.0-1', '/ui/search?q=' + '%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E',
                                  '/ui/builds/%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E/graph'])
def test_hostile_texts_are_texts(site, family, visit, path):
    visit.expect('404')
    page = visit(path, 'auditor')
    complete(page)
    assert page.evaluate('window.hacked') is None
    assert page.locator('main img, main script, #header script').count() == 0
    # Everything it shows came from the metadata as text; that it did come is told by the text being there.
    assert 'hacked' in page.locator('body').inner_text() or 'hostile-1.0-1' in page.locator('body').inner_text()
    if path == '/ui/builds/hostile-1.0-1':
        assert page.locator('.components tbody tr td:first-child').first.inner_text().startswith('<img src=x onerror=window.hacked=1>')
