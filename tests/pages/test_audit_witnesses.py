# SPDX-License-Identifier: LGPL-2.1-or-later
"""The log's page with witnesses: one that signs, and one that is asked in vain."""
import pytest

from patience import wait_until
from witness_process import Witness, keygen


@pytest.fixture(scope='module')
def site(site, cg_import, tmp_path_factory):
    """The service, asking two witnesses of which one runs; what that one signed is published."""
    directory = tmp_path_factory.mktemp('witness')
    log = wait_until(lambda: site.service.request('GET', '/v1/session').json()['service']['log'])
    here = Witness(cg_import.path, 'witness.example/here', log['keys'][0], directory / 'here').start()
    gone = keygen(cg_import.path, 'witness.example/gone', directory / 'gone', '--witness')
    try:
        site.service.stop()
        site.service.configure(audit={'quorum': 1}, **{'witness here': {'url': here.url, 'key': here.vkey},
                                                       'witness gone': {'url': 'http://127.0.0.1:9', 'key': gone}})
        site.service.start()
        site.token('auditor')
        wait_for_witness(site)
        yield site
    finally:
        here.stop()


def wait_for_witness(site):
    """All is published, and that by the witness that runs."""
    def state():
        return site.service.request('GET', '/v1/audit/log').json()

    def is_cosigned(told):
        return told['pending'] == 0 and told['size'] == told['signed_size'] and any(
            witness['size'] == told['size'] for witness in told['witnesses'])
    wait_until(lambda: is_cosigned(state()), state, 0.1)


def test_witnesses_are_verified_and_those_that_lag_are_told(site, visit, shoot):
    page = visit('/ui/log', 'auditor')
    lines = page.locator('.witnesses > li')
    lines.first.wait_for()
    assert lines.filter(has_text='here').locator('.verdict').get_attribute('data-verdict') == 'proved'
    assert 'signed this state' in lines.filter(has_text='here').inner_text()
    assert 'did not sign this state' in lines.filter(has_text='gone').inner_text()
    assert page.get_by_text('One of them must sign before a state is published.').count() == 1
    assert 'and by the witnesses witness.example/here' in page.locator('ol.steps').inner_text()
    page.locator('#entries tbody').wait_for()
    shoot(page, 'audit-witnesses')


def test_a_cosignature_of_nobody_is_shown_as_such(site, visit):
    def answer(route):
        lines = route.fetch().text().split('\n')
        at = next(i for i, line in enumerate(lines) if 'witness.example/here' in line)
        words = lines[at].split(' ')
        words[2] = words[2][:-6] + ('AAAA' if words[2][-6:-2] != 'AAAA' else 'BBBB') + words[2][-2:]
        lines[at] = ' '.join(words)
        route.fulfill(body='\n'.join(lines))
    page = visit(None, 'auditor')
    page.route('**/checkpoint', answer)
    page.goto('/ui/log')
    note = page.locator('.verdict-note')
    note.wait_for()
    assert note.get_attribute('data-verdict') == 'failed'
    assert 'The signature of witness.example/here is not one over this text' in note.inner_text()
