# SPDX-License-Identifier: LGPL-2.1-or-later
"""Posting builds over HTTP: in one request, in steps, by reference; twice; in conflict; refused."""
import hashlib
import json
import os
import subprocess
import threading

import pytest

from intake_process import Build, form
from patience import PATIENCE_S, wait_until


# --- in one request --------------------------------------------------------------------------------------------------
def test_curl_posts_a_build_in_one_line(intake, tmp_path):
    build = Build('curl')
    (tmp_path / 'metadata.json').write_bytes(build.metadata)
    for path, data in build.files.items():
        (tmp_path / path).write_bytes(data)
    done = subprocess.run(['curl', '-sS', '-H', 'Authorization: Bearer ' + intake.tokens['submitter'],
                           '-F', 'metadata=@metadata.json', '-F', 'file=@image.tar.gz', '-F', 'file=@build.log',
                           '-w', '\n%{http_code}', intake.url + '/v1/imports'],
                          cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE_S)
    body, status = done.stdout.rsplit('\n', 1)
    assert status == '202'
    told = json.loads(body)
    assert (told['state'], told['nvr'], told['missing'], told['deduplicated']) == ('queued', build.nvr, [], False)
    assert intake.ask('GET', '/v1/imports/%s/metadata' % told['id']).body == build.metadata


def test_post_answers_where_the_import_is(intake):
    answer = intake.post_form(Build('location').parts())
    assert answer.status == 202
    assert answer.headers['Location'] == answer.json['href'] == '%s/v1/imports/%s' % (intake.url, answer.json['id'])


def test_what_was_answered_with_202_is_in_the_content_store(intake):
    build = Build('durable')
    told = intake.post_form(build.parts()).json
    for output in told['outputs']:
        stored = intake.spool / 'contents' / output['sha256'][:2] / output['sha256'][2:]
        assert stored.read_bytes() == build.files[output['path']]


def test_options_go_with_the_form_and_with_the_query(intake):
    build = Build('options')
    parts = [('tag', None, b'f40-candidate'), ('reserve', None, b'true'), *build.parts()]
    assert intake.post_form(parts).json['options'] == {'reserve': True, 'draft': False, 'tag': 'f40-candidate'}
    build = Build('options2')
    told = intake.post(build.metadata, '?draft=true&tag=a%20b').json
    assert told['options'] == {'reserve': False, 'draft': True, 'tag': 'a b'}


def test_a_file_that_went_before_its_metadata_came_is_not_taken_for_there(intake):
    """A form may take hours; what it brought so far is known to nobody but it."""
    build = Build('early_and_gone')
    parts = build.parts()
    kind, body = form(parts[1:] + parts[:1])
    end = body.index(b'name="metadata"')
    connection = intake.open()
    connection.putrequest('POST', '/v1/imports')
    for name, value in (('Authorization', 'Bearer ' + intake.tokens['submitter']), ('Content-Type', kind),
                        ('Content-Length', str(len(body)))):
        connection.putheader(name, value)
    connection.endheaders(body[:end])
    digests = [hashlib.sha256(data).hexdigest() for data in build.files.values()]
    stored = [intake.spool / 'contents' / digest[:2] / digest[2:] for digest in digests]
    wait_until(lambda: all(path.exists() for path in stored))
    stored[0].unlink()
    connection.send(body[end:])
    answer = connection.getresponse()
    assert (answer.status, answer.headers['Retry-After'] is not None) == (503, True)
    connection.close()
    assert intake.sql("SELECT count(*) FROM imports WHERE nvr = '%s'" % build.nvr) == '0'
    assert intake.post_form(parts[1:] + parts[:1]).json['state'] == 'queued'


def test_files_may_come_before_the_metadata(intake):
    parts = Build('early').parts()
    answer = intake.post_form(parts[1:] + [('hub', None, b'sandbox')] + parts[:1])
    assert (answer.status, answer.json['state']) == (202, 'queued')


def test_a_file_is_known_by_its_path_or_its_name_where_that_is_unique(intake):
    files = {'x86_64/root.log': b'one', 'aarch64/root.log': b'two', 'logs/build.log': b'three'}
    build = Build('paths', files)
    parts = build.parts()
    named = [('file', 'build.log', b'three') if name == 'file' and path == 'logs/build.log' else (name, path, data)
             for name, path, data in parts]
    assert intake.post_form(named).json['state'] == 'queued'
    build = Build('paths2', files)
    answer = intake.post_form([build.parts()[0], ('file', 'root.log', b'one')])
    assert answer.status == 422
    assert answer.json['detail'] == 'file root.log may be any of 2 outputs'


@pytest.mark.parametrize('parts, status, detail', [
    ([('file', 'image.tar.gz', b'x')], 400, 'the form has no part called metadata'),
    ([('metadata', None, b'{}'), ('metadata', None, b'{}')], 400, 'the form has metadata twice'),
    ([('metdata', None, b'{}')], 400, 'the form has a field metdata, which is none of ours'),
    ([('file', None, b'x')], 400, 'a part called file has no filename'),
    ([('reserve', None, b'yes')], 400, 'reserve is "yes", expected true or false'),
    ([('tag', None, b'')], 400, 'tag has 0 bytes, expected 1 to 256'),
    ([('tag', None, b'x' * 5000)], 413, 'option tag is over 4096 bytes'),
    ([('tag', None, b'a\0b')], 400, 'tag has a NUL'),
])
def test_forms_that_make_no_sense(intake, parts, status, detail):
    answer = intake.post_form(parts)
    assert (answer.status, answer.json['detail']) == (status, detail)
    assert answer.headers['Content-Type'] == 'application/problem+json'


def test_an_option_behind_a_file_is_refused_since_it_would_be_too_late(intake):
    answer = intake.post_form(Build('late').parts() + [('hub', None, b'sandbox')])
    assert (answer.status, answer.json['detail']) == (400, 'option hub comes behind a file')


def test_a_form_that_breaks_off_is_refused(intake):
    kind, body = form(Build('cut').parts())
    answer = intake.ask('POST', '/v1/imports', body[:-10], {'Content-Type': kind})
    assert (answer.status, answer.json['code']) == (400, 'CG_E_SYNTAX')


def test_a_file_that_is_no_output_is_refused_before_the_rest_is_read(intake):
    parts = Build('stranger').parts()
    answer = intake.post_form([parts[0], ('file', 'other.tar.gz', b'x')] + parts[1:])
    assert (answer.status, answer.json['detail']) == (422, 'file other.tar.gz is no output of the metadata')
    assert intake.sql("SELECT count(*) FROM imports WHERE nvr = 'demo-1.0-stranger'") == '0'


@pytest.mark.parametrize('data, pointer', [(b'short', '/output/0/filesize'), (None, '/output/0/checksum')])
def test_a_file_that_differs_from_the_metadata_is_refused_with_the_place(intake, data, pointer):
    build = Build('differs')
    other = data or build.files['image.tar.gz'][:-1] + b'!'
    answer = intake.post_form([build.parts()[0], ('file', 'image.tar.gz', other)])
    assert (answer.status, answer.json['code'], answer.json['pointer']) == (422, 'CG_E_MISMATCH', pointer)
    assert intake.sql("SELECT count(*) FROM imports WHERE nvr = '%s'" % build.nvr) == '0'


def test_a_file_larger_than_its_output_is_refused(intake):
    build = Build('large')
    answer = intake.post_form([build.parts()[0], ('file', 'image.tar.gz', b'x' * 5000)])
    assert (answer.status, answer.json['code']) == (413, 'CG_E_LIMIT')


def test_the_same_file_twice_is_refused(intake):
    parts = Build('twice').parts()
    answer = intake.post_form(parts + parts[-1:])
    assert (answer.status, answer.json['detail']) == (400, 'output build.log was sent twice')


# --- in steps --------------------------------------------------------------------------------------------------------
def test_metadata_alone_is_answered_with_what_is_missing(intake):
    build = Build('steps')
    told = intake.post(build.metadata).json
    assert told['state'] == 'receiving'
    assert [output['path'] for output in told['missing']] == list(build.files)
    for output in told['missing']:
        assert output['href'] == '%s/outputs/%d' % (told['href'], output['position'])
        done = intake.ask('PUT', output['href'][len(intake.url):], build.files[output['path']])
        assert done.status == 200
    assert done.json['state'] == 'queued'


def test_content_that_was_posted_before_is_not_asked_for_again(intake):
    files = {'image.tar.gz': b'shared image', 'build.log': b'log of first'}
    assert intake.post_form(Build('first', files).parts()).status == 202
    told = intake.post(Build('second', dict(files, **{'build.log': b'log of second'})).metadata).json
    assert [output['path'] for output in told['missing']] == ['build.log']


def test_content_of_others_is_not_told_by_asking_for_it(intake):
    files = {'image.tar.gz': b'a secret image', 'build.log': b'log'}
    assert intake.post_form(Build('secret', files, generator='other').parts(), caller='stranger').status == 202
    told = intake.post(Build('guess', files).metadata, caller='narrow').json
    assert [output['path'] for output in told['missing']] == ['image.tar.gz', 'build.log']


# --- the same again --------------------------------------------------------------------------------------------------
def test_the_same_again_is_the_same_import(intake):
    build = Build('again')
    first, second = intake.post_form(build.parts()), intake.post(build.metadata)
    assert (first.status, second.status) == (202, 200)
    assert first.json['id'] == second.json['id']
    assert (first.json['deduplicated'], second.json['deduplicated']) == (False, True)


@pytest.mark.parametrize('state', ['canceled', 'rejected'])
def test_what_came_to_nothing_stays_so_and_says_where_to_retry(intake, state):
    build = Build('again.' + state)
    first = intake.post(build.metadata).json
    assert first['retry'] is None
    path = '/v1/imports/%s' % first['id']
    intake.ask('POST', path + '/cancel', caller='operator')
    if state == 'rejected':
        intake.sql("UPDATE imports SET state = 'rejected' WHERE id = '%s'" % first['id'])
    again = intake.post(build.metadata)
    assert (again.status, again.json['id'], again.json['state']) == (200, first['id'], state)
    assert (again.json['deduplicated'], again.json['retry']) == (True, intake.url + path + '/retry')
    # Who posts does not decide about it.
    assert intake.ask('POST', path + '/retry').status == 403
    assert intake.ask('POST', path + '/retry', caller='operator').json['retry'] is None
    assert intake.post(build.metadata).json['state'] == 'receiving'


def test_what_was_replaced_is_not_retried(intake):
    build, other = Build('replaced'), Build('replaced')
    other.document['build']['end_time'] += 1
    first = intake.post(build.metadata).json
    intake.ask('POST', '/v1/imports/%s/cancel' % first['id'], caller='operator')
    second = intake.post(other.metadata).json
    again = intake.post(build.metadata).json
    assert (again['state'], again['replaced_by'], again['retry']) == ('canceled', second['id'], None)


def test_the_same_again_with_the_files_completes_it(intake):
    build = Build('completes')
    first, second = intake.post(build.metadata), intake.post_form(build.parts())
    assert first.json['id'] == second.json['id']
    assert (first.json['state'], second.json['state']) == ('receiving', 'queued')


def test_posts_at_the_same_instant_are_one_import(intake):
    build, answers = Build('instant'), []
    threads = [threading.Thread(target=lambda: answers.append(intake.post_form(build.parts()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] * 7 + [202]
    assert len({answer.json['id'] for answer in answers}) == 1


def test_idempotency_key_gives_the_same_answer_and_refuses_another_request(intake):
    build = Build('key')
    first = intake.post(build.metadata, Idempotency_Key='"build-17"')
    second = intake.post(build.metadata, Idempotency_Key='build-17')
    assert (first.status, second.status) == (202, 200)
    assert first.json['id'] == second.json['id']
    other = intake.post(Build('key2').metadata, Idempotency_Key='build-17')
    assert (other.status, other.json['detail']) == (409, 'the idempotency key was used for another request')
    assert 'import' not in other.json
    # Keys are a caller's own.
    assert intake.post(Build('key3').metadata, caller='narrow', Idempotency_Key='build-17').status == 202


@pytest.mark.parametrize('key', ['', '""', 'x' * 256, 'a b', 'a"b'])
def test_idempotency_keys_that_are_none(intake, key):
    assert intake.post(Build('nokey').metadata, Idempotency_Key=key).status == 400


# --- conflicts -------------------------------------------------------------------------------------------------------
def test_other_metadata_of_a_live_nvr_is_a_conflict_that_says_what_differs(intake):
    build = Build('conflict')
    first = intake.post(build.metadata).json
    build.document['build']['end_time'] += 60
    build.document['build']['extra']['note'] = 'again'
    answer = intake.post(build.metadata)
    assert answer.status == 409
    told = answer.json
    assert told['import']['id'] == first['id'] and told['import']['href'] == first['href']
    assert told['differences'] == [{'pointer': '/build/end_time', 'posted': 1760000660, 'there': 1760000600},
                                   {'pointer': '/build/extra/note', 'posted': 'again'}]


def test_a_conflict_with_what_the_caller_may_not_see_tells_nothing_of_it(intake):
    assert intake.post(Build('hidden', generator='other').metadata, caller='stranger').status == 202
    answer = intake.post(Build('hidden').metadata, caller='narrow')
    assert (answer.status, answer.json['detail']) == (409, 'demo-1.0-hidden has an import with other metadata')
    assert 'import' not in answer.json and 'differences' not in answer.json


# --- refused ---------------------------------------------------------------------------------------------------------
def test_a_document_with_faults_is_answered_with_all_of_them(intake):
    build = Build('1-1')
    del build.document['build']['source']
    answer = intake.post(build.metadata)
    assert (answer.status, answer.json['code'], answer.json['type']) == (422, 'CG_E_REFUSED', '/problems/refused')
    report = answer.json['report']
    assert report['verdict'] == 'refused' and report['errors'] == 2
    assert {finding['rule'] for finding in report['findings']} >= {'schema.required', 'nvr.release'}


@pytest.mark.parametrize('body', [b'', b'{', b'\xff\xfe{}', b'[1,]'])
def test_what_is_no_json_is_400_with_the_place(intake, body):
    answer = intake.post(body)
    assert (answer.status, answer.json['code']) == (400, 'CG_E_SYNTAX')
    assert answer.json['report']['findings'][0]['rule'] == 'json.syntax'


def test_duplicate_keys_are_refused(intake):
    answer = intake.post(Build('dup').metadata.replace(b'"metadata_version": 0', b'"metadata_version": 0,'
                                                       b'"metadata_version": 0'))
    assert answer.json['report']['findings'][0]['rule'] == 'json.duplicate-name'


def test_the_body_needs_a_type_of_ours(intake):
    assert intake.ask('POST', '/v1/imports', b'{}', {'Content-Type': 'text/plain'}).status == 415
    assert intake.ask('POST', '/v1/imports', b'{}', {'Content-Type': 'multipart/form-data'}).status == 400


def test_an_unknown_hub_is_refused(intake):
    answer = intake.post(Build('hub').metadata, '?hub=nowhere')
    assert (answer.status, answer.json['detail']) == (400, 'there is no hub "nowhere"')


def test_generators_and_packages_out_of_scope_are_refused_before_anything_else_is_told(intake):
    for build in (Build('scope', generator='other'), Build('scope', name='kernel')):
        assert intake.post(build.metadata).status == 202  # a live one, which the refusal does not tell
        build.document['build']['end_time'] += 1
        answer = intake.post(build.metadata, caller='narrow')
        assert (answer.status, answer.json['code']) == (403, 'CG_E_AUTH')
        assert 'import' not in answer.json


def test_auditors_do_not_post_and_nobody_posts_without_a_token(intake):
    assert intake.post(Build('auditor').metadata, caller='auditor').status == 403
    assert intake.post(Build('nobody').metadata, caller=None).status == 401


# --- limits ----------------------------------------------------------------------------------------------------------
def test_limits_and_room(intake_starter):
    small = intake_starter(metadata_max=1600, output_max=200)
    build = Build('fits', {'build.log': b'x' * 200})
    assert small.post(build.metadata).status == 202
    build = Build('over', {'build.log': b'x' * 201})
    assert small.post(build.metadata).status == 413
    build.document['build']['extra']['long'] = 'x' * 1600
    assert small.post(build.metadata).status == 413


def sending(server, metadata, size):
    """A post of which the first `size` bytes of its metadata were sent."""
    connection = server.open()
    connection.putrequest('POST', '/v1/imports')
    for name, value in {'Authorization': 'Bearer ' + server.tokens['submitter'], 'Content-Type': 'application/json',
                        'Content-Length': str(len(metadata))}.items():
        connection.putheader(name, value)
    connection.endheaders(metadata[:size])
    return connection


@pytest.mark.parametrize('kind', ['json', 'form'])
def test_metadata_in_hand_has_a_bound_in_all(intake_starter, kind):
    small = intake_starter(metadata_max=20000, rate_seconds=3600)
    long = Build('long')
    long.document['build']['extra']['long'] = 'x' * (19900 - len(long.metadata))
    third = Build('third', {})

    def post():
        return small.post(third.metadata) if kind == 'json' else small.post_form(third.parts())
    senders = [sending(small, long.metadata, 19800) for _ in range(2)]
    wait_until(lambda: 'cg_import_http_metadata_bytes 39600\n' in small.ask('GET', '/metrics', caller=None).body.decode())
    answer = post()
    assert answer.status == 503
    assert int(answer.headers['Retry-After']) > 0
    # Who is in the middle of it goes on, and makes room.
    senders[0].send(long.metadata[19800:])
    assert senders[0].getresponse().status == 202
    assert post().status in (200, 202)
    for sender in senders:
        sender.close()


def test_a_caller_has_so_many_unfinished_imports_and_no_more(intake_starter):
    small = intake_starter(imports_max=2)
    first = small.post(Build('q1').metadata).json
    assert small.post(Build('q2').metadata).status == 202
    answer = small.post(Build('q3').metadata)
    assert answer.status == 429 and int(answer.headers['Retry-After']) > 0
    assert small.post(Build('q3').metadata, caller='narrow').status == 202
    assert small.ask('POST', '/v1/imports/%s/cancel' % first['id'], caller='operator').status == 202
    assert small.post(Build('q4').metadata).status == 202


def test_without_room_above_the_reserve_posts_are_answered_with_507(intake_starter):
    free = os.statvfs('/tmp')
    full = intake_starter(reserve_bytes=free.f_blocks * free.f_frsize * 2)
    answer = full.post(Build('full').metadata)
    assert answer.status == 507
    # Where the files lie, and how full it is there, is the operator's business.
    assert str(full.spool) not in answer.body.decode() and 'reserve' not in answer.body.decode()
    assert int(answer.headers['Retry-After']) > 0
    assert full.sql('SELECT count(*) FROM imports') == '0'


# --- by reference ----------------------------------------------------------------------------------------------------
def test_outputs_by_reference(intake):
    build = Build('reference')
    (intake.root / 'demo').mkdir()
    for path, data in build.files.items():
        (intake.root / 'demo' / path).write_bytes(data)
    told = intake.post(build.metadata, '?reference=builds:demo')
    assert (told.status, told.json['state']) == (202, 'queued')


@pytest.mark.parametrize('reference, status', [
    ('builds', 400), ('elsewhere:demo', 400), ('builds:../demo', 400), ('builds:/etc', 400), ('builds:absent', 422)])
def test_references_that_lead_nowhere(intake, reference, status):
    answer = intake.post(Build('astray', {'only.log': b'nowhere else'}).metadata, '?reference=' + reference)
    assert answer.status == status, answer.json


def test_a_reference_never_follows_a_link_out_of_its_root(intake, tmp_path):
    (tmp_path / 'only.log').write_bytes(b'outside')
    (intake.root / 'linked').symlink_to(tmp_path)
    answer = intake.post(Build('link', {'only.log': b'outside'}).metadata, '?reference=builds:linked')
    assert answer.status in (400, 422)
    assert intake.sql("SELECT count(*) FROM imports WHERE nvr = 'demo-1.0-link'") == '0'
