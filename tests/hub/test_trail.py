# SPDX-License-Identifier: LGPL-2.1-or-later
"""The trail of a real hub whose builds come from everywhere: by the koji command, by cg-import and by the service.

Wants what test_module_outbox.py wants, for the record; test_backfill_*.py need no plugin.
"""
import collections
import configparser
import hashlib
import json
import os
import subprocess
import time
import urllib.request
import xmlrpc.client

import pytest

import published_log
from module_hub import Build, Session

WAIT_S = 120


@pytest.fixture(scope='module')
def record_reader(hub, http_hub, admin):
    """The user of the profile may read the record while these tests run."""
    session = Session(http_hub.settings)
    try:
        assert 'event' in session.call('cgimport.hello')['tables']
    except xmlrpc.client.Fault as fault:
        pytest.skip('the hub has no plugin cg_import: %s' % fault.faultString)
    granted = admin('grant-permission', 'admin', session.user)
    yield session
    if granted.returncode == 0:
        admin('revoke-permission', 'admin', session.user)


@pytest.fixture
def service(hub, record_reader, start_service, postgres):
    service = start_service(None, postgres, settings={
        'hub sandbox': {'profile': hub.profile, 'koji_config': hub.config or None, 'lists': '1 h', 'outbox_every': '200 ms'},
        'audit': {'origin': 'trail.example.com/log'}})
    service.auditor = service.make_token('auditor', 'auditor')
    return service


def reached(service):
    """How far the record of the hub is brought in."""
    answer = service.request('GET', '/v1/provenance/builds?limit=1', token=service.auditor).json()
    for hub in answer['complete_for']['hubs']:
        if hub['hub'] == 'sandbox' and hub['outbox']:
            return hub['outbox']['position']
    return 0


def is_known(service, nvr):
    return service.request('GET', '/v1/provenance/builds?nvr=%s' % nvr, token=service.auditor).json()['builds'] != []


def wait_for_outbox(service, session, *nvrs):
    """All that the hub has told so far is in, and these builds are settled. Of earlier tests' builds on this hub some have
    lost their metadata, and are waited for."""
    events, position = session.call('cgimport.events', 0, 1000), 0
    while events:
        position = events[-1]['position']
        events = session.call('cgimport.events', position, 1000)
    deadline = time.monotonic() + WAIT_S
    while True:
        if reached(service) >= position and all(is_known(service, nvr) for nvr in nvrs):
            return position
        assert time.monotonic() < deadline, (reached(service), position, nvrs, service.log()[-3000:])
        time.sleep(0.1)


def build_of(service, name):
    reply = service.request('GET', '/v1/provenance/builds/%s' % name, token=service.auditor)
    assert reply.status == 200, reply.body
    return reply.json()


def signed_leaves(service):
    """All leaves, once none waits to be signed."""
    deadline = time.monotonic() + WAIT_S
    while True:
        answer = service.request('GET', '/v1/provenance/builds?limit=1', token=service.auditor).json()
        if answer['complete_for']['pending'] == 0:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    leaves = []
    while len(leaves) < answer['complete_for']['log_size']:
        assert time.monotonic() < deadline
        leaves = published_log.replay_directory(service.state / 'audit' / 'log')[1]
    return [json.loads(leaf) for leaf in leaves]


def import_by_koji(hub, koji_python, build):
    done = subprocess.run([koji_python, os.path.join(os.path.dirname(koji_python), 'koji'), '-c', hub.config, '-p',
                           hub.profile, 'import-cg', build.directory + '/metadata.json', build.directory],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_trail_has_what_every_client_does(hub, koji_python, cg_import, admin, http_hub, record_reader, service,
                                              tmp_path):
    builds = {name: Build(tmp_path / name, checksum='sha256') for name in ('koji', 'tool', 'posted', 'reserved', 'bare')}
    import_by_koji(hub, koji_python, builds['koji'])
    done = cg_import('import', *hub.options(), builds['tool'].directory + '/metadata.json', builds['tool'].directory)
    assert done.returncode == 0, done.stderr
    record_reader.call('CGImport', builds['bare'].metadata, record_reader.send(builds['bare']))
    ids = {name: service.post(builds[name].directory, query).json()['id']
           for name, query in (('posted', ''), ('reserved', '?reserve=true'))}
    for id in ids.values():
        assert service.wait(id)['state'] == 'imported'
    wait_for_outbox(service, record_reader, *(build.nvr for build in builds.values()))

    # Each is there once, and from where it came.
    for name, build in builds.items():
        found = service.request('GET', '/v1/provenance/builds?nvr=%s' % build.nvr, token=service.auditor).json()['builds']
        assert len(found) == 1, (name, found)
        assert (found[0]['origin'], found[0]['facts_from'], found[0]['remark']) == (
            'service' if name in ids else 'outbox', 'metadata', None)
        assert (found[0]['on_hub']['state'], found[0]['on_hub']['nvr']) == ('complete', build.nvr)
    stored = urllib.request.urlopen('%s/packages/%s/metadata.json' % (hub.settings['topurl'], '/'.join(
        builds['koji'].metadata['build'][key] for key in ('name', 'version', 'release')))).read()
    assert build_of(service, builds['koji'].nvr)['build']['metadata_sha256'] == hashlib.sha256(stored).hexdigest()
    # What it is made of can be asked for, whoever imported it.
    rpm = builds['koji'].metadata['output'][0]['components'][0] if 'components' in builds['koji'].metadata['output'][0] \
        else next(output for output in builds['koji'].metadata['output'] if output.get('components'))['components'][0]
    asked = service.request('GET', '/v1/provenance/builds?rpm=%s' % rpm['sigmd5'], token=service.auditor).json()
    assert builds['koji'].nvr in [build['nvr'] for build in asked['builds']]

    # What becomes of them on the hub.
    package = builds['koji'].metadata['build']['name']
    admin('add-pkg', '--owner', 'osbs', hub.tag, package)
    kojiadmin = Session(dict(http_hub.settings, **admin_settings(http_hub)))
    ids_on_hub = {name: hub.call('getBuild', build.nvr)['id'] for name, build in builds.items()}
    for name in ('koji', 'posted'):
        kojiadmin.call('tagBuildBypass', hub.tag, ids_on_hub[name])
    kojiadmin.call('untagBuildBypass', hub.tag, ids_on_hub['koji'])
    kojiadmin.call('deleteBuild', ids_on_hub['tool'], True, 0)
    wait_for_outbox(service, record_reader)
    assert build_of(service, builds['posted'].nvr)['build']['on_hub']['tags'] == [hub.tag]
    koji = build_of(service, builds['koji'].nvr)
    assert koji['build']['on_hub']['tags'] == []
    assert [event['kind'] for event in koji['hub_events']] == ['untag', 'tag', 'import', 'state']
    assert build_of(service, builds['tool'].nvr)['build']['on_hub']['state'] == 'deleted'

    # Each event of the hub is one leaf.
    leaves = signed_leaves(service)
    positions = collections.Counter(leaf['detail']['position'] for leaf in leaves if leaf['type'].startswith('hub-'))
    last = wait_for_outbox(service, record_reader)
    assert positions == {number: 1 for number in range(1, last + 1)}
    assert [leaf['type'] for leaf in leaves if leaf['type'].startswith('hub-') and leaf['nvr'] == builds['koji'].nvr] == [
        'hub-state', 'hub-import', 'hub-tag', 'hub-untag']
    # The log, with what the hub's record told, still agrees with the hub: but for builds of earlier tests on it.
    key = next(leaf for leaf in leaves if leaf['type'] == 'key')['detail']['keys'][0]
    config = ['--config', hub.config] if hub.config else []
    verified = cg_import('audit', 'verify', str(service.state / 'audit' / 'log'), '--key', key, '--profile', hub.profile,
                         *config, '--json')
    said = verified.stdout + verified.stderr
    assert all(build.nvr not in said for build in builds.values()), said
    if os.environ.get('CG_HUB_FRESH'):
        assert verified.returncode == 0, said


def admin_settings(http_hub):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(os.environ['CG_HUB_ADMIN'])
    return dict(parser[http_hub.profile])


def test_a_draft_and_its_promotion(hub, http_hub, record_reader, service, tmp_path):
    if not os.environ.get('CG_HUB_DRAFTS'):
        pytest.skip('CG_HUB_DRAFTS is not set: this hub makes no drafts')
    build = Build(tmp_path / 'draft', checksum='sha256')
    build.metadata['build']['draft'] = True
    # A draft has rpms and logs only.
    build.metadata['output'] = [output for output in build.metadata['output'] if output['type'] == 'log']
    wanted = {key: build.metadata['build'][key] for key in ('name', 'version', 'release')}
    reserved = record_reader.call('CGInitBuild', 'atomic-reactor', dict(wanted, draft=True))
    build.metadata['build']['build_id'] = reserved['build_id']
    record_reader.call('CGImport', 'metadata.json', record_reader.send(build), reserved['token'])
    draft = '%s,draft_%d' % (build.nvr, reserved['build_id'])
    wait_for_outbox(service, record_reader, build.nvr)
    found = build_of(service, draft)['build']
    assert (found['nvr'], found['on_hub']['nvr'], found['origin']) == (build.nvr, draft, 'outbox')
    record_reader.call('promoteBuild', draft, True)
    wait_for_outbox(service, record_reader)
    found = build_of(service, build.nvr)
    assert (found['build']['build_id'], found['build']['on_hub']['nvr']) == (reserved['build_id'], build.nvr)
    assert found['hub_events'][0]['kind'] == 'promote' and found['hub_events'][0]['nvr'] == build.nvr
