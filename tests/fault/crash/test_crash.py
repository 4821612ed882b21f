# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two replicas are killed at named points and at random while builds come in and the hub and the database misbehave.

CG_KILLS=N     kills (15; `make check-crash` makes it 100)
CG_SEED=N      another course of events

Nothing accepted may be lost, nothing be imported twice, every import must end, nothing may be left over, and the audit
log tells each change exactly once. The last line that the test prints tells the numbers.
"""
import collections
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

import pytest

import make_build as build_maker
import published_log

HERE = pathlib.Path(__file__).resolve().parent
KILLS = int(os.environ.get('CG_KILLS', '15'))
SEED = int(os.environ.get('CG_SEED', '1'))

# Where the program is killed, and how many passings at most are let through before.
POINTS = {
    'put_import': 2, 'put_outputs': 2, 'link_content': 3, 'queue_received': 3,      # intake
    'set_running': 4, 'set_step': 12, 'set_journal': 8, 'set_imported': 3,          # worker
    'set_later': 2, 'beat': 3, 'COMMIT': 30,
    'put_event': 12, 'put_pending': 12, 'find_checkpoint': 12, 'move_leaves': 12, 'leaf_hashes': 12,   # audit log
    'put_checkpoint': 10, 'rename': 20,
    'curl_easy_perform': 40, 'fsync': 12, 'renameat': 5, 'linkat': 4}

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


@pytest.fixture(scope='session')
def crash_library(tmp_path_factory):
    library = tmp_path_factory.mktemp('crash') / 'crash_point.so'
    subprocess.run([os.environ.get('CC', 'cc'), '-shared', '-fPIC', '-O1', '-o', str(library),
                    str(HERE / 'crash_point.c'), '-ldl'], check=True)
    return library


class Course:
    """What happens, and what it is measured by."""

    def __init__(self, replicas, postgres, hub, make, library):
        self.replicas, self.postgres, self.hub, self.make, self.library = replicas, postgres, hub, make, library
        self.random = random.Random(SEED)
        self.accepted, self.lock = {}, threading.Lock()
        self.ending = threading.Event()
        self.kills = collections.Counter()
        self.problems = []

    # --- posting -----------------------------------------------------------------------------------------------------
    def post_all(self, first, step):
        """One poster: a build every moment, each posted again and again until all of it was taken."""
        dice = random.Random(SEED * 1000 + first)
        number = first
        while not self.ending.is_set():
            try:
                self.post_one(dice, number)
            except Exception as error:      # told by the test, which a thread cannot fail
                self.problems.append('posting build %d: %r' % (number, error))
                return
            number += step
            self.ending.wait(dice.uniform(0.2, 0.8))

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
                    raise AssertionError('%s %s' % (reply.status, reply.body))
            except OSError:
                reply = None                # killed in the middle
            if time.monotonic() > deadline:
                raise TimeoutError('not accepted: %s' % (reply and reply.body))
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
    def kill_at_point(self):
        """Start a replica with a point to die at; if it does not come by in time it dies where it is."""
        service = self.random.choice(self.replicas)
        service.kill()
        point = self.random.choice(list(POINTS))
        place = '%s:%s:%d' % (point, self.random.choice(('before', 'after')), self.random.randint(1, POINTS[point]))
        try:
            service.start(environment={'LD_PRELOAD': str(self.library), 'CG_CRASH_AT': place})
            service.process.wait(timeout=8)
            self.kills['named'] += 1
        except RuntimeError:                # died before it was ready: a point of the start
            self.kills['named'] += 1
        except subprocess.TimeoutExpired:
            service.kill()
            self.kills['random'] += 1
        service.start()

    def kill_at_random(self):
        service = self.random.choice(self.replicas)
        time.sleep(self.random.uniform(0, 1))
        service.kill()
        self.kills['random'] += 1
        time.sleep(self.random.uniform(0, 0.5))
        service.start()

    def kill_backend(self):
        time.sleep(self.random.uniform(0, 0.5))
        backends = self.postgres.backends()
        if not backends:
            return
        try:
            os.kill(self.random.choice(backends), signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills['backend'] += 1
        self.wait_for_database()

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

    def freeze(self):
        """A replica sleeps longer than its lease and wakes to find its imports taken."""
        service = self.random.choice(self.replicas)
        service.signal(signal.SIGSTOP)
        time.sleep(2.5)
        service.signal(signal.SIGCONT)
        self.kills['frozen'] += 1

    def run(self):
        threads = [threading.Thread(target=self.post_all, args=(first, 2)) for first in (1, 2)]
        threads.append(threading.Thread(target=self.misbehave))
        for thread in threads:
            thread.start()
        try:
            while sum(self.kills.values()) < KILLS and not self.problems:
                way = self.random.choices((self.kill_at_point, self.kill_at_random, self.kill_backend, self.freeze),
                                          (6, 2, 2, 1))[0]
                way()
        finally:
            self.ending.set()
            for thread in threads:
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
    """Contents that the database does not know, parts that nobody writes, builds still laid out."""
    known = set(postgres.sql(database, 'SELECT sha256 FROM contents').split())
    contents = {path.parent.name + path.name for path in (spool / 'contents').glob('*/*')}
    laid_out = [path for directory in work_directories for path in directory.rglob('*') if path.is_file()]
    return sorted(contents - known), sorted(known - contents), laid_out


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
    settings = {'worker': {'lease': '2 s', 'threads': 3},
                'audit': {'directory': log, 'last_signed': tmp_path / 'last-signed', 'key_file': tmp_path / 'audit-key'}}
    replicas = [start_service(sandbox_hub, postgres, spool=spool, settings=settings) for _ in range(2)]
    replicas[1].token = replicas[0].token
    course = Course(replicas, postgres_server, sandbox_hub, make_build, crash_library)
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
    orphans, gone, laid_out = leftovers(spool, [service.state for service in replicas], postgres_server, postgres)
    wrong = course.damaged()
    left = collect(replicas[0], spool)
    entries = published_log.check_database(lambda text: postgres_server.sql(postgres, text), log)
    count = collections.Counter(states.values())
    with capsys.disabled():
        print('\n%d kills (%s), %d builds accepted: %s; %d lost, %d imported twice, %d reservations left, '
              '%d files wrong, %d contents unknown to the database and %d missing, %d files left laid out, '
              '%d in the spool after it was cleared, %d entries of the audit log, one for each change; %.0f s'
              % (sum(course.kills.values()),
                 ', '.join('%d %s' % (number, kind) for kind, number in course.kills.items()), len(course.accepted),
                 ', '.join('%d %s' % (number, state) for state, number in sorted(count.items())),
                 len(lost), len(twice) + max(0, answers - len(builds)), len(reserved), len(wrong), len(orphans),
                 len(gone), len(laid_out), left, entries, time.monotonic() - began))
    assert count == {'imported': len(course.accepted)}, [
        postgres_server.sql(postgres, "SELECT nvr, state, held, step, error_message FROM imports "
                                      "WHERE state <> 'imported'")]
    assert len(course.accepted) >= KILLS // 4
    assert (lost, twice, wrong, gone) == ([], [], [], [])
    assert (set(builds), reserved, laid_out, left) == (nvrs, [], [], 0)
    assert answers <= len(nvrs)
