# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real koji client against the sandbox hub: if that client is happy, it is a hub."""
import ast
import json
import os

NVR = 'test-container-1.0-1'


def ok(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_hello_by_certificate(sandbox_hub, koji):
    said = ok(koji(sandbox_hub, 'hello'))
    assert ', osbs!' in said
    assert 'Authenticated via client certificate' in said


def test_hello_by_certificate_with_tls_1_2(start_hub, koji):
    assert ', osbs!' in ok(koji(start_hub('--tls', '1.2'), 'hello'))


def test_hello_by_password(sandbox_hub, koji):
    said = ok(koji(sandbox_hub, '--user', 'osbs', '--password', 'osbs-password', 'hello', profile='sandbox-password'))
    assert ', osbs!' in said
    assert 'Authenticated via password' in said


def test_wrong_password_is_refused(sandbox_hub, koji):
    done = koji(sandbox_hub, '--user', 'osbs', '--password', 'wrong', 'hello', profile='sandbox-password')
    assert done.returncode != 0
    assert 'invalid username or password' in done.stderr


def test_import_shows_in_list_and_info_and_can_be_tagged(any_hub, koji, make_build):
    build = make_build(manifests=True)
    ok(koji(any_hub, 'import-cg', '--noprogress', build / 'metadata.json', build))
    assert NVR in ok(koji(any_hub, 'list-builds', '--package', 'test-container'))
    info = ok(koji(any_hub, 'buildinfo', NVR))
    assert 'State: COMPLETE' in info
    assert '/images/docker-image-sha256:' in info
    assert '/files/operator-manifests/operator_manifests.zip' in info
    assert 'Created task' in ok(koji(any_hub, 'tag-build', '--wait', 'test-candidate', NVR))
    assert NVR in ok(koji(any_hub, 'list-tagged', 'test-candidate'))


def test_import_stores_files_as_koji_does(sandbox_hub, koji, make_build):
    build = make_build()
    ok(koji(sandbox_hub, 'import-cg', '--noprogress', build / 'metadata.json', build))
    stored = sandbox_hub.build_path(NVR)
    metadata = json.loads((build / 'metadata.json').read_text())
    for output in metadata['output']:
        place = 'data/logs' if output['type'] == 'log' else 'images'
        assert (stored / place / output['filename']).read_bytes() == (build / output['filename']).read_bytes()
    assert json.loads((stored / 'metadata.json').read_text()) == metadata
    upload = next(sandbox_hub.path('work', 'cli-import').iterdir())
    assert os.path.islink(upload / metadata['output'][0]['filename'])


def test_reserved_import(any_hub, koji, make_build):
    data = {'name': 'test-container', 'version': '1.0', 'release': '1'}
    answer = ok(koji(any_hub, 'call', '--python', 'CGInitBuild', '"atomic-reactor"', repr(data)))
    reserved = ast.literal_eval(answer)
    build = make_build()
    ok(koji(any_hub, 'import-cg', '--noprogress', '--build-id', reserved['build_id'], '--token', reserved['token'],
            build / 'metadata.json', build))
    assert any_hub.call('getBuild', NVR)['id'] == reserved['build_id']


def test_second_import_is_refused(sandbox_hub, koji, make_build):
    build = make_build()
    ok(koji(sandbox_hub, 'import-cg', '--noprogress', build / 'metadata.json', build))
    done = koji(sandbox_hub, 'import-cg', '--noprogress', build / 'metadata.json', build)
    assert done.returncode != 0
    assert 'Build already exists: test-container-1.0-1 (id=1)' in done.stderr


def test_user_without_access_is_refused(sandbox_hub, koji, make_build):
    build = make_build()
    done = koji(sandbox_hub, 'import-cg', '--noprogress', build / 'metadata.json', build, user='intruder')
    assert done.returncode != 0
    assert 'Content generator access required (atomic-reactor)' in done.stderr


def test_admin_adds_a_package_to_a_tag(sandbox_hub, koji):
    ok(koji(sandbox_hub, 'call', 'packageListAdd', 'test-candidate', 'other-container', 'osbs', user='kojiadmin'))
    assert sandbox_hub.call('checkTagPackage', 'test-candidate', 'other-container') is True
