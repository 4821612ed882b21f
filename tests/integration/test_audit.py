# SPDX-License-Identifier: LGPL-2.1-or-later
"""audit and witness, from outside: a log made here by other code, served, witnessed, copied, verified, tampered with."""
import base64
import contextlib
import functools
import hashlib
import http.server
import json
import os
import pathlib
import sqlite3
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from file_server import FileServer
from made_log import DASH, Key, Log, b64, growth, root
from patience import wait_until
from reserved_port import ReservedPort
from witness_process import Witness


@pytest.fixture
def log(cg_import, tmp_path):
    made = Log(Key(cg_import, tmp_path, 'example.com/log'), tmp_path / 'served')
    made.grow(600)
    return made


@pytest.fixture
def witness(cg_import, log, tmp_path):
    """A running witness, which has `name` and `vkey`, and its url."""
    running = Witness(cg_import.path, 'witness.example/w', log.key.vkey, tmp_path / 'witness').start()
    yield running, running.url
    assert running.stop() == 0


def add_checkpoint(url, body):
    try:
        with urllib.request.urlopen(url.rstrip('/') + '/add-checkpoint', body.encode()) as answer:
            return answer.status, answer.read().decode(), answer.headers['Content-Type']
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode(), answer.headers['Content-Type']


def request(log, old, new, note=None):
    hashes = growth(old, log.hashes[:new]) if 0 < old < new else []
    return 'old %d\n%s\n%s' % (old, ''.join(b64(h) + '\n' for h in hashes), note or log.checkpoint(new))


# --- the tests --------------------------------------------------------------------------------------------------------
def test_a_witnessed_proof_is_verified_offline(cg_import, log, witness, tmp_path):
    key, url = witness
    note = log.checkpoint(600)
    status, line, _ = add_checkpoint(url, request(log, 0, 600, note))
    assert status == 200 and line.startswith(DASH + key.name + ' ')
    file = tmp_path / '42.tlog-proof'
    file.write_text(log.proof(42, 600, note + line))
    trust = ['--key', log.key.vkey, '--witness', key.vkey]
    done = cg_import(None, 'audit', 'verify', str(file), *trust)
    assert (done.returncode, done.stderr) == (0, '')
    said = 'verified: entry 42 of the log example.com/log, size 600, root %s, signed by 1 witness' % root(log.hashes).hex()
    assert ' '.join(done.stdout.split()) == said
    done = cg_import(None, 'audit', 'verify', str(file), *trust, '--print')
    assert done.stdout == '{"n": 42}\n'

    (tmp_path / 'leaf').write_bytes(log.leaves[43])
    file.write_text(log.proof(42, 600, note))
    codes = {('--leaf', str(tmp_path / 'leaf')): 13, ('--witness', key.vkey): 12, ('--origin', 'example.com/other'): 14}
    for options, code in codes.items():
        done = cg_import(None, 'audit', 'verify', str(file), '--key', log.key.vkey, *options)
        assert (done.returncode, done.stdout) == (code, '')
    for options, what in ((('--since', str(file)), '--since'), (('--hub', 'http://127.0.0.1:1/kojihub'), 'a hub')):
        done = cg_import(None, 'audit', 'verify', str(file), '--key', log.key.vkey, *options)
        assert (done.returncode, done.stdout) == (2, '')
        assert '%s is for the directory of a log, and %s is a proof' % (what, file) in ' '.join(done.stderr.split())
    assert cg_import(None, 'audit', 'verify', str(file), '--key', key.vkey).returncode == 11
    file.write_text(log.proof(42, 600, note).replace('index', 'Index'))
    done = cg_import(None, 'audit', 'verify', str(file), '--key', log.key.vkey, '--json')
    assert done.returncode == 10 and json.loads(done.stdout)['error']['name'] == 'CG_E_FORM'


def test_a_witness_answers_by_the_specification(cg_import, log, witness, tmp_path):
    _, url = witness
    other = Log(Key(cg_import, tmp_path, 'example.com/other'), tmp_path)
    other.grow(10)
    assert add_checkpoint(url, 'nothing')[0] == 400
    assert add_checkpoint(url, request(other, 0, 10))[0] == 404
    false = other.checkpoint(10).replace('example.com/other', 'example.com/log')
    assert add_checkpoint(url, request(log, 0, 10, false))[0] == 403
    assert add_checkpoint(url, request(log, 0, 10))[0] == 200
    assert add_checkpoint(url, request(log, 0, 20)) == (409, '10\n', 'text/x.tlog.size')
    assert add_checkpoint(url, request(log, 10, 300).replace('old 10\n', 'old 10\n' + b64(bytes(32)) + '\n'))[0] == 422
    assert add_checkpoint(url, request(log, 10, 300))[0] == 200
    assert add_checkpoint(url, request(log, 300, 10))[0] == 400
    assert add_checkpoint(url, request(log, 300, 600))[0] == 200


@pytest.fixture
def served(log):
    """Serves the log's directory on a free port."""
    handler = functools.partial(QuietHandler, directory=str(log.directory))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield 'http://127.0.0.1:%d' % server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_log_is_copied_and_verified_whole(cg_import, log, served, tmp_path):
    copy, trust = tmp_path / 'copy', ['--key', log.key.vkey]
    log.write(300, log.checkpoint(300))
    done = cg_import(None, 'audit', 'mirror', served, str(copy), *trust)
    assert (done.returncode, done.stdout, done.stderr) == (0, '%s: 300 entries, 300 of them new\n' % copy, '')
    since = tmp_path / 'since'
    since.write_text((copy / 'checkpoint').read_text())
    log.write(600, log.checkpoint(600))
    done = cg_import(None, 'audit', 'mirror', served, str(copy), *trust, '--json')
    assert {'old_size': 300, 'size': 600}.items() <= json.loads(done.stdout).items()
    done = cg_import(None, 'audit', 'verify', str(copy), *trust, '--since', str(since), '--json')
    assert (done.returncode, json.loads(done.stdout)['root']) == (0, root(log.hashes).hex())
    done = cg_import(None, 'audit', 'export', str(copy), *trust)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{'index': n, 'leaf': {'n': n}} for n in range(600)]

    bundle = copy / 'tile' / 'entries' / '001'
    content = bytearray(bundle.read_bytes())
    content[2] ^= 1
    bundle.write_bytes(content)
    assert cg_import(None, 'audit', 'verify', str(copy), *trust).returncode == 13
    bundle.unlink()
    assert cg_import(None, 'audit', 'verify', str(copy), *trust).returncode == 16


def test_a_log_that_was_rolled_back_is_refused(cg_import, log, served, tmp_path):
    copy, trust = tmp_path / 'copy', ['--key', log.key.vkey]
    log.write(600, log.checkpoint(600))
    assert cg_import(None, 'audit', 'mirror', served, str(copy), *trust).returncode == 0
    log.write(300, log.checkpoint(300))
    done = cg_import(None, 'audit', 'mirror', served, str(copy), *trust)
    assert done.returncode == 14 and 'the log has 300 entries, it had 600' in done.stderr
    assert cg_import(None, 'audit', 'verify', str(copy), *trust).returncode == 0
    assert cg_import(None, 'audit', 'verify', str(log.directory), *trust, '--since',
                     str(copy / 'checkpoint')).returncode == 14


def test_a_private_key_is_not_written_over(cg_import, tmp_path):
    key = Key(cg_import, tmp_path, 'a.example')
    before = key.file.read_bytes()
    done = cg_import(None, 'audit', 'keygen', 'a.example', '--output', str(key.file))
    assert (done.returncode, done.stdout, key.file.read_bytes()) == (2, '', before)
    assert cg_import(None, 'audit', 'keygen', 'a name', '--output', str(tmp_path / 'x')).returncode == 10
    assert not (tmp_path / 'x').exists()
    assert pathlib.Path(key.file).read_text().startswith('PRIVATE+KEY+a.example+')


@pytest.fixture
def litewitness(log, tmp_path):
    """(verifier key, url) of a running litewitness (filippo.io/torchwood), whose binary CG_LITEWITNESS names."""
    binary = os.environ.get('CG_LITEWITNESS')
    if not binary:
        pytest.skip('CG_LITEWITNESS does not name a litewitness, which only a Go newer than that of distributions builds')
    name, socket = 'lite.example/w', str(tmp_path / 'agent')
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', tmp_path / 'lw'], check=True)
    database = sqlite3.connect(tmp_path / 'lw.db')
    database.executescript('CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);'
                           'CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL);')
    database.execute('INSERT INTO log VALUES (?, 0, ?)', (log.key.name, b64(root([]))))
    database.execute('INSERT INTO key VALUES (?, ?)', (log.key.name, log.key.vkey))
    database.commit()
    database.close()
    with contextlib.ExitStack() as processes:
        def start(*command, ready):
            process = processes.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            processes.callback(process.terminate)
            wait_until(lambda: ready() or process.poll() is not None)
            assert process.poll() is None

        def answers():
            with contextlib.suppress(OSError):
                return bool(add_checkpoint(url, 'nothing'))

        start('ssh-agent', '-D', '-a', socket, ready=lambda: os.path.exists(socket))
        subprocess.run(['ssh-add', '-q', tmp_path / 'lw'], env=dict(os.environ, SSH_AUTH_SOCK=socket), check=True)
        fingerprint = subprocess.run(['ssh-keygen', '-lf', tmp_path / 'lw.pub'], stdout=subprocess.PIPE, text=True,
                                     check=True).stdout.split()[1]
        port = ReservedPort()
        processes.callback(port.release)
        url = 'http://127.0.0.1:%d' % port.number
        start(binary, '-db', str(tmp_path / 'lw.db'), '-name', name, '-key', fingerprint, '-ssh-agent', socket, '-listen',
              '127.0.0.1:%d' % port.number, ready=answers)
        public = b'\4' + base64.b64decode((tmp_path / 'lw.pub').read_text().split()[1])[-32:]
        key_id = hashlib.sha256(name.encode() + b'\n' + public).hexdigest()[:8]
        yield '%s+%s+%s' % (name, key_id, b64(public)), url


@pytest.fixture
def go_witness(log, go_verifiers):
    """(verifier key, url) of a witness made of Go's sumdb/note and transparency-dev/merkle."""
    with go_verifiers.witness('go.example/w', log.key.vkey) as running:
        yield running


@pytest.fixture
def fixture_named(request):
    return request.getfixturevalue


@pytest.mark.parametrize('other', ['go_witness', 'litewitness'])
def test_a_witness_of_others_answers_alike_and_is_verified(cg_import, log, witness, other, fixture_named, tmp_path):
    vkey, url = fixture_named(other)
    requests = [(0, 10, None), (0, 20, None), (10, 300, None), (300, 10, None), (300, 300, None), (300, 600, None)]
    for old, new, note in requests:
        ours, theirs = (add_checkpoint(one, request(log, old, new, note)) for one in (witness[1], url))
        assert ours[0] == theirs[0]
        if ours[0] == 409:
            assert ours == theirs
    note = log.checkpoint(600)
    lines = [add_checkpoint(one, request(log, 600, 600, note))[1] for one in (witness[1], url)]
    file = tmp_path / 'p.tlog-proof'
    file.write_text(log.proof(42, 600, note + ''.join(lines)))
    done = cg_import(None, 'audit', 'verify', str(file), '--key', log.key.vkey, '--witness', witness[0].vkey, '--witness',
                     vkey, '--json')
    assert (done.returncode, json.loads(done.stdout)['witnesses']) == (0, 2)


def imported_leaf(directory, build_id):
    """What the service says of an imported build."""
    text = (directory / 'metadata.json').read_bytes()
    metadata = json.loads(text)
    outputs = []
    for output in metadata['output']:
        content = (directory / output['filename']).read_bytes()
        outputs.append({'name': output['filename'], 'size': len(content), 'sha256': hashlib.sha256(content).hexdigest(),
                        'md5': hashlib.md5(content).hexdigest()})
    nvr = '%(name)s-%(version)s-%(release)s' % metadata['build']
    return json.dumps({'v': 1, 'type': 'imported', 'nvr': nvr, 'metadata_sha256': hashlib.sha256(text).hexdigest(),
                       'metadata_size': len(text), 'koji': {'build_id': build_id, 'cg': 'x'}, 'outputs': outputs}).encode()


def test_what_the_hub_has_is_held_against_the_log(cg_import, log, sandbox_hub, make_build):
    leaves = []
    for release, options in (('1', []), ('2', ['--reserve'])):
        directory = make_build(release=release)
        done = cg_import(sandbox_hub, 'import', *options, directory / 'metadata.json', directory, '--json')
        assert done.returncode == 0, done.stderr
        leaves.append(imported_leaf(directory, json.loads(done.stdout)['build_id']))
    log.leaves = leaves
    log.grow(2)
    log.write(2, log.checkpoint(2))
    profile = ['--config', sandbox_hub.profiles['osbs'], '--profile', 'sandbox']

    def verify():
        return cg_import(None, 'audit', 'verify', str(log.directory), '--key', log.key.vkey, '--json', *profile)

    done = verify()
    assert (done.returncode, done.stderr) == (0, '')
    told = json.loads(done.stdout)
    assert told['hub_builds'] == 2 and told['hub_files'] >= 4 and told['hub_passed_over'] == 0
    package = pathlib.Path(sandbox_hub.state) / 'mnt-koji' / 'packages' / 'test-container' / '1.0'
    images = sorted((package / '1' / 'images').iterdir())
    for file in (images[0], package / '2' / 'metadata.json'):
        before = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        done = verify()
        assert done.returncode == 15 and file.name in done.stderr and 'is another than was imported' in done.stderr
        file.unlink()
        done = verify()
        assert done.returncode == 15 and file.name in done.stderr and 'cannot be read' in done.stderr
        file.write_bytes(before)
    assert verify().returncode == 0


def test_logs_of_one_name_are_told_apart(cg_import, log, sandbox_hub, make_build):
    """One of each architecture, in a directory of the hub that the log does not name."""
    directory = make_build()
    metadata = json.loads((directory / 'metadata.json').read_text())
    logs = [output for output in metadata['output'] if output['type'] == 'log'][:2]
    leaf = json.loads(imported_leaf(directory, 1))
    for output, arch in zip(logs, ('aarch64', 's390x'), strict=True):
        place = directory / arch
        place.mkdir()
        (directory / output['filename']).rename(place / 'build.log')
        next(one for one in leaf['outputs'] if one['name'] == output['filename'])['name'] = arch + '/build.log'
        output.update(filename='build.log', relpath=arch, subdir=arch)
    text = json.dumps(metadata).encode()
    (directory / 'metadata.json').write_bytes(text)
    done = cg_import(sandbox_hub, 'import', directory / 'metadata.json', directory, '--json')
    assert done.returncode == 0, done.stderr
    leaf.update(metadata_sha256=hashlib.sha256(text).hexdigest(), metadata_size=len(text))
    leaf['koji']['build_id'] = json.loads(done.stdout)['build_id']
    log.leaves = [json.dumps(leaf).encode()]
    log.grow(1)
    log.write(1, log.checkpoint(1))

    def verify():
        return cg_import(None, 'audit', 'verify', str(log.directory), '--key', log.key.vkey, '--config',
                         sandbox_hub.profiles['osbs'], '--profile', 'sandbox')
    done = verify()
    assert (done.returncode, done.stderr) == (0, '')
    stored = next((pathlib.Path(sandbox_hub.state) / 'mnt-koji' / 'packages').glob('*/*/*/data/logs/s390x/build.log'))
    stored.chmod(0o644)
    stored.write_bytes(b'another')
    done = verify()
    assert done.returncode == 15 and 's390x/build.log is another than was imported' in done.stderr


def test_files_of_a_hub_are_never_held_in_memory(cg_import, log, sandbox_hub, make_build, tmp_path):
    directory = make_build(size=48 << 20)
    done = cg_import(sandbox_hub, 'import', directory / 'metadata.json', directory, '--json')
    log.leaves = [imported_leaf(directory, json.loads(done.stdout)['build_id'])]
    log.grow(1)
    log.write(1, log.checkpoint(1))
    with FileServer(sandbox_hub) as server:
        config = tmp_path / 'unmounted.conf'
        config.write_text('[sandbox]\nserver = %s\nserverca = %s\ntopurl = %s\ntopdir = %s\n' % (
            sandbox_hub.hub, sandbox_hub.ca, server.url, tmp_path / 'not-mounted'))
        command = [str(cg_import.path), 'audit', 'verify', str(log.directory), '--key', log.key.vkey, '--json',
                   '--config', str(config), '--profile', 'sandbox']
        # KiB of memory that is the program's own.
        done = subprocess.run(['sh', '-c', 'ulimit -d 32768 && exec "$@"', 'sh', *command], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, '')
    assert json.loads(done.stdout)['hub_files'] >= 2


def test_builds_of_two_hubs_are_told_apart(cg_import, log, sandbox_hub, make_build):
    directory = make_build()
    done = cg_import(sandbox_hub, 'import', directory / 'metadata.json', directory, '--json')
    leaf = json.loads(imported_leaf(directory, json.loads(done.stdout)['build_id']))
    elsewhere = {**leaf, 'nvr': 'another-1-1', 'metadata_sha256': '0' * 64}
    leaf['koji']['hub'] = 'here'
    elsewhere['koji'] = {**leaf['koji'], 'hub': 'elsewhere'}  # where the build has the same id
    log.leaves = [json.dumps(one).encode() for one in (leaf, elsewhere)]
    log.grow(2)
    log.write(2, log.checkpoint(2))

    def verify(*options):
        return cg_import(None, 'audit', 'verify', str(log.directory), '--key', log.key.vkey, '--json', '--config',
                         sandbox_hub.profiles['osbs'], '--profile', 'sandbox', *options)
    done = verify()
    assert done.returncode == 2
    assert 'the log tells of builds on several hubs, "here" and "elsewhere" among them' in done.stderr
    assert '--hub-name here' in done.stderr
    done = verify('--hub-name', 'here')
    assert (done.returncode, json.loads(done.stdout)['hub_builds']) == (0, 1)
    assert verify('--hub-name', 'elsewhere').returncode == 15
    done = verify('--hub-name', 'nowhere')
    assert (done.returncode, 'the log tells of no build on a hub "nowhere"' in done.stderr) == (2, True)
