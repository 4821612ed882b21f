# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two replicas are killed at named points and at random while builds come in and the hub and the database misbehave.

CG_KILLS=N     kills (100)
CG_SEED=N      another course of events
CG_POINTS=log  named points are only those at which a change and its leaf are written, and the log grows

After each kill every change must have its leaf and every leaf its change. Nothing accepted may be lost, nothing be
imported twice, every import must end, nothing may be left over, and the audit log tells each change exactly once. The
last line that the test prints tells the numbers.
"""
import collections
import hashlib
import http.client
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

import published_log

HERE = pathlib.Path(__file__).resolve().parent
KILLS = int(os.environ.get('CG_KILLS', '100'))
SEED = int(os.environ.get('CG_SEED', '1'))
POSTERS = 3
LEASE_S = 2
# How long an armed replica may take to come by its point.
POINT_TIMEOUT_S = 3
# The exit status of a service that does not reach its database.
DATABASE_AWAY = 3
ENDS = ('imported', 'rejected', 'canceled')

# Where the program is killed, and how many passings at most are let through before.
STATEMENTS = {
    'put_import': 2, 'put_outputs': 2, 'link_content': 3, 'queue_received': 3,      # intake
    'set_running': 4, 'set_step': 12, 'set_journal': 8, 'set_imported': 3,          # worker
    'set_later': 2, 'beat': 3}
LOGGING = {'put_event': 12, 'put_pending': 12, 'COMMIT': 30, 'find_checkpoint': 12, 'move_leaves': 12,
           'leaf_hashes': 12, 'put_checkpoint': 10}                                 # audit log
FUNCTIONS = {'curl_easy_perform': 40, 'fsync': 12, 'rename': 20, 'renameat': 5, 'linkat': 4}
POINTS = [(name, phase, most) for name, most in LOGGING.items() for phase in ('before', 'sent', 'after')]
if os.environ.get('CG_POINTS') != 'log':
    POINTS += [(name, phase, most) for name, most in STATEMENTS.items() for phase in ('before', 'sent', 'after')]
    POINTS += [(name, phase, most) for name, most in FUNCTIONS.items() for phase in ('before', 'after')]

# What the hub does to a request now and then.
FAULTS = [
    {'method': 'CGImport', 'action': 'lose-before'}, {'method': 'CGImport', 'action': 'lose-after'},
    {'method': 'CGImport', 'action': 'reset-after'}, {'method': 'CGImport', 'action': 'half-reply'},
    {'method': 'CGImport', 'action': 'pause', 'seconds': 0.7, 'stage': 'before-recording'},
    {'method': 'CGInitBuild', 'action': 'lose-after'}, {'method': 'CGInitBuild', 'action': 'lose-before'},
    {'method': 'CGInitBuild', 'action': 'pause', 'seconds': 0.5, 'stage': 'end'},
    {'method': 'CGRefundBuild', 'action': 'lose-after'},
    {'method': 'upload', 'action': 'cut-upload', 'bytes': 500}, {'method': 'upload', 'action': 'status', 'status': 503},
    {'method': 'upload', 'action': 'wrong-digest'}, {'method': 'upload', 'action': 'reset-before'},
    {'method': 'multiCall', 'action': 'status', 'status': 502}, {'method': 'getBuild', 'action': 'reset-before'},
    {'method': '*', 'action': 'offline'}, {'method': '*', 'action': 'slow-reply', 'bytes_per_second': 2000}]


class Course:
    """What happens, and what it is measured by."""

    def __init__(self, replicas, postgres, name, hub, make, library):
        self.replicas, self.postgres, self.name = replicas, postgres, name
        self.hub, self.make, self.library = hub, make, library
        self.accepted, self.lock = {}, threading.Lock()
        self.database = threading.Lock()        # held by who kills a backend, until the server is back
        self.ending = threading.Event()
        self.kills, self.frozen, self.judged = collections.Counter(), 0, 0
        self.problems = []

    # --- posting -----------------------------------------------------------------------------------------------------
    def post_all(self, first):
        """One poster: a build every moment, each posted again and again until all of it was taken."""
        dice = random.Random(SEED * 1000 + first)
        number = first + 1
        while not self.ending.is_set():
            self.post_one(dice, number)
            number += POSTERS
            self.ending.wait(dice.uniform(0.1, 0.6))

    def post_one(self, dice, number):
        directory = self.make(release=str(number), seed=number, size=3000 + number, plain=True, logs=1, components=2)
        deadline = time.monotonic() + 120
        while True:
            service = dice.choice(self.replicas)
            try:
                reply = service.post(directory, '?reserve=true' if number % 2 else '')
                if reply.status in (200, 202):
                    break
                if reply.status not in (409, 500, 502, 503, 504):
                    raise AssertionError('build %d: %s %s' % (number, reply.status, reply.body))
            except (OSError, http.client.HTTPException):
                reply = None                    # killed in the middle
            if time.monotonic() > deadline:
                raise TimeoutError('build %d is not accepted: %s' % (number, reply and reply.body))
            time.sleep(0.1)
        with self.lock:
            self.accepted[reply.json()['id']] = reply.json()['nvr'], directory

    def misbehave(self):
        dice = random.Random(SEED + 7)
        while not self.ending.is_set():
            self.hub.arm(**dice.choice(FAULTS))
            self.ending.wait(dice.uniform(0.3, 1.5))
            self.hub.clear_faults()

    # --- killing -----------------------------------------------------------------------------------------------------
    def count(self, kind):
        with self.lock:
            self.kills[kind] += 1

    def start(self, service, environment=None):
        """False if it was killed before it was ready. PostgreSQL may just be starting anew: then it is tried again."""
        while True:
            try:
                service.start(environment=environment)
                return True
            except RuntimeError:
                if service.process.returncode == -signal.SIGKILL:
                    return False
                if service.process.returncode != DATABASE_AWAY:
                    raise
                time.sleep(0.05)

    def kill_at_point(self, service, dice):
        """Started with a point to die at; if it does not come by in time it dies where it is."""
        service.kill()
        name, phase, most = dice.choice(POINTS)
        place = '%s:%s:%d' % (name, phase, dice.randint(1, most))
        kind = 'at named points'
        try:
            if self.start(service, {'LD_PRELOAD': str(self.library), 'CG_CRASH_AT': place}):
                service.process.wait(timeout=POINT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            service.kill()
            kind = 'at random'
        self.count(kind)
        if service.process.returncode != -signal.SIGKILL:
            raise RuntimeError('the service ended by itself, status %s' % service.process.returncode)

    def kill_at_random(self, service, dice):
        time.sleep(dice.uniform(0, 1))
        service.kill()
        self.count('at random')
        time.sleep(dice.uniform(0, 0.3))

    def kill_backend(self, service, dice):
        time.sleep(dice.uniform(0, 0.5))
        with self.database:
            backends = self.postgres.backends()
            if not backends:
                return
            try:
                os.kill(dice.choice(backends), signal.SIGKILL)
            except ProcessLookupError:
                return
            self.wait_for_database()
        self.count('of a backend of PostgreSQL')

    def wait_for_database(self):
        """After a backend died PostgreSQL starts all of them anew."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.postgres.sql('postgres', 'SELECT 1')
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def freeze(self, service, dice):
        """A replica sleeps longer than its lease and wakes to find its imports taken."""
        service.signal(signal.SIGSTOP)
        time.sleep(LEASE_S * dice.uniform(1.1, 1.4))
        service.signal(signal.SIGCONT)
        with self.lock:
            self.frozen += 1

    def pursue(self, service, dice):
        """What becomes of one replica, which is left running."""
        ways = (self.kill_at_point, self.kill_at_random, self.kill_backend, self.freeze)
        while sum(self.kills.values()) < KILLS and not self.problems:
            way = dice.choices(ways, (6, 2, 1, 1))[0]
            if way != self.kill_at_point and service.process.poll() is not None:
                self.start(service)
            way(service, dice)
            self.judge()
        service.kill()
        self.start(service)

    def judge(self):
        """No change without a leaf, no leaf without its change, whatever was cut off just now."""
        with self.database:
            unpaired = self.postgres.sql(self.name, published_log.UNPAIRED)
        with self.lock:
            self.judged += 1
        if unpaired:
            self.problems.append(unpaired)

    def guard(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:              # told by the test, which a thread cannot fail
            self.problems.append('%s: %r' % (work.__name__, error))

    def run(self):
        killers = [threading.Thread(target=self.guard, args=(self.pursue, service, random.Random(SEED * 100 + number)))
                   for number, service in enumerate(self.replicas)]
        others = [threading.Thread(target=self.guard, args=(self.post_all, first)) for first in range(POSTERS)]
        others.append(threading.Thread(target=self.guard, args=(self.misbehave,)))
        for thread in killers + others:
            thread.start()
        for thread in killers:
            thread.join()
        self.ending.set()
        for thread in others:
            thread.join()
        self.hub.clear_faults()

    # --- measuring ---------------------------------------------------------------------------------------------------
    def wait_for_ends(self, timeout_s=180):
        """The states at which the accepted imports rest."""
        deadline = time.monotonic() + timeout_s
        states = {}
        while time.monotonic() < deadline:
            for id in self.accepted:
                if states.get(id) != 'imported':
                    states[id] = self.replicas[0].show(id)['state']
            if all(state not in ('receiving', 'queued', 'running') for state in states.values()):
                break
            time.sleep(0.5)
        return states

    def imported_on_hub(self):
        """How many builds of each NVR the hub has, and the reservations nobody gave back."""
        builds = collections.Counter(build['nvr'] for build in self.hub.call('listBuilds', state=1))
        reserved = [build['nvr'] for build in self.hub.call('listBuilds', state=0)]
        # One that is answered with a fault or whose answer is cut off does not count; no build may have two good ones.
        answers = sum(entry.get('outcome') == 'ok' for entry in self.hub.log('CGImport'))
        return builds, reserved, answers

    def damaged(self):
        """Files of accepted builds that are not on the hub as they were posted."""
        wrong = []
        for nvr, directory in self.accepted.values():
            stored = {path.name: path for path in self.hub.build_path(nvr).rglob('*') if path.is_file()}
            for file in directory.iterdir():
                copy = stored.get(file.name)
                if file.name == 'metadata.json':
                    continue            # with a reservation it has the build id in it
                if not copy or digest(copy) != digest(file):
                    wrong.append('%s/%s' % (nvr, file.name))
        return wrong


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def leftovers(spool, work_directories, postgres, database):
    """Contents that the database knows and that are not there, builds still laid out."""
    known = set(postgres.sql(database, 'SELECT sha256 FROM contents').split())
    contents = {path.parent.name + path.name for path in (spool / 'contents').glob('*/*')}
    laid_out = [path for directory in work_directories for path in directory.rglob('*') if path.is_file()]
    return sorted(known - contents), laid_out


def collect(service, spool, timeout_s=60):
    """Let the service make room as it does after days, and tell what it does not find."""
    service.configure(spool={'keep': '1 s', 'keep_part': '1 s', 'collect': '1 s'})
    service.start()
    deadline = time.monotonic() + timeout_s
    while True:
        left = len(list((spool / 'contents').glob('*/*'))) + len(list((spool / 'parts').iterdir()))
        if left == 0 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert service.stop() == 0
    return left


def test_nothing_is_lost_and_nothing_done_twice(start_service, sandbox_hub, postgres_server, postgres, make_build,
                                                tmp_path, crash_library, capsys):
    spool = tmp_path / 'spool'
    log = tmp_path / 'audit'
    settings = {'worker': {'lease': '%d s' % LEASE_S, 'threads': 3},
                'audit': {'directory': log, 'last_signed': tmp_path / 'last-signed',
                          'key_file': tmp_path / 'audit-key'}}
    replicas = [start_service(sandbox_hub, postgres, spool=spool, settings=settings) for _ in range(2)]
    replicas[1].token = replicas[0].token
    course = Course(replicas, postgres_server, postgres, sandbox_hub, make_build, crash_library)
    began = time.monotonic()
    course.run()
    assert not course.problems
    states = course.wait_for_ends()
    for service in replicas:
        assert service.stop() == 0
    builds, reserved, answers = course.imported_on_hub()
    nvrs = {nvr for nvr, _ in course.accepted.values()}
    lost = sorted(nvr for nvr in nvrs if builds[nvr] == 0)
    twice = sorted(nvr for nvr, count in builds.items() if count > 1)
    gone, laid_out = leftovers(spool, [service.state for service in replicas], postgres_server, postgres)
    wrong = course.damaged()
    left = collect(replicas[0], spool)
    entries = published_log.check_database(lambda text: postgres_server.sql(postgres, text), log)
    count = collections.Counter(states.values())
    with capsys.disabled():
        print('\n%d kills (%s), %d times a replica frozen for longer than its lease; %d builds accepted: %s; '
              '%d lost, %d imported twice, %d not ended, %d orphan contents; %d reservations left, %d files wrong, '
              '%d contents missing, %d files left laid out; %d entries of the audit log, one for each change, also at '
              '%d looks in between; '
              '%.0f s'
              % (sum(course.kills.values()),
                 ', '.join('%d %s' % (number, kind) for kind, number in sorted(course.kills.items())), course.frozen,
                 len(course.accepted), ', '.join('%d %s' % (number, state) for state, number in sorted(count.items())),
                 len(lost), len(twice) + max(0, answers - len(builds)),
                 sum(number for state, number in count.items() if state not in ENDS), left, len(reserved), len(wrong),
                 len(gone), len(laid_out), entries, course.judged, time.monotonic() - began))
    assert count == {'imported': len(course.accepted)}, [
        postgres_server.sql(postgres, "SELECT nvr, state, held, step, error_message FROM imports "
                                      "WHERE state <> 'imported'")]
    assert len(course.accepted) >= KILLS // 4
    assert course.kills['at named points'] >= KILLS // 4
    assert (lost, twice, wrong, gone) == ([], [], [], [])
    assert (set(builds), reserved, laid_out, left) == (nvrs, [], [], 0)
    assert answers <= len(nvrs)
