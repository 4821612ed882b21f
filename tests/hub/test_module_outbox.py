# SPDX-License-Identifier: LGPL-2.1-or-later
"""The record of imports: whatever any client does to a build of a content generator is told by cgimport.events.

Wants a hub with the plugin cg_import and a prepared database (docs/hub-module.md), and CG_HUB_ADMIN to read the record.
"""
import configparser
import hashlib
import json
import os
import subprocess
import threading
import urllib.request
import uuid
import xmlrpc.client

import pytest

from module_hub import Build, module_session, named, Session


@pytest.fixture(scope='module')
def session(http_hub):
    return module_session(http_hub, 'events')


@pytest.fixture(scope='module')
def admin_session(session, http_hub):
    if not os.environ.get('CG_HUB_ADMIN'):
        pytest.skip('CG_HUB_ADMIN is not set')
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(os.environ['CG_HUB_ADMIN'])
    return Session(parser[http_hub.profile])


class Record:
    """What was recorded from here on."""

    def __init__(self, session):
        self.session, self.position = session, 0
        self.read()

    def read(self):
        """The events that are new, which follow each other without a gap."""
        new = []
        while True:
            part = self.session.call('cgimport.events', self.position, 1000)
            for event in part:
                self.position += 1
                assert event['position'] == self.position
            new += part
            if len(part) < 1000:
                return new

    def of(self, nvr):
        return [event for event in self.read() if event['nvr'] == nvr]


@pytest.fixture
def record(admin_session):
    return Record(admin_session)


@pytest.fixture
def build(tmp_path):
    return Build(tmp_path / 'build', checksum='sha256')


def stored_metadata(hub, build):
    return urllib.request.urlopen('%s/packages/%s/metadata.json' % (
        hub.settings['topurl'], '/'.join(build.metadata['build'][key] for key in ('name', 'version', 'release')))).read()


def told(events):
    return [(event['kind'], event['detail'].get('old'), event['detail'].get('new')) for event in events]


def assert_told_import(hub, event, build, user):
    assert (event['kind'], event['nvr'], event['user_name']) == ('import', build.nvr, user)
    assert event['content_generator'] == 'atomic-reactor'
    assert event['build_id'] == hub.call('getBuild', build.nvr)['id']
    assert event['metadata_sha256'] == hashlib.sha256(stored_metadata(hub, build)).hexdigest()
    assert event['session_id'] > 0 and event['user_id'] > 0
    for output, outlined in zip(build.metadata['output'], event['detail']['outputs'], strict=True):
        for key in ('filename', 'type', 'filesize', 'checksum', 'checksum_type'):
            assert outlined[key] == output[key]


# --- what is told ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('form', ['file', 'struct'])
def test_an_import_is_told(hub, session, record, build, form):
    place = session.send(build)
    session.call('CGImport', 'metadata.json' if form == 'file' else build.metadata, place)
    events = record.of(build.nvr)
    assert told(events) == [('state', None, 1), ('import', None, None)]
    assert_told_import(hub, events[1], build, session.user)
    assert events[1]['detail']['directory'] == place
    assert events[1]['session_id'] == session.session['session-id']


def test_the_koji_command_is_told(hub, koji_python, record, build):
    done = subprocess.run([koji_python, os.path.join(os.path.dirname(koji_python), 'koji'), '-c', hub.config, '-p',
                           hub.profile, 'import-cg', build.directory + '/metadata.json', build.directory],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    events = record.of(build.nvr)
    assert [event['kind'] for event in events] == ['state', 'import']
    assert_told_import(hub, events[1], build, 'osbs')


def test_a_reservation_is_told_from_its_beginning(hub, session, record, build):
    wanted = {key: build.metadata['build'][key] for key in ('name', 'version', 'release')}
    reserved = session.call('CGInitBuild', 'atomic-reactor', wanted)
    build.metadata['build']['build_id'] = reserved['build_id']
    session.call('CGImport', 'metadata.json', session.send(build), reserved['token'])
    events = record.of(build.nvr)
    assert told(events) == [('state', None, 0), ('state', 0, 1), ('import', None, None)]
    assert_told_import(hub, events[2], build, session.user)


def test_a_refund_is_told(session, record, build):
    wanted = {key: build.metadata['build'][key] for key in ('name', 'version', 'release')}
    reserved = session.call('CGInitBuild', 'atomic-reactor', wanted)
    session.call('CGRefundBuild', 'atomic-reactor', reserved['build_id'], reserved['token'])
    assert told(record.of(build.nvr)) == [('state', None, 0), ('state', 0, 3)]


def test_what_happens_to_a_build_is_told(hub, session, admin_session, record, build):
    build_id = session.call('CGImport', 'metadata.json', session.send(build))['id']
    if not session.call('checkTagPackage', hub.tag, build.metadata['build']['name']):
        admin_session.call('packageListAdd', hub.tag, build.metadata['build']['name'], 'osbs')
    record.of(build.nvr)
    admin_session.call('tagBuildBypass', hub.tag, build_id)
    admin_session.call('untagBuildBypass', hub.tag, build_id)
    admin_session.call('deleteBuild', build_id, True, 0)
    events = record.of(build.nvr)
    assert told(events) == [('tag', None, None), ('untag', None, None), ('state', 1, 2)]
    assert {event['user_name'] for event in events} == {admin_session.user}
    assert [event['detail'].get('tag') for event in events[:2]] == [hub.tag, hub.tag]


def test_another_volume_is_told(session, admin_session, topdir, record, build):
    build_id = session.call('CGImport', 'metadata.json', session.send(build))['id']
    name = 'v%s' % uuid.uuid4().hex[:8]
    os.makedirs(os.path.join(topdir, 'vol', name))
    owner = os.stat(os.path.join(topdir, 'work'))
    os.chown(os.path.join(topdir, 'vol', name), owner.st_uid, owner.st_gid)
    volume_id = admin_session.call('addVolume', name)['id']
    record.of(build.nvr)
    admin_session.call('changeBuildVolume', build_id, name)
    assert told(record.of(build.nvr)) == [('volume', 0, volume_id)]


def test_a_draft_and_its_promotion_are_told(session, record, build):
    if os.environ.get('CG_HUB_DRAFTS') != '1':
        pytest.skip('CG_HUB_DRAFTS is not 1: the hub makes no drafts')
    wanted = {key: build.metadata['build'][key] for key in ('name', 'version', 'release')}
    reserved = session.call('CGInitBuild', 'atomic-reactor', dict(wanted, draft=True))
    build.metadata['build'].update(build_id=reserved['build_id'], draft=True)
    build.metadata['output'] = [output for output in build.metadata['output'] if output['type'] == 'log']
    session.call('CGImport', 'metadata.json', session.send(build), reserved['token'])
    draft = session.call('getBuild', reserved['build_id'])
    assert draft['release'] == '%s,draft_%d' % (wanted['release'], draft['id'])
    session.call('promoteBuild', draft['id'])
    events = [event for event in record.read() if event['build_id'] == draft['id']]
    assert [event['kind'] for event in events] == ['state', 'state', 'import', 'promote']
    assert [event['nvr'] for event in events] == [draft['nvr']] * 3 + [build.nvr]
    assert events[3]['detail'] == {'draft_release': draft['release'], 'target_release': wanted['release']}
    assert {event['user_name'] for event in events} == {session.user}


@pytest.mark.parametrize('text', ['a\ufffeb', 'a\x01b', 'a\ud83d', 'a\x00b'])
def test_what_no_wire_or_database_carries_is_spelled_out(session, record, build, checking_is_off, text):
    """Or one import would keep everybody from reading on; half a pair and NUL would even keep it from its commit."""
    log = [output for output in build.metadata['output'] if output['type'] == 'log'][0]
    log['arch'] = text
    session.call('CGImport', 'metadata.json', session.send(build))
    imported = record.of(build.nvr)[1]
    told_arch = imported['detail']['outputs'][build.metadata['output'].index(log)]['arch']
    assert told_arch == json.dumps(text)[1:-1]


def test_a_build_of_no_generator_is_not_told(admin_session, record):
    name = 'plain%s' % uuid.uuid4().hex[:8]
    admin_session.call('createEmptyBuild', name, '1', '1', 0)
    assert record.of(name + '-1-1') == []


def test_what_failed_is_not_told(session, record, build):
    place = session.send(build)
    build.metadata['output'][0]['checksum'] = '0' * 64
    with pytest.raises(xmlrpc.client.Fault):
        session.call('CGImport', build.metadata, place)
    assert record.of(build.nvr) == []


def test_a_part_of_a_multicall_that_failed_is_not_told(session, record, tmp_path):
    """The first of three calls is committed, the second rolled back, the third committed."""
    builds = [Build(tmp_path / str(number)) for number in range(3)]
    places = [session.send(build) for build in builds]
    calls = [{'methodName': 'CGImport', 'params': ['metadata.json', place]} for place in places]
    builds[1].metadata['build']['source'] = 7
    calls[1]['params'][0] = dict(builds[1].metadata, output=[])
    answers = session.call('multiCall', calls)
    assert isinstance(answers[0], list) and isinstance(answers[1], dict) and isinstance(answers[2], list)
    imports = [event['nvr'] for event in record.read() if event['kind'] == 'import']
    assert imports == [builds[0].nvr, builds[2].nvr]


# --- how it is read --------------------------------------------------------------------------------------------------
def test_only_those_who_may_read_it(http_hub, session):
    for caller in (session, Session(http_hub.settings, anonymous=True)):
        with pytest.raises(xmlrpc.client.Fault, match='permission required'):
            caller.call('cgimport.events', 0)


def test_readings_have_a_beginning_and_a_limit(session, admin_session, record, tmp_path):
    before = record.position
    for number in range(2):
        build = Build(tmp_path / str(number))
        session.call('CGImport', 'metadata.json', session.send(build))
    assert [event['position'] for event in admin_session.call('cgimport.events', before, 3)] == \
        [before + 1, before + 2, before + 3]
    assert len(admin_session.call('cgimport.events', named(after=before + 3))) == 1
    assert admin_session.call('cgimport.events', before + 1000000) == []
    for bad in ((-1,), ('x',), (None,), (0, 0), (0, 1001), (True,), (0, 1.5)):
        with pytest.raises(xmlrpc.client.Fault, match='is no number from 0|makes no sense'):
            admin_session.call('cgimport.events', *bad)


def test_a_reader_misses_nothing_of_many_imports_at_once(http_hub, session, record, tmp_path):
    builds = [Build(tmp_path / str(number)) for number in range(24)]
    failures, seen = [], []

    def work(mine):
        try:
            own = Session(http_hub.settings)
            for build in mine:
                own.call('CGImport', 'metadata.json', own.send(build))
        except Exception as failure:  # told by the test, not by a thread
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(builds[number::6],)) for number in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += record.read()
    for thread in threads:
        thread.join()
    seen += record.read()
    assert not failures
    imports = [event['nvr'] for event in seen if event['kind'] == 'import']
    assert set(imports) >= {build.nvr for build in builds} and len(imports) == len(set(imports))
    states = {event['nvr']: event['position'] for event in seen if event['kind'] == 'state'}
    for event in seen:
        if event['kind'] == 'import' and event['nvr'] in states:
            assert states[event['nvr']] < event['position']
