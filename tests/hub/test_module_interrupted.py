# SPDX-License-Identifier: LGPL-2.1-or-later
"""Imports that die on the way, on a real hub: one good build with all files or none, and a retry needs no administrator."""
import os
import subprocess
import threading
import time
import xmlrpc.client

import pytest

import hub_client
from module_hub import assert_whole, Build, module_session, NUMBERS, outcome, place_of, reserve, RUN, Session


@pytest.fixture(scope='module')
def session(http_hub):
    return module_session(http_hub, 'importBuild')


# --- at the commit ---------------------------------------------------------------------------------------------------
def break_database(database, build, on):
    """Has the import fail, or its process die, when the build's row is written or at the commit."""
    name = 'cgm_%s_%d' % (RUN.replace('.', '_'), next(NUMBERS))
    what = {'raise': "RAISE EXCEPTION 'broken for the test'", 'die': 'PERFORM pg_terminate_backend(pg_backend_pid())'}[on]
    database.run("""
        CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            IF EXISTS (SELECT FROM build WHERE id = NEW.build_id AND release = '{1}') THEN {2}; END IF; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER {0} AFTER INSERT ON archiveinfo DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE PROCEDURE {0}()""".format(name, build.metadata['build']['release'], what))
    return lambda: database.run('DROP TRIGGER {0} ON archiveinfo; DROP FUNCTION {0}()'.format(name))


@pytest.mark.parametrize('on', ['raise', 'die'])
@pytest.mark.parametrize('reserved', [True, False], ids=['reserved', 'unreserved'])
@pytest.mark.parametrize('directory', ['the same directory', 'a new directory'])
def test_a_commit_that_fails_leaves_nothing_in_the_way(session, database, topdir, tmp_path, on, reserved, directory):
    """The files were moved, the database has nothing of it: the same call again imports the build."""
    build = Build(tmp_path / 'build')
    token = reserve(session, build) if reserved else None
    place, key = session.send(build), 'die-%s-%d' % (RUN, next(NUMBERS))
    mend = break_database(database, build, on)
    try:
        with pytest.raises(hub_client.HttpError):
            session.call('cgimport.importBuild', 'metadata.json', place, token, key)
    finally:
        mend()
    assert os.path.exists(place_of(topdir, build.metadata['build']))
    again = place if directory == 'the same directory' else session.send(build)
    assert session.call('cgimport.importBuild', 'metadata.json', again, token, key)['nvr'] == build.nvr
    assert_whole(session, topdir, build)


def test_an_import_that_fails_half_way_can_be_sent_again(session, topdir, tmp_path):
    """The last output is what the hub refuses when the files before it are moved already."""
    build = Build(tmp_path / 'build', manifests=True)
    image = [o for o in build.metadata['output'] if o['type'] == 'docker-image'][0]
    arch, image['extra']['image']['arch'] = image['extra']['image']['arch'], 'an-arch-far-too-long-for-koji'
    place = session.send(build)
    assert outcome(session, 'cgimport.importBuild', 'metadata.json', place)[0] != 0
    assert not os.path.exists(place_of(topdir, build.metadata['build']))
    image['extra']['image']['arch'] = arch
    text = build.text().decode()
    assert session.call('cgimport.importBuild', text, place)['nvr'] == build.nvr
    assert_whole(session, topdir, build)


def test_only_what_an_import_of_ours_left_is_removed(session, topdir, tmp_path):
    build = Build(tmp_path / 'build')
    place = place_of(topdir, build.metadata['build'])
    os.makedirs(os.path.join(place, 'data'))
    fault = outcome(session, 'cgimport.importBuild', 'metadata.json', session.send(build))
    assert fault == (1000, 'Destination directory already exists: %s' % place)
    assert os.listdir(place) == ['data']


# --- a process that is killed ----------------------------------------------------------------------------------------
class Gate:
    """Imports of one build stop where they insert a row into `table`, until the gate is opened."""

    def __init__(self, database, build, table, condition):
        self.database, self.table = database, table
        self.name = 'cgm_%s_%d' % (RUN.replace('.', '_'), next(NUMBERS))
        self.number = next(NUMBERS) + 10 ** 6
        self.keeper = subprocess.Popen(['psql', '-XqAt', '-d', database.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.keeper.stdin.write('SELECT pg_advisory_lock(%d);\n' % self.number)
        self.keeper.stdin.flush()
        self.keeper.stdout.readline()
        database.run("""
            CREATE FUNCTION public.{0}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                IF {2} THEN PERFORM pg_advisory_xact_lock({3}); END IF; RETURN NULL; END $$;
            CREATE TRIGGER {0} AFTER INSERT ON {1} FOR EACH ROW EXECUTE PROCEDURE public.{0}()""".format(
                self.name, table, condition.format(**build.metadata['build']), self.number))

    def wait(self):
        """Until an import stands there."""
        deadline = time.monotonic() + 120
        while not self.database.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %d" % self.number):
            assert time.monotonic() < deadline, 'no import came to the gate'
            time.sleep(0.05)

    def open(self):
        self.keeper.communicate()
        self.database.run('DROP TRIGGER IF EXISTS {0} ON {1}; DROP FUNCTION IF EXISTS public.{0}()'.format(self.name, self.table))


def kill_children():
    """All children of the hub's httpd, which makes new ones."""
    if not os.environ.get('CG_HUB_HTTPD'):
        pytest.skip('CG_HUB_HTTPD is not set: the processes of the hub are not known')
    with open(os.environ['CG_HUB_HTTPD']) as reading:
        parent = reading.read().strip()
    with open('/proc/%s/task/%s/children' % (parent, parent)) as reading:
        children = [int(child) for child in reading.read().split()]
    for child in children:
        os.kill(child, 9)
    return children


def wait_for_hub(session):
    deadline = time.monotonic() + 120
    while True:
        try:
            return session.call('getAPIVersion')
        except OSError:
            assert time.monotonic() < deadline, 'the hub did not come back'
            time.sleep(0.1)


# Where an import stands when its process is killed: some files are moved, or all are.
PLACES = {'some files moved': ('archiveinfo', "EXISTS (SELECT FROM build WHERE id = NEW.build_id AND release = '{release}')"),
          'all files moved': ('cgimport.event', "NEW.kind = 'import' AND NEW.nvr = '{name}-{version}-{release}'")}


@pytest.mark.parametrize('where', sorted(PLACES))
@pytest.mark.parametrize('reserved', [True, False], ids=['reserved', 'unreserved'])
@pytest.mark.parametrize('directory', ['the same directory', 'a new directory'])
def test_a_killed_process_leaves_nothing_in_the_way(session, http_hub, database, topdir, tmp_path, where, reserved, directory):
    build = Build(tmp_path / 'build', manifests=True)
    token = reserve(session, build) if reserved else None
    place, key, lost = session.send(build), 'kill-%s-%d' % (RUN, next(NUMBERS)), []
    gate = Gate(database, build, *PLACES[where])

    def send():
        try:
            lost.append(session.call('cgimport.importBuild', 'metadata.json', place, token, key))
        except Exception as failure:  # told by the test, not by a thread
            lost.append(failure)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        gate.wait()
        assert os.path.exists(os.path.join(place_of(topdir, build.metadata['build']), '.cg_import-incomplete'))
        assert kill_children()
        sender.join()
    finally:
        gate.open()
        sender.join()
    assert isinstance(lost[0], Exception) and not isinstance(lost[0], xmlrpc.client.Fault), lost
    wait_for_hub(session)
    again = Session(http_hub.settings)
    place = place if directory == 'the same directory' else again.send(build)
    assert again.call('cgimport.importBuild', 'metadata.json', place, token, key)['nvr'] == build.nvr
    assert_whole(session, topdir, build)


# --- the answer cannot be kept ---------------------------------------------------------------------------------------
def test_an_answer_that_cannot_be_kept_undoes_the_import(session, database, topdir, tmp_path):
    """Of several calls in one request only this one is undone: what it left is not among what the others finish."""
    build, other = Build(tmp_path / 'build'), Build(tmp_path / 'other')
    key = 'keep-%s-%d' % (RUN, next(NUMBERS))
    name = 'cgm_%s_%d' % (RUN.replace('.', '_'), next(NUMBERS))
    place = session.send(build)
    calls = [{'methodName': 'cgimport.importBuild', 'params': params}
             for params in (['metadata.json', place, None, key], ['metadata.json', session.send(other)])]
    database.run("""
        CREATE FUNCTION public.{0}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.key = '{1}' THEN RAISE EXCEPTION 'broken for the test'; END IF; RETURN NULL; END $$;
        CREATE TRIGGER {0} AFTER INSERT ON cgimport.answer FOR EACH ROW EXECUTE PROCEDURE public.{0}()""".format(name, key))
    try:
        refused, imported = session.call('multiCall', calls)
    finally:
        database.run('DROP TRIGGER {0} ON cgimport.answer; DROP FUNCTION public.{0}()'.format(name))
    assert 'broken for the test' in refused['faultString']
    assert imported[0]['nvr'] == other.nvr
    assert not os.path.exists(place_of(topdir, build.metadata['build']))
    assert session.call('cgimport.importBuild', 'metadata.json', place, None, key)['nvr'] == build.nvr
    assert_whole(session, topdir, build)
    assert_whole(session, topdir, other)


# --- drafts ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def draft(session, tmp_path):
    """A reserved draft of logs only, which master imports, and its token."""
    if os.environ.get('CG_HUB_DRAFTS') != '1':
        pytest.skip('CG_HUB_DRAFTS is not 1: the hub makes no drafts')
    build = Build(tmp_path / 'draft')
    wanted = {key: build.metadata['build'][key] for key in ('name', 'version', 'release')}
    reserved = session.call('CGInitBuild', 'atomic-reactor', dict(wanted, draft=True))
    build.metadata['build'].update(build_id=reserved['build_id'], draft=True)
    build.metadata['output'] = [output for output in build.metadata['output'] if output['type'] == 'log']
    return build, reserved['token']


def test_a_draft_whose_commit_failed_is_sent_again(session, database, topdir, draft):
    build, token = draft
    place = session.send(build)
    name = 'cgm_%s_%d' % (RUN.replace('.', '_'), next(NUMBERS))
    database.run("""
        CREATE FUNCTION public.{0}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            IF NEW.build_id = {1} AND NEW.kind = 'import' THEN RAISE EXCEPTION 'broken for the test'; END IF; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER {0} AFTER INSERT ON cgimport.event DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE PROCEDURE public.{0}()""".format(name, build.metadata['build']['build_id']))
    try:
        with pytest.raises(hub_client.HttpError):
            session.call('cgimport.importBuild', 'metadata.json', place, token)
    finally:
        database.run('DROP TRIGGER {0} ON cgimport.event; DROP FUNCTION public.{0}()'.format(name))
    info = session.call('getBuild', build.metadata['build']['build_id'])
    assert os.path.exists(os.path.join(place_of(topdir, info), '.cg_import-incomplete'))
    assert session.call('cgimport.importBuild', 'metadata.json', place, token)['nvr'] == info['nvr']
    logs = set(os.listdir(os.path.join(place_of(topdir, info), 'data/logs'))) - {'cg_import.log'}
    assert logs == {output['filename'] for output in build.metadata['output']}
    assert not os.path.exists(os.path.join(place_of(topdir, info), '.cg_import-incomplete'))


def test_a_draft_leaves_the_build_of_its_release_alone(session, topdir, tmp_path, draft):
    """The process of that build's import died after the commit: the build is whole, its mark was left."""
    build, token = draft
    whole = Build(tmp_path / 'whole', release=build.metadata['build']['release'])
    session.call('cgimport.importBuild', 'metadata.json', session.send(whole))
    mark = os.path.join(place_of(topdir, whole.metadata['build']), '.cg_import-incomplete')
    with open(mark, 'w'):
        pass
    outcome(session, 'cgimport.importBuild', 'metadata.json', session.send(build), token)
    os.unlink(mark)
    assert_whole(session, topdir, whole)


# --- another plugin that fails ---------------------------------------------------------------------------------------
@pytest.fixture
def undone(session):
    """Uploads a build of which the import is undone at its end, once."""
    if os.environ.get('CG_HUB_UNDOING') != '1':
        pytest.skip('CG_HUB_UNDOING is not 1: the hub has no plugin that fails')

    def send(build):
        place = session.send(build)
        session.upload(place, 'undo', b'x')
        return place
    return send


@pytest.mark.parametrize('reserved', [True, False], ids=['reserved', 'unreserved'])
@pytest.mark.parametrize('directory', ['the same directory', 'a new directory'])
def test_what_another_plugin_undoes_leaves_nothing_in_the_way(session, topdir, tmp_path, undone, reserved, directory):
    build = Build(tmp_path / 'build', manifests=True)
    token = reserve(session, build) if reserved else None
    place = undone(build)
    code, text = outcome(session, 'cgimport.importBuild', 'metadata.json', place, token)
    assert 'undone for the test' in text
    assert not os.path.exists(place_of(topdir, build.metadata['build']))
    again = place if directory == 'the same directory' else session.send(build)
    assert session.call('cgimport.importBuild', 'metadata.json', again, token)['nvr'] == build.nvr
    assert_whole(session, topdir, build)


@pytest.mark.parametrize('method', ['CGImport', 'cgimport.importBuild'])
def test_a_plain_import_that_is_undone_is_mended_by_reserving(session, topdir, tmp_path, undone, method):
    """The hub leaves the files of its own method lying; a reservation that is given back takes them away."""
    build = Build(tmp_path / 'build', manifests=True)
    wanted = {key: build.metadata['build'][key] for key in ('name', 'version', 'release')}
    assert 'undone for the test' in outcome(session, 'CGImport', 'metadata.json', undone(build))[1]
    assert outcome(session, method, 'metadata.json', session.send(build)) == \
        (1000, 'Destination directory already exists: %s' % place_of(topdir, wanted))
    reserved = session.call('CGInitBuild', 'atomic-reactor', wanted)
    session.call('CGRefundBuild', 'atomic-reactor', reserved['build_id'], reserved['token'])
    token = reserve(session, build)
    assert session.call(method, 'metadata.json', session.send(build), token)['nvr'] == build.nvr
    assert_whole(session, topdir, build)
