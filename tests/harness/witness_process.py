# SPDX-License-Identifier: LGPL-2.1-or-later
"""`cg-import witness` in a process of its own, for tests."""
import json
import pathlib
import signal
import subprocess

from patience import PATIENCE_S, wait_until
from reserved_port import ReservedPort


def keygen(program, name, file, *options):
    """Make a key; its verifier key."""
    done = subprocess.run([program, 'audit', 'keygen', name, '--output', file, *options], check=True, text=True,
                          stdout=subprocess.PIPE)
    return done.stdout.strip()


class Witness:
    """One witness of a log, with key and state below `directory`. Started again it has the same key, state, address."""

    def __init__(self, program, name, log_vkey, directory):
        self.program, self.name, self.log_vkey = program, name, log_vkey
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.state = self.directory / 'state'
        self.key_file = self.directory / 'key'
        self.vkey = keygen(program, name, self.key_file, '--witness')
        self.reserved = ReservedPort()
        self.port, self.url, self.process = self.reserved.number, None, None

    def start(self):
        ready = self.directory / 'ready.json'
        ready.unlink(missing_ok=True)
        self.process = subprocess.Popen([self.program, 'witness', '--key-file', self.key_file, '--state', self.state,
                                         '--log', self.log_vkey, '--listen', '127.0.0.1:%d' % self.port, '--ready-file',
                                         ready], stderr=subprocess.DEVNULL)
        wait_until(lambda: ready.exists() or self.process.poll() is not None)
        assert ready.exists(), self.process.returncode
        self.url = json.loads(ready.read_text())['url']
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self):
        """The exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)
