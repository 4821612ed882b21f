# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service that publishes what a quorum of witnesses cosigned: with all of them, without one, with one that lies."""
import base64
import http.server
import json
import shutil
import subprocess
import threading

import pytest

import published_log
from patience import PATIENCE_S
from witness_process import Witness, keygen

ORIGIN = 'cg-import.example/audit'
TOO_FEW = 12


class Liar(http.server.BaseHTTPRequestHandler):
    """Answers with a signature line of the server's `vkey` whose signature is none."""

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        name, key_id, _ = self.server.vkey.split('+', 2)
        signature = base64.b64encode(bytes.fromhex(key_id) + bytes(8) + bytes(64)).decode()
        line = '\u2014 %s %s\n' % (name, signature)
        self.server.asked.set()
        self.send_response(200)
        self.send_header('Content-Length', str(len(line.encode())))
        self.end_headers()
        self.wfile.write(line.encode())

    def log_message(self, *_):
        pass


class Witnessed:
    """The service with its two witnesses, and the keys that an auditor has."""

    def __init__(self, service, vkey, witnesses):
        self.service, self.vkey, self.witnesses = service, vkey, witnesses

    def checkpoint(self):
        return published_log.Checkpoint(self.service.request('GET', '/checkpoint', token='').body.decode())

    def last_proof(self, identity, directory):
        """A file with the proof of the last published leaf about the import."""
        leaves = self.service.request('GET', '/v1/imports/%s/audit' % identity).json()['leaves']
        file = directory / ('%s.tlog-proof' % identity)
        file.write_text(leaves[-1]['proof'])
        return file

    def verify(self, path, *options, witnesses=None):
        trust = ['--key', self.vkey]
        for witness in self.witnesses if witnesses is None else witnesses:
            trust += ['--witness', witness.vkey]
        done = subprocess.run([self.service.program, 'audit', 'verify', path, *trust, *options, '--json'], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_S)
        return done.returncode, json.loads(done.stdout).get('witnesses')

    def lags(self, marker):
        """Wait until the service says that it does not publish, and names `marker`."""
        self.service.wait_log('the audit log is not published')
        self.service.wait_log(marker)


@pytest.fixture
def witnessed(cg_import, start_service, sandbox_hub, postgres, tmp_path):
    vkey = keygen(cg_import.path, ORIGIN, tmp_path / 'key')
    witnesses = [Witness(cg_import.path, 'witness.example/%s' % name, vkey, tmp_path / name).start() for name in 'ab']
    settings = {'audit': {'key_file': tmp_path / 'key', 'origin': ORIGIN, 'quorum': 2}}
    settings.update({'witness %s' % witness.name[-1]: {'url': witness.url, 'key': witness.vkey} for witness in witnesses})
    yield Witnessed(start_service(sandbox_hub, postgres, settings=settings), vkey, witnesses)
    for witness in witnesses:
        if witness.process.poll() is None:
            assert witness.stop() == 0


def imported(service, make_build, release):
    identity = service.post(make_build(release=release)).json()['id']
    assert service.wait(identity)['state'] == 'imported'
    return identity


def test_proofs_carry_the_signatures_of_the_quorum(witnessed, make_build, tmp_path):
    service = witnessed.service
    identity = imported(service, make_build, '1')
    published_log.settled(service)
    log = service.state / 'audit' / 'log'
    assert {signer for signer, _ in witnessed.checkpoint().signatures} == {ORIGIN, 'witness.example/a', 'witness.example/b'}
    proof = witnessed.last_proof(identity, tmp_path)
    assert witnessed.verify(proof) == witnessed.verify(log) == (0, 2)
    text = proof.read_text()
    proof.write_text(''.join(line for line in text.splitlines(True) if 'witness.example/b' not in line))
    assert witnessed.verify(proof)[0] == TOO_FEW
    assert witnessed.verify(proof, '--quorum', '1') == (0, 1)
    assert witnessed.verify(proof, witnesses=[witnessed.witnesses[0]]) == (0, 1)


def test_nothing_is_published_without_the_quorum(witnessed, make_build, tmp_path):
    service, (_, b) = witnessed.service, witnessed.witnesses
    imported(service, make_build, '1')
    before = published_log.settled(service)
    older = tmp_path / 'older-state'
    shutil.copytree(b.state, older)
    b.kill()
    identity = imported(service, make_build, '2')
    witnessed.lags('1 of 2 witnesses')
    # The log went on to grow and be signed; what the outside sees stays as it was.
    assert witnessed.checkpoint().note == before.note
    trail = service.request('GET', '/v1/imports/%s/audit' % identity).json()
    assert (trail['leaves'], trail['unpublished'] > 0) == ([], True)
    b.start()
    after = published_log.settled(service)
    assert after.size > before.size
    assert witnessed.verify(witnessed.last_proof(identity, tmp_path)) == (0, 2)

    # One whose state is from before is behind, and says so: it gets the proof from there.
    assert b.stop() == 0
    shutil.rmtree(b.state)
    shutil.copytree(older, b.state)
    b.start()
    identity = imported(service, make_build, '3')
    assert published_log.settled(service).size > after.size
    assert witnessed.verify(witnessed.last_proof(identity, tmp_path)) == (0, 2)


def test_a_witness_that_lies_does_not_count(witnessed, make_build, tmp_path):
    service, (a, b) = witnessed.service, witnessed.witnesses
    imported(service, make_build, '1')
    before = published_log.settled(service)
    assert b.stop() == 0
    liar = http.server.ThreadingHTTPServer(('127.0.0.1', b.port), Liar)
    liar.vkey, liar.asked = b.vkey, threading.Event()
    thread = threading.Thread(target=liar.serve_forever)
    thread.start()
    try:
        identity = imported(service, make_build, '2')
        assert liar.asked.wait(PATIENCE_S)
        witnessed.lags('1 of 2 witnesses')
        assert witnessed.checkpoint().note == before.note
        # A site that is content with one goes on, and what is published says nothing of the liar.
        assert service.stop() == 0
        service.configure(audit={'quorum': 1})
        service.start()
        assert published_log.settled(service).size > before.size
        assert {signer for signer, _ in witnessed.checkpoint().signatures} == {ORIGIN, a.name}
        proof = witnessed.last_proof(identity, tmp_path)
        assert witnessed.verify(proof)[0] == TOO_FEW
        assert witnessed.verify(proof, '--quorum', '1') == (0, 1)
        assert witnessed.verify(proof, witnesses=[b])[0] == TOO_FEW
    finally:
        liar.shutdown()
        thread.join()
        liar.server_close()
