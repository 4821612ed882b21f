# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two replicas that follow a hub's record are killed at named points and at random while builds are imported, tagged and
deleted there by others and by the service itself.

CG_KILLS=N     kills (100)
CG_SEED=N      another course of events

Every event of the hub is exactly one leaf, every build exactly one of the trail, whoever imported it. The last line that
the test prints tells the numbers.
"""
import collections
import http.client
import os
import random
import signal
import subprocess
import threading
import time

import hub_client
from trail import Trail, import_as_other, nvr_of

KILLS = int(os.environ.get('CG_KILLS', '100'))
SEED = int(os.environ.get('CG_SEED', '1'))
# How long an armed replica may take to come by its point.
POINT_TIMEOUT_S = 3

# Where the program is killed, and how many passings at most are let through before.
STATEMENTS = {'lead_outbox': 8, 'hold_outbox': 3, 'put_hub_event': 6, 'apply_hub_build': 6, 'put_pending': 12,
              'put_hub_import': 3, 'move_outbox': 3, 'COMMIT': 12, 'next_hub_import': 4, 'match_hub_import': 3,
              'put_provenance_build': 3, 'settle_hub_import': 3, 'tell_outbox': 4}
POINTS = [(name, phase, most) for name, most in STATEMENTS.items() for phase in ('before', 'sent', 'after')]
POINTS += [('curl_easy_perform', phase, 20) for phase in ('before', 'after')]


class Course:
    def __init__(self, replicas, hub, make, library):
        self.replicas, self.hub, self.make, self.library = replicas, hub, make, library
        self.ending, self.lock = threading.Event(), threading.Lock()
        self.kills, self.problems, self.others, self.own = collections.Counter(), [], [], {}

    def directory(self, number):
        return self.make(release=str(number), seed=number, size=2000, plain=True, logs=1, components=2)

    def import_elsewhere(self):
        """A build every moment; some are tagged and untagged, some deleted."""
        dice, number = random.Random(SEED), 1
        client, admin = hub_client.HubClient(self.hub), hub_client.HubClient(self.hub, 'kojiadmin')
        while not self.ending.is_set():
            directory = self.directory(number)
            build = import_as_other(self.hub, directory, client=client)
            self.others.append(nvr_of(directory))
            if number % 3 == 0:
                admin.call('tagBuildBypass', 'test-candidate', build['id'])
                admin.call('untagBuildBypass', 'test-candidate', build['id'])
            if number % 5 == 0:
                admin.call('deleteBuild', build['id'])
            number += 1
            self.ending.wait(dice.uniform(0, 0.3))

    def post(self):
        dice, number = random.Random(SEED + 1), 100001
        while not self.ending.is_set():
            directory = self.directory(number)
            deadline = time.monotonic() + 120
            while True:
                try:
                    reply = dice.choice(self.replicas).post(directory, '?reserve=true' if number % 2 else '')
                    if reply.status in (200, 202):
                        break
                except (OSError, http.client.HTTPException):
                    pass                    # killed in the middle
                assert time.monotonic() < deadline
                time.sleep(0.1)
            self.own[reply.json()['id']] = nvr_of(directory)
            number += 1
            self.ending.wait(dice.uniform(0.2, 0.8))

    def start(self, service, environment=None):
        """False if it was killed before it was ready."""
        try:
            service.start(environment=environment)
            return True
        except RuntimeError:
            if service.process.returncode == -signal.SIGKILL:
                return False
            raise

    def kill_at_point(self, service, dice):
        service.kill()
        name, phase, most = dice.choice(POINTS)
        place, kind = '%s:%s:%d' % (name, phase, dice.randint(1, most)), 'at named points'
        try:
            if self.start(service, {'LD_PRELOAD': str(self.library), 'CG_CRASH_AT': place}):
                service.process.wait(timeout=POINT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            service.kill()
            kind = 'at random'
        assert service.process.returncode == -signal.SIGKILL, service.log()[-2000:]
        with self.lock:
            self.kills[kind] += 1

    def kill_at_random(self, service, dice):
        if service.process.poll() is not None:
            self.start(service)
        time.sleep(dice.uniform(0, 1))
        service.kill()
        with self.lock:
            self.kills['at random'] += 1

    def pursue(self, service, dice):
        while sum(self.kills.values()) < KILLS and not self.problems:
            dice.choices((self.kill_at_point, self.kill_at_random), (4, 1))[0](service, dice)
        if service.process.poll() is None:
            service.kill()
        self.start(service)

    def guard(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:              # told by the test, which a thread cannot fail
            self.problems.append('%s: %r' % (work.__name__, error))

    def run(self):
        killers = [threading.Thread(target=self.guard, args=(self.pursue, service, random.Random(SEED * 100 + number)))
                   for number, service in enumerate(self.replicas)]
        others = [threading.Thread(target=self.guard, args=(work,)) for work in (self.import_elsewhere, self.post)]
        for thread in killers + others:
            thread.start()
        for thread in killers:
            thread.join()
        self.ending.set()
        for thread in others:
            thread.join()


def test_every_event_is_one_leaf_whatever_is_killed(start_service, start_hub, postgres, make_build, tmp_path,
                                                    crash_library, capsys):
    hub = start_hub('--option', 'record=true', '--option', 'record_permission=null')
    settings = {'worker': {'lease': '2 s'}, 'hub sandbox': {'outbox_every': '50 ms'},
                'audit': {'directory': tmp_path / 'audit', 'last_signed': tmp_path / 'last-signed',
                          'key_file': tmp_path / 'audit-key'}}
    replicas = [start_service(hub, postgres, spool=tmp_path / 'spool', settings=settings) for _ in range(2)]
    replicas[1].token = replicas[0].token
    trail = Trail(replicas[0])
    course = Course(replicas, hub, make_build, crash_library)
    began = time.monotonic()
    course.run()
    assert not course.problems
    for id in course.own:
        assert replicas[0].wait(id, timeout_s=180)['state'] == 'imported'
    last = max(row['position'] for row in hub.steer('record', {'keep': 1 << 60}))
    trail.wait_for(last)
    leaves = trail.leaves()
    told = collections.Counter((leaf['detail']['line'], leaf['detail']['position']) for leaf in leaves
                               if leaf['type'].startswith('hub-'))
    builds = collections.Counter((build['nvr'], build['origin']) for build in trail.builds())
    found = collections.Counter(leaf['nvr'] for leaf in leaves if leaf['type'] == 'build')
    with capsys.disabled():
        print('\n%d kills (%s): %d events of the hub, %d leaves of them; %d builds of others and %d of the service, '
              '%d and %d in the trail; %.0f s'
              % (sum(course.kills.values()), ', '.join('%d %s' % pair[::-1] for pair in sorted(course.kills.items())),
                 last, sum(told.values()), len(course.others), len(course.own),
                 sum(origin == 'outbox' for _, origin in builds.elements()),
                 sum(origin == 'service' for _, origin in builds.elements()), time.monotonic() - began))
    assert told == {(1, number): 1 for number in range(1, last + 1)}
    assert builds == collections.Counter([(nvr, 'outbox') for nvr in course.others] +
                                         [(nvr, 'service') for nvr in course.own.values()])
    assert found == collections.Counter(course.others)
    assert course.kills['at named points'] >= KILLS // 4
