# SPDX-License-Identifier: LGPL-2.1-or-later
"""cgimport.importBuild of the hub's plugin beside the hub's own CGImport, on a real hub.

CG_HUB_MODULE_ROUNDS  how often two imports of one build begin together, 10 by default
"""
import copy
import filecmp
import os
import random
import re
import uuid

import pytest

from module_hub import assert_whole, at_once, Build, module_session, named, NUMBERS, outcome, place_of, reserve, RUN, Session

METHODS = ('CGImport', 'cgimport.importBuild')


@pytest.fixture(scope='module')
def session(http_hub):
    return module_session(http_hub, 'importBuild')


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


def imported(session, tmp_path, **options):
    """A build that is on the hub, with its archives as the hub lists them."""
    build = Build(tmp_path, manifests=True, **options)
    session.call('CGImport', 'metadata.json', session.send(build))
    return build, session.call('listArchives', session.call('getBuild', build.nvr)['id'])


def fresh_seed():
    """Of files that no other build has: what an import itself adds must not be another answer for the next one."""
    return uuid.uuid4().int >> 72


def test_files_of_every_sort(session, database, topdir, tmp_path):
    """Found, of another sum, another kind of sum, twice there, unknown."""
    seed, name = fresh_seed(), 'cgm-%s.zip' % uuid.uuid4().hex
    listed = [archive for number in range(12)
              for archive in imported(session, tmp_path / ('source-%d' % number), seed=seed + number // 2)[1]]
    assert len(listed) == 24
    files = [{'type': 'file', 'filename': a['filename'], 'filesize': a['size'], 'checksum': a['checksum'], 'checksum_type': 'md5'}
             for a in listed if a['filename'].startswith('docker-image')]
    files = [f for i, f in enumerate(files) if f not in files[:i]]
    files[1]['checksum'] = 'f' * 32
    files[2].update(checksum_type='sha256', checksum='f' * 64)
    files += [dict(files[0], filename=name, filesize=i + 2 ** 40) for i in range(9)]
    for where in ('buildroots', 'output'):
        assert assert_same(session, database, topdir, tmp_path / where, put(files, [where]), seed=fresh_seed())['state'] == 1


DELETED = object()
KOJIFILE_KEYS = ('nvr', 'filename', 'filesize', 'checksum', 'checksum_type')


def kojifiles(session, tmp_path, builds=4):
    """One for each archive of some new builds, with all that the hub compares."""
    found = []
    for number in range(builds):
        build, archives = imported(session, tmp_path / ('source-%d' % number), seed=fresh_seed(),
                                   checksum=('md5', 'sha256')[number % 2])
        found += [{'type': 'kojifile', 'archive_id': a['id'], 'nvr': build.nvr, 'filename': a['filename'], 'filesize': a['size'],
                   'checksum': a['checksum'], 'checksum_type': ('md5', 'sha256')[number % 2]} for a in archives]
    return found


def test_kojifiles_of_every_sort(session, database, topdir, tmp_path):
    """Each archive once, with and without what may be left out; next to files and rpms, known and unknown."""
    rnd, found = random.Random(7), kojifiles(session, tmp_path)
    for number, component in enumerate(found):
        for key in rnd.sample(KOJIFILE_KEYS[2:], number % 4):
            del component[key]
    files = [dict(component, type='file', archive_id=None) for component in kojifiles(session, tmp_path / 'files')]
    for component in files:
        del component['archive_id']
    files[0]['checksum'] = 'f' * 32
    known = rpms(20)
    database.add_rpms(known[:15])
    mixed = found + files + known
    rnd.shuffle(mixed)
    own = assert_same(session, database, topdir, tmp_path / 'mixed', put(mixed), seed=fresh_seed())
    assert database.rows('SELECT count(*) AS n FROM archive_components c JOIN archiveinfo a ON a.id = c.archive_id '
                         'WHERE a.build_id = %d' % own['id']) == [{'n': 2 * len(found) - 1}]


def wrong_kojifiles():
    """What is changed in one of many, and what the hub says of it."""
    return [({'nvr': 'a-1-1'}, 'Component field nvr does not match'), ({'filename': 'x'}, 'Component field filename does not match'),
            ({'filesize': 1}, 'Component field filesize does not match'), ({'filesize': None}, 'Component field filesize'),
            ({'checksum': 'f' * 32}, 'Component field checksum does not match'), ({'checksum_type': 'sha1'}, 'Component field checksum_type'),
            ({'nvr': DELETED}, 'nvr field missing for component'), ({'filename': DELETED}, 'filename field missing for component'),
            ({'archive_id': 2 ** 30}, 'No such archive'), ({'archive_id': 2 ** 70}, ''), ({'archive_id': '1 OR true'}, ''),
            ({'archive_id': None}, ''), ({'archive_id': DELETED}, ''), ({'archive_id': True}, ''), ({'archive_id': [1]}, '')]


@pytest.mark.parametrize('change, text', wrong_kojifiles(), ids=lambda value: str(value) if isinstance(value, str) else None)
def test_one_wrong_kojifile_of_many_is_refused_in_the_hubs_words(session, database, topdir, tmp_path, change, text, checking_is_off):
    found = kojifiles(session, tmp_path, 2)
    wrong = dict(found[2], **change)
    found.insert(3, {key: value for key, value in wrong.items() if value is not DELETED})
    refused = assert_same(session, database, topdir, tmp_path / 'wrong', put(found, ['output']), seed=fresh_seed())
    assert isinstance(refused, tuple) and text in refused[1]


def test_a_kojifile_of_a_draft(session, database, topdir, tmp_path):
    """The hub takes it or refuses it: so does importBuild."""
    if not database.has_drafts():
        pytest.skip('this hub has no drafts')
    found = kojifiles(session, tmp_path, 1)
    database.run("UPDATE build SET draft = true, release = release || ',draft_' || id WHERE id = %d"
                 % session.call('getBuild', found[0]['nvr'])['id'])
    found[0]['nvr'] = session.call('getBuild', session.call('getArchive', found[0]['archive_id'])['build_id'])['nvr']
    found[1]['nvr'] = found[0]['nvr']
    assert_same(session, database, topdir, tmp_path / 'draft', put(found, ['output']), seed=fresh_seed())


# --- again, and at the same time -------------------------------------------------------------------------------------
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
