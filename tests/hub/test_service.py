# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service in front of a real hub: many builds at once, a replica killed and the hub restarted in the middle.

CG_SERVICE_BUILDS   how many builds (200)
CG_HUB_RESTART      a shell command that restarts the hub and returns when it answers; without it the hub stays up and
                    the test says so
"""
import collections
import hashlib
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

import make_build

BUILDS = int(os.environ.get('CG_SERVICE_BUILDS', '200'))
CLIENTS = 8
# The replica is killed when this part of the builds was taken, the hub restarted at that one.
KILL_AT, RESTART_AT = 0.3, 0.5


class Crowd:
    """Clients that post builds at once, each through the replica it finds alive."""

    def __init__(self, services, directories):
        self.services, self.waiting = services, collections.deque(directories)
        self.accepted, self.problems = {}, []
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        while self.waiting and not self.problems:
            try:
                directory = self.waiting.popleft()
                self.post(number, directory)
            except Exception as error:          # told by the test
                self.problems.append('%s: %r' % (directory, error))

    def post(self, number, directory):
        deadline = time.monotonic() + 120
        for attempt in range(1 << 30):
            service = self.services[(number + attempt) % len(self.services)]
            try:
                reply = service.post(directory, '?reserve=true' if number % 2 else '')
                if reply.status in (200, 202):
                    self.accepted[reply.json()['id']] = reply.json()['nvr'], directory
                    return
                if reply.status < 500 and reply.status != 409:
                    raise AssertionError('%d %s' % (reply.status, reply.body))
            except OSError:
                pass                            # the replica was killed
            if time.monotonic() > deadline:
                raise TimeoutError('not accepted')
            time.sleep(0.1)

    def wait_for(self, count):
        while len(self.accepted) < count and not self.problems:
            time.sleep(0.02)

    def join(self):
        for thread in self.threads:
            thread.join()


def wait_for_ends(service, ids, timeout_s=900):
    deadline, states = time.monotonic() + timeout_s, {}
    while time.monotonic() < deadline:
        for id in ids:
            if states.get(id) != 'imported':
                states[id] = service.show(id)['state']
        if not any(state in ('receiving', 'queued', 'running') for state in states.values()):
            break
        time.sleep(1)
    return states


def fetch(hub, build, *path):
    base = '%s/packages/%s/%s/%s' % (hub.settings['topurl'], build['name'], build['version'], build['release'])
    with urllib.request.urlopen('/'.join((base,) + path)) as reply:
        return reply.read()


def wrong_files(hub, nvr, directory):
    """Files of the build that the hub does not give back as they were posted; what it stores where is Koji's."""
    build = hub.call('getBuild', nvr)
    if not build or build['state'] != 1:
        return ['%s: no complete build' % nvr]
    wrong = []
    for file in sorted(pathlib.Path(directory).iterdir()):
        place = ('data', 'logs') if file.suffix == '.log' else ('images',) if file.name != 'metadata.json' else ()
        if file.name == 'metadata.json' and b'build_id' in fetch(hub, build, file.name):
            continue                            # reserved: the build id was put in
        found = fetch(hub, build, *place, file.name)
        if hashlib.sha256(found).digest() != hashlib.sha256(file.read_bytes()).digest():
            wrong.append('%s/%s' % (nvr, file.name))
    return wrong


def restart_hub():
    command = os.environ.get('CG_HUB_RESTART')
    if not command:
        print('CG_HUB_RESTART is not set: the hub was not restarted', file=sys.stderr)
        return 'not restarted'
    subprocess.run(command, shell=True, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return 'restarted'


def test_200_builds_by_8_clients(hub, start_service, postgres, tmp_path, capsys):
    run = uuid.uuid4().hex[:8]
    directories = []
    for number in range(BUILDS):
        directories.append(tmp_path / str(number))
        make_build.make(str(directories[-1]), name='hubservice-container', version='1.0',
                        release='%d.%s' % (number + 1, run), seed=number, size=20000, plain=True, components=3)
    settings = {'hub sandbox': {'profile': hub.profile, 'koji_config': hub.config or None, 'lists': '1 h'},
                'worker': {'lease': '5 s'}}
    spool = tmp_path / 'spool'
    services = [start_service(None, postgres, settings=settings, spool=spool) for _ in range(2)]
    services[1].token = services[0].token
    before = hub.call('listBuilds', None, None, None, None, 1)
    began = time.monotonic()
    crowd = Crowd(services, directories)
    crowd.wait_for(BUILDS * KILL_AT)
    services[1].kill()
    crowd.wait_for(BUILDS * RESTART_AT)
    restarted = restart_hub()
    hub.proxy('close')()                        # this test's own connection
    services[1].start()
    crowd.join()
    assert not crowd.problems
    posted_s = time.monotonic() - began
    states = wait_for_ends(services[0], list(crowd.accepted))
    took_s = time.monotonic() - began
    count = collections.Counter(states.values())
    builds = collections.Counter(build['nvr'] for build in hub.call('listBuilds', None, None, None, None, 1))
    new = sum(builds.values()) - len(before)
    wrong = [file for nvr, directory in crowd.accepted.values() for file in wrong_files(hub, nvr, directory)]
    with capsys.disabled():
        print('\n%d builds posted by %d clients in %.0f s, a replica killed -9, the hub %s: %s after %.0f s; '
              '%d new builds on the hub, %d NVRs twice, %d files wrong'
              % (len(crowd.accepted), CLIENTS, posted_s, restarted,
                 ', '.join('%d %s' % (number, state) for state, number in count.items()), took_s, new,
                 sum(number > 1 for number in builds.values()), len(wrong)))
    assert count == {'imported': BUILDS}
    assert all(builds[nvr] == 1 for nvr, _ in crowd.accepted.values())
    assert (new, wrong) == (BUILDS, [])
