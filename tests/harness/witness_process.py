# SPDX-License-Identifier: LGPL-2.1-or-later
"""`cg-import witness` in a process of its own, for tests."""
import json
import pathlib
import signal
import subprocess
import time


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
        self.port, self.url, self.process = 0, None, None

    def start(self, timeout_s=60):
        ready = self.directory / 'ready.json'
        ready.unlink(missing_ok=True)
        self.process = subprocess.Popen([self.program, 'witness', '--key-file', self.key_file, '--state', self.state,
                                         '--log', self.log_vkey, '--listen', '127.0.0.1:%d' % self.port, '--ready-file',
                                         ready], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + timeout_s
        while not ready.exists():
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        told = json.loads(ready.read_text())
        self.url = told['url']
        self.port = int(self.url.rstrip('/').rpartition(':')[2])
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def stop(self):
        """The exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)
