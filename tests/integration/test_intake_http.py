# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server's own resources over HTTP, with a real database: health, readiness, metrics, problems, strictness."""
import re
import resource
import socket

import pytest

from intake_process import Build
from patience import PATIENCE_S, wait_until

SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\})? (-?[0-9.e+]+)$')


def metrics(intake):
    answer = intake.ask('GET', '/metrics', caller=None)
    assert answer.status == 200
    samples = {}
    for line in answer.body.decode().splitlines():
        if not line.startswith('#'):
            found = SAMPLE.match(line)
            assert found, line
            samples[found.group(1) + (found.group(2) or '')] = float(found.group(3))
    return samples


def raw(intake, data):
    with socket.create_connection(('127.0.0.1', intake.port), timeout=PATIENCE_S) as connection:
        connection.sendall(data)
        answer = b''
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_health_needs_no_caller(intake):
    assert intake.ask('GET', '/healthz', caller=None).json == {'status': 'alive'}
    answer = intake.ask('GET', '/readyz', caller=None)
    assert (answer.status, answer.json['status']) == (200, 'ready')
    assert answer.json['checks'] == {'database': 'ok', 'content': 'ok', 'audit': 'ok'}


def test_not_ready_without_room_and_says_only_what(intake_starter):
    server = intake_starter(reserve_bytes=1 << 60)
    answer = server.ask('GET', '/readyz', caller=None)
    assert (answer.status, answer.json['status'], answer.json['checks']['database']) == (503, 'not ready', 'ok')
    assert answer.json['checks']['content'] == 'over a limit'
    assert server.ask('GET', '/healthz', caller=None).status == 200


CROWD = 10000


def test_a_crowd_of_connections_keeps_nobody_out(intake_starter):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CROWD + 1000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip('%d open files are allowed here, %d are wanted' % (hard, wanted))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    server = intake_starter()
    crowd = []
    try:
        for number in range(CROWD):
            connection = socket.create_connection(('127.0.0.1', server.port), timeout=PATIENCE_S)
            # Some say nothing, some begin a request that they never end.
            if number % 2:
                connection.sendall(b'GET /healthz HTTP/1.1\r\nHo')
            crowd.append(connection)
            if number % 500 == 499:
                assert server.post(Build('crowd%d' % number).metadata).status == 202
        assert metrics(server)['cg_import_http_connections'] <= 2000
        # They are counted a moment after they gave way.
        wait_until(lambda: metrics(server)['cg_import_http_dropped_total'] > 8000, lambda: metrics(server))
    finally:
        for connection in crowd:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert server.post(Build('after').metadata).status == 202


def test_metrics_follow_what_happens(intake):
    before = metrics(intake)
    build = Build('metrics1')
    assert intake.post(build.metadata).status in (201, 202)
    assert intake.post(build.metadata).status in (200, 201, 202)
    after = metrics(intake)
    assert after['cg_import_imports_accepted_total'] - before.get('cg_import_imports_accepted_total', 0) == 1
    assert after['cg_import_imports_deduplicated_total'] - before.get('cg_import_imports_deduplicated_total', 0) == 1
    assert after['cg_import_imports{state="receiving"}'] - before['cg_import_imports{state="receiving"}'] == 1
    posts = sum(value for name, value in after.items() if 'method="POST",route="/v1/imports"' in name)
    assert posts >= 2
    assert after['cg_import_oldest_unfinished_seconds'] >= 0


def test_a_problem_type_leads_to_its_meaning(intake):
    answer = intake.ask('GET', '/problems/refused', caller=None)
    assert answer.status == 200
    assert answer.body.decode() == ('CG_E_REFUSED: the document breaks rules\nHTTP status: 422\n'
                                    'the same request may succeed later: no\n')
    assert intake.ask('GET', '/problems/nothing', caller=None).status == 404
    assert intake.ask('GET', '/problems/..', caller=None).status == 404


@pytest.mark.parametrize('path', ['/v1/imports', '/v1/imports/x', '/v1/events'])
def test_strangers_learn_nothing(intake, path):
    answer = intake.ask('GET', path, caller=None)
    assert answer.status == 401
    assert set(answer.json) == {'type', 'title', 'status', 'code', 'detail', 'request_id'}


def test_a_smuggled_request_is_not_answered(intake):
    answer = raw(intake, b'POST /v1/imports HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n'
                         b'0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')
    assert answer.startswith(b'HTTP/1.1 400 ')
    assert answer.count(b'\r\nDate: ') == 1
    assert b'alive' not in answer
