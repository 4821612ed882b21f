# SPDX-License-Identifier: LGPL-2.1-or-later
"""The metadata.json that the hub stored, read by HTTP where its volume is not mounted: byte for byte, or not compared."""
import json

import pytest

from file_server import FileServer


@pytest.fixture
def file_server(sandbox_hub):
    with FileServer(sandbox_hub) as server:
        yield server


@pytest.fixture
def run(sandbox_hub, cg_import, tmp_path):
    """An import by a profile whose volume is not mounted here and whose files are at `topurl`."""
    def go(directory, topurl, *options):
        config = tmp_path / 'unmounted.conf'
        with open(sandbox_hub.profiles['osbs'], encoding='utf-8') as given:
            lines = [line for line in given if not line.startswith(('topurl', 'topdir'))]
        at = next(number for number, line in enumerate(lines) if line.strip() == '[sandbox]')
        lines.insert(at + 1, 'topurl = %s\ntopdir = %s\n' % (topurl, tmp_path / 'not-mounted'))
        config.write_text(''.join(lines))
        arguments = ['import', '--config', str(config), '--profile', 'sandbox', '--json', *options,
                     directory / 'metadata.json', directory]
        done = cg_import(None, *arguments, cwd=str(tmp_path))
        return done, json.loads(done.stdout)
    return go


@pytest.mark.parametrize('options', [(), ('--reserve',)], ids=['unreserved', 'reserved'])
def test_compared_after_the_import_and_before_the_next(sandbox_hub, file_server, run, make_build, options):
    directory = make_build(release='1~a+b')
    done, result = run(directory, file_server.url + '//', *options)
    assert (done.returncode, result['outcome'], result['metadata_verified']) == (0, 'imported', True), done.stderr
    path, headers = file_server.asked[0]
    assert path == '/packages/test-container/1.0/1~a%2Bb/metadata.json'
    assert not any('koji' in name.lower() or name == 'Authorization' for name in headers)
    done, result = run(directory, file_server.url)
    assert (done.returncode, result['outcome'], result['metadata_verified']) == (0, 'already', True), done.stderr
    assert len(file_server.asked) == 2


def changed(body):
    return body.replace(b'1760000300', b'1760000301')


@pytest.mark.parametrize('change', [changed, lambda body: body + b'\n', lambda body: body[:-1],
                                    lambda body: body * 40], ids=['changed', 'longer', 'shorter', 'much longer'])
def test_other_bytes_are_a_mismatch_after_the_import_and_a_conflict_before(file_server, run, make_build, change):
    directory = make_build()
    file_server.answer = (200, 'application/json', change)
    done, result = run(directory, file_server.url)
    assert (done.returncode, result['error']['name'], result['metadata_verified']) == (1, 'CG_E_MISMATCH', False)
    assert result['error']['message'].endswith('but its metadata.json is not this one'), result['error']
    done, result = run(directory, file_server.url)
    assert (done.returncode, result['error']['name'], result['sent_bytes']) == (4, 'CG_E_CONFLICT', 0)
    assert result['error']['message'].endswith('it is different: its metadata.json is not this one')


def test_a_build_reserved_by_someone_else_is_not_what_an_unreserved_import_leaves(file_server, run, make_build):
    """An import that was not reserved must find its metadata as it was posted, without a build_id put in."""
    directory = make_build()
    file_server.answer = (200, 'application/json',
                                  lambda body: body.replace(b'"build": {', b'"build": {"build_id": 1, '))
    done, result = run(directory, file_server.url)
    assert (done.returncode, result['error']['name']) == (1, 'CG_E_MISMATCH'), done.stdout


@pytest.mark.parametrize('answer,reason', [((404, 'text/plain'), 'HTTP status 404 for http://127.0.0.1:'),
                                           ((503, 'application/json'), 'HTTP status 503 for http://127.0.0.1:'),
                                           ((200, 'text/html; charset=utf-8'), 'a web page is at http://127.0.0.1:')])
def test_what_cannot_be_read_is_not_compared(file_server, run, make_build, answer, reason):
    directory = make_build()
    file_server.answer = answer + (lambda body: b'no such thing',)
    for outcome in ('imported', 'already'):
        done, result = run(directory, file_server.url, '--verbose')
        assert (done.returncode, result['outcome'], result['metadata_verified']) == (0, outcome, False), done.stderr


def test_a_file_server_that_is_away_is_said_in_verbose(sandbox_hub, cg_import, run, make_build, tmp_path):
    directory = make_build()
    done, result = run(directory, 'http://127.0.0.1:1')
    assert (done.returncode, result['outcome'], result['metadata_verified']) == (0, 'imported', False)
    done = cg_import(None, 'import', '--config', str(tmp_path / 'unmounted.conf'), '--profile', 'sandbox', '--verbose',
                     directory / 'metadata.json', directory)
    assert done.returncode == 0
    assert 'metadata.json on the hub: not compared: cannot reach' in done.stderr
