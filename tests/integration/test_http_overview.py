# SPDX-License-Identifier: LGPL-2.1-or-later
"""How things stand: the overview, the audit log as the service sees it."""
import base64
import datetime

from intake_process import Build
from patience import wait_until


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def overview(server, caller='operator'):
    answer = server.ask('GET', '/v1/overview', caller=caller)
    assert answer.status == 200
    return answer.json


def test_nothing_yet(intake_starter):
    told = overview(intake_starter())
    assert told['queue'] == {'receiving': 0, 'queued': 0, 'running': 0, 'held': 0}
    assert told['oldest_unfinished_at'] is None
    assert told['held'] == {'count': 0, 'imports': []}
    assert told['totals'] == {'imports': 0, 'imported': 0, 'bytes_kept': 0, 'bytes_deduplicated': 0}
    hours = [time_of(hour['hour']) for hour in told['hours']]
    assert len(hours) == 48
    assert {later - sooner for sooner, later in zip(hours, hours[1:])} == {datetime.timedelta(hours=1)}
    assert hours[-1] <= time_of(told['now']) < hours[-1] + datetime.timedelta(hours=1)
    assert all(set(hour.values()) - {0} == {hour['hour']} for hour in told['hours'])


def test_what_was_posted_and_what_became_of_it(intake_starter):
    server = intake_starter()
    first = Build('one', {'image.tar.gz': b'i' * 1000, 'a.log': b'first'})
    assert server.post_form(first.parts()).status == 202
    # The image is known by now, and is not sent; one output of it is missing.
    second = Build('two', {'image.tar.gz': b'i' * 1000, 'a.log': b'second'})
    assert server.post(second.metadata).json['state'] == 'receiving'
    rejected = server.post_form(Build('three').parts()).json['id']
    server.sql("UPDATE imports SET state = 'rejected', finished_at = now() - interval '3 hours' WHERE id = '%s'" % rejected)
    old = server.post_form(Build('old', {'a.log': b'old'}).parts()).json['id']
    server.sql("UPDATE imports SET state = 'imported', created_at = now() - interval '60 hours',"
               " finished_at = now() - interval '59 hours' WHERE id = '%s'" % old)
    told = overview(server)
    assert told['queue'] == {'receiving': 1, 'queued': 1, 'running': 0, 'held': 0}
    posted = server.ask('GET', '/v1/imports?nvr=demo-1.0-one', caller='operator').json['imports'][0]
    assert told['oldest_unfinished_at'] == posted['created_at']
    sizes = {build: sum(len(data) for data in build.files.values()) for build in (first, second, Build('three'))}
    assert sum(hour['accepted'] for hour in told['hours']) == 3
    assert sum(hour['bytes_posted'] for hour in told['hours']) == sum(sizes.values())
    assert sum(hour['bytes_deduplicated'] for hour in told['hours']) == 1000
    assert sum(hour['imported'] for hour in told['hours']) == 0
    assert [hour['rejected'] for hour in told['hours']].index(1) in (44, 43)  # an hour may end meanwhile
    assert told['totals'] == {'imports': 4, 'imported': 1, 'bytes_kept': sum(sizes.values()) - 1000 + 3,
                              'bytes_deduplicated': 1000}


def test_each_sees_its_own(intake_starter):
    server = intake_starter()
    server.post_form(Build('mine').parts())
    server.post_form(Build('other', generator='other').parts())
    narrow, everything = overview(server, 'narrow'), overview(server, 'auditor')
    assert (narrow['totals']['imports'], everything['totals']['imports']) == (1, 2)
    assert (narrow['queue']['queued'], everything['queue']['queued']) == (1, 2)
    assert sum(hour['accepted'] for hour in narrow['hours']) == 1
    server.sql("UPDATE imports SET state = 'held', held = 'tag'")
    assert overview(server, 'narrow')['held']['count'] == 1
    assert [one['nvr'] for one in overview(server, 'narrow')['held']['imports']] == ['demo-1.0-mine']
    assert [one['held'] for one in overview(server, 'auditor')['held']['imports']] == ['tag', 'tag']


def test_held_imports_are_the_newest(intake_starter):
    server = intake_starter()
    for number in range(22):
        server.post_form(Build('n%d' % number, {'a.log': b'%d' % number}).parts())
    server.sql("UPDATE imports SET state = 'held', held = 'tag'")
    held = overview(server)['held']
    assert held['count'] == 22
    assert [one['nvr'] for one in held['imports']] == ['demo-1.0-n%d' % number for number in range(21, 1, -1)]


def test_hubs_and_their_circuits(intake_starter):
    server = intake_starter()

    def hub():
        [told] = overview(server)['hubs']
        return told
    assert hub() == {'name': 'sandbox', 'state': 'unknown', 'since': None, 'reason': None}
    server.sql("INSERT INTO circuits (hub, failures, message) VALUES ('sandbox', 1, 'no route'), ('gone', 1, 'gone')")
    assert hub() == {'name': 'sandbox', 'state': 'closed', 'since': None, 'reason': 'no route'}
    server.sql("UPDATE circuits SET failures = 5, open_until = now() + interval '1 hour',"
               " opened_at = '2023-11-12 09:00+00'")
    assert hub() == {'name': 'sandbox', 'state': 'open', 'since': '2023-11-12T09:00:00.000Z', 'reason': 'no route'}
    server.sql("UPDATE circuits SET open_until = now() - interval '1 s'")
    assert hub()['state'] == 'half-open'
    server.sql("UPDATE circuits SET open_until = now() + interval '1 hour', probing = true")
    assert hub()['state'] == 'half-open'


# --- the audit log ---------------------------------------------------------------------------------------------------
def test_how_the_log_stands(intake_starter):
    server = intake_starter()
    server.post_form(Build('logged').parts())

    def told():
        answer = server.ask('GET', '/v1/audit/log', caller='auditor')
        assert answer.status == 200
        return answer.json

    def is_settled(log):
        return log['size'] is not None and not log['pending'] and log['size'] == log['signed_size']
    wait_until(lambda: is_settled(told()), told, 0.05)
    log = told()
    origin, size, root = server.ask('GET', '/checkpoint', caller=None).body.decode().splitlines()[:3]
    assert (log['origin'], log['size'], log['root']) == (origin, int(size), root)
    assert origin == 'test.example/log'
    assert len(base64.b64decode(root)) == 32
    assert log['signed_size'] == log['size'] and log['oldest_pending_at'] is None
    assert [key.split('+')[0] for key in log['keys']] == ['test.example/log']
    assert log['keys'] == server.ask('GET', '/v1/session', caller='auditor').json['service']['log']['keys']
    assert abs(time_of(log['published_at']) - time_of(overview(server)['now'])) < datetime.timedelta(minutes=30)
    assert log['quorum'] == 0 and log['witnesses'] == []
    assert server.ask('GET', '/v1/audit/log', caller='narrow').status == 403
