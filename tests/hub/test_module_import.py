# SPDX-License-Identifier: LGPL-2.1-or-later
"""cgimport.importBuild of the hub's plugin beside the hub's own CGImport, on a real hub.

CG_HUB_DATABASE      the hub's database, as libpq takes it: rows are put there and compared
CG_HUB_MODULE_TIMES  1: measure; else nothing here looks at a clock
"""
import copy
import filecmp
import os
import random
import re
import threading
import time
import xmlrpc.client

import pytest

from module_hub import Build, Database, NUMBERS, RUN, Session, named

METHODS = ('CGImport', 'cgimport.importBuild')


@pytest.fixture(scope='module')
def session(http_hub):
    session = Session(http_hub.settings)
    try:
        assert 'importBuild' in session.call('cgimport.hello')['abilities']
    except xmlrpc.client.Fault as fault:
        pytest.skip('the hub has no plugin cg_import: %s' % fault.faultString)
    return session


@pytest.fixture(scope='module')
def database(session):
    if not os.environ.get('CG_HUB_DATABASE'):
        pytest.skip('CG_HUB_DATABASE is not set')
    return Database(os.environ['CG_HUB_DATABASE'])


@pytest.fixture(scope='module')
def topdir(http_hub):
    if not os.path.isdir(http_hub.settings.get('topdir', '')):
        pytest.skip('the hub\'s files are not on this machine')
    return http_hub.settings['topdir']


def place_of(topdir, build):
    return os.path.join(topdir, 'packages', build['name'], build['version'], build['release'])


def outcome(session, method, *arguments):
    """The build, or (fault code, text) of the refusal."""
    try:
        return session.call(method, *arguments)
    except xmlrpc.client.Fault as fault:
        return fault.faultCode, fault.faultString


# --- the same rows and files -----------------------------------------------------------------------------------------
ROWS = {
    'build': "SELECT to_jsonb(build) - '{id,release,create_event,completion_time}'::text[] AS r FROM build WHERE id = {id}",
    'types': "SELECT btype_id FROM build_types WHERE build_id = {id} ORDER BY 1",
    'images': "SELECT count(*) FROM image_builds WHERE build_id = {id}",
    'archives': "SELECT to_jsonb(a) - '{id,build_id,buildroot_id}'::text[] AS r, i.arch FROM archiveinfo a LEFT JOIN image_archives i "
                "ON i.archive_id = a.id WHERE a.build_id = {id} ORDER BY a.filename",
    'rpms of archives': "SELECT a.filename, c.rpm_id FROM archiveinfo a JOIN archive_rpm_components c ON c.archive_id = a.id "
                        "WHERE a.build_id = {id} ORDER BY 1, 2",
    'archives of archives': "SELECT a.filename, c.component_id FROM archiveinfo a JOIN archive_components c ON c.archive_id = a.id "
                            "WHERE a.build_id = {id} ORDER BY 1, 2",
    'buildroot': "SELECT to_jsonb(b) - 'id' AS r FROM buildroot b WHERE b.id IN {buildroots} ORDER BY b.host_arch",
    'tools': "SELECT tool, version FROM buildroot_tools_info WHERE buildroot_id IN {buildroots} ORDER BY 1, 2",
    'rpms': "SELECT rpm_id, is_update FROM buildroot_listing WHERE buildroot_id IN {buildroots} ORDER BY 1",
    'components': "SELECT archive_id, project_dep FROM buildroot_archives WHERE buildroot_id IN {buildroots} ORDER BY 1",
    'reservation': "SELECT count(*) FROM build_reservations WHERE build_id = {id}",
}


def rows_of(database, build):
    buildroots = '(SELECT buildroot_id FROM archiveinfo WHERE build_id = %d)' % build['id']
    found = {name: database.rows(sql.replace('{id}', str(build['id'])).replace('{buildroots}', buildroots))
             for name, sql in ROWS.items()}
    return re.sub(re.escape(build['release']), 'RELEASE', repr(found))


def same_trees(left, right):
    compared = filecmp.dircmp(left, right)
    differing = [name for name in compared.diff_files if name not in ('metadata.json', 'cg_import.log')]
    return not (compared.left_only or compared.right_only or compared.funny_files or differing) and \
        all(same_trees(os.path.join(left, name), os.path.join(right, name)) for name in compared.common_dirs)


def text_of(top, *names):
    path = os.path.join(top, *names)
    return open(path).read() if os.path.exists(path) else None


def import_both(session, tmp_path, change=None, **options):
    """The same build by both methods under two releases: [(build, outcome), ...]."""
    done = []
    for method in METHODS:
        build = Build(tmp_path / method, **options)
        if change:
            change(build.metadata)
        done.append((build, outcome(session, method, 'metadata.json', session.send(build))))
    return done


def assert_same(session, database, topdir, tmp_path, change=None, **options):
    (own_build, own), (build, ours) = import_both(session, tmp_path, change, **options)
    if not isinstance(own, dict):
        replaced = str(ours).replace(build.metadata['build']['release'], own_build.metadata['build']['release'])
        assert re.sub(r'cg-module/[\w.-]+', '', replaced) == re.sub(r'cg-module/[\w.-]+', '', str(own))
        return own
    assert isinstance(ours, dict), ours
    assert rows_of(database, ours) == rows_of(database, own)
    left, right = place_of(topdir, own), place_of(topdir, ours)
    assert same_trees(left, right)
    assert text_of(left, 'metadata.json').replace(own['release'], 'R') == text_of(right, 'metadata.json').replace(ours['release'], 'R')
    assert text_of(left, 'data/logs/cg_import.log') == text_of(right, 'data/logs/cg_import.log')
    volatile = ('id', 'build_id', 'release', 'nvr', 'creation_event_id') + tuple(k for k in own if 'time' in k or k.endswith('_ts'))
    assert {k: v for k, v in own.items() if k not in volatile} == {k: v for k, v in ours.items() if k not in volatile}
    return own


def test_a_plain_build(session, database, topdir, tmp_path):
    assert assert_same(session, database, topdir, tmp_path, manifests=True, arches=('x86_64', 'aarch64'))['state'] == 1


@pytest.mark.parametrize('kind', ['md5', 'sha256'])
def test_each_kind_of_digest(session, database, topdir, tmp_path, kind):
    assert assert_same(session, database, topdir, tmp_path, checksum=kind, size=700000, logs=5)['state'] == 1


def refusals():
    def edit(name, path, value):
        def change(metadata):
            place = metadata
            for key in path[:-1]:
                place = place[key]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
        change.__name__ = name
        return change
    return [edit('wrong sum', ('output', 1, 'checksum'), 'd41d8cd98f00b204e9800998ecf8427e'),
            edit('wrong size', ('output', 0, 'filesize'), 7),
            edit('no such file', ('output', 0, 'relpath'), 'nowhere'),
            edit('unknown buildroot', ('output', 0, 'buildroot_id'), 'x'),
            edit('unknown generator', ('buildroots', 0, 'content_generator', 'name'), 'x'),
            edit('sha1', ('output', 0, 'checksum_type'), 'sha1'),
            edit('no type', ('output', 2, 'extra'), {}),
            edit('dash', ('build', 'version'), '1-0'),
            edit('owner', ('build', 'owner'), 'nobody-at-all'),
            edit('token without reservation', ('build', 'build_id'), 1)]


@pytest.mark.parametrize('change', refusals(), ids=lambda change: change.__name__.replace(' ', '-'))
def test_the_hubs_own_refusals_in_its_own_words(session, database, topdir, tmp_path, change, checking_is_off):
    assert isinstance(assert_same(session, database, topdir, tmp_path, change), tuple)


@pytest.fixture
def checking_is_off():
    """So that the hub is the one to refuse."""
    path = os.environ.get('CG_HUB_MODULE_CONF')
    if not path:
        pytest.skip('CG_HUB_MODULE_CONF is not set')
    before = open(path).read() if os.path.exists(path) else ''

    def write(text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + '.new', 'w') as writing:
            writing.write(text)
        os.replace(path + '.new', path)
    write('[check]\nmode = off\n')
    yield
    write(before)


# --- components ------------------------------------------------------------------------------------------------------
def rpms(count):
    name = 'cgm%s%d' % (RUN.replace('.', 'x'), next(NUMBERS))
    return [{'type': 'rpm', 'name': '%s-%d' % (name, i), 'version': '1', 'release': str(i % 3), 'arch': ['x86_64', 'noarch'][i % 2],
             'epoch': None, 'sigmd5': '%032x' % i, 'signature': None} for i in range(count)]


def put(components, where=('buildroots', 'output')):
    def change(metadata):
        if 'buildroots' in where:
            metadata['buildroots'][0]['components'] = copy.deepcopy(components)
        if 'output' in where:
            metadata['output'][-1]['components'] = copy.deepcopy(components)
    return change


def external_repo(database):
    name = 'cgm-repo-%s-%d' % (RUN, next(NUMBERS))
    return int(database.run("INSERT INTO external_repo (name) VALUES ('%s') RETURNING id" % name))


@pytest.mark.parametrize('seed', range(3))
def test_rpms_of_every_sort(session, database, topdir, tmp_path, seed):
    """Known, unknown, another sum, external, both internal and external, spelled oddly: the hub's own choice each time."""
    rnd, components = random.Random(seed), rpms(120)
    database.add_rpms(components[:60])
    database.add_rpms(components[20:30] + components[60:80], external_repo_id=str(external_repo(database)), build_id='NULL',
                      **({'draft': 'NULL'} if database.has_drafts() else {}))
    for component in components[10:25]:
        component['sigmd5'] = 'f' * 32
    components[5]['epoch'] = 3
    components[6]['name'] += "'; \\ \u00e9 \U0001f600"
    components[7]['arch'] = 'no\u0338arch'
    rnd.shuffle(components)
    assert assert_same(session, database, topdir, tmp_path, put(components))['state'] == 1


def test_more_rpms_than_one_query_takes(session, database, topdir, tmp_path):
    components = rpms(2300)
    database.add_rpms(components)
    own = assert_same(session, database, topdir, tmp_path, put(components))
    assert database.rows('SELECT count(*) AS n FROM archive_rpm_components c JOIN archiveinfo a ON a.id = c.archive_id '
                         'WHERE a.build_id = %d' % own['id']) == [{'n': 2300}]


def test_of_two_external_rpms_the_hub_chooses(session, database, topdir, tmp_path):
    components = rpms(20)
    for _ in range(2):
        database.add_rpms(components, external_repo_id=str(external_repo(database)), build_id='NULL',
                          **({'draft': 'NULL'} if database.has_drafts() else {}))
    assert assert_same(session, database, topdir, tmp_path, put(components))['state'] == 1


def test_a_draft_rpm_is_the_hubs_to_refuse(session, database, topdir, tmp_path):
    if not database.has_drafts():
        pytest.skip('this hub has no drafts')
    components = rpms(20)
    nvr = database.add_rpms(components[:19])
    draft_build(database, components[19], nvr)
    own = assert_same(session, database, topdir, tmp_path, put(components))
    assert own == (1000, 'Draft rpm not supported')


def draft_build(database, component, name):
    """A draft build that has this rpm."""
    number = int(database.run("SELECT nextval('build_id_seq')"))
    database.run("INSERT INTO build (id, pkg_id, version, release, state, owner, volume_id, completion_time, draft) SELECT %d, id, "
                 "'1', '1,draft_%d', 1, 1, 0, now(), true FROM package WHERE name = '%s'" % (number, number, name))
    database.add_rpms([component], draft='true', build_id=str(number))


@pytest.mark.parametrize('broken', [{'location': 'x'}, {'id': 5}, {'type': 'other'}, {'name': None}, {'version': 7}, {'arch': ['a']},
                                    {'release': 'a\x00b'}])
def test_components_that_break_the_hubs_rules(session, database, topdir, tmp_path, broken, checking_is_off):
    components = rpms(20)
    database.add_rpms(components[:10])
    components[15].update(broken)
    assert_same(session, database, topdir, tmp_path, put(components, ['output']))


def test_files_of_every_sort(session, database, topdir, tmp_path):
    """Found, of another sum, another kind of sum, twice there, unknown: files and kojifiles."""
    sources = []
    for number in range(12):
        source = Build(tmp_path / ('source-%d' % number), seed=number // 2, manifests=True)
        session.call('CGImport', 'metadata.json', session.send(source))
        sources.append(source)
    listed = [a for s in sources for a in session.call('listArchives', session.call('getBuild', s.nvr)['id'])]
    assert len(listed) == 24
    files = [{'type': 'file', 'filename': a['filename'], 'filesize': a['size'], 'checksum': a['checksum'], 'checksum_type': 'md5'}
             for a in listed]
    files = [f for i, f in enumerate(files) if f not in files[:i]]
    files[1]['checksum'] = 'f' * 32
    files[2].update(checksum_type='sha256', checksum='f' * 64)
    files += [dict(files[0], filename='unknown-%d.zip' % i, filesize=i + 2 ** 40) for i in range(9)]
    kojifiles = [{'type': 'kojifile', 'archive_id': a['id'], 'nvr': s.nvr, 'filename': a['filename'], 'filesize': a['size']}
                 for a, s in [(session.call('listArchives', session.call('getBuild', s.nvr)['id'])[0], s) for s in sources[8:]]]
    assert assert_same(session, database, topdir, tmp_path, put(files, ['buildroots']))['state'] == 1
    assert assert_same(session, database, topdir, tmp_path, put(files[:4] + kojifiles, ['output']))['state'] == 1
    for wrong in ({'nvr': 'a-1-1'}, {'filesize': 1}, {'archive_id': 2 ** 30}, {'filename': 'x'}):
        changed = kojifiles[:-1] + [dict(kojifiles[-1], **wrong)]
        assert assert_same(session, database, topdir, tmp_path / str(wrong), put(changed, ['output']))[0] == 1000


# --- again, and at the same time -------------------------------------------------------------------------------------
def reserve(session, build):
    init = session.call('CGInitBuild', 'atomic-reactor', {k: build.metadata['build'][k] for k in ('name', 'version', 'release')})
    build.metadata['build']['build_id'] = init['build_id']
    return init['token']


@pytest.mark.parametrize('form', ['metadata.json', None, 'text', 'struct'])
def test_with_a_reservation_in_every_form(session, tmp_path, form):
    build = Build(tmp_path / 'build')
    token = reserve(session, build)
    metadata = {'text': build.text().decode(), 'struct': build.metadata}.get(form, form)
    done = session.call('cgimport.importBuild', named(metadata=metadata, directory=session.send(build), token=token))
    assert (done['nvr'], done['id'], done['state']) == (build.nvr, build.metadata['build']['build_id'], 1)


def test_the_same_key_gives_the_first_answer(session, tmp_path):
    build, key = Build(tmp_path / 'build'), 'again-%s' % RUN
    place = session.send(build)
    first = session.call('cgimport.importBuild', 'metadata.json', place, None, key)
    assert session.call('cgimport.importBuild', 'metadata.json', place, None, key) == first
    assert session.call('cgimport.importBuild', 'metadata.json', session.send(build), None, key) == first
    assert first == dict(session.call('getBuild', build.nvr), **{k: v for k, v in first.items()})


def test_a_key_that_failed_may_be_used_again(session, tmp_path):
    build, key = Build(tmp_path / 'build'), 'failed-%s' % RUN
    good = build.metadata['output'][0]['filesize']
    build.metadata['output'][0]['filesize'] = 1
    assert outcome(session, 'cgimport.importBuild', 'metadata.json', session.send(build), None, key)[0] == 1000
    build.metadata['output'][0]['filesize'] = good
    assert session.call('cgimport.importBuild', 'metadata.json', session.send(build), None, key)['nvr'] == build.nvr


@pytest.mark.parametrize('key', ['', 'x' * 201, 5, ['a']])
def test_what_is_no_key(session, tmp_path, key):
    build = Build(tmp_path / 'build')
    assert outcome(session, 'cgimport.importBuild', 'metadata.json', session.send(build), None, key)[0] == 1019
    assert session.call('getBuild', build.nvr) is None


def at_once(*calls):
    """The outcomes of calls that begin together."""
    gate, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, session, arguments):
        gate.wait()
        outcomes[number] = outcome(session, *arguments)
    threads = [threading.Thread(target=run, args=(number, session, arguments))
               for number, (session, arguments) in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def assert_whole(session, topdir, build):
    """The build is complete and every file is there, with its bytes."""
    info = session.call('getBuild', build.nvr)
    assert info['state'] == 1
    place = place_of(topdir, info)
    logs = {name for name in os.listdir(os.path.join(place, 'data/logs'))} - {'cg_import.log'}
    assert logs == {o['filename'] for o in build.metadata['output'] if o['type'] == 'log'}
    for output in build.metadata['output']:
        below = 'data/logs' if output['type'] == 'log' else 'images' if 'image' in output['extra'] else 'files/operator-manifests'
        path = os.path.join(place, below, output['filename'])
        assert filecmp.cmp(path, os.path.join(build.directory, output['filename']), shallow=False)
    assert not [name for name in os.listdir(place) if name.startswith('.')]


ROUNDS = int(os.environ.get('CG_HUB_MODULE_ROUNDS', '10'))


@pytest.mark.parametrize('methods', [('cgimport.importBuild',) * 2, ('cgimport.importBuild', 'CGImport'), ('CGImport',) * 2],
                         ids=['both', 'one', 'neither'])
@pytest.mark.parametrize('reserved', [True, False], ids=['reserved', 'unreserved'])
def test_two_imports_of_one_build_never_lose_files(session, http_hub, topdir, tmp_path, methods, reserved):
    other = Session(http_hub.settings)
    for number in range(ROUNDS):
        build = Build(tmp_path / str(number), size=200)
        token = reserve(session, build) if reserved else None
        calls = [(s, (method, 'metadata.json', session.send(build), token)) for s, method in zip((session, other), methods)]
        outcomes = at_once(*calls)
        assert len([o for o in outcomes if isinstance(o, dict)]) == 1, outcomes
        assert_whole(session, topdir, build)


def test_one_key_at_once_is_one_import(session, http_hub, topdir, tmp_path):
    sessions = [Session(http_hub.settings) for _ in range(4)]
    for number in range(3):
        build = Build(tmp_path / str(number), size=200)
        place, key = session.send(build), 'once-%s-%d' % (RUN, number)
        outcomes = at_once(*[(s, ('cgimport.importBuild', 'metadata.json', place, None, key)) for s in sessions])
        assert all(o == outcomes[0] and isinstance(o, dict) for o in outcomes), outcomes
        assert_whole(session, topdir, build)


# --- what dies on the way --------------------------------------------------------------------------------------------
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
        with pytest.raises((xmlrpc.client.Fault, Exception)):
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


# --- who may ---------------------------------------------------------------------------------------------------------
def test_nobody_has_to_log_in_first(http_hub, session):
    assert outcome(Session(http_hub.settings, anonymous=True), 'cgimport.importBuild', '{}', 'x') == (1002, 'Not logged-in')


def test_the_content_generator_wants_access(session, hub, tmp_path):
    import configparser
    if not os.environ.get('CG_HUB_OTHER'):
        pytest.skip('CG_HUB_OTHER is not set')
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(os.environ['CG_HUB_OTHER'])
    other = Session(parser[os.environ['CG_HUB_HTTP']])
    build = Build(tmp_path / 'build')
    assert outcome(other, 'cgimport.importBuild', 'metadata.json', session.send(build)) == \
        (1002, 'Content generator access required (atomic-reactor)')


# --- how fast --------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(os.environ.get('CG_HUB_MODULE_TIMES') != '1', reason='CG_HUB_MODULE_TIMES is not 1')
@pytest.mark.parametrize('what, builds, options', [('6,000 rpms', 1, {'components': 3000}),
                                                   ('1 GiB sha256', 1, {'size': 1 << 30, 'checksum': 'sha256'}),
                                                   ('50 small builds', 50, {'size': 1 << 20, 'components': 10})])
def test_times(session, database, tmp_path, what, builds, options):
    times = {method: [] for method in METHODS}
    known = Build(tmp_path / 'known', **dict(options, size=100)).metadata
    database.add_rpms(known['buildroots'][0]['components'] + known['output'][-1]['components'])
    database.run('ANALYZE rpminfo')
    for turn in range(3):
        for method in METHODS:
            places = [session.send(Build(tmp_path / method / str(turn) / str(number), **options)) for number in range(builds)]
            begun = time.monotonic()
            for place in places:
                session.call(method, 'metadata.json', place)
            times[method].append(time.monotonic() - begun)
    own, ours = (sorted(times[method])[1] for method in METHODS)
    print('\n%s: CGImport %.3f s (%.3f-%.3f), importBuild %.3f s (%.3f-%.3f): %.1f times' % (
        what, own, min(times['CGImport']), max(times['CGImport']), ours, min(times[METHODS[1]]), max(times[METHODS[1]]), own / ours))
