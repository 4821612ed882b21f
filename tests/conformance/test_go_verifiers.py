# SPDX-License-Identifier: LGPL-2.1-or-later
"""What we log is verified by Go's sumdb/{note,tlog} and transparency-dev/merkle, and what they log by cg-import."""
import base64
import http.client
import json
import pathlib
import subprocess

import pytest

import published_log

# More than a full tile.
POSTS = 280


@pytest.fixture(scope='module')
def made(go_verifiers, tmp_path_factory):
    """(directory, verifier key) of a log that Go made."""
    directory = tmp_path_factory.mktemp('made')
    done = go_verifiers('make', directory, 'go.example/log', 700)
    assert done.returncode == 0, done.stderr
    return directory, done.stdout.strip()


@pytest.fixture
def logged(service, make_build):
    """(service, id of an import) with a log of more than 256 entries: posts are refused until it has them."""
    identity = service.post(make_build()).json()['id']
    assert service.wait(identity)['state'] == 'imported'
    connection = http.client.HTTPConnection(service.url.split('//')[1].rstrip('/'), timeout=300)
    for _ in range(POSTS):
        connection.request('POST', '/v1/imports', b'{', {'Content-Type': 'application/json',
                                                        'Authorization': 'Bearer ' + service.token})
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 400
    connection.close()
    assert published_log.settled(service).size > POSTS
    return service, identity


def flip(path, byte):
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


def ask_growth(service, sizes, leaves, directory):
    """Files with the proofs that the log continues what it was at these sizes."""
    for size in sizes:
        answer = service.request('GET', '/v1/audit/consistency?from=%d' % size, token='').json()
        answer['root'] = base64.b64encode(published_log.tree_root(
            [published_log.leaf_hash(leaf) for leaf in leaves[:size]])).decode()
        (directory / ('%d.growth' % size)).write_text(json.dumps(answer))
    return sorted(directory.glob('*.growth'))


def test_go_verifies_what_the_service_logged(logged, go_verifiers, tmp_path):
    service, identity = logged
    log = service.state / 'audit' / 'log'
    checkpoint, leaves = published_log.replay_directory(log)
    key = published_log.vkey_of(leaves)
    done = go_verifiers('log', log, key)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == '%d entries, root %s\n' % (checkpoint.size, base64.b64encode(checkpoint.root).decode())

    proofs = []
    for one in service.request('GET', '/v1/imports/%s/audit' % identity).json()['leaves']:
        proofs.append(tmp_path / ('%d.tlog-proof' % one['index']))
        proofs[-1].write_text(one['proof'])
    done = go_verifiers('proofs', key, '--', *proofs)
    assert (done.returncode, done.stdout, done.stderr) == (0, '%d files\n' % len(proofs), '')

    files = ask_growth(service, [1, 2, 255, 256, 257, checkpoint.size], leaves, tmp_path)
    done = go_verifiers('growth', key, '--', *files)
    assert (done.returncode, done.stdout, done.stderr) == (0, '6 files\n', '')


def test_go_sees_a_flipped_bit_of_it(logged, go_verifiers, tmp_path):
    """So that its silence says something."""
    service, _ = logged
    log = service.state / 'audit' / 'log'
    checkpoint, leaves = published_log.replay_directory(log)
    key = published_log.vkey_of(leaves)
    for file in [log / 'checkpoint', log / 'tile' / 'entries' / '000', log / 'tile' / '0' / '000',
                 log / 'tile' / '1' / '000.p' / '1']:
        flip(file, 20)
        assert go_verifiers('log', log, key).returncode == 1, file
        flip(file, 20)
    assert go_verifiers('log', log, key).returncode == 0
    growth, = ask_growth(service, [100], leaves, tmp_path)
    text = growth.read_text()
    growth.write_text(text.replace('"from": 100', '"from": 101'))
    assert go_verifiers('growth', key, '--', growth).returncode == 1


def test_we_verify_what_go_logged(cg_import, made, tmp_path):
    directory, key = made
    _, leaves = published_log.replay_directory(directory)
    done = cg_import(None, 'audit', 'verify', directory, '--key', key, '--json')
    assert (done.returncode, done.stderr) == (0, '')
    assert json.loads(done.stdout)['size'] == len(leaves) == 700
    for state in sorted((directory / 'states').iterdir()):
        done = cg_import(None, 'audit', 'verify', directory, '--key', key, '--since', state)
        assert (done.returncode, done.stderr) == (0, ''), state
    for index in (0, 1, 254, 255, 256, 511, 512, 698, 699):
        proof = directory / 'proofs' / ('%d.tlog-proof' % index)
        done = cg_import(None, 'audit', 'verify', proof, '--key', key, '--print')
        assert (done.returncode, done.stdout) == (0, '{"made":"by Go","n":%d}\n' % index), done.stderr
        other = tmp_path / 'other'
        other.write_text(proof.read_text().replace('index %d\n' % index, 'index %d\n' % (index ^ 1)))
        assert cg_import(None, 'audit', 'verify', other, '--key', key).returncode == 13


def test_go_signs_with_a_key_that_we_made(cg_import, go_verifiers, tmp_path):
    key = tmp_path / 'key'
    vkey = cg_import(None, 'audit', 'keygen', 'ours.example/log', '--output', key).stdout.strip()
    done = go_verifiers('make', tmp_path / 'log', 'ours.example/log', 3, key)
    assert done.returncode == 0, done.stderr
    assert cg_import(None, 'audit', 'verify', tmp_path / 'log', '--key', vkey).returncode == 0
    assert go_verifiers('log', tmp_path / 'log', vkey).returncode == 0


def test_a_witness_in_go_cosigns_our_log(start_service, sandbox_hub, postgres, go_verifiers, tmp_path):
    key_file = tmp_path / 'key'
    program = start_service(sandbox_hub, postgres, wait=False).program
    vkey = subprocess.run([program, 'audit', 'keygen', 'ours.example/log', '--output', key_file], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    with go_verifiers.witness('go.example/w', vkey) as (witness_key, url):
        settings = {'audit': {'key_file': key_file, 'quorum': 1, 'origin': 'ours.example/log'},
                    'witness go': {'url': url, 'key': witness_key}}
        service = start_service(sandbox_hub, postgres, settings=settings)
        size = published_log.settled(service).size
        log = pathlib.Path(service.state) / 'audit' / 'log'
        done = go_verifiers('log', log, vkey, witness_key)
        assert (done.returncode, done.stderr) == (0, '')
        trust = ['--key', vkey, '--witness', witness_key]
        done = subprocess.run([program, 'audit', 'verify', log, *trust, '--json'], stdout=subprocess.PIPE, text=True)
        assert (done.returncode, json.loads(done.stdout)['witnesses']) == (0, 1)
        service.make_token('another', 'auditor')
        assert published_log.settled(service).size > size
        assert service.stop() == 0
