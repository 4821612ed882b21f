# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong while a build is imported, and how it ends: one good build, or nothing and the reason.

CG_FAULT_TIMES   how often what depends on timing is repeated (5)
"""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import threading

import pytest

RESERVATION = pytest.mark.parametrize('options', [(), ('--reserve',)], ids=['unreserved', 'reserved'])
TIMES = int(os.environ.get('CG_FAULT_TIMES', '5'))
# Of an import's requests that hold several calls the first asks what the hub has registered, who we are and whether the
# build is there, the second has the small files, the third looks at what was imported.
WHO, FILES, LOOK = 1, 2, 3


def nvr_of(directory):
    build = json.loads((directory / 'metadata.json').read_text())['build']
    return '%(name)s-%(version)s-%(release)s' % build


def run(cg_import, hub, directory, *options, **settings):
    done = cg_import(hub, 'import', '--json', *options, directory / 'metadata.json', directory, **settings)
    return done, json.loads(done.stdout) if done.stdout else None


def start(cg_import, hub, directory, *options):
    command = cg_import.command(hub, 'import', '--json', *options, directory / 'metadata.json', directory)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=cg_import.environment(hub))


def journals(hub):
    return sorted(pathlib.Path(hub.state).glob('.local/state/cg-import/*.json'))


def assert_whole(hub, directory):
    """One complete build with every file, byte for byte as it was posted; nothing is left to be remembered."""
    hub.clear_faults()
    metadata = json.loads((directory / 'metadata.json').read_text())
    build = hub.call('getBuild', nvr_of(directory))
    assert build and build['state'] == 1, build
    archives = {archive['filename']: archive for archive in hub.call('listArchives', buildID=build['id'])}
    there = {path.name: path for path in hub.build_path(nvr_of(directory)).rglob('*') if path.is_file()}
    for output in metadata['output']:
        if output['type'] != 'log':
            assert archives[output['filename']]['checksum'] == output['checksum']
        assert there[output['filename']].read_bytes() == (directory / output['filename']).read_bytes()
    assert len(archives) == sum(output['type'] != 'log' for output in metadata['output'])
    assert not journals(hub)
    return build


def assert_nothing(hub, directory):
    build = hub.call('getBuild', nvr_of(directory))
    assert build is None or build['state'] in (3, 4), build
    assert not journals(hub)


# --- lost answers ----------------------------------------------------------------------------------------------------
@RESERVATION
@pytest.mark.parametrize('action', ['lose-before', 'lose-after', 'reset-before', 'reset-after', 'half-reply'])
def test_lost_answers_to_the_import_end_in_one_build(any_hub, cg_import, make_build, options, action):
    for number in range(TIMES):
        directory = make_build(release=str(number))
        any_hub.clear_faults()
        any_hub.arm(action, 'CGImport', times=1 + number % 3)
        done, result = run(cg_import, any_hub, directory, *options)
        assert (done.returncode, result['outcome']) == (0, 'imported'), done.stderr
        assert_whole(any_hub, directory)


@pytest.mark.parametrize('action', ['lose-before', 'lose-after', 'half-reply'])
def test_lost_answers_to_the_reservation_end_in_one_build(any_hub, cg_import, make_build, action):
    for number in range(TIMES):
        directory = make_build(release=str(number))
        any_hub.clear_faults()
        any_hub.arm(action, 'CGInitBuild', times=1 + number % 2)
        done, _ = run(cg_import, any_hub, directory, '--reserve')
        assert done.returncode == 0, done.stderr
        assert_whole(any_hub, directory)


@pytest.mark.parametrize('method,nth', [('multiCall', WHO), ('upload', 1), ('multiCall', FILES), ('multiCall', LOOK)])
@pytest.mark.parametrize('action', ['lose-before', 'lose-after', 'half-reply'])
def test_lost_answers_to_anything_else_end_in_one_build(sandbox_hub, cg_import, make_build, method, nth, action):
    directory = make_build(size=400000)
    sandbox_hub.arm(action, method, nth=nth, times=2)
    done, _ = run(cg_import, sandbox_hub, directory, '--reserve')
    assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)


def test_a_repeated_import_never_meets_another_import(any_hub, cg_import, make_build):
    """A repeat carries the number of the first in both headers, so that the hub keeps the two apart."""
    directory = make_build()
    any_hub.arm('lose-after', 'CGImport', times=2)
    done, _ = run(cg_import, any_hub, directory)
    assert done.returncode == 0, done.stderr
    entries = any_hub.log('CGImport')
    assert len(entries) == 3
    assert len({json.dumps({key: entry[key] for key in entry if 'callnum' in key.lower() or 'session' in key.lower()},
                           sort_keys=True) for entry in entries}) == 1, entries


# --- answers that say no ---------------------------------------------------------------------------------------------
REFUSALS = [
    ({'action': 'fault', 'code': 1000, 'text': 'File checksum mismatch for x86_64.log: 1 != 2'}, 1),
    ({'action': 'fault', 'code': 1, 'text': "<class 'KeyError'>: 'tools'"}, 1),
    ({'action': 'fault', 'code': 1004, 'text': 'policy violation (cg_import): all :: deny'}, 1),
]


@RESERVATION
@pytest.mark.parametrize('rule,status', REFUSALS, ids=['checksum', 'KeyError', 'policy'])
def test_a_refused_import_leaves_nothing(sandbox_hub, cg_import, make_build, options, rule, status):
    directory = make_build()
    sandbox_hub.arm(method='CGImport', **rule)
    done, result = run(cg_import, sandbox_hub, directory, *options)
    assert (done.returncode, result['outcome']) == (status, 'nothing'), done.stderr
    assert_nothing(sandbox_hub, directory)
    done, result = run(cg_import, sandbox_hub, directory, *options)
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stderr
    assert_whole(sandbox_hub, directory)


def test_an_upload_that_the_hub_does_not_see_yet_is_asked_for_again(sandbox_hub, cg_import, make_build):
    directory = make_build()
    sandbox_hub.arm('fault', 'CGImport', times=3, code=1000,
                    text="File size 0 for x86_64.log (expected 9) doesn't match. Corrupted upload?")
    done, _ = run(cg_import, sandbox_hub, directory)
    assert done.returncode == 0, done.stderr
    assert len(sandbox_hub.log('CGImport')) == 4
    assert_whole(sandbox_hub, directory)


def test_a_database_conflict_is_tried_again_in_a_fresh_directory(sandbox_hub, cg_import, make_build):
    directory = make_build(size=400000)
    sandbox_hub.arm('fault', 'CGImport', code=1, text="<class 'psycopg2.errors.DeadlockDetected'>: deadlock detected")
    done, _ = run(cg_import, sandbox_hub, directory)
    assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)
    assert len(list(sandbox_hub.path('work', 'cg-import').iterdir())) == 2


@pytest.mark.parametrize('method,nth', [('CGImport', 1), ('CGInitBuild', 1), ('multiCall', WHO), ('upload', 1)])
def test_an_offline_hub_leaves_nothing_half_done(sandbox_hub, cg_import, make_build, method, nth):
    directory = make_build(size=400000)
    sandbox_hub.arm('offline', method, nth=nth)
    done, result = run(cg_import, sandbox_hub, directory, '--reserve')
    assert done.returncode in (0, 3), done.stderr
    if done.returncode == 3:
        done, result = run(cg_import, sandbox_hub, directory, '--reserve')
        assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)


@pytest.mark.parametrize('method,nth', [('CGImport', 1), ('CGInitBuild', 1), ('multiCall', WHO), ('upload', 1),
                                        ('multiCall', FILES), ('multiCall', LOOK)])
def test_a_session_that_expires_on_the_way_is_renewed(any_hub, cg_import, make_build, method, nth):
    directory = make_build(size=400000)
    any_hub.arm('expired', method, nth=nth)
    done, _ = run(cg_import, any_hub, directory, '--reserve')
    assert done.returncode == 0, done.stderr
    assert_whole(any_hub, directory)


# --- uploads ---------------------------------------------------------------------------------------------------------
def test_a_cut_upload_is_gone_on_with(sandbox_hub, cg_import, make_build):
    directory = make_build(size=32 << 20, plain=True)
    sandbox_hub.arm('cut-upload', 'upload', bytes=20 << 20, times=2)
    done, result = run(cg_import, sandbox_hub, directory)
    assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)
    assert result['sent_bytes'] < 44 << 20


def test_a_hub_of_smaller_requests_gets_pieces(sandbox_hub, cg_import, make_build):
    directory = make_build(size=4 << 20)
    sandbox_hub.arm('status', 'upload', status=413)
    done, _ = run(cg_import, sandbox_hub, directory)
    assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)


def test_a_wrong_digest_in_the_answer_never_ends_in_a_build_of_other_bytes(sandbox_hub, cg_import, make_build):
    directory = make_build(size=400000)
    sandbox_hub.arm('wrong-digest', 'upload', times=1)
    done, _ = run(cg_import, sandbox_hub, directory)
    if done.returncode != 0:
        assert_nothing(sandbox_hub, directory)
        done, _ = run(cg_import, sandbox_hub, directory)
    assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)


def test_a_file_that_fails_stops_the_others_in_the_middle(sandbox_hub, cg_import, make_build):
    """One of two uploads stands still for good, the other turns out to be another file: nobody waits for the first."""
    directory = make_build(size=3 << 20, plain=True, arches=('x86_64', 'aarch64'))
    document = json.loads((directory / 'metadata.json').read_text())
    images = [output for output in document['output'] if output['type'] == 'docker-image']
    images[1]['checksum'] = '0' * 32
    (directory / 'metadata.json').write_text(json.dumps(document))
    sandbox_hub.arm('stall-upload', 'upload', bytes=1 << 20, file=images[0]['filename'])
    done, result = run(cg_import, sandbox_hub, directory, '--lanes', '2')
    assert (done.returncode, result['error']['name']) == (1, 'CG_E_MISMATCH'), done.stderr
    assert images[1]['filename'] in result['error']['message']
    # A lane that is not stopped waits until the hub counts as silent, and then sends the file again.
    assert len(sandbox_hub.log('upload')) == 2 and not sandbox_hub.log('checkUpload')
    assert_nothing(sandbox_hub, directory)


@pytest.mark.parametrize('size', [20000, 400000], ids=['small', 'large'])
def test_a_file_with_other_bytes_is_found_before_the_import(sandbox_hub, cg_import, make_build, size):
    directory = make_build(size=size)
    image = next(path for path in directory.iterdir() if path.name.endswith('.tar.gz'))
    content = bytearray(image.read_bytes())
    content[len(content) // 2] ^= 1
    image.write_bytes(content)
    done, result = run(cg_import, sandbox_hub, directory, '--reserve')
    assert done.returncode == 1
    names = [output['filename'] for output in json.loads((directory / 'metadata.json').read_text())['output']]
    assert [(finding['rule'], finding['pointer']) for finding in result['report']['findings']] == \
        [('file.checksum', '/output/%d/checksum' % names.index(image.name))]
    assert not sandbox_hub.log('CGImport')
    assert_nothing(sandbox_hub, directory)
    content[len(content) // 2] ^= 1
    image.write_bytes(content)
    done, _ = run(cg_import, sandbox_hub, directory, '--reserve')
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('options', [(), ('--reserve',), ('--link',)], ids=['unreserved', 'reserved', 'linked'])
def test_another_md5_of_a_large_file_is_found_by_the_hub_and_told_with_its_place(sandbox_hub, cg_import, make_build,
                                                                                 options):
    directory = make_build(size=(64 << 20) + 1, plain=True)
    document = json.loads((directory / 'metadata.json').read_text())
    index, image = next((i, output) for i, output in enumerate(document['output']) if output['type'] == 'docker-image')
    stated, image['checksum'] = image['checksum'], '0' * 32
    (directory / 'metadata.json').write_text(json.dumps(document))
    if '--link' in options and os.stat(sandbox_hub.path('work')).st_uid != os.getuid():
        pytest.skip('the hub runs as another user')
    done, result = run(cg_import, sandbox_hub, directory, *options)
    assert (done.returncode, result['error']['name']) == (1, 'CG_E_MISMATCH'), done.stderr
    finding, = result['report']['findings']
    assert (finding['rule'], finding['pointer'], finding['got']) == \
        ('file.checksum', '/output/%d/checksum' % index, '"%s"' % stated)
    assert len(sandbox_hub.log('CGImport')) == 1
    assert_nothing(sandbox_hub, directory)
    image['checksum'] = stated
    (directory / 'metadata.json').write_text(json.dumps(document))
    done, _ = run(cg_import, sandbox_hub, directory, *options)
    assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)


def test_a_list_goes_on_with_fewer_at_once_where_sub_sessions_are_refused(sandbox_hub, cg_import, make_build, tmp_path):
    directories = [make_build(tmp_path / str(number), release=str(number)) for number in range(1, 6)]
    (tmp_path / 'list').write_text(''.join('%d\n' % number for number in range(1, 6)))
    sandbox_hub.arm('fault', 'subsession', times=9, code=1000, text='too many sessions')
    done = cg_import(sandbox_hub, 'import', '--batch', tmp_path / 'list', '--jobs', '3')
    assert done.returncode == 0, done.stderr
    assert len(sandbox_hub.log('subsession')) == 1
    for directory in directories:
        assert_whole(sandbox_hub, directory)


# --- kills and interrupts --------------------------------------------------------------------------------------------
@contextlib.contextmanager
def going_on_later(hub):
    """The hub stands still for a while more, and then it goes on."""
    timer = threading.Timer(0.7, hub.clear_faults)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def start_and_stop(cg_import, hub, directory, *options, method, number, **rule):
    """Start it, and send it the signal while the hub stands still, or when it has ended without such a request."""
    hub.arm('pause', method, **rule)
    process = start(cg_import, hub, directory, *options)
    hub.wait_met(process=process)
    process.send_signal(number)
    return process


PLACES = [('upload', 1, 'end'), ('CGInitBuild', 1, 'start'), ('CGInitBuild', 1, 'end'), ('multiCall', FILES, 'start'),
          ('multiCall', FILES, 'end'), ('CGImport', 1, 'start'), ('CGImport', 1, 'before-recording'),
          ('CGImport', 1, 'end'), ('multiCall', LOOK, 'start')]


@RESERVATION
@pytest.mark.parametrize('method,nth,stage', PLACES, ids=['%s%d-%s' % place for place in PLACES])
def test_killed_while_the_hub_works_the_same_command_ends_well(any_hub, cg_import, make_build, options, method, nth, stage):
    directory = make_build(size=400000)
    process = start_and_stop(cg_import, any_hub, directory, *options, method=method, number=signal.SIGKILL, nth=nth,
                             stage=stage)
    process.communicate()
    with going_on_later(any_hub):
        done, _ = run(cg_import, any_hub, directory, *options)
    assert done.returncode == 0, done.stderr
    assert_whole(any_hub, directory)
    assert len(any_hub.log('CGImport')) <= 2


@RESERVATION
@pytest.mark.parametrize('method,nth,stage', PLACES, ids=['%s%d-%s' % place for place in PLACES])
def test_interrupted_it_leaves_nothing_or_says_what(any_hub, cg_import, make_build, options, method, nth, stage):
    directory = make_build(size=400000)
    process = start_and_stop(cg_import, any_hub, directory, *options, method=method, number=signal.SIGINT, nth=nth,
                             stage=stage)
    with going_on_later(any_hub):
        out, err = process.communicate()
    result = json.loads(out)
    build = any_hub.call('getBuild', nvr_of(directory))
    if process.returncode == 0:
        assert_whole(any_hub, directory)
        return
    assert result['outcome'] == 'nothing', (process.returncode, err)
    if build and build['state'] == 0:
        assert str(build['id']) in result['left_on_hub']
    done, _ = run(cg_import, any_hub, directory, *options)
    assert done.returncode == 0, done.stderr
    assert_whole(any_hub, directory)


@RESERVATION
def test_interrupted_twice_in_the_import_it_says_how_to_go_on(any_hub, cg_import, make_build, options):
    directory = make_build()
    process = start_and_stop(cg_import, any_hub, directory, *options, method='CGImport', number=signal.SIGINT,
                             stage='before-recording')
    while 'once more leaves it' not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 5, err
    assert 'same command again' in err
    assert json.loads(out)['left_on_hub']
    with going_on_later(any_hub):
        done, _ = run(cg_import, any_hub, directory, *options)
    assert done.returncode == 0, done.stderr
    assert_whole(any_hub, directory)


# --- two at once -----------------------------------------------------------------------------------------------------
@RESERVATION
@pytest.mark.parametrize('shared', [True, False], ids=['one-machine', 'two-machines'])
def test_two_at_once_end_in_one_good_build(any_hub, cg_import, make_build, tmp_path, options, shared):
    for number in range(TIMES):
        directory = make_build(release=str(number))
        both = [start(cg_import, any_hub, directory, *options,
                      *(() if shared else ('--state-dir', tmp_path / ('state-%d' % i)))) for i in range(2)]
        ends = [(process.communicate(), process.returncode) for process in both]
        assert [status for _, status in ends] == [0, 0], ends
        assert sorted(json.loads(out)['outcome'] for (out, _), _ in ends) == ['already', 'imported'], ends
        assert_whole(any_hub, directory)


def test_the_same_name_with_other_files_is_a_conflict(sandbox_hub, cg_import, make_build, tmp_path):
    first = make_build(tmp_path / 'a', release='1')
    other = make_build(tmp_path / 'b', release='1', size=30000)
    assert run(cg_import, sandbox_hub, first)[0].returncode == 0
    sandbox_hub.clear_log()
    done, result = run(cg_import, sandbox_hub, other)
    assert (done.returncode, result['error']['name']) == (4, 'CG_E_CONFLICT')
    assert not sandbox_hub.log('CGImport') and not sandbox_hub.log('upload')


# --- what a dead import leaves ---------------------------------------------------------------------------------------
@RESERVATION
def test_files_of_a_dead_import_are_removed_on_the_callers_word(sandbox_hub, cg_import, make_build, options):
    directory = make_build()
    stray = sandbox_hub.build_path(nvr_of(directory))
    stray.mkdir(parents=True)
    (stray / 'half').write_text('left by a dead import')
    done, result = run(cg_import, sandbox_hub, directory, '--clear-stray', *options)
    assert done.returncode == 0, done.stderr
    assert_whole(sandbox_hub, directory)
    if not options:
        assert result['uploaded_sha256'] == result['metadata_sha256']
