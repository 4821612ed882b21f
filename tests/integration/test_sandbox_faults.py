# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sandbox hub does when it is told to misbehave: other tests build on each of these."""
import http.client
import json
import xmlrpc.client

import pytest

from hub_client import HttpError, HubClient

NVR = 'test-container-1.0-1'
LOST = (http.client.RemoteDisconnected, ConnectionResetError)
NEW = {'name': 'test-container', 'version': '1.0', 'release': '1'}


@pytest.fixture
def client(sandbox_hub):
    return HubClient(sandbox_hub)


def fault(function, *arguments, **named):
    with pytest.raises(xmlrpc.client.Fault) as caught:
        function(*arguments, **named)
    return caught.value.faultCode, caught.value.faultString


@pytest.mark.parametrize('action', ['lose-before', 'reset-before'])
def test_a_request_lost_before_handling_changes_nothing(sandbox_hub, client, action):
    sandbox_hub.arm(action, 'CGInitBuild')
    with pytest.raises(LOST):
        client.call('CGInitBuild', 'atomic-reactor', NEW, callnum=1)
    assert sandbox_hub.call('getBuild', NVR) is None
    assert client.call('CGInitBuild', 'atomic-reactor', NEW, callnum=1)['build_id'] == 1


@pytest.mark.parametrize('action', ['lose-after', 'reset-after'])
def test_a_reply_lost_after_commit_is_told_by_the_call_number(sandbox_hub, client, action):
    sandbox_hub.arm(action, 'CGInitBuild')
    with pytest.raises(LOST):
        client.call('CGInitBuild', 'atomic-reactor', NEW, callnum=1)
    assert sandbox_hub.call('getBuild', NVR)['state'] == 0
    session = client.session['session-id']
    assert fault(client.call, 'CGInitBuild', 'atomic-reactor', NEW, callnum=1) == (
        1009, 'unable to retry call 1 (method CGInitBuild) for session %d' % session)
    assert len(sandbox_hub.log('CGInitBuild')) == 2


@pytest.mark.parametrize('status', [413, 429, 500, 502, 503])
def test_http_errors(sandbox_hub, client, status):
    sandbox_hub.arm('status', 'CGInitBuild', status=status)
    with pytest.raises(HttpError) as caught:
        client.call('CGInitBuild', 'atomic-reactor', NEW)
    assert caught.value.status == status
    assert sandbox_hub.call('getBuild', NVR) is None


def test_http_error_after_commit(sandbox_hub, client):
    sandbox_hub.arm('status', 'CGInitBuild', status=502, when='after')
    with pytest.raises(HttpError):
        client.call('CGInitBuild', 'atomic-reactor', NEW)
    assert sandbox_hub.call('getBuild', NVR)['state'] == 0


def test_half_a_reply(sandbox_hub, client):
    sandbox_hub.arm('half-reply', 'CGInitBuild')
    with pytest.raises(http.client.IncompleteRead):
        client.call('CGInitBuild', 'atomic-reactor', NEW)
    assert sandbox_hub.call('getBuild', NVR)['state'] == 0


def test_a_slow_reply_is_whole(sandbox_hub, client):
    sandbox_hub.arm('slow-reply', 'getKojiVersion', bytes_per_second=1000)
    assert client.call('getKojiVersion') == '1.35.3'


def test_a_hanging_call_ends_without_a_reply(sandbox_hub, client):
    sandbox_hub.arm('hang', 'getKojiVersion', seconds=0.1)
    with pytest.raises(LOST):
        client.call('getKojiVersion')


@pytest.mark.parametrize('action, number', [('offline', 1014), ('retry-error', 1009), ('lock-error', 1001)])
def test_faults_in_the_words_of_koji(sandbox_hub, client, action, number):
    sandbox_hub.arm(action, 'CGInitBuild')
    assert fault(client.call, 'CGInitBuild', 'atomic-reactor', NEW)[0] == number
    assert sandbox_hub.call('getBuild', NVR) is None


def test_any_fault_after_commit(sandbox_hub, client):
    sandbox_hub.arm('fault', 'CGInitBuild', code=1017, text='callback', when='after')
    assert fault(client.call, 'CGInitBuild', 'atomic-reactor', NEW) == (1017, 'callback')
    assert sandbox_hub.call('getBuild', NVR)['state'] == 0


def test_a_wrong_digest_in_the_answer_of_an_upload(sandbox_hub, client):
    sandbox_hub.arm('wrong-digest', 'upload')
    wrong = client.upload('dir', 'a.log', b'content')
    right = client.upload('dir', 'b.log', b'content')
    assert wrong['size'] == right['size'] and wrong['hexdigest'] != right['hexdigest']
    assert sandbox_hub.path('work/dir/a.log').read_bytes() == b'content'


@pytest.mark.parametrize('action', ['cut-upload', 'stall-upload'])
def test_an_upload_that_is_cut(sandbox_hub, client, action):
    sandbox_hub.arm(action, 'upload', bytes=100000, seconds=0.1)
    with pytest.raises(LOST + (BrokenPipeError,)):
        client.upload('dir', 'a.log', b'x' * 300000)
    assert sandbox_hub.path('work/dir/a.log').stat().st_size == 100000


def test_an_expired_session_is_renewed_with_the_same_number(sandbox_hub, client):
    sandbox_hub.arm('expired', 'getLoggedInUser')
    number = client.session['session-id']
    assert fault(client.call, 'getLoggedInUser') == (1007, 'session "%d" has expired' % number)
    assert fault(client.upload, 'dir', 'a.log', b'x') == (1007, 'session "%d" has expired' % number)
    client.renew()
    assert client.session['session-id'] == number
    assert client.call('getLoggedInUser')['name'] == 'osbs'


def test_nth_and_times(sandbox_hub, client):
    sandbox_hub.arm('offline', 'hello', nth=2, times=2)
    answers = []
    for _ in range(4):
        try:
            answers.append(client.call('hello'))
        except xmlrpc.client.Fault as error:
            answers.append(error.faultCode)
    assert answers == ['Hello World', 1014, 1014, 'Hello World']


def test_a_rule_without_a_known_action_is_refused(sandbox_hub):
    with pytest.raises(Exception, match='400'):
        sandbox_hub.arm('explode')


def test_the_log_tells_what_was_sent(sandbox_hub, client):
    sandbox_hub.clear_log()
    client.call('hello', callnum=7)
    client.upload('dir', 'a.log', b'12345', callnum=8, names=('Koji-Callnum',))
    call, upload = sandbox_hub.log()
    assert (call['method'], call['callnum'], call['session_callnum'], call['outcome']) == ('hello', '7', '7', 'ok')
    assert (upload['method'], upload['callnum'], upload['session_callnum']) == ('upload', '8', None)
    assert upload['size'] == upload['content_length'] == 5
    assert 'filename=a.log' in upload['query']


def test_a_multicall_is_found_by_the_calls_in_it(sandbox_hub, client):
    client.call('multiCall', [{'methodName': 'getAPIVersion', 'params': []}])
    assert len(sandbox_hub.log('getAPIVersion')) == 1


def test_upload_limit(start_hub):
    hub = start_hub('--option', 'upload_limit_bytes=1000')
    client = HubClient(hub)
    assert client.upload('dir', 'a.log', b'x' * 1000)['size'] == 1000
    with pytest.raises(HttpError) as caught:
        client.upload('dir', 'b.log', b'x' * 1001)
    assert caught.value.status == 413


def test_rules_from_the_command_line(start_hub):
    hub = start_hub('--fault', json.dumps({'method': 'hello', 'action': 'status', 'status': 503}))
    with pytest.raises(HttpError, match='503'):
        HubClient(hub).call('hello')
