# SPDX-License-Identifier: LGPL-2.1-or-later
"""What operators do: retry, retry with corrected metadata, cancel, release."""
import json

import pytest

from intake_process import Build


def verb(intake, identity, name, body=None, caller='operator', kind='application/json'):
    headers = {'Content-Type': kind} if body is not None and kind else {}
    return intake.ask('POST', '/v1/imports/%s/%s' % (identity, name), body, headers, caller)


def put_into(intake, identity, state, held='NULL'):
    """As a worker would have left it."""
    intake.sql("DELETE FROM queue WHERE import_id = '%s'" % identity)
    finished = 'NULL' if state == 'held' else 'now()'
    intake.sql("UPDATE imports SET state = '%s', held = %s, finished_at = %s WHERE id = '%s'"
               % (state, held, finished, identity))


@pytest.fixture
def queued(intake, request):
    build = Build('v%d' % abs(hash(request.node.name)))
    told = intake.post_form(build.parts()).json
    assert told['state'] == 'queued'
    return build, told['id']


def events(intake, identity):
    return [event['type'] for event in intake.ask('GET', '/v1/imports/%s/events' % identity).json['events']]


def test_cancel(intake, queued):
    _, identity = queued
    answer = verb(intake, identity, 'cancel')
    assert (answer.status, answer.json['state']) == (202, 'canceled')
    assert events(intake, identity)[-1] == 'canceled'
    again = verb(intake, identity, 'cancel')
    assert again.status == 409 and 'canceled' in again.json['detail']


def test_a_held_import_is_released_with_a_note(intake, queued):
    _, identity = queued
    put_into(intake, identity, 'held', "'stray-files'")
    assert intake.ask('GET', '/v1/imports/' + identity).json['held'] == 'stray-files'
    answer = verb(intake, identity, 'release',
                  b'{"note": "removed by hand", "action": "mark-imported", "build_id": 4711}')
    assert (answer.status, answer.json['state'], answer.json['held']) == (202, 'queued', None)
    last = intake.ask('GET', '/v1/imports/%s/events' % identity).json['events']
    assert 'removed by hand' in json.dumps(last) and '4711' in json.dumps(last)


def test_release_wants_a_held_import(intake, queued):
    answer = verb(intake, queued[1], 'release')
    assert (answer.status, answer.json['code']) == (409, 'CG_E_CONFLICT')


@pytest.mark.parametrize('body, kind, status', [
    (b'{', 'application/json', 400), (b'[]', 'application/json', 400), (b'{"note": 1}', 'application/json', 400),
    (b'{"action": "delete"}', 'application/json', 400), (b'{"action": 1}', 'application/json', 400),
    (b'{"action": "mark-imported"}', 'application/json', 400), (b'{"build_id": 0}', 'application/json', 400),
    (b'{"action": "mark-imported", "build_id": 0}', 'application/json', 400),
    (b'{"note": "' + b'x' * 5000 + b'"}', 'application/json', 413), (b'note', 'text/plain', 415)])
def test_notes_that_are_none(intake, queued, body, kind, status):
    assert verb(intake, queued[1], 'release', body, kind=kind).status == status


def test_retry_with_the_same_bytes(intake, queued):
    _, identity = queued
    put_into(intake, identity, 'rejected')
    answer = verb(intake, identity, 'retry')
    assert (answer.status, answer.json['id'], answer.json['state']) == (202, identity, 'queued')
    again = verb(intake, identity, 'retry')
    assert (again.status, again.json['code']) == (409, 'CG_E_CONFLICT')


@pytest.mark.parametrize('state, held', [('rejected', 'NULL'), ('canceled', 'NULL'), ('held', "'conflict'")])
def test_retry_with_corrected_metadata_is_a_new_import_linked_to_the_old(intake, queued, state, held):
    build, identity = queued
    put_into(intake, identity, state, held)
    build.document['build']['end_time'] += 1
    answer = verb(intake, identity, 'retry', build.metadata)
    assert answer.status == 202, answer.json
    assert answer.json['id'] != identity
    # The files are the same, so nothing is asked for again.
    assert (answer.json['replaces'], answer.json['state'], answer.json['missing']) == (identity, 'queued', [])
    assert answer.headers['Location'].endswith(answer.json['id'])
    assert intake.ask('GET', '/v1/imports/' + identity).json['replaced_by'] == answer.json['id']


@pytest.mark.parametrize('state, held', [('rejected', 'NULL'), ('canceled', 'NULL'), ('held', "'conflict'")])
def test_a_correction_that_changes_nothing_tries_the_import_itself_again(intake, queued, state, held):
    build, identity = queued
    put_into(intake, identity, state, held)
    answer = verb(intake, identity, 'retry', build.metadata)
    assert (answer.status, answer.json['id'], answer.json['state']) == (202, identity, 'queued'), answer.json
    assert 'canceled' not in events(intake, identity)


@pytest.mark.parametrize('state, held', [('held', "'conflict'"), ('rejected', 'NULL')])
def test_without_room_a_correction_leaves_everything_as_it_was(intake_starter, state, held):
    server = intake_starter()
    build, fixed = Build('full'), Build('full')
    fixed.document['build']['extra']['corrected'] = True
    identity = server.post_form(build.parts()).json['id']
    put_into(server, identity, state, held)
    before = server.sql('SELECT id, state, held, updated_at FROM imports'), server.sql('SELECT count(*) FROM events')
    reserve = server.command[4]
    server.kill()
    server.command[4] = str(2 ** 62)
    server.start()
    answer = verb(server, identity, 'retry', fixed.metadata)
    assert (answer.status, int(answer.headers['Retry-After']) > 0) == (507, True)
    assert before == (server.sql('SELECT id, state, held, updated_at FROM imports'),
                      server.sql('SELECT count(*) FROM events'))
    server.kill()
    server.command[4] = reserve
    server.start()
    told = verb(server, identity, 'retry', fixed.metadata)
    assert (told.status, told.json['replaces'], told.json['state']) == (202, identity, 'queued')


def test_corrected_metadata_is_not_taken_while_the_import_lives(intake, queued):
    build, identity = queued
    build.document['build']['end_time'] += 1
    assert verb(intake, identity, 'retry', build.metadata).status == 409
    assert intake.ask('GET', '/v1/imports/' + identity).json['state'] == 'queued'


def test_corrected_metadata_is_checked_and_of_the_same_build(intake, queued):
    build, identity = queued
    put_into(intake, identity, 'held', "'conflict'")
    other = Build('another')
    assert verb(intake, identity, 'retry', other.metadata).status == 409
    del build.document['build']['source']
    answer = verb(intake, identity, 'retry', build.metadata)
    assert (answer.status, answer.json['report']['verdict']) == (422, 'refused')
    assert verb(intake, identity, 'retry', b'{', kind='text/plain').status == 415
    # A refusal leaves the old one as it was.
    assert intake.ask('GET', '/v1/imports/' + identity).json['state'] == 'held'


@pytest.mark.parametrize('name', ['retry', 'cancel', 'release'])
def test_verbs_are_for_operators_in_their_scope(intake, queued, name):
    _, identity = queued
    assert verb(intake, identity, name, caller='submitter').status == 403
    assert verb(intake, identity, name, caller='auditor').status == 403
    assert verb(intake, identity, name, caller='stranger').status == 404
    assert verb(intake, identity, name, caller=None).status == 401
    assert verb(intake, '01890000-0000-7000-8000-000000000000', name).status == 404
    assert intake.ask('GET', '/v1/imports/' + identity).json['state'] == 'queued'
