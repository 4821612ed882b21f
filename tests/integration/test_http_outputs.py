# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sending outputs: at once, in pieces, broken off and resumed, wrong ones (draft-ietf-httpbis-resumable-upload)."""
import itertools
import socket
import threading

import pytest

from intake_process import Build, sha256_field
from patience import PATIENCE_S, wait_until

PARTIAL = 'application/partial-upload'


@pytest.fixture(scope='module')
def intake(intake_starter):  # noqa: F811
    """A server that does not lose its patience with a sender who waits for what the test does meanwhile."""
    return intake_starter(rate_seconds=3600)


class Output:
    """One output of an import that waits for it."""

    def __init__(self, intake, release, data, caller='submitter'):
        self.intake, self.data, self.caller = intake, data, caller
        self.build = Build(release, {'build.log': data})
        told = intake.post(self.build.metadata).json
        assert told['state'] == 'receiving', told
        self.import_id = told['id']
        self.path = '/v1/imports/%s/outputs/0' % told['id']

    def put(self, data, **headers):
        return self.intake.ask('PUT', self.path, data, dashed(headers), self.caller)

    def patch(self, offset, data, complete=None, **headers):
        sent = dict(dashed(headers), **{'Upload-Offset': str(offset)})
        sent.setdefault('Content-Type', PARTIAL)
        if complete is not None:
            sent['Upload-Complete'] = complete
        return self.intake.ask('PATCH', self.path, data, sent, self.caller)

    def head(self):
        """(offset, complete) as the server promises."""
        answer = self.intake.ask('HEAD', self.path, caller=self.caller)
        assert answer.status == 204, answer.status
        assert answer.headers['Upload-Draft-Interop-Version'] == '8'
        assert answer.headers['Cache-Control'] == 'no-store'
        assert answer.headers['Upload-Length'] == str(len(self.data))
        return int(answer.headers['Upload-Offset']), answer.headers['Upload-Complete']

    def state(self):
        return self.intake.ask('GET', '/v1/imports/' + self.import_id).json['state']


def dashed(headers):
    return {name.replace('_', '-'): value for name, value in headers.items()}


NUMBERS = itertools.count(1000)


@pytest.fixture
def output(intake):
    """500 bytes that were not sent before."""
    number = next(NUMBERS)
    return Output(intake, 'n%d' % number, b'%010d' % number + b'0123456789' * 49)


# --- the plain ways --------------------------------------------------------------------------------------------------
def test_put_at_once(output):
    assert output.head() == (0, '?0')
    answer = output.put(output.data)
    assert (answer.status, answer.json['state'], answer.headers['Upload-Complete']) == (200, 'queued', '?1')
    assert output.head() == (500, '?1')


def test_an_empty_output(intake):
    output = Output(intake, 'empty_output', b'')
    answer = output.put(b'')
    assert (answer.status, answer.json['state']) == (200, 'queued')


def test_pieces(output):
    assert output.put(output.data[:100], Upload_Complete='?0').status == 204
    assert output.head() == (100, '?0')
    answer = output.patch(100, output.data[100:300], '?0')
    assert (answer.status, answer.headers['Upload-Offset'], answer.headers['Upload-Complete']) == (204, '300', '?0')
    assert output.state() == 'receiving'
    answer = output.patch(300, output.data[300:], '?1')
    assert (answer.status, answer.json['state']) == (200, 'queued')


def test_several_outputs_at_once(intake):
    build = Build('at_once', {'%d.log' % n: b'%d' % n * 100000 for n in range(6)})
    told = intake.post(build.metadata).json
    answers = []

    def send(output):
        answers.append(intake.ask('PUT', '/v1/imports/%s/outputs/%d' % (told['id'], output['position']),
                                  build.files[output['path']]))
    threads = [threading.Thread(target=send, args=(output,)) for output in told['missing']]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 6
    assert intake.ask('GET', '/v1/imports/' + told['id']).json['state'] == 'queued'


def test_sending_again_what_is_complete_is_answered_as_done(output):
    assert output.put(output.data).status == 200
    assert output.put(b'anything').status == 200
    assert output.patch(0, b'anything').status == 200


def test_put_begins_anew(output):
    assert output.put(b'wrong begin', Upload_Complete='?0').status == 204
    assert output.put(output.data).status == 200


# --- broken off ------------------------------------------------------------------------------------------------------
def test_a_broken_connection_is_resumed_where_it_broke(output):
    with socket.create_connection(('127.0.0.1', output.intake.port), PATIENCE_S) as connection:
        connection.sendall(b'PUT %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 500\r\n\r\n'
                           % (output.path.encode(), output.intake.tokens['submitter'].encode()) + output.data[:321])
    wait_until(lambda: output.head()[0] == 321)
    answer = output.patch(321, output.data[321:])
    assert (answer.status, answer.json['state']) == (200, 'queued')


def test_a_second_sender_waits_while_the_first_sends(output):
    with socket.create_connection(('127.0.0.1', output.intake.port), PATIENCE_S) as connection:
        connection.sendall(b'PUT %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 500\r\n\r\n'
                           % (output.path.encode(), output.intake.tokens['submitter'].encode()) + output.data[:100])
        part = output.intake.spool / 'parts' / (output.import_id + '-0')
        wait_until(lambda: part.exists() and part.stat().st_size == 100)
        # Asking how far it is does not disturb the sender, and promises only what is durable.
        assert output.head() == (0, '?0')
        answer = output.patch(100, output.data[100:])
        assert answer.status == 503 and int(answer.headers['Retry-After']) > 0
        connection.sendall(output.data[100:])
        assert connection.recv(100).startswith(b'HTTP/1.1 200')


# --- offsets and lengths ---------------------------------------------------------------------------------------------
def test_a_wrong_offset_is_told_the_right_one(output):
    output.put(output.data[:100], Upload_Complete='?0')
    for wrong in (0, 99, 101, 500):
        answer = output.patch(wrong, b'x')
        assert (answer.status, answer.headers['Upload-Offset']) == (409, '100')
        assert answer.json['type'] == 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset'
        assert (answer.json['expected-offset'], answer.json['provided-offset']) == (100, wrong)
    assert output.patch(100, output.data[100:]).status == 200


@pytest.mark.parametrize('headers, status', [
    ({'Upload-Offset': None}, 400), ({'Upload-Offset': '-1'}, 400), ({'Upload-Offset': '1e2'}, 400),
    ({'Upload-Complete': 'true'}, 400), ({'Upload-Length': '499'}, 400), ({'Upload-Length': 'x'}, 400),
    ({'Content-Type': 'application/octet-stream'}, 415), ({'Content-Digest': 'md5=:AAAA:'}, 400),
    ({'Repr-Digest': 'sha-256=:AAAA:'}, 400)])
def test_headers_that_make_no_sense(output, headers, status):
    sent = {'Upload-Offset': '0', 'Content-Type': PARTIAL, 'Upload-Complete': '?0', **headers}
    sent = {name: value for name, value in sent.items() if value is not None}
    answer = output.intake.ask('PATCH', output.path, output.data[:10], sent)
    assert answer.status == status, answer.json
    assert output.head() == (0, '?0')


def test_more_than_the_metadata_says_is_refused_before_it_is_read(output):
    answer = output.put(output.data + b'x')
    assert (answer.status, answer.json['code']) == (413, 'CG_E_LIMIT')
    assert output.head() == (0, '?0')


def test_more_than_the_metadata_says_in_chunks_is_refused_and_dropped(output):
    answer = output.intake.ask('PUT', output.path, iter([output.data[:400], output.data]))
    assert answer.status == 413
    assert output.head() == (0, '?0')
    assert output.put(output.data).status == 200


def test_an_output_that_ends_early_is_refused_and_dropped(output):
    answer = output.put(output.data[:-1])
    assert (answer.status, answer.json['pointer']) == (422, '/output/0/filesize')
    assert output.head() == (0, '?0')


# --- digests ---------------------------------------------------------------------------------------------------------
def test_another_file_of_the_same_size_is_refused_and_dropped(output):
    answer = output.put(b'x' * 500)
    assert (answer.status, answer.json['code'], answer.json['pointer']) == (422, 'CG_E_MISMATCH', '/output/0/checksum')
    assert output.head() == (0, '?0')
    assert output.intake.sql("SELECT count(*) FROM contents c JOIN outputs o ON o.content = c.sha256"
                             " WHERE o.import_id = '%s'" % output.import_id) == '0'
    assert output.put(output.data).status == 200


def test_digests_that_are_sent_are_verified(output):
    good, half = sha256_field(output.data), sha256_field(output.data[:250])
    answer = output.put(output.data[:250], Upload_Complete='?0', Content_Digest=good)
    assert (answer.status, answer.json['code']) == (422, 'CG_E_MISMATCH')
    assert output.head() == (0, '?0')
    assert output.put(output.data[:250], Upload_Complete='?0', Content_Digest='md5=:x:, ' + half).status == 204
    assert output.patch(250, output.data[250:], Repr_Digest=half).status == 422
    assert output.head() == (0, '?0')
    assert output.put(output.data, Repr_Digest=good, Content_Digest=good).status == 200


# --- whose and when --------------------------------------------------------------------------------------------------
def test_outputs_of_others_are_not_there(output):
    assert output.intake.ask('PUT', output.path, b'x', caller='stranger').status == 404
    assert output.intake.ask('HEAD', output.path, caller='stranger').status == 404
    assert output.intake.ask('PUT', output.path, b'x', caller='auditor').status == 403


@pytest.mark.parametrize('path', ['/v1/imports/nonsense/outputs/0', '/v1/imports/%s/outputs/1',
                                  '/v1/imports/%s/outputs/x', '/v1/imports/%s/outputs/-1',
                                  '/v1/imports/01890000-0000-7000-8000-000000000000/outputs/0'])
def test_outputs_that_are_not_there(output, path):
    path = path % output.import_id if '%s' in path else path
    assert output.intake.ask('PUT', path, b'x').status == 404
    assert output.intake.ask('HEAD', path).status == 404


def test_a_canceled_import_takes_no_outputs(output):
    assert output.intake.ask('POST', '/v1/imports/%s/cancel' % output.import_id, caller='operator').status == 202
    answer = output.put(output.data)
    assert (answer.status, answer.json['detail']) == (
        409, 'the import is canceled; outputs are taken while it is receiving')


def test_after_a_kill_an_output_is_resumed_behind_what_was_promised(intake_starter):
    intake = intake_starter(rate_seconds=3600)
    output = Output(intake, 'killed', b'abcdefghij' * 100000)
    assert output.put(output.data[:1000], Upload_Complete='?0').status == 204
    with socket.create_connection(('127.0.0.1', intake.port), PATIENCE_S) as connection:
        connection.sendall(b'PATCH %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nUpload-Offset: 1000\r\n'
                           b'Content-Type: application/partial-upload\r\nContent-Length: 999000\r\n\r\n'
                           % (output.path.encode(), intake.tokens['submitter'].encode()) + output.data[1000:300000])
        part = intake.spool / 'parts' / (output.import_id + '-0')
        wait_until(lambda: part.stat().st_size > 1000)
        intake.kill()
    intake.start()
    offset, complete = output.head()
    assert 1000 <= offset <= 300000 and complete == '?0'
    answer = output.patch(offset, output.data[offset:])
    assert (answer.status, answer.json['state']) == (200, 'queued')
