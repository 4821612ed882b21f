# SPDX-License-Identifier: LGPL-2.1-or-later
"""The steps of an import as a hub sees them: how many requests, which bytes, which files, what stays."""
import hashlib
import json
import os

import pytest

from talking import Talking


def run(cg_import, hub, directory, *options, **settings):
    done = cg_import(hub, 'import', '--json', *options, directory / 'metadata.json', directory, **settings)
    return done, json.loads(done.stdout)


def stored(hub, nvr, name='metadata.json'):
    return hub.build_path(nvr).joinpath(name).read_bytes()


def image_of(directory):
    return next(path for path in directory.iterdir() if path.name.endswith('.tar.gz'))


def test_the_metadata_is_stored_byte_for_byte(any_hub, cg_import, make_build):
    directory = make_build()
    text = (directory / 'metadata.json').read_text().replace('"build"', '\n\t"build" ', 1) + '\n\n'
    (directory / 'metadata.json').write_text(text)
    done, result = run(cg_import, any_hub, directory)
    assert done.returncode == 0, done.stderr
    assert stored(any_hub, 'test-container-1.0-1') == text.encode()
    assert result['uploaded_sha256'] == result['metadata_sha256'] == hashlib.sha256(text.encode()).hexdigest()


def test_a_reservation_adds_the_build_id_and_nothing_else(any_hub, cg_import, make_build):
    directory = make_build()
    posted = (directory / 'metadata.json').read_bytes()
    done, result = run(cg_import, any_hub, directory, '--reserve')
    assert done.returncode == 0, done.stderr
    there = stored(any_hub, 'test-container-1.0-1')
    put_in = b'"build_id": %d, ' % result['build_id']
    assert there.count(put_in) == 1 and there.replace(put_in, b'') == posted
    assert result['metadata_sha256'] == hashlib.sha256(posted).hexdigest()
    assert result['uploaded_sha256'] == hashlib.sha256(there).hexdigest()


def test_a_small_build_costs_few_requests(sandbox_hub, cg_import, make_build):
    directory = make_build(size=20000)
    assert run(cg_import, sandbox_hub, directory)[0].returncode == 0
    methods = [entry['method'] for entry in sandbox_hub.log()]
    assert methods == ['sslLogin', 'multiCall', 'multiCall', 'CGImport', 'multiCall', 'logout']


def test_nothing_is_sent_for_a_build_that_is_there(sandbox_hub, cg_import, make_build):
    directory = make_build()
    run(cg_import, sandbox_hub, directory)
    sandbox_hub.clear_log()
    done, result = run(cg_import, sandbox_hub, directory, '--reserve')
    assert (done.returncode, result['outcome'], result['sent_bytes']) == (0, 'already', 0)
    assert not sandbox_hub.log('upload') + sandbox_hub.log('CGInitBuild') + sandbox_hub.log('CGImport')


def test_other_metadata_of_the_same_files_is_a_conflict_where_the_volume_is_mounted(sandbox_hub, cg_import, make_build):
    directory = make_build()
    run(cg_import, sandbox_hub, directory)
    path = directory / 'metadata.json'
    path.write_text(path.read_text().replace('1760000300', '1760000301'))
    done, result = run(cg_import, sandbox_hub, directory)
    assert (done.returncode, result['error']['name']) == (4, 'CG_E_CONFLICT')
    assert 'its metadata.json is not this one' in result['error']['message']


@pytest.mark.parametrize('mode,same_file', [(0o644, True), (0o664, False)], ids=['hard-link', 'copy'])
def test_linking_sends_no_output(sandbox_hub, cg_import, make_build, mode, same_file):
    if os.stat(sandbox_hub.path('work')).st_uid != os.getuid():
        pytest.skip('the hub runs as another user')
    directory = make_build(size=400000)
    image = image_of(directory)
    image.chmod(mode)
    done, result = run(cg_import, sandbox_hub, directory, '--link')
    assert done.returncode == 0, done.stderr
    assert result['sent_bytes'] == 0 and result['linked_bytes'] == result['total_bytes']
    there = sandbox_hub.build_path('test-container-1.0-1') / 'images' / image.name
    assert there.read_bytes() == image.read_bytes() and not there.is_symlink()
    if os.stat(there).st_nlink > 1:
        assert same_file
    assert not sandbox_hub.log('upload')


def test_linking_a_file_with_other_bytes_is_refused(sandbox_hub, cg_import, make_build):
    directory = make_build(size=400000)
    image = image_of(directory)
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    done, result = run(cg_import, sandbox_hub, directory, '--link')
    assert (done.returncode, result['error']['name']) == (1, 'CG_E_MISMATCH')
    assert result['report']['findings'][0]['rule'] == 'file.checksum'
    assert not sandbox_hub.log('CGImport')


def test_linking_without_the_volume_is_refused(sandbox_hub, cg_import, make_build, tmp_path):
    done, result = run(cg_import, sandbox_hub, make_build(), '--link', '--topdir', tmp_path / 'none')
    assert done.returncode == 2
    assert 'cannot open the hub\'s work directory' in result['error']['message']


@pytest.mark.parametrize('option', ['--draft', None])
def test_a_draft_of_images_is_refused_before_anything_is_sent(any_hub, cg_import, make_build, option):
    directory = make_build()
    if not option:
        metadata = json.loads((directory / 'metadata.json').read_text())
        metadata['build']['draft'] = True
        (directory / 'metadata.json').write_text(json.dumps(metadata))
    done, result = run(cg_import, any_hub, directory, *([option] if option else []))
    assert (done.returncode, result['error']['name']) in ((1, 'CG_E_UNSUPPORTED'), (1, 'CG_E_REFUSED'))
    assert not any_hub.log('CGImport') + any_hub.log('CGInitBuild') + any_hub.log('upload')


def test_a_failed_build_is_imported_again(any_hub, cg_import, make_build):
    directory = make_build()
    any_hub.arm('fault', 'CGImport', code=1000, text='No typeinfo for: x')
    assert run(cg_import, any_hub, directory, '--reserve')[0].returncode == 1
    assert any_hub.call('getBuild', 'test-container-1.0-1')['state'] == 3
    done, result = run(cg_import, any_hub, directory)
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stderr


def test_a_build_being_imported_by_the_same_user_is_waited_for(sandbox_hub, cg_import, make_build, tmp_path):
    directory = make_build()
    sandbox_hub.arm('pause', 'CGImport', stage='before-recording')

    def start(*options):
        return Talking(cg_import.command(sandbox_hub, 'import', '--json', *options, directory / 'metadata.json', directory),
                       env=cg_import.environment(sandbox_hub))
    first = start('--reserve', '--state-dir', tmp_path / 'other')
    sandbox_hub.wait_met()
    second = start()
    second.err.until('is being imported by the same user elsewhere')
    sandbox_hub.clear_faults()
    assert first.end()[0] == 0
    status, out, err = second.end()
    result = json.loads(out)
    assert (status, result['outcome'], result['sent_bytes']) == (0, 'already', 0), err


def test_a_batch_keeps_two_items_of_one_nvr_apart(sandbox_hub, cg_import, make_build, tmp_path):
    first, same = make_build(tmp_path / 'a'), make_build(tmp_path / 'b')
    other = make_build(tmp_path / 'c', release='2')
    (tmp_path / 'list').write_text('%s\n%s\n%s\n%s\n' % (first, same, other, tmp_path / 'missing'))
    done = cg_import(sandbox_hub, 'import', '--json', '--batch', tmp_path / 'list')
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode != 0
    assert sorted(result['outcome'] for result in results if 'outcome' in result and result.get('nvr')) == \
        ['already', 'imported', 'imported'], done.stdout
    assert len(sandbox_hub.log('CGImport')) == 2
