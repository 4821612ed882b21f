# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program of tests/conformance/go: logs by golang.org/x/mod/sumdb and github.com/transparency-dev/merkle.

Fixture `go_verifiers`: go_verifiers('log', directory, vkey) runs it and returns CompletedProcess; the test says why when
there is no Go, or no module proxy to build it from.
"""
import contextlib
import pathlib
import shutil
import subprocess

import pytest

from patience import PATIENCE_S

BUILDER = pathlib.Path(__file__).resolve().parent / 'go-verifiers'
PROXY_AWAY = 75
BUILD_S = 3600       # with other workers that build it, too, one after the other


class GoVerifiers:
    def __init__(self, path):
        self.path = path

    def __call__(self, *arguments):
        return subprocess.run([self.path, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE_S, stdin=subprocess.DEVNULL)

    @contextlib.contextmanager
    def witness(self, name, log_vkey):
        """A running witness of one log: its verifier key and address."""
        with subprocess.Popen([self.path, 'witness', name, log_vkey], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            try:
                yield tuple(process.stdout.readline().split())
            finally:
                process.stdin.close()       # it ends with that


@pytest.fixture(scope='session')
def go_verifiers():
    if not shutil.which('go'):
        pytest.skip('no go: the package golang-go of Debian, golang of Fedora')
    done = subprocess.run([str(BUILDER)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=BUILD_S)
    if done.returncode == PROXY_AWAY:
        pytest.skip('the Go module proxy is not reached: ' + done.stderr[-200:].strip())
    assert done.returncode == 0, done.stderr
    return GoVerifiers(done.stdout.strip())
