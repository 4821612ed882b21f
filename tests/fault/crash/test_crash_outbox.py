# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two replicas that follow a hub's record are killed at named points and at random while builds are imported, tagged and
deleted there by others and by the service itself.

Every event of the hub is exactly one leaf, every build exactly one of the trail, whoever imported it. The last line that
the test prints tells the numbers.
"""
import collections
import random
import time

import hub_client
from killing import KILLS, SEED, Killing, points_of
from trail import Trail, import_as_other, nvr_of

# Where the program is killed, and how many passings at most are let through before.
STATEMENTS = {'lead_outbox': 8, 'hold_outbox': 3, 'put_hub_event': 6, 'apply_hub_build': 6, 'put_pending': 12,
              'put_hub_import': 3, 'move_outbox': 3, 'COMMIT': 12, 'next_hub_import': 4, 'match_hub_import': 3,
              'put_provenance_build': 3, 'settle_hub_import': 3, 'tell_outbox': 4}
POINTS = points_of(STATEMENTS) + points_of({'curl_easy_perform': 20}, ('before', 'after'))


class Course(Killing):
    def __init__(self, replicas, hub, make, library):
        super().__init__(replicas, library, POINTS)
        self.hub, self.make, self.others = hub, make, []

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

    def post_all(self):
        dice, number = random.Random(SEED + 1), 100001
        while not self.ending.is_set():
            self.post(dice, self.directory(number), '?reserve=true' if number % 2 else '')
            number += 1
            self.ending.wait(dice.uniform(0.2, 0.8))


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
    course.run((course.import_elsewhere,), (course.post_all,))
    for id in course.accepted:
        assert replicas[0].wait(id)['state'] == 'imported'
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
                 last, sum(told.values()), len(course.others), len(course.accepted),
                 sum(origin == 'outbox' for _, origin in builds.elements()),
                 sum(origin == 'service' for _, origin in builds.elements()), time.monotonic() - began))
    assert told == {(1, number): 1 for number in range(1, last + 1)}
    assert builds == collections.Counter([(nvr, 'outbox') for nvr in course.others] +
                                         [(nvr, 'service') for nvr, _ in course.accepted.values()])
    assert found == collections.Counter(course.others)
    assert course.kills['at named points'] >= KILLS // 4
