# SPDX-License-Identifier: LGPL-2.1-or-later
"""Replicas of the service are killed, at named points and at random, while others give them work.

CG_KILLS=N     kills (100)
CG_SEED=N      another course of events
"""
import collections
import http.client
import os
import random
import signal
import subprocess
import threading
import time

from patience import PATIENCE_S

KILLS = int(os.environ.get('CG_KILLS', '100'))
SEED = int(os.environ.get('CG_SEED', '1'))
# How long an armed replica may take to come by its point.
POINT_TIMEOUT_S = 3
# The exit status of a service that does not reach its database.
DATABASE_AWAY = 3


def points_of(passings, phases=('before', 'sent', 'after')):
    """Where to die: (name, phase, passings that are let through at most) of {name: passings}."""
    return [(name, phase, most) for name, most in passings.items() for phase in phases]


class Killing:
    """Of a heir: `ways`, each a method that gets a replica and dice, with its weight."""

    def __init__(self, replicas, library, points):
        self.replicas, self.library, self.points = replicas, library, points
        self.ways = ((self.kill_at_point, 4), (self.kill_at_random, 1))
        self.accepted, self.lock, self.ending = {}, threading.Lock(), threading.Event()
        self.kills, self.problems = collections.Counter(), []

    # --- posting -----------------------------------------------------------------------------------------------------
    def post(self, dice, directory, query=''):
        """Again and again until all of it was taken."""
        deadline = time.monotonic() + 4 * PATIENCE_S
        while True:
            try:
                reply = dice.choice(self.replicas).post(directory, query)
                if reply.status in (200, 202):
                    break
                if reply.status not in (409, 500, 502, 503, 504):
                    raise AssertionError('%s: %s %s' % (directory, reply.status, reply.body))
            except (OSError, http.client.HTTPException):
                reply = None                    # killed in the middle
            if time.monotonic() > deadline:
                raise TimeoutError('%s is not accepted: %s' % (directory, reply and reply.body))
            time.sleep(0.1)
        with self.lock:
            self.accepted[reply.json()['id']] = reply.json()['nvr'], directory

    # --- killing -----------------------------------------------------------------------------------------------------
    def count(self, kind):
        with self.lock:
            self.kills[kind] += 1

    def enough(self):
        """So many kills, and many of them at their points and between posts: a slow machine takes more for that."""
        total, wanted = sum(self.kills.values()), KILLS // 4
        return total >= KILLS and (total >= 4 * KILLS or
                                   min(self.kills['at named points'], len(self.accepted)) >= wanted)

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
        name, phase, most = dice.choice(self.points)
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
            raise RuntimeError('the service ended by itself, status %s:\n%s'
                               % (service.process.returncode, service.log()[-2000:]))

    def kill_at_random(self, service, dice):
        time.sleep(dice.uniform(0, 1))
        service.kill()
        self.count('at random')
        time.sleep(dice.uniform(0, 0.3))

    def judge(self):
        """After each kill: what is wrong is put among the problems."""

    def pursue(self, service, dice):
        """What becomes of one replica, which is left running."""
        ways, weights = zip(*self.ways)
        while not self.enough() and not self.problems:
            way = dice.choices(ways, weights)[0]
            if way != self.kill_at_point and service.process.poll() is not None:
                self.start(service)
            way(service, dice)
            self.judge()
        service.kill()
        self.start(service)

    def guard(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:              # told by the test, which a thread cannot fail
            self.problems.append('%s: %r' % (work.__name__, error))

    def run(self, *works):
        """Kills while each of the works, (function, argument...), goes on until `ending` is set; they end after it."""
        killers = [threading.Thread(target=self.guard, args=(self.pursue, service, random.Random(SEED * 100 + number)))
                   for number, service in enumerate(self.replicas)]
        others = [threading.Thread(target=self.guard, args=work) for work in works]
        for thread in killers + others:
            thread.start()
        for thread in killers:
            thread.join()
        self.ending.set()
        for thread in others:
            thread.join()
        assert not self.problems, self.problems
