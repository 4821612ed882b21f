# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb import as a person or a script meets it: what is printed where, exit statuses, progress, Ctrl-C, lists."""
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading

import pytest

from patience import PATIENCE_S, wait_until
from talking import Talking


def metadata(directory):
    return directory / 'metadata.json'


def edit(directory, change):
    document = json.loads(metadata(directory).read_text())
    change(document)
    metadata(directory).write_text(json.dumps(document))


@pytest.fixture
def run(cg_import, sandbox_hub):
    """run(directory, options …): import it into the sandbox hub."""
    def go(directory, *options, **settings):
        return cg_import(sandbox_hub, 'import', *options, metadata(directory), directory, **settings)
    return go


def url(hub, build_id):
    return '%s/buildinfo?buildID=%d' % (hub.web, build_id)


# --- one build -------------------------------------------------------------------------------------------------------
def test_a_build(run, make_build, sandbox_hub):
    directory = make_build(release='1')
    done = run(directory)
    build = sandbox_hub.call('getBuild', 'test-container-1.0-1')
    assert done.returncode == 0
    assert done.stdout == '%d\ttest-container-1.0-1\t%s\n' % (build['id'], url(sandbox_hub, build['id']))
    # Where it is slow it tells how far it is.
    told = re.sub(r'^cg-import: uploading +\d+ %.*\n', '', done.stderr, flags=re.M)
    steps = re.sub(r'uploaded \S+ KiB in \d+:\d\d, \S+ \w+/s', 'uploaded', told).replace(str(directory), 'DIR')
    assert steps == ('cg-import: checking: DIR/metadata.json\ncg-import: asking the hub\ncg-import: uploading\n'
                     'cg-import: uploaded\ncg-import: importing\ncg-import: verifying\n')
    assert len(sandbox_hub.log('logout')) == 1


def test_quietly(run, make_build, sandbox_hub):
    done = run(make_build(release='1'), '--quiet')
    assert (done.returncode, done.stderr, done.stdout.count('\n')) == (0, '', 1)


def test_for_programs(run, make_build, sandbox_hub):
    done = run(make_build(release='1'), '--json', '--reserve')
    result = json.loads(done.stdout)
    assert (done.returncode, done.stdout.count('\n')) == (0, 1)
    assert set(result) == {'outcome', 'build_id', 'nvr', 'url', 'metadata_sha256', 'uploaded_sha256',
                           'metadata_verified', 'total_bytes', 'sent_bytes', 'linked_bytes', 'tag', 'tag_task_id', 'left_on_hub', 'report'}
    assert (result['outcome'], result['nvr'], result['left_on_hub']) == ('imported', 'test-container-1.0-1', None)
    assert result['url'] == url(sandbox_hub, result['build_id'])
    assert result['metadata_sha256'] != result['uploaded_sha256']
    assert result['report']['verdict'] == 'acceptable'


def test_the_same_again_is_no_failure(run, make_build):
    directory = make_build(release='1')
    first, second = run(directory), run(directory)
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert 'cg-import: the hub has this very build of test-container-1.0-1 already: nothing was sent\n' in second.stderr
    assert json.loads(run(directory, '--json').stdout)['outcome'] == 'already'


def test_verbosely(run, make_build, sandbox_hub, tmp_path):
    state = tmp_path / 'a' / 'b'
    done = run(make_build(release='1'), '--verbose', '--state-dir', state)
    assert 'cg-import: logged in to %s as osbs\n' % sandbox_hub.hub in done.stderr
    assert 'cg-import: the journal is kept in %s\n' % state in done.stderr
    assert re.search(r'^cg-import: metadata as given: sha256 [0-9a-f]{64}$', done.stderr, re.M)
    assert (state.stat().st_mode & 0o777, state.parent.stat().st_mode & 0o777) == (0o700, 0o700)


def test_the_journal_has_a_place_of_its_own(run, make_build, sandbox_hub):
    home = sandbox_hub.info['state']
    run(make_build(release='1'))
    assert os.path.isdir(os.path.join(home, '.local/state/cg-import'))
    run(make_build(release='2'), '--no-journal')


def test_a_missing_place_for_the_journal_is_only_said(cg_import, make_build, sandbox_hub):
    directory = make_build(release='1')
    command = cg_import.command(sandbox_hub, 'import', metadata(directory), directory)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=dict(cg_import.environment(sandbox_hub), XDG_STATE_HOME='/proc/nowhere'))
    assert done.returncode == 0
    assert 'no journal is kept: cannot make directory /proc/nowhere' in done.stderr
    refused = cg_import(sandbox_hub, 'import', '--state-dir', '/proc/nowhere', metadata(directory), directory)
    assert refused.returncode == 2 and 'cannot make directory /proc/nowhere' in refused.stderr


def test_dry_run(run, make_build, sandbox_hub):
    done = run(make_build(release='1'), '--dry-run')
    assert (done.returncode, done.stdout) == (0, 'would be accepted\ttest-container-1.0-1\t-\n')
    assert sandbox_hub.call('getBuild', 'test-container-1.0-1') is None
    assert sandbox_hub.log('upload') == [] and sandbox_hub.log('CGImport') == []


def test_warnings_are_counted_and_refuse_when_strict(run, make_build):
    directory = make_build(release='1')
    edit(directory, lambda document: document['build'].update(end_time=document['build']['start_time'] - 1))
    strict = run(directory, '--strict')
    assert strict.returncode == 1 and '1 error: refused\n' in strict.stderr
    done = run(directory)
    assert done.returncode == 0
    assert 'cg-import: 1 warning: "cg-import check %s" shows it\n' % metadata(directory) in done.stderr


# --- refusals --------------------------------------------------------------------------------------------------------
def test_a_broken_document_is_refused_before_anyone_logs_in(run, make_build, sandbox_hub):
    directory = make_build(release='1')
    edit(directory, lambda document: document['build'].update(version='1-0'))
    done = run(directory)
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.replace(str(directory), 'DIR') == '''DIR/metadata.json
error at /build/version (nvr.version)
    "1-0" has a dash, which a version must not
    expected: a version without dashes and slashes
    found: "1-0"
1 error: refused
cg-import: cannot import DIR/metadata.json: the metadata has 1 error [CG_E_REFUSED]
    nothing was sent: correct the metadata and run the same command again
'''
    assert sandbox_hub.log('sslLogin') == []
    result = json.loads(run(directory, '--json').stdout)
    assert (result['outcome'], result['build_id'], result['error']['exit']) == ('nothing', None, 1)
    assert result['report']['findings'][0]['pointer'] == '/build/version'


def test_what_the_hub_has_not_registered_is_told_together_with_the_other_faults(run, make_build, sandbox_hub):
    directory = make_build(release='1')

    def change(document):
        document['build'].update(version='1-0')
        for buildroot in document['buildroots']:
            buildroot['content_generator']['name'] = 'other-reactor'
    edit(directory, change)
    findings = json.loads(run(directory, '--json').stdout)['report']['findings']
    assert {'/build/version', '/buildroots/0/content_generator/name'} <= {one['pointer'] for one in findings}
    edit(directory, lambda document: document['build'].update(version='1.0'))
    done = run(directory)
    assert done.returncode == 1 and '"other-reactor"' in done.stderr
    assert sandbox_hub.log('upload') + sandbox_hub.log('CGImport') == []


def test_a_damaged_file_is_refused_before_a_byte_is_sent(run, make_build, sandbox_hub):
    directory = make_build(release='1')
    (directory / 'x86_64.log').write_text('other')
    done = run(directory)
    assert done.returncode == 1 and '[CG_E_MISMATCH]' in done.stderr and 'error at /output/1/' in done.stderr
    assert sandbox_hub.log('upload') == [] and sandbox_hub.log('CGImport') == []


def test_another_build_of_the_nvr_is_a_conflict(run, make_build, tmp_path):
    assert run(make_build(release='1')).returncode == 0
    done = run(make_build(tmp_path / 'other', release='1', seed=7))
    assert (done.returncode, done.stdout) == (4, '')
    assert 'cg-import: cannot import test-container-1.0-1: the hub has test-container-1.0-1 already' in done.stderr
    assert '[CG_E_CONFLICT]' in done.stderr


def test_a_hub_that_is_not_there_is_temporary(cg_import, make_build):
    directory = make_build(release='1')
    done = cg_import(None, 'import', '--hub', 'http://127.0.0.1:1/kojihub', '--no-journal', '--json',
                     metadata(directory), directory)
    result = json.loads(done.stdout)
    assert (done.returncode, result['error']['name'], result['error']['exit']) == (3, 'CG_E_UNREACHABLE', 3)
    assert result['error']['hint']


def test_a_user_without_access(cg_import, make_build, sandbox_hub):
    directory = make_build(release='1')
    done = cg_import(sandbox_hub, 'import', metadata(directory), directory, user='intruder')
    assert done.returncode == 1 and '[CG_E_AUTH]' in done.stderr and 'koji grant-cg-access intruder' in done.stderr


# --- reservations ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('way', ['option', 'file', 'environment'])
def test_a_token_and_where_it_is_not_seen(cg_import, koji_python_reserve, make_build, sandbox_hub, tmp_path, way):
    reserved = koji_python_reserve('test-container', '1.0', '1')
    directory = make_build(release='1')
    options, environment = {
        'option': (['--token', reserved['token']], {}),
        'file': (['--token-file', str(tmp_path / 'token')], {}),
        'environment': ([], {'CG_IMPORT_TOKEN': reserved['token']})}[way]
    (tmp_path / 'token').write_text(reserved['token'] + '\n')
    (tmp_path / 'token').chmod(0o600)
    sandbox_hub.arm('pause', method='CGImport')
    program = Talking(cg_import.command(sandbox_hub, 'import', '--build-id', reserved['build_id'], *options,
                                        metadata(directory), directory),
                      env=dict(cg_import.environment(sandbox_hub), **environment))
    sandbox_hub.wait_met()
    with open('/proc/%d/cmdline' % program.process.pid) as line:
        words = line.read()
    assert 'import' in words and reserved['token'] not in words
    sandbox_hub.clear_faults()
    status, out, err = program.end()
    assert status == 0, err
    assert out.startswith('%d\t' % reserved['build_id'])
    assert reserved['token'] not in out + err


@pytest.fixture
def koji_python_reserve(cg_import, sandbox_hub):
    """Reserves as another client would: CGInitBuild in a session of its own."""
    import ssl
    import xmlrpc.client

    def reserve(name, version, release):
        context = ssl.create_default_context(cafile=sandbox_hub.ca)
        context.load_cert_chain(sandbox_hub.certificates['osbs'])
        context.post_handshake_auth = True
        login = xmlrpc.client.ServerProxy(sandbox_hub.hub + '/ssllogin', context=context, allow_none=True)
        session = login.sslLogin()
        address = '%s?session-id=%s&session-key=%s&callnum=1' % (sandbox_hub.hub, session['session-id'],
                                                                 session['session-key'])
        hub = xmlrpc.client.ServerProxy(address, context=context, allow_none=True)
        return hub.CGInitBuild('atomic-reactor', {'name': name, 'version': version, 'release': release})
    return reserve


def test_a_token_file_others_may_change(cg_import, make_build, tmp_path):
    token = tmp_path / 'token'
    token.write_text('x')
    token.chmod(0o666)
    directory = make_build(release='1')
    done = cg_import(None, 'import', '--build-id', '3', '--token-file', token, metadata(directory), directory)
    assert done.returncode == 2 and str(token) in done.stderr


# --- tags ------------------------------------------------------------------------------------------------------------
def test_a_tag(run, make_build, sandbox_hub):
    done = run(make_build(release='1'), '--tag', 'test-candidate')
    assert done.returncode == 0
    assert re.search(r'^cg-import: tagged into test-candidate by task \d+$', done.stderr, re.M)
    assert [tag['name'] for tag in sandbox_hub.call('listTags', 'test-container-1.0-1')] == ['test-candidate']


def test_a_mistyped_tag_is_found_before_anything_is_sent(run, make_build, sandbox_hub):
    done = run(make_build(release='1'), '--tag', 'test-candidat')
    assert done.returncode == 1
    assert 'the hub has no tag test-candidat [CG_E_REFUSED]\n    nothing was sent' in done.stderr
    assert sandbox_hub.call('getBuild', 'test-container-1.0-1') is None


def test_imported_but_not_tagged_tells_both(run, make_build, sandbox_hub):
    done = run(make_build(release='1', name='unlisted'), '--tag', 'test-candidate')
    build = sandbox_hub.call('getBuild', 'unlisted-1.0-1')
    assert done.returncode == 1 and build['state'] == 1
    assert done.stdout == '%d\tunlisted-1.0-1\t%s\n' % (build['id'], url(sandbox_hub, build['id']))
    assert 'cg-import: cannot tag unlisted-1.0-1: ' in done.stderr and '[CG_E_TAG]' in done.stderr


# --- progress --------------------------------------------------------------------------------------------------------
def on_terminal(cg_import, hub, *arguments, columns=100, term='xterm'):
    """What a command writes to a terminal, and its exit status."""
    ours, its = pty.openpty()
    subprocess.run(['stty', 'cols', str(columns)], stdin=its, check=True)
    process = subprocess.Popen(cg_import.command(hub, *arguments), stdin=subprocess.DEVNULL, stdout=its, stderr=its,
                               env=dict(cg_import.environment(hub), TERM=term))
    os.close(its)
    output = b''
    while True:
        try:
            output += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)
    return output.decode().replace('\r\n', '\n'), process.wait()


BAR = re.compile(r'\r\033\[Kuploading \[([=> ]+)\] +(\d+) % +(\S+ \S+) of (\S+ \S+) +(\S+ \S+/s)? +(?:(\S+) left)?')


def test_a_bar_on_a_terminal(cg_import, make_build, sandbox_hub):
    directory = make_build(release='1', size=30_000_000)
    output, status = on_terminal(cg_import, sandbox_hub, 'import', metadata(directory), directory)
    bars = BAR.findall(output)
    assert status == 0 and bars
    assert {total for _, _, _, total, _, _ in bars} == {'28.6 MiB'} and len({len(bar[0]) for bar in bars}) == 1
    shares = [int(bar[1]) for bar in bars]
    assert shares == sorted(shares)
    painted = re.findall(r'\r\033\[K([^\r\n]*)', output)
    assert max(map(len, painted)) < 100
    # The bar is gone when other lines come: what stays on the screen has none.
    kept = re.sub(r'[^\n]*\r\033\[K', '', output)
    assert '[' not in kept and 'cg-import: uploaded 28.6 MiB in ' in kept


def test_a_bar_fits_into_a_narrow_window(cg_import, make_build, sandbox_hub):
    directory = make_build(release='1', size=5_000_000)
    output, status = on_terminal(cg_import, sandbox_hub, 'import', metadata(directory), directory, columns=40)
    painted = re.findall(r'\r\033\[K(uploading[^\r\n]*)', output)
    assert status == 0 and painted and max(map(len, painted)) < 40


def test_no_bar_without_a_terminal_that_repaints(cg_import, make_build, sandbox_hub, run):
    directory = make_build(release='1', size=5_000_000)
    piped = run(directory).stderr
    dumb, status = on_terminal(cg_import, sandbox_hub, 'import', metadata(directory), directory, term='dumb')
    assert status == 0
    for output in (piped, dumb):
        assert '\033' not in output and '\r' not in output and '[=' not in output
    assert 'cg-import: uploaded 4.8 MiB in ' in piped


def test_nothing_on_a_terminal_when_quiet(cg_import, make_build, sandbox_hub):
    directory = make_build(release='1', size=5_000_000)
    output, status = on_terminal(cg_import, sandbox_hub, 'import', '--quiet', metadata(directory), directory)
    assert (status, output.count('\n')) == (0, 1) and output.startswith('1\ttest-container-1.0-1\t')


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------
def start(cg_import, hub, directory, *options, hangup=signal.SIG_DFL):
    """As a terminal's shell starts it; with hangup=SIG_IGN as nohup does."""
    return Talking(cg_import.command(hub, 'import', *options, metadata(directory), directory),
                   env=cg_import.environment(hub), preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup))


def test_a_journal_that_cannot_be_removed_is_not_told_as_a_failed_tag(cg_import, make_build, sandbox_hub, tmp_path):
    directory = make_build(release='1')
    sandbox_hub.arm('pause', method='CGImport')
    program = start(cg_import, sandbox_hub, directory, '--state-dir', tmp_path / 'state')
    sandbox_hub.wait_met()
    journal, = [path for path in (tmp_path / 'state').rglob('*') if path.is_file() and path.suffix != '.lock']
    journal.unlink()
    journal.mkdir()
    sandbox_hub.clear_faults()
    status, out, err = program.end()
    assert status == 2 and out.split('\t')[1] == 'test-container-1.0-1'
    assert 'cg-import: cannot finish the import of test-container-1.0-1: cannot remove' in err


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped_while_the_hub_imports_the_answer_is_waited_for(cg_import, make_build, sandbox_hub, number):
    directory = make_build(release='1')
    sandbox_hub.arm('pause', method='CGImport')
    program = start(cg_import, sandbox_hub, directory)
    sandbox_hub.wait_met()
    program.signal(number)
    program.err.until('cg-import: stopping: the hub is importing, and its answer is waited for')
    sandbox_hub.clear_faults()
    status, _, err = program.end()
    assert status in (0, 3), err
    assert sandbox_hub.call('getBuild', 'test-container-1.0-1')['state'] == 1


def test_under_nohup_a_lost_terminal_stops_nothing(cg_import, make_build, sandbox_hub):
    directory = make_build(release='1')
    sandbox_hub.arm('pause', method='CGImport')
    program = start(cg_import, sandbox_hub, directory, hangup=signal.SIG_IGN)
    sandbox_hub.wait_met()
    program.signal(signal.SIGHUP)
    sandbox_hub.clear_faults()
    status, _, err = program.end()
    assert (status, 'stopping' in err) == (0, False), err


def test_stopped_after_a_reservation_that_was_refused_at_first(cg_import, make_build, sandbox_hub):
    sandbox_hub.arm('fault', 'CGInitBuild', code=1000, text='Build is already reserved')
    sandbox_hub.arm('pause', 'CGInitBuild', nth=2)
    program = start(cg_import, sandbox_hub, make_build(release='1'), '--reserve')
    sandbox_hub.wait_met(2)
    program.signal(signal.SIGINT)
    program.err.until('stopping')
    sandbox_hub.clear_faults()
    status, out, err = program.end()
    assert (status, out) == (3, ''), err
    assert 'interrupted before the metadata was sent [CG_E_INTERRUPTED]' in err
    assert sandbox_hub.call('getBuild', 'test-container-1.0-1')['state'] == 4


def test_stopped_twice_the_outcome_is_unknown_and_the_same_command_settles_it(cg_import, make_build, sandbox_hub, run):
    directory = make_build(release='1')
    sandbox_hub.arm('pause', method='CGImport')
    program = start(cg_import, sandbox_hub, directory)
    sandbox_hub.wait_met()
    program.signal(signal.SIGINT)
    program.err.until('stopping')
    program.signal(signal.SIGINT)
    status, out, err = program.end()
    assert (status, out) == (5, '')
    assert 'cg-import: leaving everything at once; a third time kills\n' in err and '[CG_E_UNKNOWN]' in err
    assert '    left on the hub: ' in err
    # The hub goes on with the first when the second has asked what there is.
    asked = len(sandbox_hub.log('multiCall'))
    release = threading.Thread(target=lambda: (sandbox_hub.wait_asked('multiCall', asked + 1), sandbox_hub.clear_faults()))
    release.start()
    done = run(directory)
    release.join()
    assert done.returncode == 0 and done.stdout.split('\t')[1] == 'test-container-1.0-1'
    assert sandbox_hub.call('getBuild', 'test-container-1.0-1')['state'] == 1


def test_stopped_while_tagging_the_build_stays_imported(cg_import, make_build, sandbox_hub):
    directory = make_build(release='1')
    sandbox_hub.set_options(task_seconds=3600)
    program = start(cg_import, sandbox_hub, directory, '--tag', 'test-candidate')
    # The tagging was asked for, and its task is looked at again and again.
    sandbox_hub.wait_asked('getTaskInfo', 2)
    assert stopped_while_tagging(program) in (NOT_WAITED_FOR, PERHAPS)


NOT_WAITED_FOR = 'interrupted: test-container-1.0-1 is imported, and task 1 goes on tagging it test-candidate [CG_E_INTERRUPTED]'
PERHAPS = 'interrupted: test-container-1.0-1 is imported, and perhaps not tagged test-candidate [CG_E_INTERRUPTED]'


def stopped_while_tagging(program, release=lambda: None):
    """What is said of the tagging; the hub goes on at `release`."""
    program.signal(signal.SIGINT)
    program.err.until('cg-import: stopping: the build is imported; tagging goes on at the hub and is not waited for')
    release()
    status, out, err = program.end()
    assert status == 3 and out.split('\t')[1] == 'test-container-1.0-1', err
    assert 'tagged into' not in err
    return re.search('^cg-import: cannot (?:tag|finish the import of) test-container-1.0-1: (.*)$', err, re.M).group(1)


# What may change the hub is waited for when it was sent, what only asks is broken off.
@pytest.mark.parametrize('method, nth, said', [('multiCall', 4, PERHAPS), ('tagBuild', 1, NOT_WAITED_FOR),
                                               ('getTaskInfo', 1, PERHAPS)])
def test_stopped_in_any_call_of_tagging_it_is_no_failure(cg_import, make_build, sandbox_hub, method, nth, said):
    directory = make_build(release='1')
    sandbox_hub.set_options(task_seconds=3600)
    sandbox_hub.arm('pause', method=method, nth=nth)
    program = start(cg_import, sandbox_hub, directory, '--tag', 'test-candidate')
    sandbox_hub.wait_met()
    release = sandbox_hub.clear_faults if method == 'tagBuild' else lambda: None
    assert stopped_while_tagging(program, release) == said


def test_stopped_while_uploading_nothing_is_left(cg_import, make_build, sandbox_hub, run):
    directory = make_build(release='1', size=3_000_000)
    sandbox_hub.arm('pause', method='upload', times=0)
    program = start(cg_import, sandbox_hub, directory, '--reserve')
    sandbox_hub.wait_met()
    program.signal(signal.SIGINT)
    status, out, err = program.end()
    assert (status, out) == (3, '')
    assert '[CG_E_INTERRUPTED]\n    stopped as asked: the same command run again goes on from here\n' in err
    build = sandbox_hub.call('getBuild', 'test-container-1.0-1')
    assert build is None or build['state'] in (3, 4)
    sandbox_hub.clear_faults()
    assert run(directory).returncode == 0


def unread(pipe):
    """Bytes in a pipe."""
    return struct.unpack('i', fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


@pytest.mark.parametrize('options', [['-', '.'], ['--batch', '-']])
def test_standard_input_can_be_left_by_ctrl_c(cg_import, sandbox_hub, options):
    # As a terminal's shell starts it: what runs in the background may have been given SIGINT ignored.
    process = subprocess.Popen(cg_import.command(sandbox_hub, 'import', *options), stdin=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=cg_import.environment(sandbox_hub),
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    process.stdin.write(b'{')
    process.stdin.flush()
    wait_until(lambda: unread(process.stdin) == 0)      # it was read, and more is waited for
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == -signal.SIGINT
    process.stdin.close()
    process.stderr.close()


# --- lists -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def builds(make_build, tmp_path):
    """Five builds and the list of them; the second is no JSON, the fourth lacks a file."""
    for number in range(1, 6):
        make_build(tmp_path / ('b%d' % number), release=str(number))
    (tmp_path / 'b2' / 'metadata.json').write_text('{"broken":')
    (tmp_path / 'b4' / 'x86_64.log').unlink()
    (tmp_path / 'list').write_text('# five\nb1\nb2/metadata.json b2\nb3\nb4\n\nb5\n')
    return tmp_path / 'list'


def test_a_list(cg_import, builds, sandbox_hub):
    done = cg_import(sandbox_hub, 'import', '--batch', builds)
    assert done.returncode == 1
    nvrs = sorted(line.split('\t')[1] for line in done.stdout.splitlines())
    assert nvrs == ['test-container-1.0-1', 'test-container-1.0-3', 'test-container-1.0-5']
    assert 'cannot import %s: ' % (builds.parent / 'b2' / 'metadata.json') in done.stderr
    assert 'cannot import test-container-1.0-4: ' in done.stderr
    assert re.search(r'^cg-import: 5 builds in [\d.]+ s: 3 imported, 0 there already, 2 failed, 0 not begun$',
                     done.stderr, re.M)
    again = cg_import(sandbox_hub, 'import', '--batch', builds, '--jobs', '1')
    assert '0 imported, 3 there already, 2 failed' in again.stderr and again.stdout.count('\n') == 3


def test_a_list_for_programs(cg_import, builds, sandbox_hub):
    done = cg_import(sandbox_hub, 'import', '--batch', builds, '--json')
    *items, last = [json.loads(line) for line in done.stdout.splitlines()]
    by_line = {item['line']: item for item in items}
    assert {line: item['outcome'] for line, item in by_line.items()} == {
        2: 'imported', 3: 'nothing', 4: 'imported', 5: 'nothing', 7: 'imported'}
    assert by_line[5]['directory'] == str(builds.parent / 'b4') and by_line[5]['error']['name'] == 'CG_E_MISMATCH'
    summary = last['summary']
    assert {key: summary[key] for key in ('builds', 'imported', 'already', 'failed', 'not_begun', 'exit')} == {
        'builds': 5, 'imported': 3, 'already': 0, 'failed': 2, 'not_begun': 0, 'exit': 1}


def test_the_exit_status_of_a_list_is_that_of_the_worst(cg_import, make_build, tmp_path, sandbox_hub):
    assert cg_import(sandbox_hub, 'import', metadata(make_build(release='1')), make_build(release='1')).returncode == 0
    make_build(tmp_path / 'conflict', release='1', seed=9)
    (tmp_path / 'broken').mkdir()
    (tmp_path / 'broken' / 'metadata.json').write_text('{}')
    (tmp_path / 'list').write_text('broken\nconflict\n')
    assert cg_import(sandbox_hub, 'import', '--batch', tmp_path / 'list').returncode == 4


def test_a_list_that_cannot_be_read(cg_import, tmp_path, sandbox_hub):
    done = cg_import(sandbox_hub, 'import', '--json', '--batch', tmp_path / 'nosuch')
    assert (done.returncode, json.loads(done.stdout)['error']['name']) == (2, 'CG_E_IO')
    (tmp_path / 'list').write_text('a b c\n')
    done = cg_import(sandbox_hub, 'import', '--batch', tmp_path / 'list')
    assert (done.returncode, done.stdout) == (2, '') and '%s:1: ' % (tmp_path / 'list') in done.stderr
    assert 'builds in' not in done.stderr
