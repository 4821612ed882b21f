# SPDX-License-Identifier: LGPL-2.1-or-later
"""Call numbers, row locks and what two imports at once do to each other, per flavour of the sandbox hub.

The recordings show the development branch, one request at a time; these are the differences of the release and what
happens side by side (as measured on real hubs of both).
"""
import json
import threading
import xmlrpc.client

import pytest

from hub_client import CALLNUM_HEADERS, HubClient
from patience import PATIENCE_S

NEW = {'name': 'test-container', 'version': '1.0', 'release': '1'}
SESSION_CALLNUM = ('Koji-Session-Callnum',)


def fault(function, *arguments, **named):
    with pytest.raises(xmlrpc.client.Fault) as caught:
        function(*arguments, **named)
    return caught.value.faultCode, caught.value.faultString


def repeat_fault(client, names):
    client.call('CGInitBuild', 'atomic-reactor', NEW, callnum=5, names=names)
    return fault(client.call, 'CGInitBuild', 'atomic-reactor', NEW, callnum=5, names=names)[0]


def test_both_headers_tell_a_repeat_on_every_hub(any_hub):
    assert repeat_fault(HubClient(any_hub), CALLNUM_HEADERS) == 1009


def test_the_release_does_not_see_the_header_of_the_koji_client(start_hub):
    assert repeat_fault(HubClient(start_hub('--flavour', '1.35.3')), SESSION_CALLNUM) == 1000
    assert repeat_fault(HubClient(start_hub('--flavour', 'master')), SESSION_CALLNUM) == 1009


def answered_meanwhile(hub, first_callnum, second_callnum):
    """Two requests of one session, the first held up in the hub: is the second answered meanwhile?"""
    client = HubClient(hub)
    hub.arm('pause', 'hello')
    first = threading.Thread(target=client.call, args=('hello',), kwargs={'callnum': first_callnum})
    second = threading.Thread(target=client.call, args=('getLoggedInUser',), kwargs={'callnum': second_callnum})
    first.start()
    hub.wait_met()
    second.start()
    second.join(1 if second_callnum is not None else PATIENCE_S)
    answered = not second.is_alive()
    hub.clear_faults()
    first.join()
    second.join()
    return answered


def test_with_call_numbers_a_session_is_served_in_turn(any_hub):
    assert not answered_meanwhile(any_hub, 1, 2)


def test_without_call_numbers_a_session_is_served_side_by_side(any_hub):
    assert answered_meanwhile(any_hub, None, None)


def test_logout_ends_the_sub_sessions(any_hub):
    client, below = HubClient(any_hub), HubClient(any_hub, user=None)
    below.session = client.call('subsession')
    assert below.call('getLoggedInUser')['name'] == 'osbs'
    client.call('logout')
    assert fault(below.call, 'getLoggedInUser') == (1002, 'Invalid session or bad credentials')


# --- two imports at once ---------------------------------------------------------------------------------------------
class ReservedBuild:
    def __init__(self, hub, make_build):
        self.hub, self.client = hub, HubClient(hub)
        self.path = make_build()
        self.metadata = json.loads((self.path / 'metadata.json').read_text())
        reserved = self.client.call('CGInitBuild', 'atomic-reactor', NEW)
        self.metadata['build']['build_id'], self.token = reserved['build_id'], reserved['token']

    def files(self):
        return [path for path in self.hub.build_path('test-container-1.0-1').rglob('*') if path.is_file()]

    def import_twice(self, second, directory, **named):
        """The first import stops between its checks and its recording until the second has ended, or stands waiting
        for the first; the second's outcome."""
        self.client.upload_build('up/1', self.path, self.metadata)
        self.hub.arm('pause', 'CGImport', stage='before-recording')
        outcomes = {}
        first = threading.Thread(target=self.attempt, args=(outcomes, self.client, 'up/1'), kwargs=named)
        other = threading.Thread(target=self.attempt, args=(outcomes, second, directory), kwargs=named)
        first.start()
        self.hub.wait_met()
        other.start()
        other.join(1 if named else PATIENCE_S)
        self.hub.clear_faults()
        first.join()
        other.join()
        return outcomes[second, directory, other]

    def attempt(self, outcomes, client, directory, **named):
        key = client, directory, threading.current_thread()
        try:
            outcomes[key] = client.call('CGImport', self.metadata, directory, self.token, **named)['state']
        except xmlrpc.client.Fault as error:
            outcomes[key] = error.faultCode


def test_two_sessions_with_one_token_lose_the_files(any_hub, make_build):
    build = ReservedBuild(any_hub, make_build)
    other = HubClient(any_hub)
    other.upload_build('up/2', build.path, build.metadata)
    assert build.import_twice(other, 'up/2') == 1
    assert any_hub.call('getBuild', 'test-container-1.0-1')['state'] == 1
    assert build.files() == []


def test_one_session_with_both_headers_keeps_the_files(any_hub, make_build):
    build = ReservedBuild(any_hub, make_build)
    assert build.import_twice(build.client, 'up/1', callnum=3) == 1009
    assert len(build.files()) >= len(build.metadata['output'])


# --- the release's uploads -------------------------------------------------------------------------------------------
def imported(hub, make_build):
    path, client = make_build(), HubClient(hub)
    metadata = json.loads((path / 'metadata.json').read_text())
    client.upload_build('up/1', path, metadata)
    client.call('CGImport', metadata, 'up/1')
    return client, hub.build_path('test-container-1.0-1') / 'data/logs/x86_64.log'


def test_an_upload_onto_an_imported_file_writes_into_the_build_of_a_release(start_hub, make_build):
    client, log = imported(start_hub('--flavour', '1.35.3'), make_build)
    client.upload('up/1', 'x86_64.log', b'abc', overwrite=1)
    assert log.read_bytes() == b'abc'


def test_an_upload_onto_an_imported_file_is_refused_by_master(sandbox_hub, make_build):
    client, log = imported(sandbox_hub, make_build)
    before = log.read_bytes()
    assert fault(client.upload, 'up/1', 'x86_64.log', b'abc', overwrite=1)[0] == 1000
    assert log.read_bytes() == before


def test_a_piece_inside_a_file_cuts_it_on_a_release(start_hub):
    hub = start_hub('--flavour', '1.35.3')
    client = HubClient(hub)
    client.upload('up/1', 'a', b'0123456789')
    client.upload('up/1', 'a', b'xy', offset=4)
    assert hub.path('work/up/1/a').read_bytes() == b'0123xy'


# --- drafts ----------------------------------------------------------------------------------------------------------
def test_a_draft_is_reserved_by_master_and_refused_by_the_release(start_hub):
    draft = dict(NEW, draft=True)
    reserved = HubClient(start_hub()).call('CGInitBuild', 'atomic-reactor', draft)
    assert reserved['build_id'] == 1
    release = HubClient(start_hub('--flavour', '1.35.3'))
    assert fault(release.call, 'CGInitBuild', 'atomic-reactor', draft) == (1000, 'Draft build not supported')


def test_a_draft_image_is_refused_by_master_and_a_normal_build_on_the_release(any_hub, make_build):
    path, client = make_build(), HubClient(any_hub)
    metadata = json.loads((path / 'metadata.json').read_text())
    metadata['build']['draft'] = True
    client.upload_build('up/1', path, metadata)
    if any_hub.flavour == 'master':
        assert fault(client.call, 'CGImport', metadata, 'up/1') == (1000, 'Draft build not supported')
        assert client.call('getBuild', 'test-container-1.0-1') is None
    else:
        assert client.call('CGImport', metadata, 'up/1')['draft'] is False


def test_a_draft_of_logs_is_imported_and_promoted(sandbox_hub, make_build):
    path, client = make_build(), HubClient(sandbox_hub)
    metadata = json.loads((path / 'metadata.json').read_text())
    metadata['build']['draft'] = True
    metadata['output'] = [output for output in metadata['output'] if output['type'] == 'log']
    client.upload_build('up/1', path, metadata)
    draft = client.call('CGImport', metadata, 'up/1')
    assert (draft['draft'], draft['release']) == (True, '1,draft_%d' % draft['id'])
    promoted = client.call('promoteBuild', draft['id'])
    assert (promoted['draft'], promoted['nvr']) == (False, 'test-container-1.0-1')
    assert (sandbox_hub.build_path(promoted['nvr']) / 'data/logs/x86_64.log').is_file()


# --- transactions ----------------------------------------------------------------------------------------------------
def test_an_import_that_fails_while_it_is_recorded_leaves_nothing(any_hub, make_build):
    path, client = make_build(), HubClient(any_hub)
    metadata = json.loads((path / 'metadata.json').read_text())
    image = metadata['output'][-1]
    client.upload_build('up/1', path, metadata)
    client.upload('up/1', 'image.unknown', (path / image['filename']).read_bytes())
    broken = dict(metadata, output=metadata['output'][:-1] + [dict(image, filename='image.unknown')])
    assert fault(client.call, 'CGImport', broken, 'up/1') == (1000, 'unsupported file extension: image.unknown')
    assert any_hub.call('getBuild', 'test-container-1.0-1') is None
    assert any_hub.call('listArchives') == []
    assert not any_hub.build_path('test-container-1.0-1').exists()
    client.upload_build('up/2', path, metadata)
    assert client.call('CGImport', metadata, 'up/2')['state'] == 1


def test_a_failed_call_of_a_multicall_is_taken_back_alone(any_hub, make_build):
    client = HubClient(any_hub)
    second = dict(NEW, release='2')
    calls = [('CGInitBuild', ['atomic-reactor', NEW]), ('CGInitBuild', ['atomic-reactor', NEW]),
             ('CGInitBuild', ['atomic-reactor', second])]
    first, again, other = client.call('multiCall', [{'methodName': name, 'params': params} for name, params in calls])
    assert (first[0]['build_id'], other[0]['build_id']) == (1, 2)
    assert (again['faultCode'], again['faultString']) == (1000, 'Build is already reserved')
    assert [any_hub.call('getBuild', number)['state'] for number in (1, 2)] == [0, 0]


def test_a_reservation_outlives_an_import_that_fails(any_hub, make_build):
    build = ReservedBuild(any_hub, make_build)
    build.client.upload_build('up/1', build.path, build.metadata)
    twice = dict(build.metadata, output=build.metadata['output'] + build.metadata['output'][:1])
    code, text = fault(build.client.call, 'CGImport', twice, 'up/1', build.token)
    assert code == 1000 and text.startswith('Error importing build log.')
    assert any_hub.call('getBuild', 'test-container-1.0-1')['state'] == 0
    build.client.upload_build('up/2', build.path, build.metadata)
    assert build.client.call('CGImport', build.metadata, 'up/2', build.token)['state'] == 1
