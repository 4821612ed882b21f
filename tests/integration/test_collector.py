# SPDX-License-Identifier: LGPL-2.1-or-later
"""What leaves the spool by itself, and what stays."""
import hashlib
import os
import time

import pytest

from patience import wait_until


def files(service, kind):
    return sorted(path.name for path in (service.state / 'spool' / kind).rglob('*') if path.is_file())


def wait_for(condition, service):
    wait_until(condition, service.log, 0.05)


def set_age(service, sql, seconds):
    """As if all contents had been used last so long ago."""
    sql("UPDATE contents SET used_at = now() - interval '%d s'" % seconds)
    for path in (service.state / 'spool' / 'contents').rglob('*'):
        os.utime(path, (time.time() - seconds, time.time() - seconds))


@pytest.fixture
def quick(start_service, sandbox_hub, postgres):
    """A service that keeps nothing for longer than some seconds: more than a post takes from a file to what needs it."""
    def start(**spool):
        settings = dict({'keep': '4 s', 'keep_part': '1 h', 'collect': '1 s'}, **spool)
        return start_service(sandbox_hub, postgres, settings={'spool': settings})
    return start


def test_contents_go_when_their_import_is_over(quick, make_build):
    service = quick()
    reply = service.post(make_build())
    assert service.wait(reply.json()['id'])['state'] == 'imported'
    wait_for(lambda: files(service, 'contents') == [], service)
    service.wait_log('message="made room in the spool" contents=')
    assert service.show(reply.json()['id'])['state'] == 'imported'


def test_contents_of_an_unfinished_import_stay(quick, make_build):
    service = quick()
    build = make_build()
    posted = service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(),
                             {'Content-Type': 'application/json'}).json()
    first = posted['missing'][0]
    service.request('PUT', first['href'], (build / first['path']).read_bytes())
    over = make_build(release='2')
    assert service.wait(service.post(over).json()['id'])['state'] == 'imported'
    # What the other import had goes; rounds went by for this one.
    wait_for(lambda: len(files(service, 'contents')) == 2, service)
    for missing in posted['missing'][1:]:
        assert service.request('PUT', missing['href'], (build / missing['path']).read_bytes()).status == 200
    assert service.wait(posted['id'])['state'] == 'imported'


def test_parts_that_nobody_goes_on_with_go(quick, make_build):
    service = quick(keep_part='1 s')
    build = make_build()
    posted = service.request('POST', '/v1/imports', (build / 'metadata.json').read_bytes(),
                             {'Content-Type': 'application/json'}).json()
    first = posted['missing'][0]
    service.request('PUT', first['href'], (build / first['path']).read_bytes()[:100], {'Upload-Complete': '?0'})
    wait_for(lambda: files(service, 'parts') == [], service)
    # The sender is told where it stands, and may begin again.
    assert service.request('HEAD', first['href']).headers['Upload-Offset'] == '0'
    assert service.request('PUT', first['href'], (build / first['path']).read_bytes()).status == 200


def test_files_of_which_the_database_knows_nothing_go(quick):
    service = quick()
    assert service.stop() == 0
    name = hashlib.sha256(b'nobody').hexdigest()
    orphan = service.state / 'spool' / 'contents' / name[:2] / name[2:]
    orphan.parent.mkdir(exist_ok=True, mode=0o700)
    orphan.write_bytes(b'nobody')
    os.utime(orphan, (time.time() - 7200, time.time() - 7200))
    young = orphan.with_name('f' * 62)
    young.write_bytes(b'young')
    service.configure(spool={'keep': '1 h'})
    service.start()
    wait_for(lambda: not orphan.exists(), service)
    service.wait_log('orphans=1 ')      # all files were looked at
    assert young.exists()


def test_below_the_reserve_unknown_files_are_looked_for_every_time(quick):
    service = quick(reserve='900 TiB')

    def rounds():
        return service.log().count('the spool is below its reserve')
    # The first round looks anyway.
    wait_for(lambda: rounds() > 1, service)
    name = hashlib.sha256(b'nobody').hexdigest()
    orphan = service.state / 'spool' / 'contents' / name[:2] / name[2:]
    orphan.write_bytes(b'nobody')
    os.utime(orphan, (time.time() - 7200, time.time() - 7200))
    wait_for(lambda: not orphan.exists(), service)


def test_below_the_reserve_posts_are_refused_and_what_nothing_needs_goes(quick, postgres, postgres_server, make_build):
    def sql(text):
        return postgres_server.sql(postgres, text)
    service = quick(keep='30 d')
    build = make_build()
    assert service.wait(service.post(build).json()['id'])['state'] == 'imported'
    assert service.stop() == 0
    kept = files(service, 'contents')
    assert kept
    # They stay young, however long the test takes.
    set_age(service, sql, -3600)
    service.configure(spool={'reserve': '900 TiB'})
    service.start()
    reply = service.post(make_build(release='2'))
    assert (reply.status, reply.json()['code'], reply.headers['Retry-After'] is not None) == (507, 'CG_E_LIMIT', True)
    assert service.request('GET', '/readyz').status == 503
    service.wait_log('the spool is below its reserve: posts are refused')
    # They are young: a post that was just accepted is not to lose them.
    assert files(service, 'contents') == kept
    set_age(service, sql, 120)
    wait_for(lambda: files(service, 'contents') == [], service)
