# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service keeps its contract: schema-driven requests of schemathesis, and one request for every documented status."""
import copy
import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

import contract
from intake_process import Build

HARNESS = pathlib.Path(contract.__file__).parent
CHECKS = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance',
          'response_headers_conformance', 'missing_required_header', 'allow_header_conformance', 'ignored_auth']
HOOKS = '''
import schemathesis
from hypothesis import strategies

schemathesis.openapi.media_type("application/partial-upload", strategies.binary(max_size=50))
'''


@pytest.fixture(scope='module')
def schemathesis():
    """The program; the test says why when it cannot be installed."""
    done = subprocess.run([str(HARNESS / 'schemathesis')], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, timeout=1200)
    if done.returncode != 0:
        pytest.skip('schemathesis cannot be installed: ' + done.stderr[-200:])
    return done.stdout.strip()


def bounded_contract():
    """The contract without live streams, which end when the import does and so keep a generated request waiting."""
    document = copy.deepcopy(contract.DOCUMENT)
    for path in ('/v1/imports/{id}/events', '/v1/events'):
        parameters = document['paths'][path]['parameters']
        document['paths'][path]['parameters'] = [one for one in parameters if not one['$ref'].endswith('/stream')]
    return document


def test_examples_are_what_their_schemas_say():
    for name, schema in {'session': 'session', 'receiving': 'import', 'held': 'import', 'conflict': 'conflictProblem',
                         'refused': 'refusedProblem', 'mismatch': 'refusedProblem', 'offset': 'problem'}.items():
        contract.validate(contract.DOCUMENT['components']['examples'][name]['value'],
                          {'$ref': '#/components/schemas/' + schema})


@pytest.mark.parametrize('caller', ['operator', 'auditor'])
def test_generated_requests_are_answered_as_documented(intake, schemathesis, tmp_path, caller):
    identity = intake.post(Build('for_' + caller).metadata).json['id']
    (tmp_path / 'openapi.json').write_text(json.dumps(bounded_contract()))
    (tmp_path / 'config.toml').write_text('[parameters]\n"path.id" = "%s"\n' % identity)
    (tmp_path / 'hooks.py').write_text(HOOKS)
    done = subprocess.run(
        [schemathesis, '--config-file', 'config.toml', 'run', 'openapi.json', '--url', intake.url,
         '-H', 'Authorization: Bearer ' + intake.tokens[caller], '--max-examples', '15', '--seed', '20231112',
         '--phases', 'examples,coverage,fuzzing', '--checks', ','.join(CHECKS), '--request-timeout', '300',
         '--continue-on-failure', '--no-shrink', '--no-color'], cwd=tmp_path, env=dict(os.environ, SCHEMATHESIS_HOOKS='hooks'),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=3600)
    assert done.returncode == 0, done.stdout[-6000:]
    assert intake.ask('GET', '/healthz', caller=None).status == 200


# --- every status ----------------------------------------------------------------------------------------------------
def finished_build(intake, release):
    build = Build(release)
    told = intake.post_form(build.parts())
    return build, told


def test_every_documented_status_is_answered(intake, intake_starter):
    statuses = set()

    def ask(*arguments, **options):
        answer = intake.ask(*arguments, **options)
        statuses.add(answer.status)
        return answer

    build, told = finished_build(intake, 'statuses')
    statuses.add(told.status)
    path = '/v1/imports/' + told.json['id']
    statuses.add(intake.post(build.metadata).status)                                           # 200
    waiting = intake.post(Build('waiting', {'a.log': b'waiting for this'}).metadata).json
    output = '/v1/imports/%s/outputs/0' % waiting['id']
    ask('HEAD', output)                                                                        # 204
    ask('GET', '/v1/imports?limit=0')                                                          # 400
    ask('GET', path, caller=None)                                                              # 401
    ask('POST', path + '/cancel')                                                              # 403
    ask('GET', '/v1/imports/x')                                                                # 404
    ask('POST', path + '/release', caller='operator')                                          # 409
    ask('PUT', output, b'x' * 100)                                                             # 413
    ask('PATCH', output, b'x', headers={'Upload-Offset': '0'})                                 # 415
    ask('PUT', output, b'x')                                                                   # 422
    stored = intake.spool / 'contents' / waiting['metadata']['sha256'][:2] / waiting['metadata']['sha256'][2:]
    stored.unlink()
    ask('GET', '/v1/imports/%s/metadata' % waiting['id'])                                      # 503
    ask('POST', '/v1/imports/%s/cancel' % waiting['id'], caller='operator')
    ask('GET', '/v1/imports/%s/metadata' % waiting['id'])                                      # 410
    full = intake_starter(reserve_bytes=1 << 60)
    statuses.add(full.post(build.metadata).status)                                             # 507
    # A server of its own: who tried many bad tokens at the other one is refused for a while.
    statuses.add(full.ask('POST', '/v1/session', json.dumps({'token': full.tokens['submitter']}),
                          headers={'Content-Type': 'application/json'}).status)                # 201
    broken = intake_starter()
    broken.sql('DROP TABLE outputs CASCADE')
    statuses.add(broken.post(build.metadata).status)                                           # 500
    statuses.add(too_many(intake_starter(rate_seconds=3600)))                                  # 429
    assert statuses == {status for _, status in contract.documented()}


def too_many(server):
    """One caller with as many requests at once as it may have, and one more."""
    open_ones = []
    try:
        waiting = server.post(Build('many', {'%d.log' % n: b'%030d' % n for n in range(64)}).metadata).json
        for n in range(64):
            connection = socket.create_connection(('127.0.0.1', server.port))
            connection.sendall(b'PUT /v1/imports/%s/outputs/%d HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n'
                               b'Content-Length: 30\r\n\r\n0' % (waiting['id'].encode(), n,
                                                                server.tokens['submitter'].encode()))
            open_ones.append(connection)
        parts = server.spool / 'parts'
        deadline = time.monotonic() + 300
        while len(list(parts.iterdir())) < 64:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return server.ask('GET', '/v1/imports').status
    finally:
        for connection in open_ones:
            connection.close()
