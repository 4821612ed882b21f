# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verbs that talk to the service, and token: what they print, do and exit with."""
import http.server
import json
import os
import re
import signal
import subprocess
import threading

import pytest

from patience import PATIENCE_S
from talking import Talking

IMPORT = '01890000-0000-7000-8000-000000000000'
ID = r'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}'


@pytest.fixture
def client(service, cg_import, tmp_path):
    """client('submit', …) with the service's address and an operator's token."""
    token = tmp_path / 'token'
    token.write_text(service.token + '\n')
    token.chmod(0o600)

    def command(verb, *arguments, url=None, token_file=token):
        return [str(cg_import.path), verb, '--service', url or service.url, '--token-file', str(token_file),
                *map(str, arguments)]

    def run(verb, *arguments, **options):
        return subprocess.run(command(verb, *arguments, **options), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, env=service.environment())
    run.command, run.token_file = command, token
    return run


# --- submit ----------------------------------------------------------------------------------------------------------
def test_submit_prints_the_import_and_wait_its_end(client, service, make_build):
    build = make_build(size=100000)
    done = client('submit', build / 'metadata.json', build)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(ID + r' test-container-1\.0-1 (queued|running|imported)( \S+)?\n', done.stdout)
    done = client('submit', '--wait', build / 'metadata.json', build)
    assert re.fullmatch(ID + r' test-container-1\.0-1 imported http://\S+buildID=1\n', done.stdout)
    assert (done.returncode, 'the service has this very import already' in done.stderr) == (0, True)
    assert re.search(r'^\S+Z  imported ', done.stderr, re.M)
    assert len(service.hub.log('CGImport')) == 1


def test_submit_sends_options(client, service, make_build):
    build = make_build()
    done = client('submit', '--wait', '--quiet', '--json', '--tag', 'test-candidate', '--reserve', '--hub', 'sandbox',
                  build / 'metadata.json', build)
    assert (done.returncode, done.stderr) == (0, '')
    told = json.loads(done.stdout)
    assert (told['state'], told['hub']) == ('imported', 'sandbox')
    assert told['options'] == {'reserve': True, 'draft': False, 'tag': 'test-candidate'}
    assert service.hub.log('CGInitBuild')


def test_submit_by_reference_sends_nothing(start_service, sandbox_hub, postgres, make_build, cg_import, tmp_path):
    service = start_service(sandbox_hub, postgres, settings={'root builds': {'directory': tmp_path}})
    token = tmp_path / 'token'
    token.write_text(service.token)
    token.chmod(0o600)
    build = make_build(directory=tmp_path / 'b')
    done = subprocess.run([str(cg_import.path), 'submit', '--service', service.url, '--token-file', str(token), '--wait',
                           '--reference', 'builds:b', str(build / 'metadata.json')], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=service.environment())
    assert done.returncode == 0 and ' imported ' in done.stdout, done.stderr
    assert 'method=PUT' not in service.log()


class OtherHost(http.server.BaseHTTPRequestHandler):
    """A service whose answers name places on a host that is called as it is, and a little more."""
    puts = []

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        output = json.loads(self.rfile.read(int(self.headers['Content-Length'])))['output'][0]
        self.answer(202, {'id': IMPORT, 'state': 'receiving', 'missing': [
            {'position': 0, 'path': output['filename'], 'size_bytes': output['filesize'], 'received_bytes': 0,
             'href': 'http://127.0.0.1:%d.example.org/v1/imports/%s/outputs/0' % (self.server.server_port, IMPORT)}]})

    def do_PUT(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.puts.append((self.path, self.headers['Authorization']))
        self.answer(200, {})

    def do_GET(self):
        self.answer(200, {'id': IMPORT, 'nvr': 'test-container-1.0-1', 'state': 'queued'})

    def log_message(self, *arguments):
        pass


def test_the_token_is_shown_to_the_named_service_only(cg_import, make_build, tmp_path):
    token = tmp_path / 'token'
    token.write_text('cgi_secret\n')
    token.chmod(0o600)
    build = make_build(size=1000)
    OtherHost.puts.clear()
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), OtherHost) as server:
        threading.Thread(target=server.serve_forever).start()
        done = subprocess.run([str(cg_import.path), 'submit', '--service', 'http://127.0.0.1:%d' % server.server_port,
                               '--token-file', str(token), str(build / 'metadata.json'), str(build)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    assert OtherHost.puts == [('/v1/imports/%s/outputs/0' % IMPORT, 'Bearer cgi_secret')]


def test_submit_goes_on_where_it_broke_off(client, service, make_build):
    build = make_build(size=3000000)
    posted = service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(),
                             {'Content-Type': 'application/json'}).json()
    image = max(posted['missing'], key=lambda output: output['size_bytes'])
    begin = (build / image['path']).read_bytes()[:1000000]
    assert service.request('PUT', image['href'], begin, {'Content-Type': 'application/octet-stream',
                                                         'Upload-Complete': '?0'}).status == 204
    done = client('submit', '--wait', build / 'metadata.json', build)
    assert done.returncode == 0, done.stderr
    service.wait_log('method=PATCH ')       # written when the answer is on its way
    sent = [int(n) for n in re.findall(r'method=PATCH \S+ status=200 received=(\d+)', service.log())]
    assert sent == [image['size_bytes'] - 1000000]


def test_submit_survives_a_restart_of_the_service(client, service, make_build):
    build = make_build(size=100000)
    assert service.stop() == 0
    program = Talking(client.command('submit', '--wait', build / 'metadata.json', build), env=service.environment())
    program.err.until('cannot reach the service')
    service.start()
    status, out, err = program.end()
    assert (status, ' imported ' in out) == (0, True), err


def test_submit_of_a_broken_document_tells_all_findings(client, make_build):
    build = make_build()
    document = json.loads((build / 'metadata.json').read_text())
    document['build']['version'] = '1.0-beta'
    del document['build']['source']
    (build / 'metadata.json').write_text(json.dumps(document))
    done = client('submit', '--json', build / 'metadata.json', build)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told['error']['name'], told['report']['errors']) == ('CG_E_REFUSED', 2)
    assert 'error at /build/version' in done.stderr and '"source" is missing' in done.stderr
    (build / 'metadata.json').write_text('')
    done = client('submit', build / 'metadata.json', build)
    assert done.returncode == 1 and 'error at the top of the document: the text ends too early' in done.stderr


@pytest.mark.parametrize('change, expected', [
    (lambda path: path.unlink(), 'the file x86_64.log cannot be read: No such file or directory'),
    (lambda path: path.write_bytes(b'x'), 'x86_64.log has 1 bytes, the metadata says '),
    (lambda path: (path.unlink(), path.mkdir()), 'x86_64.log is no regular file'),
])
def test_submit_looks_at_all_files_before_it_sends(client, service, make_build, change, expected):
    build = make_build()
    change(build / 'x86_64.log')
    done = client('submit', build / 'metadata.json', build)
    assert (done.returncode, expected in done.stderr) == (1, True), done.stderr
    assert 'method=PUT' not in service.log()


def test_submit_of_more_files_than_may_be_open(client, service, make_build):
    build = make_build(size=1000)
    document = json.loads((build / 'metadata.json').read_text())
    log = next(output for output in document['output'] if output['type'] == 'log')
    for i in range(100):
        name = 'more-%d.log' % i
        (build / name).write_bytes((build / log['filename']).read_bytes())
        document['output'].append(dict(log, filename=name))
    (build / 'metadata.json').write_text(json.dumps(document))
    done = subprocess.run(['sh', '-c', 'ulimit -n 64 && exec "$@"', 'sh',
                           *client.command('submit', '--wait', build / 'metadata.json', build)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=service.environment(),
                          timeout=300)
    assert (done.returncode, ' imported ' in done.stdout) == (0, True), done.stderr


def test_submit_of_other_bytes_is_refused(client, make_build):
    build = make_build()
    log = build / 'x86_64.log'
    log.write_bytes(b'x' * log.stat().st_size)
    done = client('submit', build / 'metadata.json', build)
    assert (done.returncode, 'CG_E_MISMATCH' in done.stderr) == (1, True), done.stderr


def test_submit_of_another_build_of_the_nvr_is_a_conflict(client, service, make_build):
    first, second = make_build(), make_build(directory=None, release='1', size=777)
    assert client('submit', first / 'metadata.json').returncode in (0, 2)
    document = json.loads((second / 'metadata.json').read_text())
    document['build']['end_time'] += 1
    (second / 'metadata.json').write_text(json.dumps(document))
    done = client('submit', second / 'metadata.json', second)
    assert (done.returncode, '[CG_E_CONFLICT]' in done.stderr) == (4, True), done.stderr


def test_submit_without_a_directory_says_what_is_missing(client, make_build):
    done = client('submit', make_build() / 'metadata.json')
    assert done.returncode == 2
    assert done.stderr == ('cg-import: submit: the service misses 3 outputs\n'
                           '    name the directory of the output files behind the metadata\n')


def test_wait_exits_by_how_it_ended(client, service, make_build):
    service.hub.arm('fault', 'CGImport', code=1000, text='Invalid content generator policy', times=0)
    build = make_build()
    done = client('submit', '--wait', build / 'metadata.json', build)
    assert done.returncode == 1
    assert ' rejected\n' in done.stdout
    assert 'cg-import: submit: import of test-container-1.0-1 is rejected: ' in done.stderr
    assert '[CG_E_HUB_REFUSED]' in done.stderr


def test_held_is_told_apart_from_refused_and_temporary_whatever_error_led_there(client, service, make_build):
    build = make_build()
    done = client('submit', '--wait', '--tag', 'no-such-tag', build / 'metadata.json', build)
    assert (done.returncode, ' held\n' in done.stdout) == (4, True), done.stderr
    assert 'is held: tag: ' in done.stderr and 'the hub has no tag no-such-tag' in done.stderr


def test_a_held_import_is_shown_and_released(client, service, make_build):
    build = make_build()
    stray = service.hub.build_path('test-container-1.0-1')
    stray.mkdir(parents=True)
    (stray / 'left').write_text('x')
    done = client('submit', '--wait', build / 'metadata.json', build)
    assert (done.returncode, ' held\n' in done.stdout) == (4, True), done.stderr
    assert 'is held: stray-files' in done.stderr and 'somebody must decide: cg-import show' in done.stderr
    listed = client('list', '--state', 'held')
    assert re.fullmatch(ID + r'  \S+  held       test-container-1\.0-1  stray-files\n', listed.stdout)
    shown = client('show', 'test-container-1.0-1').stdout
    assert re.search(r'^state               held: stray-files', shown, re.M)
    assert re.search(r'^what to do          \S', shown, re.M)
    (stray / 'left').unlink()
    stray.rmdir()
    released = client('release', 'test-container-1.0-1', '--note', 'removed, ticket 1')
    assert released.returncode == 0, released.stderr
    assert client('watch', 'test-container-1.0-1').returncode == 0
    events = json.loads(client('show', '--json', '--events', 'test-container-1.0-1').stdout)['events']
    assert 'removed, ticket 1' in json.dumps(events)


@pytest.mark.parametrize('damage', [lambda path: path.unlink(), lambda path: (path.chmod(0o600), path.write_bytes(b'x'))],
                         ids=['gone', 'damaged'])
def test_a_lost_content_is_asked_for_again(client, service, make_build, damage):
    build = make_build()
    first, *others = service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(),
                                     {'Content-Type': 'application/json'}).json()['missing']
    reply = service.request('PUT', first['href'], (build / first['path']).read_bytes()).json()
    output = reply['outputs'][0]
    damage(service.state / 'spool' / 'contents' / output['sha256'][:2] / output['sha256'][2:])
    for other in others:
        service.request('PUT', other['href'], (build / other['path']).read_bytes())
    held = service.wait(reply['id'])
    assert (held['state'], held['held']) == ('held', 'content-lost')
    released = json.loads(client('release', held['id'], '--json').stdout)
    assert released['state'] == 'receiving'
    assert [missing['path'] for missing in service.show(held['id'])['missing']] == [output['path']]
    done = client('submit', '--wait', build / 'metadata.json', build)
    assert (done.returncode, ' imported ' in done.stdout) == (0, True), done.stderr


# --- watch, cancel, retry --------------------------------------------------------------------------------------------
def test_watch_shows_events_as_they_come(client, service, make_build):
    service.hub.arm('pause', 'CGImport')
    build = make_build()
    assert client('submit', build / 'metadata.json', build).returncode == 0
    service.hub.wait_met()
    watch = Talking(client.command('watch', 'test-container-1.0-1'), env=service.environment())
    lines = watch.out.until('"step":"import"')
    service.hub.clear_faults()
    status, out, _ = watch.end()
    assert (status, out.splitlines()[-1].split()[1]) == (0, 'imported')
    assert lines[0].split()[1] == 'accepted'


def test_watch_goes_on_over_a_restart_and_tells_nothing_twice(client, service, make_build):
    assert service.stop() == 0
    service.configure(worker={'lease': '5 s'})
    service.start()
    service.hub.arm('pause', 'CGImport')
    build = make_build()
    service.post(build)
    service.hub.wait_met()
    watch = Talking(client.command('watch', 'test-container-1.0-1'), env=service.environment())
    watch.out.until('"step":"import"')
    service.kill()
    service.hub.clear_faults()
    service.start()
    status, out, err = watch.end()
    assert status == 0, err
    lines = out.splitlines()
    assert len(set(lines)) == len(lines) and lines[-1].split()[1] == 'imported'


def test_watch_can_be_stopped(client, service, make_build):
    assert client('submit', make_build() / 'metadata.json').returncode == 2
    watch = Talking(client.command('watch', 'test-container-1.0-1'), env=service.environment())
    watch.out.until('accepted')
    watch.signal(signal.SIGINT)
    status, _, err = watch.end()
    assert status == 3 and 'stopping; the service goes on' in err
    assert service.request('GET', '/v1/imports').json()['imports'][0]['state'] == 'receiving'


def test_cancel_and_retry_with_corrected_metadata(client, service, make_build):
    build = make_build()
    assert client('submit', build / 'metadata.json').returncode == 2
    canceled = client('cancel', 'test-container-1.0-1', '--json')
    assert (canceled.returncode, json.loads(canceled.stdout)['state']) == (0, 'canceled')
    watched = client('watch', 'test-container-1.0-1')
    assert watched.returncode == 1 and 'was canceled' in watched.stderr
    # Posting it again does not undo what somebody decided, and says how that is done.
    again = client('submit', build / 'metadata.json', build)
    assert (again.returncode, ' canceled\n' in again.stdout) == (1, True)
    assert 'the service has this very import already' in again.stderr and re.search(
        'to have it tried again:\\s+cg-import\\s+retry\\s+' + json.loads(canceled.stdout)['id'], again.stderr)
    document = json.loads((build / 'metadata.json').read_text())
    document['build']['end_time'] += 1
    fixed = build / 'fixed.json'
    fixed.write_text(json.dumps(document))
    retried = client('retry', 'test-container-1.0-1', '--metadata', fixed, '--json')
    assert retried.returncode == 0, retried.stderr
    told = json.loads(retried.stdout)
    assert (told['state'], told['replaces']) == ('receiving', json.loads(canceled.stdout)['id'])
    assert client('submit', '--wait', fixed, build).returncode == 0


def test_verbs_tell_a_state_that_does_not_allow_them(client, service, make_build):
    assert client('submit', make_build() / 'metadata.json').returncode == 2
    done = client('release', 'test-container-1.0-1')
    assert (done.returncode, '[CG_E_CONFLICT]' in done.stderr) == (4, True)


# --- list ------------------------------------------------------------------------------------------------------------
def test_list_pages_and_filters(client, service, make_build):
    for release in range(7):
        service.request('POST', '/v1/imports', (make_build(release=str(release)) / 'metadata.json').read_bytes(),
                        {'Content-Type': 'application/json'})
    names = [line.split()[-1] for line in client('list').stdout.splitlines()]
    assert names == ['test-container-1.0-%d' % release for release in range(6, -1, -1)]
    assert len(client('list', '--limit', '3').stdout.splitlines()) == 3
    assert [line.split()[-1] for line in client('list', '--nvr', '*-[12]').stdout.splitlines()] == names[4:6]
    assert client('list', '--state', 'imported').stdout == ''
    assert client('list', '--content-generator', 'other').stdout == ''
    assert client('list', '--until', '2020-01-01T00:00:00Z').stdout == ''
    assert len(client('list', '--since', '2020-01-01T00:00:00Z', '--hub', 'sandbox').stdout.splitlines()) == 7
    assert json.loads(client('list', '--limit', '1', '--json').stdout)['nvr'] == names[0]
    bad = client('list', '--state', 'lost')
    assert bad.returncode == 2 and 'state' in bad.stderr


# --- who asks, and where ---------------------------------------------------------------------------------------------
def test_a_token_that_is_none_is_told(client, tmp_path):
    wrong = tmp_path / 'wrong'
    wrong.write_text('cgi_' + 'x' * 43 + '\n')
    wrong.chmod(0o600)
    done = client('list', token_file=wrong)
    assert (done.returncode, '[CG_E_AUTH]' in done.stderr) == (1, True)
    assert 'cg-import token create' in done.stderr


def test_a_token_file_that_others_may_write_is_refused(client, tmp_path):
    client.token_file.chmod(0o622)
    done = client('list')
    assert (done.returncode, str(client.token_file) in done.stderr.replace('\n    ', ' ')) == (2, True)


def test_address_and_token_come_from_the_environment_and_the_home(service, cg_import, tmp_path):
    home = tmp_path / 'home'
    (home / '.config' / 'cg-import').mkdir(parents=True)
    token = home / '.config' / 'cg-import' / 'token'
    token.write_text(service.token)
    token.chmod(0o600)

    def run(**environment):
        return subprocess.run([str(cg_import.path), 'list'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=dict({'PATH': os.environ['PATH'], 'HOME': str(home)}, **environment))
    assert run(CG_IMPORT_SERVICE=service.url).returncode == 0
    other = tmp_path / 'other'
    other.write_text('cgi_nobody')
    other.chmod(0o600)
    assert run(CG_IMPORT_SERVICE=service.url, CG_IMPORT_TOKEN_FILE=str(other)).returncode == 1
    assert run(CG_IMPORT_SERVICE=service.url + '/', XDG_CONFIG_HOME=str(home / '.config')).returncode == 0
    nowhere = run()
    assert (nowhere.returncode, nowhere.stderr) == (
        2, 'cg-import: list: which service?\n'
           '    name it by --service URL or in the environment variable CG_IMPORT_SERVICE\n')


def test_a_service_that_is_not_there(client):
    done = client('list', url='http://127.0.0.1:1')
    assert (done.returncode, '[CG_E_UNREACHABLE]' in done.stderr) == (3, True)
    assert client('list', url='ftp://x').returncode == 2


def test_a_service_that_cannot_be_trusted_is_no_matter_of_time(client, sandbox_hub):
    address = sandbox_hub.hub.rsplit('/', 1)[0]
    assert address.startswith('https:')
    done = client('list', url=address)
    assert (done.returncode, '[CG_E_CONFIG]' in done.stderr) == (2, True), done.stderr
    assert '\n    --serverca must name the certificates that may sign the service\'s\n' in done.stderr


def test_an_import_that_is_not_there(client):
    done = client('show', 'no-such-1')
    assert (done.returncode, done.stderr) == (
        2, 'cg-import: show: the service has no import of no-such-1 that you may see\n')
    assert client('show', '018bc2b5-6f2e-7c31-9c5e-2f1f8f6c6a01').returncode == 2


# --- token -----------------------------------------------------------------------------------------------------------
def test_tokens_are_made_listed_and_revoked(service):
    token = service.make_token('osbs', 'submitter', 'auditor', content_generator='atomic-reactor', package='web*')
    assert re.fullmatch(r'cgi_[A-Za-z0-9_-]{43}', token)
    assert token not in service.log()
    listed = json.loads(service.verb('token', 'list', '--json').stdout)['callers']
    told = next(caller for caller in listed if caller['name'] == 'osbs')
    assert (told['roles'], told['content_generators'], told['packages']) == (
        ['submitter', 'auditor'], ['atomic-reactor'], ['web*'])
    assert (told['expires_at'], told['revoked_at']) == (None, None)
    assert 'osbs: submitter, auditor; content generators atomic-reactor; packages web*\n' in \
        service.verb('token', 'list').stdout
    assert service.request('GET', '/v1/imports', token=token).status == 200
    taken = service.verb('token', 'create', 'osbs')
    assert (taken.returncode, '[CG_E_CONFLICT]' in taken.stderr) == (4, True)
    assert service.verb('token', 'revoke', 'osbs').stdout == 'osbs revoked\n'
    assert service.request('GET', '/v1/imports', token=token).status == 401
    again = service.verb('token', 'revoke', 'osbs')
    assert again.returncode == 2


def test_a_token_is_made_beside_a_private_postgres_and_without_the_service(start_service, sandbox_hub):
    service = start_service(sandbox_hub)
    assert service.stop() == 0
    token = service.make_token('later', 'auditor')
    service.start()
    assert service.request('GET', '/v1/imports', token=token).status == 200


@pytest.mark.parametrize('arguments, expected', [
    ([], 'what to do is missing: create, list or revoke'),
    (['make'], 'token cannot make: it can create, list or revoke'),
    (['create'], 'the name of the caller is missing'),
    (['revoke'], 'the name of the caller is missing'),
    (['list', 'x'], 'token list takes no arguments, and "x" is too many'),
    (['create', 'x', 'y'], 'token create takes one name, and "y" is too many'),
    (['revoke', 'x', '--role', 'auditor'], 'token revoke takes no roles, globs or days: those are for create'),
    (['create', 'x', '--role', 'boss'], '--role boss is not known; it may be submitter, operator or auditor'),
    (['create', 'x', '--expires', '0'], '--expires wants a whole number from 1 to 36500, not "0"'),
    (['create', ''], 'the name of a caller has 1 to 100 bytes, and this has 0'),
    (['create', 101 * 'x'], 'the name of a caller has 1 to 100 bytes, and this has 101'),
    (['create', 'x\ny'], 'the name of a caller is UTF-8 without control characters, not "x\\u000ay"'),
    (['create', 'x\udcff'], 'the name of a caller is UTF-8 without control characters, not "x\\xff"'),
])
def test_a_wrong_token_command(cg_import, arguments, expected):
    done = cg_import(None, 'token', *arguments)
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr == 'cg-import: token: %s\n    try "cg-import token --help"\n' % expected


@pytest.mark.parametrize('arguments, expected', [
    (['submit'], 'the metadata file is missing'),
    (['submit', 'a', 'b', 'c'], 'one metadata file and one directory, and "c" is too many'),
    (['submit', 'a', 'b', '--reference', 'r:d'], '--reference says where the outputs lie, and "b" is too many'),
    (['show'], 'one import is shown: its id or NVR'),
    (['watch', 'a', 'b'], 'one import is watched: its id or NVR'),
    (['retry'], 'one import is tried again: its id or NVR'),
    (['cancel'], 'one import is canceled: its id or NVR'),
    (['release'], 'one import is released: its id or NVR'),
    (['release', 'x', '--action', 'mark-imported'],
     '--action mark-imported needs --build-id: which build of the hub is it?'),
    (['release', 'x', '--build-id', '3'], '--build-id is for --action mark-imported'),
    (['migrate', 'x'], 'migrate takes no arguments, and there is "x"'),
])
def test_a_wrong_command(cg_import, arguments, expected):
    done = cg_import(None, *arguments)
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr == 'cg-import: %s: %s\n    try "cg-import %s --help"\n' % (arguments[0], expected, arguments[0])
