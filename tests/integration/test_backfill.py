# SPDX-License-Identifier: LGPL-2.1-or-later
"""`cg-import backfill` beside a running service: once each build, whatever breaks it off, and what it says."""
import json
import pathlib
import re
import signal
import subprocess

import pytest

import hub_client
from file_server import FileServer
from patience import PATIENCE_S
from talking import Talking
from trail import Trail, import_as_other, nvr_of

BUILDS = 12


def make(make_build, number):
    return make_build(release=str(number), seed=number, size=2000, plain=True, logs=1, components=3)


@pytest.fixture
def history(sandbox_hub, make_build):
    """Directories of builds that were imported before there was a service; and one that was only reserved."""
    client = hub_client.HubClient(sandbox_hub)
    directories = [make(make_build, number) for number in range(1, BUILDS + 1)]
    for directory in directories:
        import_as_other(sandbox_hub, directory, client=client)
    client.call('CGInitBuild', 'atomic-reactor', {'name': 'test-container', 'version': '1', 'release': 'reserved'})
    return directories


@pytest.fixture
def trail(history, service):
    return Trail(service)


def backfill(trail, *arguments):
    return trail.service.verb('backfill', '--rate', '0', *arguments)


def test_once_and_again(trail, history, sandbox_hub, make_build):
    own = make(make_build, 99)
    assert trail.service.wait(trail.service.post(own).json()['id'])['state'] == 'imported'
    done = backfill(trail)
    assert (done.returncode, done.stderr) == (0, 'atomic-reactor: 14 of 14 builds looked at, 12 taken in\n')
    assert done.stdout == '14 builds listed, 1 known, 12 taken in, 1 never imported\n'
    done = backfill(trail, '--quiet')
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == '14 builds listed, 13 known, 0 taken in, 1 never imported\n'
    found = trail.builds()
    assert sorted(build['nvr'] for build in found) == sorted(map(nvr_of, history + [own]))
    assert {build['origin'] for build in found if build['nvr'] != nvr_of(own)} == {'backfill'}
    assert {build['facts_from'] for build in found} == {'metadata'}
    leaves = [leaf for leaf in trail.leaves() if leaf['type'] == 'build']
    assert sorted(leaf['nvr'] for leaf in leaves) == sorted(map(nvr_of, history))
    assert {(leaf['actor'], leaf['detail']['origin'], leaf['detail']['facts_from']) for leaf in leaves} == {
        ('backfill', 'backfill', 'metadata')}
    hubs, = trail.complete_for()['hubs']
    assert (hubs['hub'], hubs['outbox'], len(hubs['backfills'])) == ('sandbox', None, 1)
    assert hubs['backfills'][0] == dict(hubs['backfills'][0], content_generator=None, package=None, since=None,
                                        until=None, builds=13)
    assert len([leaf for leaf in trail.leaves() if leaf['type'] == 'backfill']) == 2


def test_what_it_would_do(trail, history):
    done = backfill(trail, '--dry-run', '--quiet')
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert re.fullmatch(r'test-container-\S+  build 1  would be added', lines[0])
    assert lines[-1] == '13 builds listed, 0 known, 12 to be taken in, 1 never imported' and len(lines) == 13
    told = json.loads(backfill(trail, '--dry-run', '--json').stdout)
    assert (told['dry_run'], told['complete'], told['added'], len(told['builds'])) == (True, False, 12, 12)
    assert trail.builds() == [] and trail.complete_for()['hubs'] == []


def test_parts(trail, history, sandbox_hub):
    times = sorted(build['completion_ts'] for build in sandbox_hub.call('listBuilds', state=1))
    assert json.loads(backfill(trail, '--json', '--package', 'no-such').stdout)['listed'] == 0
    assert json.loads(backfill(trail, '--json', '--until', '2001-01-01').stdout)['listed'] == 0
    told = json.loads(backfill(trail, '--json', '--cg', 'atomic-reactor', '--since', '2001-01-01T00:00:00Z').stdout)
    assert (told['added'], told['complete']) == (12, True) and times
    assert sorted((one['content_generator'], one['package'], one['since'])
                  for one in trail.complete_for()['hubs'][0]['backfills'] if one['until'] is None and one['since']) == [
        ('atomic-reactor', None, '2001-01-01T00:00:00.000Z')]


def with_volume_at(trail, hub, tmp_path, topurl):
    """The service and its backfill read what the hub stored from there alone."""
    config = tmp_path / 'koji.conf'
    text = pathlib.Path(hub.profiles['osbs']).read_text()
    config.write_text(re.sub('topdir = .*', 'topdir = /nonexistent', re.sub('topurl = .*', 'topurl = ' + topurl, text)))
    trail.service.configure(**{'hub sandbox': {'koji_config': config}})


@pytest.fixture
def file_server(trail, sandbox_hub, tmp_path):
    """Hands the metadata out, one build after the other: when it holds one up, those before are in the trail."""
    with FileServer(sandbox_hub) as server:
        with_volume_at(trail, sandbox_hub, tmp_path, server.url)
        yield server


def start(trail):
    return Talking([trail.service.program, 'backfill', '--config', trail.service.config, '--rate', '0', '--quiet'],
                   env=trail.service.environment())


def test_killed_again_and_again(trail, history, file_server):
    """kill -9 between builds: no build without its leaf, none twice."""
    for count in range(1, BUILDS, 3):
        file_server.hold_after(count - len(trail.builds()))
        program = start(trail)
        file_server.wait_held()
        program.kill()
        file_server.release()
        assert (len(trail.builds()), trail.complete_for()['hubs']) == (count, [])
    assert backfill(trail).returncode == 0
    assert sorted(build['nvr'] for build in trail.builds()) == sorted(map(nvr_of, history))
    leaves = [leaf['nvr'] for leaf in trail.leaves() if leaf['type'] == 'build']
    assert sorted(leaves) == sorted(map(nvr_of, history))


def test_interrupted(trail, history, file_server):
    file_server.hold_after(2)
    program = start(trail)
    file_server.wait_held()
    program.signal(signal.SIGINT)
    program.err.until('stopping after this build')
    file_server.release()
    status, _, said = program.end()
    assert status == 3
    assert 'interrupted; what was brought in stays, and the next run goes on from there [CG_E_INTERRUPTED]' in \
        ' '.join(said.split())
    assert trail.complete_for()['hubs'] == []
    assert backfill(trail).returncode == 0 and len(trail.builds()) == BUILDS


def test_two_at_once(trail, history):
    commands = [[str(trail.service.program), 'backfill', '--config', str(trail.service.config), '--rate', '0', '--json']] * 2
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                env=trail.service.environment()) for command in commands]
    told = [json.loads(process.communicate(timeout=PATIENCE_S)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sum(one['added'] for one in told) == BUILDS == len(trail.builds())
    assert len([leaf for leaf in trail.leaves() if leaf['type'] == 'build']) == BUILDS


# --- builds without metadata -----------------------------------------------------------------------------------------
def test_a_build_without_metadata(trail, history, sandbox_hub):
    lost = nvr_of(history[0])
    (sandbox_hub.build_path(lost) / 'metadata.json').unlink()
    broken = nvr_of(history[1])
    (sandbox_hub.build_path(broken) / 'metadata.json').write_text('{')
    done = backfill(trail, '--quiet')
    assert (done.returncode, done.stdout) == (
        0, '13 builds listed, 0 known, 12 taken in (2 of them without metadata.json), 1 never imported\n')
    assert '%s  build 1  added from the hub\'s tables: there is no metadata.json of it' % lost in done.stderr
    found = trail.build(lost)
    assert (found['build']['facts_from'], found['build']['remark'], found['build']['metadata_sha256']) == (
        'hub', 'there is no metadata.json of it', None)
    archives = sandbox_hub.call('listArchives', 1)
    assert [(output['path'], output['checksum'], output['type']) for output in found['facts']['outputs']] == [
        (archive['filename'], archive['checksum'], archive['type_name']) for archive in archives]
    assert found['facts']['content_generators'] == [{'name': 'atomic-reactor'}]
    assert found['facts']['source'] == sandbox_hub.call('getBuild', lost)['source']
    assert trail.build(broken)['build']['remark'] == 'the stored metadata.json is no document of this build'


def test_a_place_without_any_metadata_is_not_believed(trail, history, sandbox_hub, tmp_path):
    with_volume_at(trail, sandbox_hub, tmp_path, sandbox_hub.files + '/wrong')
    done = backfill(trail, '--quiet')
    assert done.returncode == 2
    assert 'no metadata.json was found of 12 builds' in done.stderr and 'are topurl' in done.stderr
    assert trail.builds() == []
    done = backfill(trail, '--quiet', '--without-metadata')
    assert done.returncode == 0 and len(trail.builds()) == BUILDS
    assert {build['facts_from'] for build in trail.builds()} == {'hub'}


def test_a_file_server_that_fails_is_not_taken_for_an_answer(trail, history, sandbox_hub, tmp_path):
    with_volume_at(trail, sandbox_hub, tmp_path, 'http://127.0.0.1:1/x')
    done = backfill(trail, '--quiet')
    assert done.returncode == 3 and 'the metadata of 10 builds in a row cannot be read' in done.stderr
    assert trail.builds() == []


def test_a_hub_that_is_away(trail, history, sandbox_hub):
    sandbox_hub.set_options(offline_message='for a while')
    done = backfill(trail, '--json')
    told = json.loads(done.stdout)
    assert (done.returncode, told['error']['name'], told['complete']) == (3, 'CG_E_OFFLINE', False)


# --- what changed since ----------------------------------------------------------------------------------------------
def test_a_later_run_sees_what_was_deleted(trail, history, sandbox_hub):
    assert backfill(trail).returncode == 0
    hub_client.HubClient(sandbox_hub, 'kojiadmin').call('deleteBuild', 1)
    assert trail.build(nvr_of(history[0]))['build']['on_hub']['state'] == 'complete'
    assert backfill(trail).returncode == 0
    assert trail.build(nvr_of(history[0]))['build']['on_hub'] == dict(
        trail.build(nvr_of(history[0]))['build']['on_hub'], state='deleted', told_by='backfill')
    assert [leaf['nvr'] for leaf in trail.leaves() if leaf['type'] == 'build-seen'] == [nvr_of(history[0])]


def test_against_the_record(start_hub, start_service, postgres, make_build):
    """A hub with the plugin: what a backfill found first is what the record then tells of, and the other way round."""
    hub = start_hub('--option', 'record=true', '--option', 'record_permission=null')
    service = start_service(hub, postgres, settings={'hub sandbox': {'outbox': 'no', 'outbox_every': '50 ms'}})
    trail = Trail(service)
    directories = [make(make_build, number) for number in range(1, 5)]
    for directory in directories[:2]:
        import_as_other(hub, directory)
    assert backfill(trail).returncode == 0
    for directory in directories[2:]:
        import_as_other(hub, directory)
    service.configure(**{'hub sandbox': {'outbox': 'auto'}})
    service.signal(signal.SIGHUP)
    trail.wait_for(8)
    assert json.loads(backfill(trail, '--json').stdout)['added'] == 0
    assert sorted((build['nvr'], build['origin']) for build in trail.builds()) == sorted(
        [(nvr_of(directory), 'backfill') for directory in directories[:2]] +
        [(nvr_of(directory), 'outbox') for directory in directories[2:]])


# --- wrong usage -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('arguments,said', [
    (['--profile', 'elsewhere'], 'the configuration has no hub "elsewhere", neither by its name nor by its profile'),
    (['--cg', 'no-such'], 'the hub has no content generator "no-such"'),
    (['--since', 'yesterday'], '--since is'),
    (['--rate', '-1'], '--rate'),
    (['more'], 'backfill takes no arguments, and there is "more"')])
def test_wrong_usage(trail, arguments, said):
    done = backfill(trail, *arguments)
    assert done.returncode == 2 and said in done.stderr
