# SPDX-License-Identifier: LGPL-2.1-or-later
"""A run was killed after it had sent its CGImport, and its session is gone: what the same command does then."""
import json
import re
import signal

from test_import_faults import RESERVATION, assert_whole, journals, nvr_of, run, start


def record(hub):
    path, = journals(hub)
    return path, json.loads(path.read_text())


def kill_in_import(cg_import, hub, directory, *options, action='hang', **rule):
    """Killed while the hub holds its CGImport: for good, or before it says that it is done. The session's id."""
    hub.arm(action, 'CGImport', **rule)
    process = start(cg_import, hub, directory, *options)
    hub.wait_met()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hub.clear_faults()
    hub.wait_answered('CGImport')
    sent, = hub.log('CGImport')
    hub.clear_log()
    return int(record(hub)[1]['importing']['session_id'])


def end_session(hub, number):
    hub.steer('sessions', {'id': number, 'closed': True, 'expired': True})


def sent_long_ago(hub, seconds=4000):
    path, facts = record(hub)
    facts['sent_at'] -= seconds
    path.write_text(json.dumps(facts))


@RESERVATION
def test_the_import_was_done_and_is_found(any_hub, cg_import, make_build, options):
    directory = make_build()
    session = kill_in_import(cg_import, any_hub, directory, *options, action='pause', stage='end')
    end_session(any_hub, session)
    done, result = run(cg_import, any_hub, directory, *options)
    assert (done.returncode, result['outcome'], result['sent_bytes']) == (0, 'imported', 0), done.stderr
    assert_whole(any_hub, directory)


def test_while_it_may_run_nothing_is_sent(sandbox_hub, cg_import, make_build):
    directory = make_build()
    end_session(sandbox_hub, kill_in_import(cg_import, sandbox_hub, directory))
    journal, = journals(sandbox_hub)
    done, result = run(cg_import, sandbox_hub, directory)
    assert (done.returncode, result['error']['name'], result['sent_bytes']) == (5, 'CG_E_UNKNOWN', 0), done.stderr
    a_time = r'\d{4}-\d\d-\d\d \d\d:\d\d UTC'
    assert re.fullmatch('an earlier run sent its CGImport of test-container-1.0-1 at %s, its session is gone and the '
                        'build is not there' % a_time, result['error']['message'])
    assert re.fullmatch("it may still be at work: run the same command after %s, or sooner when the hub's "
                        "administrators say that no import runs and %s is removed" % (a_time, re.escape(str(journal))),
                        result['error']['hint'])
    assert journals(sandbox_hub) == [journal]
    assert not sandbox_hub.log('upload') + sandbox_hub.log('CGInitBuild')
    # The repeat, with the old session, is the only one: the hub said no to it.
    assert len(sandbox_hub.log('CGImport')) == 1


@RESERVATION
def test_once_it_must_have_ended_it_is_imported_anew(sandbox_hub, cg_import, make_build, options):
    directory = make_build()
    used = sandbox_hub.path('work', 'cg-import')
    end_session(sandbox_hub, kill_in_import(cg_import, sandbox_hub, directory, *options))
    before = set(used.iterdir())
    sent_long_ago(sandbox_hub)
    done, result = run(cg_import, sandbox_hub, directory, *options)
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stderr
    assert len(set(used.iterdir()) - before) == 1, 'a directory that was used is used again'
    assert_whole(sandbox_hub, directory)


def test_its_files_are_removed_once_it_must_have_ended(sandbox_hub, cg_import, make_build):
    """The stray cure without being asked for: it was this very import that died."""
    directory = make_build()
    end_session(sandbox_hub, kill_in_import(cg_import, sandbox_hub, directory))
    stray = sandbox_hub.build_path(nvr_of(directory)) / 'half-moved.tar.gz'
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b'half')
    sent_long_ago(sandbox_hub)
    done, result = run(cg_import, sandbox_hub, directory)
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stderr
    assert not stray.exists()
    assert_whole(sandbox_hub, directory)


def test_another_build_of_the_name_is_a_conflict_at_once(sandbox_hub, cg_import, make_build, tmp_path):
    directory = make_build(tmp_path / 'a', release='1')
    end_session(sandbox_hub, kill_in_import(cg_import, sandbox_hub, directory))
    other = make_build(tmp_path / 'b', release='1', size=30000)
    assert run(cg_import, sandbox_hub, other, '--state-dir', tmp_path / 'elsewhere')[0].returncode == 0
    done, result = run(cg_import, sandbox_hub, directory)
    assert (done.returncode, result['error']['name']) == (4, 'CG_E_CONFLICT'), done.stderr
    assert not journals(sandbox_hub)


@RESERVATION
def test_an_expired_session_is_renewed_and_the_hub_asked(any_hub, cg_import, make_build, options):
    """1007 came while the session's row was locked: nothing of it was running, so it is sent again at once."""
    directory = make_build()
    session = kill_in_import(cg_import, any_hub, directory, *options)
    any_hub.steer('sessions', {'id': session, 'expired': True})
    done, result = run(cg_import, any_hub, directory, *options)
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stderr
    assert_whole(any_hub, directory)


def test_a_reservation_that_was_given_up_meanwhile_is_not_used(sandbox_hub, cg_import, make_build, koji):
    directory = make_build()
    end_session(sandbox_hub, kill_in_import(cg_import, sandbox_hub, directory, '--reserve'))
    first = sandbox_hub.call('getBuild', nvr_of(directory))
    assert first['state'] == 0
    canceled = koji(sandbox_hub, 'cancel', nvr_of(directory), user='kojiadmin')
    assert canceled.returncode == 0, canceled.stderr
    sent_long_ago(sandbox_hub)
    done, result = run(cg_import, sandbox_hub, directory, '--reserve')
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stderr
    assert_whole(sandbox_hub, directory)
