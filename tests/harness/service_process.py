# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service in a process of its own, for tests: configure, start, ask, kill, start again, stop.

Fixtures: `service` (with a sandbox hub `service.hub` and a database of its own), and `start_service` for further ones.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

import pytest

from patience import PATIENCE_S, wait_until
from reserved_port import ReservedPort

# What a service that is removed has for its imports before it is told to leave everything.
DRAIN_S = 10


class Reply:
    """An answer of the service; also those that are failures."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Service:
    """
    `settings`: {'worker': {'threads': 2}}, over those that a test needs; `database`: None for a private one. Started again it
    has the same address.
    """

    def __init__(self, program, hub, database=None, settings=None, spool=None, state=None):
        self.program, self.hub = program, hub
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='cg-service-'))
        # The user of a private PostgreSQL passes through.
        self.top.chmod(0o711)
        self.state = pathlib.Path(state or self.top / 'state')
        self.config = self.top / 'cg-import.conf'
        self.ready_file = self.top / 'ready'
        self.log_file = self.top / 'log'
        self.process = self.token = self.url = None
        self.port = ReservedPort()
        wanted = {'service': {'state_directory': self.state, 'drain': '5 s'},
                  'listen': {'port': self.port.number},
                  'spool': {'directory': spool or self.state / 'spool', 'reserve': '0 B'},
                  'worker': {'retry_first': '50 ms', 'retry_most': '500 ms', 'lease': '1 min'},
                  'hub sandbox': {'koji_config': hub.profiles['osbs'], 'lists': '1 h'} if hub else {}}
        if database:
            wanted['database'] = {'conninfo': database, 'migrate': 'yes', 'connections': 8}
        for section, keys in (settings or {}).items():
            wanted.setdefault(section, {}).update(keys)
        self.settings = wanted
        self.configure()

    # --- the process -------------------------------------------------------------------------------------------------
    def configure(self, **sections):
        """Write the configuration, with other keys: configure(service={'log_level': 'debug'})."""
        for section, keys in sections.items():
            self.settings.setdefault(section, {}).update(keys)
        lines = []
        for section, keys in self.settings.items():
            lines += ['[%s]' % section] + ['%s = %s' % pair for pair in keys.items() if pair[1] is not None]
        self.config.write_text('\n'.join(lines) + '\n')

    def environment(self):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(('KOJI', 'CG_', 'XDG_', 'KRB5', 'NOTIFY', 'WATCHDOG', 'STATE_DIRECTORY'))}
        return dict(kept, HOME=str(self.top))

    def start(self, environment=None, prefix=(), interval_s=0.02):
        self.ready_file.unlink(missing_ok=True)
        with open(self.log_file, 'ab') as log:
            self.process = subprocess.Popen(
                [*prefix, str(self.program), 'serve', '--config', str(self.config), '--ready-file',
                 str(self.ready_file)], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=dict(self.environment(), **(environment or {})))
        wait_until(lambda: self.ready_file.exists() or self.process.poll() is not None,
                   lambda: 'the service does not get ready:\n%s' % self.log(), interval_s)
        if not self.ready_file.exists():
            raise RuntimeError('the service ended with status %s:\n%s' % (self.process.returncode, self.log()))
        self.url = json.loads(self.ready_file.read_text())['url']
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """As a crash would."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self):
        """Drain; the exit status."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)
        return self.process.returncode if self.process else None

    def remove(self):
        """A test that failed may have left an import that a hub holds up: it is not waited for."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(DRAIN_S)
            except subprocess.TimeoutExpired:
                self.stop()
        self.port.release()
        shutil.rmtree(self.top, ignore_errors=True)

    def log(self):
        """What it wrote so far; the last character may be there in part."""
        return self.log_file.read_text(errors='replace') if self.log_file.exists() else ''

    def wait_log(self, text):
        wait_until(lambda: text in self.log(), lambda: 'the log does not say %r:\n%s' % (text, self.log()))

    # --- callers -----------------------------------------------------------------------------------------------------
    def verb(self, verb, *arguments, timeout=PATIENCE_S):
        """Run a verb of the service's own machine: verb('token', 'list')."""
        return subprocess.run([str(self.program), verb, '--config', str(self.config), *map(str, arguments)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, env=self.environment())

    def make_token(self, name, *roles, **scope):
        """make_token('osbs', 'submitter', package='web*')"""
        options = [word for role in roles for word in ('--role', role)]
        options += [word for key, glob in scope.items() for word in ('--' + key.replace('_', '-'), glob)]
        done = self.verb('token', 'create', name, *options)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    # --- requests ----------------------------------------------------------------------------------------------------
    def request(self, method, path, body=None, headers=None, token=None, timeout_s=PATIENCE_S):
        """Ask; `token` is that of the caller called "operator" if not given, '' for none."""
        token = self.token if token is None else token
        headers = dict(headers or {}, **({'Authorization': 'Bearer ' + token} if token else {}))
        address = path if path.startswith('http') else self.url + path
        request = urllib.request.Request(address, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as reply:
                return Reply(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as reply:
            return Reply(reply.code, reply.headers, reply.read())

    def post(self, directory, query='', token=None):
        """Post a build (make_build's directory) in steps: metadata, then each output. The import at the end."""
        directory = pathlib.Path(directory)
        reply = self.request('POST', '/v1/imports' + query, (directory / 'metadata.json').read_bytes(),
                             {'Content-Type': 'application/json'}, token)
        if reply.status not in (200, 202):
            return reply
        for output in reply.json().get('missing') or []:
            sent = self.request('PUT', output['href'], (directory / output['path']).read_bytes(),
                                {'Content-Type': 'application/octet-stream'}, token)
            if sent.status != 200:
                return sent
        return reply

    def show(self, id, token=None):
        return self.request('GET', '/v1/imports/%s' % id, token=token).json()

    def wait(self, id, *states):
        """Wait for one of the states (those at which an import rests, if none are given); the import."""
        states = states or ('imported', 'rejected', 'canceled', 'held')

        def found():
            shown = self.show(id)
            return shown if shown.get('state') in states else None
        return wait_until(found, lambda: 'import %s: %s\n%s' % (id, json.dumps(self.show(id), indent=1), self.log()), 0.05)


@pytest.fixture
def start_service(cg_import):
    """start_service(hub, database, settings={…}): start one more; it is stopped and removed at the end of the test."""
    started = []

    def start(hub, database=None, wait=True, **options):
        service = Service(cg_import.path, hub, database, **options)
        started.append(service)
        if wait:
            service.start()
            service.token = service.make_token('operator-%d' % len(started), 'submitter', 'operator')
        return service
    yield start
    for service in started:
        service.remove()


@pytest.fixture
def service(start_service, sandbox_hub, postgres):
    """The service with a sandbox hub and a database of its own; `service.token` may submit and operate."""
    return start_service(sandbox_hub, postgres)
