# SPDX-License-Identifier: LGPL-2.1-or-later
"""A sandbox hub in a process of its own, for tests: start, steer, ask, stop."""
import json
import pathlib
import subprocess
import sys
import urllib.request
import xmlrpc.client

from patience import PATIENCE_S, wait_until

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = TOP / 'tests' / 'sandbox-hub' / 'sandbox-hub'


class SandboxHub:
    """`info` is the line that the program prints when it is ready; its keys are attributes too."""

    def __init__(self, state, *arguments):
        self.process = subprocess.Popen([sys.executable, str(PROGRAM), '--state', str(state), '--until-eof', *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('the sandbox hub did not start, exit status %s' % self.process.wait())
        self.info = json.loads(line)

    def __getattr__(self, name):
        try:
            return self.__dict__['info'][name]
        except KeyError:
            raise AttributeError(name) from None

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE_S)
        self.process.stdin.close()
        self.process.stdout.close()

    # --- steering ----------------------------------------------------------------------------------------------------
    def steer(self, page, given=None, method=None):
        body = None if given is None else json.dumps(given).encode()
        request = urllib.request.Request('%s/%s' % (self.info['sandbox'], page), data=body, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
            return json.load(reply)

    def arm(self, action, method='*', **settings):
        """Let something go wrong: see sandbox_hub/faults.py for the actions."""
        return self.steer('faults', dict(settings, action=action, method=method))

    def wait_met(self, count=1, process=None):
        """Return when so many requests have met the armed rules, or that process has ended; a pause is met when the hub
        stands still."""
        def met():
            return sum(rule['paused' if rule['action'] == 'pause' else 'met'] for rule in self.steer('faults')) >= count
        wait_until(lambda: met() or (process and process.poll() is not None),
                   lambda: 'no request met the armed fault rules')

    def wait_answered(self, method):
        """Return when the hub is at work at no such request any more."""
        wait_until(lambda: all(entry['outcome'] for entry in self.log(method)),
                   lambda: 'the hub is still at work at %s' % method)

    def wait_asked(self, method, count=1):
        """Return when so many such requests have come."""
        wait_until(lambda: len(self.log(method)) >= count, lambda: 'the hub saw no %s' % method)

    def clear_faults(self):
        return self.steer('faults', method='DELETE')

    def set_options(self, **options):
        return self.steer('options', options)

    def log(self, method=None):
        """The requests seen, in the order of arrival; of one method if it is named, also when it was in a multiCall."""
        entries = self.steer('log')
        return [entry for entry in entries if method is None or method in [entry['method']] + entry.get('calls', [])]

    def clear_log(self):
        return self.steer('log', method='DELETE')

    # --- asking ------------------------------------------------------------------------------------------------------
    def call(self, method, *params, **named):
        """An anonymous call, past all faults of the client under test."""
        if named:
            params += (dict(named, __starstar=True),)
        proxy = xmlrpc.client.ServerProxy(self.info['hub_http'], allow_none=True)
        return getattr(proxy, method)(*params)

    def path(self, *parts):
        """A path below the hub's top directory."""
        return pathlib.Path(self.info['topdir'], *parts)

    def build_path(self, nvr):
        return self.path('packages', *nvr.rsplit('-', 2))
