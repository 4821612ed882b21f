# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service follows a hub's record: leaves and builds of other clients, whatever the hub does meanwhile."""
import json
import shutil
import signal
import subprocess

import pytest

import hub_client
from trail import Trail, import_as_other, nvr_of

FOLLOW = {'hub sandbox': {'outbox_every': '50 ms'}}


@pytest.fixture
def recording_hub(start_hub):
    """A hub with the plugin, whose record every user may read."""
    return start_hub('--option', 'record=true', '--option', 'record_permission=null')


@pytest.fixture
def start_trail(start_service, postgres):
    """start_trail(hub): a service on that hub and its trail."""
    def start(hub, **options):
        settings = {section: dict(keys) for section, keys in FOLLOW.items()}
        for section, keys in options.pop('settings', {}).items():
            settings.setdefault(section, {}).update(keys)
        return Trail(start_service(hub, postgres, settings=settings, **options))
    return start


@pytest.fixture
def trail(start_trail, recording_hub):
    return start_trail(recording_hub)


def make(make_build, number):
    return make_build(release=str(number), seed=number, size=2000, plain=True, logs=1, components=3)


def position_of(hub):
    return max([row['position'] for row in hub.steer('record', {'keep': 1 << 60})] or [0])


# --- what is brought in ----------------------------------------------------------------------------------------------
def test_every_event_is_one_leaf_and_every_import_a_build(trail, recording_hub, make_build):
    hub, service = recording_hub, trail.service
    other, own, reserved = make(make_build, 1), make(make_build, 2), make(make_build, 3)
    build = import_as_other(hub, other)
    for directory, query in ((own, ''), (reserved, '?reserve=true')):
        assert service.wait(service.post(directory, query).json()['id'])['state'] == 'imported'
    admin = hub_client.HubClient(hub, 'kojiadmin')
    admin.call('tagBuildBypass', 'test-candidate', build['id'])
    last = position_of(hub)
    trail.wait_for(last)

    assert sorted((found['nvr'], found['origin'], found['facts_from']) for found in trail.builds()) == [
        (nvr_of(other), 'outbox', 'metadata'), (nvr_of(own), 'service', 'metadata'),
        (nvr_of(reserved), 'service', 'metadata')]
    found = trail.build(nvr_of(other))
    assert found['build']['on_hub'] == dict(found['build']['on_hub'], nvr=nvr_of(other), state='complete',
                                            tags=['test-candidate'], told_by='outbox')
    assert [event['kind'] for event in found['hub_events']] == ['tag', 'import', 'state']
    rpm = json.loads((other / 'metadata.json').read_text())['buildroots'][0]['components'][0]['sigmd5']
    assert nvr_of(other) in [one['nvr'] for one in trail.builds(built_with=rpm)]

    leaves = trail.leaves()
    assert {entry['type'] for entry in trail.build(nvr_of(other))['log']} == {'build', 'hub-state', 'hub-import',
                                                                              'hub-tag'}
    told = [leaf['detail']['position'] for leaf in leaves if leaf['type'].startswith('hub-')]
    assert sorted(told) == list(range(1, last + 1))
    assert [leaf['nvr'] for leaf in leaves if leaf['type'] == 'build'] == [nvr_of(other)]
    event = next(leaf for leaf in leaves if leaf['type'] == 'hub-import' and leaf['nvr'] == nvr_of(other))
    assert (event['actor'], event['koji']) == ('osbs', {'cg': 'atomic-reactor', 'hub': 'sandbox', 'build_id': build['id']})
    assert {output['name'] for output in event['outputs']} == {
        output['filename'] for output in json.loads((other / 'metadata.json').read_text())['output']}
    metrics = trail.metrics()
    assert metrics['cg_import_outbox_position{hub="sandbox"}'] == last
    assert metrics['cg_import_outbox_open{hub="sandbox"}'] == 0
    assert metrics['cg_import_outbox_followed{hub="sandbox"}'] == 1
    assert metrics['cg_import_outbox_line{hub="sandbox"}'] == 1
    assert 'cg_import_outbox_lag_seconds{hub="sandbox"}' in metrics


def test_what_was_before_is_brought_in_too(start_trail, recording_hub, make_build):
    directories = [make(make_build, number) for number in range(1, 4)]
    for directory in directories:
        import_as_other(recording_hub, directory)
    trail = start_trail(recording_hub)
    trail.wait_for(position_of(recording_hub))
    assert sorted(build['nvr'] for build in trail.builds()) == sorted(map(nvr_of, directories))


def test_deleted_and_promoted(trail, recording_hub, make_build):
    client, admin = hub_client.HubClient(recording_hub), hub_client.HubClient(recording_hub, 'kojiadmin')
    directory = make(make_build, 1)
    build = import_as_other(recording_hub, directory)
    trail.wait_for(position_of(recording_hub))
    admin.call('deleteBuild', build['id'])
    trail.wait_for(position_of(recording_hub))
    assert trail.build(nvr_of(directory))['build']['on_hub']['state'] == 'deleted'

    directory = make(make_build, 2)
    metadata = json.loads((directory / 'metadata.json').read_text())
    metadata['output'] = [output for output in metadata['output'] if output['type'] == 'log']
    wanted = {key: metadata['build'][key] for key in ('name', 'version', 'release')}
    reserved = client.call('CGInitBuild', 'atomic-reactor', dict(wanted, draft=True))
    metadata['build'].update(draft=True, build_id=reserved['build_id'])
    metadata['buildroots'] = [one for one in metadata['buildroots']
                              if one['id'] in {output['buildroot_id'] for output in metadata['output']}]
    (directory / 'metadata.json').write_text(json.dumps(metadata))
    import_as_other(recording_hub, directory, reserved['token'], client)
    draft = '%s,draft_%d' % (nvr_of(directory), reserved['build_id'])
    trail.wait_for(position_of(recording_hub))
    assert trail.build(draft)['build']['on_hub']['nvr'] == draft
    client.call('promoteBuild', draft)
    trail.wait_for(position_of(recording_hub))
    found = trail.build(nvr_of(directory))
    assert (found['build']['build_id'], found['build']['on_hub']['nvr']) == (reserved['build_id'], nvr_of(directory))
    assert found['hub_events'][0]['kind'] == 'promote'


# --- metadata that cannot be had -------------------------------------------------------------------------------------
def spoiled(start_trail, hub, make_build, spoil):
    """A build that was imported and then spoiled on the hub before the service saw it; what the trail says of it."""
    directory = make(make_build, 1)
    build = import_as_other(hub, directory)
    spoil(hub.build_path(nvr_of(directory)), build)
    return start_trail(hub), nvr_of(directory)


def test_metadata_that_are_not_what_was_imported(start_trail, recording_hub, make_build, postgres, postgres_server):
    def change(path, build):
        text = (path / 'metadata.json').read_text()
        (path / 'metadata.json').write_text(text.replace('"x86_64"', '"x86_65"'))
    trail, nvr = spoiled(start_trail, recording_hub, make_build, change)
    trail.wait_for(position_of(recording_hub), still_open=1)
    # It is read again, in case a file server is behind.
    trail.wait(lambda: postgres_server.sql(postgres, "UPDATE hub_imports SET due_at = now() WHERE build_key IS NULL"
                                                     " RETURNING tries") == '', 'it is not settled')
    trail.wait_for(position_of(recording_hub))
    found = trail.build(nvr)
    assert found['build']['facts_from'] == 'hub'
    assert 'the stored metadata.json has sha256 ' in found['build']['remark']
    assert 'what was imported had ' + found['build']['metadata_sha256'] in found['build']['remark']
    assert 'x86_65' not in json.dumps(found['facts'])
    archives = recording_hub.call('listArchives', found['build']['build_id'])
    assert {output['path'] for output in found['facts']['outputs']} == {archive['filename'] for archive in archives}
    leaf = next(leaf for leaf in trail.leaves() if leaf['type'] == 'build')
    assert leaf['detail']['remark'] == found['build']['remark'] and leaf['detail']['facts_from'] == 'hub'


def test_a_build_that_was_deleted_before_it_was_seen(start_trail, recording_hub, make_build):
    def delete(path, build):
        hub_client.HubClient(recording_hub, 'kojiadmin').call('deleteBuild', build['id'])
    trail, nvr = spoiled(start_trail, recording_hub, make_build, delete)
    trail.wait_for(position_of(recording_hub))
    found = trail.build(nvr)['build']
    assert (found['facts_from'], found['on_hub']['state']) == ('hub', 'deleted') and found['remark']


def test_a_file_server_that_is_away_is_waited_for(start_trail, recording_hub, make_build, postgres, postgres_server):
    kept = recording_hub.path('kept.json')

    def hide(path, build):
        (path / 'metadata.json').rename(kept)
    trail, nvr = spoiled(start_trail, recording_hub, make_build, hide)
    trail.wait_for(position_of(recording_hub), still_open=1)
    trail.service.wait_log('a build of the hub\'s record cannot be taken in yet')
    assert trail.builds() == []
    # One that waits keeps no other waiting.
    other = make(make_build, 2)
    import_as_other(recording_hub, other)
    trail.wait_for(position_of(recording_hub), still_open=1)
    assert [build['nvr'] for build in trail.builds()] == [nvr_of(other)]
    assert trail.metrics()['cg_import_outbox_open{hub="sandbox"}'] == 1
    shutil.move(kept, recording_hub.build_path(nvr) / 'metadata.json')
    trail.wait(lambda: postgres_server.sql(postgres, "UPDATE hub_imports SET due_at = now() WHERE build_key IS NULL"
                                                     " RETURNING tries") == '', 'it is not settled')
    assert trail.build(nvr)['build']['facts_from'] == 'metadata'


# --- hubs that cannot be followed ------------------------------------------------------------------------------------
def ready(service):
    return service.request('GET', '/readyz', token='').status


def test_a_hub_without_the_plugin(start_trail, sandbox_hub, make_build):
    trail = start_trail(sandbox_hub)
    trail.service.wait_log('the hub keeps no record of imports: it has no plugin cg_import')
    import_as_other(sandbox_hub, make(make_build, 1))
    assert trail.service.wait(trail.service.post(make(make_build, 2)).json()['id'])['state'] == 'imported'
    assert 'level=error' not in trail.service.log()
    assert (ready(trail.service), trail.complete_for()['hubs']) == (200, [])
    assert trail.metrics()['cg_import_outbox_followed{hub="sandbox"}'] == 0
    assert not [entry for entry in sandbox_hub.log() if (entry['method'] or '').startswith('cgimport')]


def test_a_hub_that_does_not_let_us(start_trail, start_hub, make_build):
    hub = start_hub('--option', 'record=true')
    trail = start_trail(hub)
    trail.service.wait_log('the hub\'s record of imports is not followed')
    assert 'admin permission required' in trail.service.log() and 'level=error' not in trail.service.log()
    import_as_other(hub, make(make_build, 1))
    # Wanted in the configuration it is an error; the service is ready all the same.
    trail.service.configure(**{'hub sandbox': {'outbox': 'yes'}})
    trail.service.signal(signal.SIGHUP)
    trail.service.wait_log('level=error message="the hub\'s record of imports is not followed"')
    assert ready(trail.service) == 200
    # Granted, nothing was missed.
    hub.set_options(record_permission=None)
    trail.service.signal(signal.SIGHUP)
    trail.wait_for(position_of(hub))
    assert len(trail.builds()) == 1


def test_off(start_trail, recording_hub, make_build):
    trail = start_trail(recording_hub, settings={'hub sandbox': {'outbox': 'no'}})
    import_as_other(recording_hub, make(make_build, 1))
    assert trail.service.wait(trail.service.post(make(make_build, 2)).json()['id'])['state'] == 'imported'
    assert not [entry for entry in recording_hub.log() if entry['method'] == 'cgimport.events']
    assert trail.metrics() == {}


def test_a_hub_that_fails_for_a_while(trail, recording_hub, make_build):
    failures = ({'action': 'status', 'status': 503}, {'action': 'lose-after'}, {'action': 'half-reply'},
                {'action': 'fault', 'code': 1, 'text': 'broken'})
    # One after the other: each rule counts from when it is armed.
    recording_hub.steer('faults', [dict(failure, method='cgimport.events', nth=1 + 2 * number, times=2)
                                   for number, failure in enumerate(failures)])
    recording_hub.wait_met(2 * len(failures))
    directories = [make(make_build, number) for number in range(1, 4)]
    for directory in directories:
        import_as_other(recording_hub, directory)
    trail.wait_for(position_of(recording_hub))
    assert {build['nvr'] for build in trail.builds()} == set(map(nvr_of, directories))
    assert trail.metrics()['cg_import_outbox_errors_total{hub="sandbox"}'] >= 1
    assert ready(trail.service) == 200


# --- a hub that went back --------------------------------------------------------------------------------------------
def test_a_hub_restored_from_a_backup(trail, recording_hub, make_build):
    directories = [make(make_build, number) for number in range(1, 6)]
    for directory in directories[:3]:
        import_as_other(recording_hub, directory)
    last = position_of(recording_hub)
    trail.wait_for(last)
    # Two events of each import: what the third told is gone, and something else happened since.
    recording_hub.steer('record', {'keep': last - 2})
    for directory in directories[3:]:
        import_as_other(recording_hub, directory)
    trail.service.wait_log('the hub\'s record of imports went back')
    trail.wait_for(last + 2)
    assert 'was_at=%d goes_on_after=%d' % (last, last - 2) in trail.service.log()
    assert trail.outbox()['line'] == 2
    assert trail.metrics()['cg_import_outbox_line{hub="sandbox"}'] == 2
    told = [(leaf['detail']['line'], leaf['detail']['position']) for leaf in trail.leaves()
            if leaf['type'].startswith('hub-') and leaf['type'] != 'hub-went-back']
    assert sorted(told) == [(1, number) for number in range(1, last + 1)] + [
        (2, number) for number in range(last - 1, last + 3)]
    back, = [leaf['detail'] for leaf in trail.leaves() if leaf['type'] == 'hub-went-back']
    assert back == {'hub': 'sandbox', 'line': 2, 'position': last - 2, 'undone_to': last}
    assert trail.build(nvr_of(directories[2]))['build']['on_hub']['state'] == 'gone'
    assert {build['nvr'] for build in trail.builds()} == set(map(nvr_of, directories))
    assert ready(trail.service) == 200


# --- replicas --------------------------------------------------------------------------------------------------------
def test_one_of_all_replicas_follows(start_trail, recording_hub, make_build, tmp_path):
    shared = {'spool': {'directory': tmp_path / 'spool'},
              'audit': {'directory': tmp_path / 'log', 'last_signed': tmp_path / 'last', 'key_file': tmp_path / 'key'}}
    first = start_trail(recording_hub, settings=shared)
    import_as_other(recording_hub, make(make_build, 1))
    first.wait_for(position_of(recording_hub))
    second = start_trail(recording_hub, settings=shared)
    recording_hub.clear_log()
    import_as_other(recording_hub, make(make_build, 2))
    first.wait_for(position_of(recording_hub))
    sessions = {entry.get('session') for entry in recording_hub.log('cgimport.events')}
    assert len(sessions) <= 1
    # The other goes on when it stops.
    assert first.service.stop() == 0
    import_as_other(recording_hub, make(make_build, 3))
    second.wait_for(position_of(recording_hub))
    assert len(second.builds()) == 3
    told = [leaf['detail']['position'] for leaf in second.leaves() if leaf['type'].startswith('hub-')]
    assert sorted(told) == list(range(1, position_of(recording_hub) + 1))


# --- the log, held against the hub -----------------------------------------------------------------------------------
def test_the_log_is_held_against_the_hub(trail, recording_hub, make_build, cg_import):
    hub, gone, kept, own = recording_hub, *(make(make_build, number) for number in range(1, 4))
    build = import_as_other(hub, gone)
    import_as_other(hub, kept)
    assert trail.service.wait(trail.service.post(own).json()['id'])['state'] == 'imported'
    hub_client.HubClient(hub, 'kojiadmin').call('deleteBuild', build['id'])
    trail.wait_for(position_of(hub))
    key = next(leaf for leaf in trail.leaves() if leaf['type'] == 'key')['detail']['keys'][0]

    def verify():
        return subprocess.run([str(cg_import.path), 'audit', 'verify', str(trail.service.state / 'audit' / 'log'), '--key',
                               key, '--profile', 'sandbox', '--config', hub.config, '--json'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120)
    # What the record says was deleted is passed over; what others imported is compared as our own is.
    done = verify()
    assert (done.returncode, done.stderr) == (0, '')
    assert json.loads(done.stdout)['hub_builds'] == 2
    place = hub.build_path(nvr_of(kept)) / 'metadata.json'
    place.write_text(place.read_text() + ' ')
    done = verify()
    assert done.returncode != 0 and '%s: metadata.json is another than was imported' % nvr_of(kept) in done.stderr
