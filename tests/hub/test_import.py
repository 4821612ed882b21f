# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job against a real hub: what we say happened is what the hub itself tells another client."""
import hashlib
import json
import os
import signal
import subprocess
import time
import urllib.request
import uuid

import pytest

from faulty_proxy import FaultyProxy
import make_build


def fresh(tmp_path, name='hubtest-container', **options):
    """A build that no hub has: its release is new."""
    directory = tmp_path / uuid.uuid4().hex
    options.setdefault('size', 200000)
    metadata = make_build.make(str(directory), name=name, version='1.0',
                               release='%d.%s' % (time.time(), uuid.uuid4().hex[:8]), **options)
    build = metadata['build']
    return directory, metadata, '%(name)s-%(version)s-%(release)s' % build


def importing(hub):
    """The method that the importer imports with: that of the hub module where the hub has it, prepared for keys."""
    if 'cgimport.importBuild' in hub.call('system.listMethods') and 'answer' in hub.call('cgimport.hello')['tables']:
        return 'cgimport.importBuild'
    return 'CGImport'


def run(cg_import, hub, directory, *options, profile=None):
    arguments = ['--profile', profile or hub.profile] + (['--config', hub.config] if hub.config else [])
    done = cg_import('import', '--json', *arguments, *options, str(directory / 'metadata.json'), str(directory))
    return done, json.loads(done.stdout)


def assert_whole(hub, nvr, metadata, directory):
    """The hub has the build with every file, byte for byte, metadata.json included."""
    build = hub.call('getBuild', nvr)
    assert build and build['state'] == 1, build
    archives = {a['filename']: a for a in hub.call('listArchives', build['id'])}
    logs = {log['name'] for log in hub.call('getBuildLogs', build['id'])}
    for output in metadata['output']:
        if output['type'] == 'log':
            assert output['filename'] in logs
        else:
            assert archives[output['filename']]['checksum'] == output['checksum']
            assert archives[output['filename']]['size'] == output['filesize']
    base = '%s/packages/%s/%s/%s' % (hub.settings['topurl'], build['name'], build['version'], build['release'])
    stored = urllib.request.urlopen(base + '/metadata.json').read()
    return build, stored


@pytest.mark.parametrize('options', [(), ('--reserve',)], ids=['unreserved', 'reserved'])
def test_import(hub, cg_import, tmp_path, options):
    directory, metadata, nvr = fresh(tmp_path, arches=('x86_64', 'aarch64'))
    done, result = run(cg_import, hub, directory, *options)
    assert done.returncode == 0, done.stderr
    build, stored = assert_whole(hub, nvr, metadata, directory)
    assert (result['build_id'], result['nvr'], result['outcome']) == (build['id'], nvr, 'imported')
    assert result['metadata_verified'] is True
    posted = (directory / 'metadata.json').read_bytes()
    if not options:
        assert stored == posted
    else:
        assert hashlib.sha256(stored).hexdigest() == result['uploaded_sha256']
        assert json.loads(stored)['build'].pop('build_id') == build['id']
        reserved = json.loads(stored)
        del reserved['build']['build_id']
        assert reserved == json.loads(posted)


@pytest.mark.parametrize('options', [(), ('--reserve',)], ids=['unreserved', 'reserved'])
def test_the_stored_metadata_is_compared_over_http_where_the_volume_is_not_mounted(hub, cg_import, tmp_path, options):
    directory, metadata, nvr = fresh(tmp_path)
    config = tmp_path / 'unmounted.conf'
    settings = dict(hub.settings, topdir=str(tmp_path / 'not-mounted'))
    config.write_text('[%s]\n' % hub.profile + ''.join('%s = %s\n' % item for item in settings.items()))
    for outcome in ('imported', 'already'):
        done = cg_import('import', '--json', '--profile', hub.profile, '--config', str(config), *options,
                         str(directory / 'metadata.json'), str(directory))
        result = json.loads(done.stdout)
        assert (done.returncode, result['outcome'], result['metadata_verified']) == (0, outcome, True), done.stderr


def test_a_reservation_made_by_another_client(hub, cg_import, koji_python, tmp_path):
    directory, metadata, nvr = fresh(tmp_path)
    script = ('import sys, json, koji\nsys.path.insert(0, %r)\nimport raw_import\ns = raw_import.login(%r, %r)\n'
              'print(json.dumps(s.CGInitBuild("atomic-reactor", {k: json.loads(sys.argv[1])[k]'
              ' for k in ("name", "version", "release")})))' % (os.path.dirname(__file__), hub.profile, hub.config))
    reserved = json.loads(subprocess.run([koji_python, '-c', script, json.dumps(metadata['build'])],
                                         stdout=subprocess.PIPE, text=True, check=True).stdout)
    refused, result = run(cg_import, hub, directory)
    assert refused.returncode == 4 and result['error']['name'] == 'CG_E_RESERVED'
    done, result = run(cg_import, hub, directory, '--build-id', str(reserved['build_id']), '--token', reserved['token'])
    assert done.returncode == 0, done.stderr
    assert assert_whole(hub, nvr, metadata, directory)[0]['id'] == reserved['build_id']
    assert reserved['token'] not in done.stdout + done.stderr


def test_the_same_build_again_is_done_and_another_is_a_conflict(hub, cg_import, tmp_path):
    directory, metadata, nvr = fresh(tmp_path)
    assert run(cg_import, hub, directory)[0].returncode == 0
    done, result = run(cg_import, hub, directory)
    assert (done.returncode, result['outcome'], result['sent_bytes']) == (0, 'already', 0)
    other, _, _ = fresh(tmp_path, seed=99)
    document = json.loads((other / 'metadata.json').read_text())
    document['build']['release'] = metadata['build']['release']
    (other / 'metadata.json').write_text(json.dumps(document))
    done, result = run(cg_import, hub, other)
    assert (done.returncode, result['error']['name']) == (4, 'CG_E_CONFLICT')


def test_tag(hub, cg_import, tmp_path):
    directory, metadata, nvr = fresh(tmp_path)
    done, result = run(cg_import, hub, directory, '--tag', hub.tag)
    assert done.returncode in (0, 1), done.stderr
    tags = [tag['name'] for tag in hub.call('listTags', nvr)]
    if done.returncode == 0:
        assert hub.tag in tags
    else:
        assert result['error']['name'] == 'CG_E_TAG' and hub.call('getBuild', nvr)['state'] == 1


def test_an_image_is_never_imported_as_a_normal_build_when_a_draft_was_asked(hub, cg_import, tmp_path):
    directory, metadata, nvr = fresh(tmp_path)
    done, result = run(cg_import, hub, directory, '--draft')
    assert done.returncode == 1, done.stdout
    build = hub.call('getBuild', nvr)
    assert build is None or build['state'] != 1


def test_a_user_without_access_is_told_so(hub, cg_import, tmp_path):
    config = os.environ.get('CG_HUB_OTHER') or pytest.skip('CG_HUB_OTHER is not set: no user without access')
    directory, _, nvr = fresh(tmp_path)
    done = cg_import('import', '--json', '--profile', hub.profile, '--config', config,
                     str(directory / 'metadata.json'), str(directory))
    error = json.loads(done.stdout)['error']
    assert (done.returncode, error['name']) == (1, 'CG_E_AUTH')
    assert 'atomic-reactor' in error['message'] and 'grant-cg-access' in error['hint']
    assert hub.call('getBuild', nvr) is None


def test_gssapi(hub, cg_import, tmp_path):
    profile = os.environ.get('CG_HUB_KRB') or pytest.skip('CG_HUB_KRB is not set: no profile with GSSAPI')
    directory, metadata, nvr = fresh(tmp_path)
    done, _ = run(cg_import, hub, directory, '--reserve', profile=profile)
    assert done.returncode == 0, done.stderr
    assert_whole(hub, nvr, metadata, directory)


def proxied(hub, proxy, tmp_path, **settings):
    """Options for a profile that reaches the hub through the proxy; a password comes from a file, as it must."""
    config = tmp_path / 'proxied.conf'
    given = dict(hub.settings, retry_interval='1', server='http://127.0.0.1:%d/kojihub' % proxy.port, **settings)
    password = given.pop('password', None)
    config.write_text('[proxied]\n' + ''.join('%s = %s\n' % item for item in given.items()))
    options = ['--profile', 'proxied', '--config', str(config)]
    if password:
        secret = tmp_path / 'password'
        secret.write_text(password)
        secret.chmod(0o600)
        options += ['--user', given['user'], '--password-file', str(secret)]
    return options


@pytest.mark.parametrize('options', [(), ('--reserve',)], ids=['unreserved', 'reserved'])
def test_twenty_lost_replies_end_in_twenty_builds(http_hub, cg_import, tmp_path, options):
    host, port = http_hub.settings['server'].split('//')[1].split('/')[0].split(':')
    with FaultyProxy(host, int(port)) as proxy:
        login = proxied(http_hub, proxy, tmp_path)
        for number in range(20):
            directory, metadata, nvr = fresh(tmp_path, seed=number)
            proxy.lose_replies(importing(http_hub), 1 + number % 3)
            done = cg_import('import', '--json', *login, *options, str(directory / 'metadata.json'), str(directory))
            assert done.returncode == 0, done.stderr
            assert_whole(http_hub, nvr, metadata, directory)
        assert proxy.lost >= 20


def start(cg_import_path, hub, directory, state, *options):
    return subprocess.Popen([cg_import_path, 'import', '--json', '--state-dir', str(state), *hub.options(), *options,
                             str(directory / 'metadata.json'), str(directory)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize('options', [(), ('--reserve',)], ids=['unreserved', 'reserved'])
@pytest.mark.parametrize('shared', [True, False], ids=['one-machine', 'two-machines'])
def test_two_imports_of_one_build_end_in_one_good_build(hub, cg_import, tmp_path, options, shared):
    for number in range(10):
        directory, metadata, nvr = fresh(tmp_path, seed=number)
        both = [start(cg_import.path, hub, directory, tmp_path / ('state' if shared else 'state%d' % i), *options)
                for i in range(2)]
        ends = [(process.communicate(), process.returncode) for process in both]
        assert [code for _, code in ends] == [0, 0], ends
        outcomes = [json.loads(out)['outcome'] for (out, _), _ in ends]
        assert 'imported' in outcomes and set(outcomes) <= {'imported', 'already'}, ends
        assert not shared or sorted(outcomes) == ['already', 'imported'], ends
        assert len({json.loads(out)['build_id'] for (out, _), _ in ends}) == 1
        assert_whole(hub, nvr, metadata, directory)


def test_a_killed_upload_is_taken_up_again(http_hub, cg_import, tmp_path):
    host, port = http_hub.settings['server'].split('//')[1].split('/')[0].split(':')
    size = 64 << 20
    # Of a content that a run before left there, a hub with the plugin would be sent nothing.
    directory, metadata, nvr = fresh(tmp_path, size=size, plain=True, seed=time.time_ns())
    with FaultyProxy(host, int(port)) as proxy:
        proxy.cut_uploads(40 << 20, 1000)
        arguments = ['import', '--json', *proxied(http_hub, proxy, tmp_path, max_retries='0'), str(directory / 'metadata.json'), str(directory)]
        first = cg_import(*arguments)
        assert first.returncode == 3, first.stdout
        proxy.cut_uploads(0, 0)
        before = proxy.uploaded_bytes
        again = cg_import(*arguments)
        assert again.returncode == 0, again.stderr
        assert proxy.uploaded_bytes - before < size * 3 // 4
    assert_whole(http_hub, nvr, metadata, directory)


def test_killed_at_any_time_the_same_command_ends_well(hub, cg_import, tmp_path):
    """kill -9 after 20, 40, ... ms; then the same command again."""
    for step in range(1, 21):
        directory, metadata, nvr = fresh(tmp_path, seed=step, size=4 << 20, plain=True)
        process = start(cg_import.path, hub, directory, tmp_path / 'state', '--reserve')
        time.sleep(step * 0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        again = start(cg_import.path, hub, directory, tmp_path / 'state', '--reserve')
        out, err = again.communicate()
        assert again.returncode == 0, (step, out, err)
        assert_whole(hub, nvr, metadata, directory)


def test_batch(hub, cg_import, tmp_path):
    builds = [fresh(tmp_path, seed=number) for number in range(12)]
    (builds[5][0] / 'metadata.json').write_text('{"broken": ')
    listing = tmp_path / 'list'
    listing.write_text(''.join('%s %s\n' % (d / 'metadata.json', d) for d, _, _ in builds))
    done = cg_import('import', '--json', *hub.options(), '--batch', str(listing))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    for number, (directory, metadata, nvr) in enumerate(builds):
        if number != 5:
            assert_whole(hub, nvr, metadata, directory)
    assert sum(1 for line in lines if line.get('outcome') == 'imported') == 11
