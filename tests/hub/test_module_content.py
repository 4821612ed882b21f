# SPDX-License-Identifier: LGPL-2.1-or-later
"""Content that the hub holds is not sent to it again: findContent, stageContent and the importer that uses them.

Wants a hub with the plugin cg_import and a prepared database (docs/hub-module.md). What changes the hub's files is
skipped where the profile's topdir cannot be written.
"""
import configparser
import hashlib
import json
import os
import stat
import uuid
import xmlrpc.client

import pytest

from module_hub import Build, module_session, Session

SIZE = 300000  # more than goes into the importer's common request


def session_of(config, http_hub):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(config)
    return Session(parser[http_hub.profile])


@pytest.fixture(scope='module')
def session(http_hub):
    return module_session(http_hub, 'stageContent')


@pytest.fixture(scope='module')
def other(session, http_hub):
    if not os.environ.get('CG_HUB_OTHER'):
        pytest.skip('CG_HUB_OTHER is not set')
    return session_of(os.environ['CG_HUB_OTHER'], http_hub)


@pytest.fixture(scope='module')
def admin_session(session, http_hub):
    if not os.environ.get('CG_HUB_ADMIN'):
        pytest.skip('CG_HUB_ADMIN is not set')
    return session_of(os.environ['CG_HUB_ADMIN'], http_hub)


@pytest.fixture(scope='module')
def topdir(hub):
    path = hub.settings.get('topdir', '')
    if not os.access(path + '/packages', os.W_OK):
        pytest.skip('the topdir of the profile cannot be written')
    return path


def new_build(tmp_path, **options):
    """A build with an image that no hub has."""
    options.setdefault('seed', uuid.uuid4().int >> 64)
    return Build(tmp_path / uuid.uuid4().hex, **dict({'size': SIZE, 'checksum': 'sha256'}, **options))


def image_of(build):
    return next(output for output in build.metadata['output'] if output['type'] != 'log')


def content_of(build, **changes):
    image = image_of(build)
    return dict({'checksum_type': image['checksum_type'], 'checksum': image['checksum'], 'size': image['filesize'],
                 'path': image['filename']}, **changes)


def place():
    return 'cg-module/%s' % uuid.uuid4().hex


def stored(topdir, build, volume=''):
    """The archive as the hub keeps it."""
    parts = [build.metadata['build'][key] for key in ('name', 'version', 'release')]
    return os.path.join(topdir, volume, 'packages', *parts, 'images', image_of(build)['filename'])


def digest(path):
    with open(path, 'rb') as reading:
        return hashlib.sha256(reading.read()).hexdigest()


@pytest.fixture
def imported(session, tmp_path):
    """A build that the hub has, imported as any client does."""
    build = new_build(tmp_path)
    session.call('CGImport', 'metadata.json', session.send(build))
    return build


# --- the calls -------------------------------------------------------------------------------------------------------
def test_what_a_build_holds_is_known(session, imported):
    known = content_of(imported)
    asked = [known, dict(known, size=known['size'] + 1), dict(known, checksum='0' * 64), known]
    assert session.call('cgimport.findContent', asked) == [True, False, False, True]
    assert session.call('cgimport.findContent', []) == []


def test_content_is_put_into_the_upload(session, imported, topdir):
    directory = place()
    asked = [content_of(imported, path='a/b/image'), content_of(imported, checksum='1' * 64, path='none')]
    first = session.call('cgimport.stageContent', directory, asked)
    assert first[0] in ('reflink', 'link', 'copy') and first[1] is None
    assert session.call('cgimport.stageContent', directory, asked) == ['there', None]
    path = os.path.join(topdir, 'work', directory, 'a/b/image')
    assert stat.S_ISREG(os.lstat(path).st_mode)
    assert digest(path) == image_of(imported)['checksum']
    assert os.listdir(os.path.dirname(path)).count('image') == 1
    told = session.call('checkUpload', directory + '/a/b', 'image', 'sha256')
    assert (told['hexdigest'], told['size']) == (image_of(imported)['checksum'], image_of(imported)['filesize'])


def test_an_upload_cannot_write_through_to_the_build(session, imported, topdir):
    directory = place()
    how = session.call('cgimport.stageContent', directory, [content_of(imported, path='image')])[0]
    try:
        session.upload(directory, 'image', b'overwritten', overwrite=1)
        assert how != 'link'
    except Exception as refused:
        assert how == 'link', refused
    assert digest(stored(topdir, imported)) == image_of(imported)['checksum']


def test_another_file_in_the_upload_is_not_replaced(session, imported):
    directory = place()
    session.upload(directory, 'image', b'mine')
    with pytest.raises(xmlrpc.client.Fault, match='upload path exists: image'):
        session.call('cgimport.stageContent', directory, [content_of(imported, path='image')])
    assert session.call('checkUpload', directory, 'image')['size'] == 4


def test_content_that_changed_on_the_hub_is_not_given_away(session, imported, topdir):
    path = stored(topdir, imported)
    for _ in range(2):  # the second time there is a seal to be compared
        with open(path, 'r+b') as writing:
            writing.seek(1000)
            byte = writing.read(1)
            writing.seek(1000)
            writing.write(bytes([byte[0] ^ 1]))
        assert session.call('cgimport.stageContent', place(), [content_of(imported)]) == [None]
        with open(path, 'r+b') as writing:
            writing.seek(1000)
            writing.write(byte)
        assert session.call('cgimport.stageContent', place(), [content_of(imported)]) != [None]


def test_a_file_that_is_gone_is_not_there(session, imported, topdir):
    os.rename(stored(topdir, imported), stored(topdir, imported) + '.gone')
    assert session.call('cgimport.stageContent', place(), [content_of(imported)]) == [None]
    os.symlink(stored(topdir, imported) + '.gone', stored(topdir, imported))
    assert session.call('cgimport.stageContent', place(), [content_of(imported)]) == [None]


def test_a_deleted_build_holds_nothing(session, imported, admin_session):
    build = session.call('getBuild', imported.nvr)
    admin_session.call('deleteBuild', build['id'], True, 0)
    assert session.call('cgimport.findContent', [content_of(imported)]) == [False]
    assert session.call('cgimport.stageContent', place(), [content_of(imported)]) == [None]


def test_content_is_found_on_its_volume(session, imported, admin_session, topdir):
    name = 'v%s' % uuid.uuid4().hex[:8]
    os.makedirs(os.path.join(topdir, 'vol', name))
    owner = os.stat(os.path.join(topdir, 'work'))
    for path in ('vol', 'vol/' + name):
        os.chown(os.path.join(topdir, path), owner.st_uid, owner.st_gid)
    admin_session.call('addVolume', name)
    admin_session.call('changeBuildVolume', session.call('getBuild', imported.nvr)['id'], name)
    directory = place()
    assert session.call('cgimport.stageContent', directory, [content_of(imported, path='image')]) != [None]
    assert digest(os.path.join(topdir, 'work', directory, 'image')) == image_of(imported)['checksum']


def test_nobody_else_learns_of_it(session, other, imported):
    assert other.call('cgimport.findContent', [content_of(imported)]) == [False]
    assert other.call('cgimport.stageContent', place(), [content_of(imported)]) == [None]
    directory = place()
    session.upload(directory, 'mine', b'x')
    with pytest.raises(xmlrpc.client.Fault, match='not owner'):
        other.call('cgimport.stageContent', directory, [content_of(imported)])


def test_nobody_at_all_without_login(http_hub, session, imported):
    anonymous = Session(http_hub.settings, anonymous=True)
    for call in (('cgimport.findContent', [content_of(imported)]),
                 ('cgimport.stageContent', place(), [content_of(imported)])):
        with pytest.raises(xmlrpc.client.Fault, match='must be logged in'):
            anonymous.call(*call)


@pytest.mark.parametrize('contents, said', [
    (None, 'contents is no list'), ('text', 'contents is no list'), ([3], r'contents\[0\] is no struct'),
    ([{}], 'no text "checksum_type"'), ([{'checksum_type': 'sha256'}], 'no text "checksum"'),
    ([{'checksum_type': 'sha256', 'checksum': '0' * 64}], 'no "size"'),
    ([{'checksum_type': 'sha256', 'checksum': '0' * 64, 'size': -1}], 'no "size"'),
    ([{'checksum_type': 'sha256', 'checksum': '0' * 64, 'size': True}], 'no "size"'),
    ([{'checksum_type': 'sha256', 'checksum': 'A' * 64, 'size': 1}], 'lower-case hexadecimal'),
    ([{'checksum_type': 'adler32', 'checksum': '0' * 8, 'size': 1}], 'expected sha256 or md5'),
    ([{'checksum_type': 'md5', 'checksum': '0' * 32, 'size': 1}] * 1001, 'at most 1000'),
])
def test_what_makes_no_sense_is_refused(session, contents, said):
    with pytest.raises(xmlrpc.client.Fault, match=said):
        session.call('cgimport.findContent', contents)
    with pytest.raises(xmlrpc.client.Fault, match=said):
        session.call('cgimport.stageContent', place(), contents)


@pytest.mark.parametrize('path', ['', '/etc/x', '../x', 'a/../x', 'a//x', 'a/', '.x', 'a/.user'])
def test_no_path_leaves_the_upload(session, imported, path):
    with pytest.raises(xmlrpc.client.Fault, match='is no path of an upload'):
        session.call('cgimport.stageContent', place(), [content_of(imported, path=path)])


@pytest.mark.parametrize('directory', ['../x', '/../../etc', 'tasks/1', None, 7])
def test_no_directory_leaves_the_work_directory(session, imported, directory):
    with pytest.raises(xmlrpc.client.Fault):
        session.call('cgimport.stageContent', directory, [content_of(imported)])


# --- the importer ----------------------------------------------------------------------------------------------------
def run_import(cg_import, hub, build):
    options = ['--profile', hub.profile] + (['--config', hub.config] if hub.config else [])
    done = cg_import('import', '--json', *options, build.directory + '/metadata.json', build.directory)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize('checksum', ['sha256', 'md5'])
def test_a_second_build_of_the_same_content_sends_none_of_it(hub, session, cg_import, tmp_path, checksum):
    seed = uuid.uuid4().int >> 64
    first = new_build(tmp_path, seed=seed, checksum=checksum)
    second = new_build(tmp_path, seed=seed, checksum=checksum)
    image = image_of(first)
    assert image_of(second)['checksum'] == image['checksum'] and first.nvr != second.nvr
    sent = run_import(cg_import, hub, first)
    assert sent['linked_bytes'] == 0 and sent['sent_bytes'] == sent['total_bytes']
    staged = run_import(cg_import, hub, second)
    assert staged['linked_bytes'] == image['filesize']
    assert staged['sent_bytes'] == staged['total_bytes'] - image['filesize']
    for build in (first, second):
        archive = session.call('listArchives', session.call('getBuild', build.nvr)['id'])[0]
        assert (archive['checksum'], archive['size']) == (image['checksum'], image['filesize'])


def test_a_build_and_its_content_outlive_the_one_it_came_from(hub, session, cg_import, admin_session, tmp_path, topdir):
    seed = uuid.uuid4().int >> 64
    first, second = new_build(tmp_path, seed=seed), new_build(tmp_path, seed=seed)
    run_import(cg_import, hub, first)
    assert run_import(cg_import, hub, second)['linked_bytes'] > 0
    admin_session.call('deleteBuild', session.call('getBuild', first.nvr)['id'], True, 0)
    assert digest(stored(topdir, second)) == image_of(second)['checksum']
    third = new_build(tmp_path, seed=seed)
    assert run_import(cg_import, hub, third)['linked_bytes'] > 0
