# SPDX-License-Identifier: LGPL-2.1-or-later
"""The history of a real hub brought in by `cg-import backfill`, which is killed in the middle and run again, twice.

CG_BACKFILL_BUILDS   how many builds are imported first (45), by three content generators
Wants CG_HUB_ADMIN, to make the generators, and the hub's volume at the profile's topdir, to take a file away.
"""
import collections
import json
import os
import pathlib
import subprocess
import threading
import time

import pytest

import published_log
from module_hub import Build, RUN, Session

BUILDS = int(os.environ.get('CG_BACKFILL_BUILDS', '45'))
GENERATORS = ('atomic-reactor', 'cg-trail-a', 'cg-trail-b')
IMPORTERS = 4
WAIT_S = 300


@pytest.fixture(scope='module')
def history(http_hub, hub, admin, tmp_path_factory):
    """{NVR: build id} of builds by bare CGImport; one is deleted, one lost its metadata.json, one was never imported."""
    top = tmp_path_factory.mktemp('history')
    for generator in GENERATORS[1:]:
        admin('grant-cg-access', http_hub.settings['user'], generator, '--new')
    ids, failures = {}, []

    def work(numbers):
        session = Session(http_hub.settings)
        try:
            for number in numbers:
                build = Build(top / str(number), name='trail-container', release='%s.h%d' % (RUN, number),
                              checksum='sha256' if number % 2 else 'md5')
                for buildroot in build.metadata['buildroots']:
                    buildroot['content_generator']['name'] = GENERATORS[number % len(GENERATORS)]
                ids[build.nvr] = session.call('CGImport', 'metadata.json', session.send(build))['id']
        except Exception as failure:  # told by the fixture
            failures.append(failure)

    work([0])                   # two at once would both make the package
    threads = [threading.Thread(target=work, args=(range(first + 1, BUILDS, IMPORTERS),)) for first in range(IMPORTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    session = Session(http_hub.settings)
    reserved = session.call('CGInitBuild', 'atomic-reactor', {'name': 'trail-container', 'version': '1.0', 'release': RUN + '.no'})
    session.call('CGRefundBuild', 'atomic-reactor', reserved['build_id'], reserved['token'])
    return ids


def metadata_of(hub, nvr):
    return pathlib.Path(hub.settings['topdir'], 'packages', *nvr.rsplit('-', 2), 'metadata.json')


@pytest.fixture
def service(hub, start_service, postgres):
    service = start_service(None, postgres, settings={
        'hub sandbox': {'profile': hub.profile, 'koji_config': hub.config or None, 'lists': '1 h', 'outbox': 'no'},
        'audit': {'origin': 'trail.example.com/log'}})
    service.auditor = service.make_token('auditor', 'auditor')
    return service


def provenance(service, **wanted):
    """All builds of the trail that answer to it, page by page, and what the answer is complete for."""
    builds, after = [], ''
    while True:
        query = '&'.join('%s=%s' % pair for pair in wanted.items()) + '&limit=200' + after
        answer = service.request('GET', '/v1/provenance/builds?' + query, token=service.auditor).json()
        builds += answer['builds']
        if not answer['next']:
            return builds, answer['complete_for']
        after = '&after=%d' % answer['next']


def run(service, *arguments):
    done = service.verb('backfill', '--rate', '0', '--json', '--quiet', *arguments, timeout=600)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def kill_in_the_middle(service, program, part):
    """A backfill that is killed once so many builds are in; how many were."""
    process = subprocess.Popen([str(program), 'backfill', '--config', str(service.config), '--rate', '60', '--quiet'],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=service.environment())
    deadline = time.monotonic() + WAIT_S
    while len(provenance(service, nvr='trail-container-*')[0]) < part:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
    process.kill()
    process.wait(timeout=60)
    process.stderr.close()
    return len(provenance(service, nvr='trail-container-*')[0])


def signed_leaves(service):
    deadline = time.monotonic() + WAIT_S
    while True:
        complete = provenance(service, nvr='none')[1]
        leaves = published_log.replay_directory(service.state / 'audit' / 'log')[1]
        if complete['pending'] == 0 and len(leaves) >= complete['log_size']:
            return [json.loads(leaf) for leaf in leaves]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_history_is_brought_in_once(hub, http_hub, history, service, cg_import, admin, tmp_path, capsys):
    own = Build(tmp_path / 'own', name='trail-container', release=RUN + '.own', checksum='sha256')
    assert service.wait(service.post(own.directory).json()['id'])['state'] == 'imported'
    nvrs = sorted(history)
    lost, deleted = nvrs[0], nvrs[1]
    metadata_of(hub, lost).unlink()
    assert admin('call', 'deleteBuild', str(history[deleted])).returncode == 0
    service.verb('backfill', '--dry-run')
    status, dry = run(service, '--dry-run')
    assert (status, dry['complete']) == (0, False), dry
    assert {build['nvr'] for build in dry['builds']} >= set(history) and own.nvr not in {build['nvr'] for build in dry['builds']}
    assert provenance(service, nvr='trail-container-*')[0][0]['nvr'] == own.nvr

    began = time.monotonic()
    killed_at = kill_in_the_middle(service, cg_import.path, BUILDS // 3)
    killed_s = time.monotonic() - began
    status, first = run(service)
    assert status == 0, first
    status, second = run(service)
    assert (status, second['added'], second['known']) == (0, 0, second['listed'] - second['never_imported']), second
    with capsys.disabled():
        print('\n%d builds of %d generators: killed -9 after %.1f s with %d in, then %d added (%d without metadata), then %d'
              % (BUILDS, len(GENERATORS), killed_s, killed_at, first['added'], first['without_metadata'], second['added']))

    found, complete = provenance(service, nvr='trail-container-*')
    count = collections.Counter(build['nvr'] for build in found)
    assert all(count[nvr] == 1 for nvr in nvrs + [own.nvr]) and RUN + '.no' not in str(count)
    by_nvr = {build['nvr']: build for build in found}
    assert by_nvr[own.nvr]['origin'] == 'service'
    for nvr in nvrs:
        build = by_nvr[nvr]
        gone = nvr in (lost, deleted)
        assert (build['origin'], build['build_id'], build['facts_from']) == ('backfill', history[nvr], 'hub' if gone else 'metadata')
        assert (build['remark'] is not None) == gone
        assert build['on_hub']['state'] == ('deleted' if nvr == deleted else 'complete')
    assert {by_nvr[nvr]['content_generator'] for nvr in nvrs} == set(GENERATORS)
    assert complete['hubs'][0]['backfills'][0]['content_generator'] is None
    assert complete['hubs'][0]['backfills'][0]['builds'] >= BUILDS
    # What the hub's tables say of the one without metadata: its files.
    facts = service.request('GET', '/v1/provenance/builds/%s' % lost, token=service.auditor).json()['facts']
    archives = hub.call('listArchives', history[lost])
    assert {output['path'] for output in facts['outputs']} == {archive['filename'] for archive in archives}
    assert {output['checksum'] for output in facts['outputs']} == {archive['checksum'] for archive in archives}

    # One leaf each, that says where it was found.
    leaves = [leaf for leaf in signed_leaves(service) if leaf['type'] == 'build']
    told = collections.Counter(leaf['detail']['build_id'] for leaf in leaves)
    assert all(told[id] == 1 for id in history.values()) and set(told.values()) == {1}
    assert {leaf['detail']['origin'] for leaf in leaves} == {'backfill'}


def test_a_part_of_it(history, http_hub, service):
    status, told = run(service, '--cg', 'cg-trail-a', '--package', 'trail-container')
    wanted = [nvr for nvr in history if int(nvr.rpartition('.h')[2]) % 3 == 1]
    found, complete = provenance(service, nvr='trail-container-*')
    assert status == 0 and {build['content_generator'] for build in found} == {'cg-trail-a'}
    assert {build['nvr'] for build in found} >= set(wanted)
    assert [(part['content_generator'], part['package']) for part in complete['hubs'][0]['backfills']] == [
        ('cg-trail-a', 'trail-container')]
    # Completed when: the documents say 2023.
    assert run(service, '--cg', 'cg-trail-b', '--since', '2099-01-01')[1]['listed'] == 0
    assert run(service, '--cg', 'cg-trail-b', '--until', '1999-01-01T00:00:00Z')[1]['listed'] == 0
    status, told = run(service, '--cg', 'no-such')
    assert (status, told['error']['message']) == (2, 'the hub has no content generator "no-such"')
