# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service as a process: start, ready, drain, reload, killed and started again, its private PostgreSQL."""
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile

import pytest

from patience import PATIENCE_S, wait_until


def post(service, build):
    reply = service.post(build)
    assert reply.status == 202, reply.body
    return reply.json()['id']


def postgres_owners(service):
    """The user of each PostgreSQL process that works in the state directory of the service."""
    found = []
    for process in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            words = (process / 'cmdline').read_bytes().split(b'\0')
            place = os.readlink(process / 'cwd')
            owner = process.stat().st_uid
        except OSError:
            continue                        # ended since
        if b'postgres' in os.path.basename(words[0]) and place.startswith(str(service.state)):
            found.append(owner)
    return found


# --- as one process --------------------------------------------------------------------------------------------------
def test_a_build_is_posted_and_imported(service, make_build):
    done = service.wait(post(service, make_build()))
    assert done['state'] == 'imported', service.log()
    assert service.hub.call('getBuild', done['nvr'])['id'] == done['build_id']


def test_the_ready_file_tells_where_it_is(service):
    told = json.loads(service.ready_file.read_text())
    assert told == {'url': 'http://127.0.0.1:%d' % told['port'], 'port': told['port'], 'socket': None,
                    'pid': service.process.pid}
    assert service.request('GET', '/readyz').status == 200


def test_it_listens_on_a_unix_socket_alone(start_service, sandbox_hub, postgres):
    service = start_service(sandbox_hub, postgres, wait=False)
    path = service.top / 'http.sock'
    service.configure(listen={'address': 'none', 'unix_socket': path, 'unix_mode': '0600'})
    service.start()
    told = json.loads(service.ready_file.read_text())
    assert (told['url'], told['socket']) == (None, str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        assert client.recv(100).startswith(b'HTTP/1.1 200')


def test_a_port_that_is_taken_is_said(start_service, service, postgres):
    second = start_service(service.hub, postgres, wait=False)
    second.configure(listen={'port': service.url.rsplit(':', 1)[1]})
    with pytest.raises(RuntimeError, match='ended with status 2'):
        second.start()
    assert 'Address already in use' in second.log()


def test_a_database_that_is_away_is_temporary(start_service, sandbox_hub, tmp_path):
    service = start_service(sandbox_hub, 'host=%s dbname=none' % tmp_path, wait=False)
    with pytest.raises(RuntimeError, match='ended with status 3'):
        service.start()


def test_a_schema_that_is_not_ours_to_mend_is_said(start_service, sandbox_hub, postgres):
    service = start_service(sandbox_hub, postgres, wait=False)
    service.configure(database={'migrate': 'no'})
    with pytest.raises(RuntimeError, match='ended with status 2'):
        service.start()
    assert 'cg-import migrate' in service.log()
    assert service.verb('migrate').stdout.endswith(' applied, the schema is up to date\n')
    assert service.verb('migrate').stdout == 'the schema was up to date\n'
    service.start()


def test_two_that_start_at_once_share_the_queue(start_service, sandbox_hub, postgres, make_build, tmp_path):
    first = start_service(sandbox_hub, postgres, spool=tmp_path / 'spool')
    second = start_service(sandbox_hub, postgres, spool=tmp_path / 'spool')
    ids = [post((first, second)[i % 2], make_build(release=str(i), size=1000)) for i in range(6)]
    assert {first.wait(id)['state'] for id in ids} == {'imported'}
    assert len(sandbox_hub.log('CGImport')) == 6


# --- signals ---------------------------------------------------------------------------------------------------------
def test_sigterm_waits_for_the_import_that_was_sent(start_service, sandbox_hub, postgres, make_build):
    service = start_service(sandbox_hub, postgres, settings={'service': {'drain': '10 min'}})
    service.hub.arm('pause', 'CGImport')
    id = post(service, make_build())
    service.hub.wait_met()
    service.signal(signal.SIGTERM)
    service.wait_log('draining')
    service.hub.clear_faults()
    assert service.process.wait(PATIENCE_S) == 0
    assert 'message=stopped' in service.log()
    service.start()
    done = service.show(id)
    assert (done['state'], done['attempts']) == ('imported', 1)
    assert len(service.hub.log('CGImport')) == 1


def test_the_second_sigterm_leaves_it_to_the_next_owner(start_service, sandbox_hub, postgres, make_build):
    service = start_service(sandbox_hub, postgres, settings={'service': {'drain': '10 min'}, 'worker': {'lease': '5 s'}})
    service.hub.arm('pause', 'CGImport')
    id = post(service, make_build())
    service.hub.wait_met()
    service.signal(signal.SIGTERM)
    service.wait_log('draining')
    service.signal(signal.SIGTERM)
    assert service.process.wait(PATIENCE_S) == 0
    service.hub.clear_faults()
    service.start()
    done = service.wait(id)
    assert done['state'] == 'imported'
    assert service.hub.call('getBuild', done['nvr'])['id'] == done['build_id']


def test_stopped_while_it_tags_a_build_is_tagged_by_the_next_owner(start_service, sandbox_hub, postgres, make_build):
    service = start_service(sandbox_hub, postgres, settings={'service': {'drain': '10 min'}, 'worker': {'lease': '5 s'}})
    sandbox_hub.arm('pause', 'getTaskInfo')
    id = service.post(make_build(), '?tag=test-candidate').json()['id']
    sandbox_hub.wait_met()
    for _ in range(2):
        service.signal(signal.SIGTERM)
        service.wait_log('draining')
    assert service.process.wait(PATIENCE_S) == 0
    sandbox_hub.clear_faults()
    service.start()
    done = service.wait(id)
    assert (done['state'], done['held']) == ('imported', None)
    assert [tag['name'] for tag in sandbox_hub.call('listTags', done['nvr'])] == ['test-candidate']


def test_a_watcher_does_not_hold_the_stop_up(service, make_build):
    service.hub.arm('pause', 'CGImport')
    id = post(service, make_build())
    service.hub.wait_met()
    watcher = subprocess.Popen(['curl', '-sN', '-H', 'Authorization: Bearer ' + service.token,
                                '%s/v1/imports/%s/events?stream=true' % (service.url, id)], stdout=subprocess.PIPE)
    assert watcher.stdout.readline()
    service.hub.clear_faults()
    service.wait(id)
    assert service.stop() == 0
    watcher.stdout.close()
    watcher.wait(PATIENCE_S)


def test_sighup_takes_over_hubs(service, start_hub, make_build):
    assert service.post(make_build(), '?hub=second').status == 400
    service.configure(**{'hub second': {'koji_config': start_hub().profiles['osbs'], 'profile': 'sandbox'}})
    service.signal(signal.SIGHUP)
    service.wait_log('reloaded')
    reply = service.post(make_build(), '?hub=second')
    assert (service.wait(reply.json()['id'])['state'], reply.json()['hub']) == ('imported', 'second')
    assert service.hub.log('CGImport') == []


def test_sighup_takes_over_the_log_level(service):
    service.request('GET', '/v1/imports')
    service.wait_log('message=request')     # written when the answer is on its way
    service.configure(service={'log_level': 'error'})
    service.signal(signal.SIGHUP)

    def is_silent():
        before = service.log()
        service.request('GET', '/v1/imports')
        service.request('GET', '/v1/imports')
        return service.log() == before
    wait_until(is_silent, lambda: service.log()[:2000])


def test_an_import_that_runs_is_not_lost_by_a_reload(service, make_build):
    service.hub.arm('pause', 'CGImport', seconds=600)
    id = post(service, make_build())
    service.hub.wait_met()
    service.signal(signal.SIGHUP)
    service.wait_log('reloaded')
    other = post(service, make_build(release='2'))
    assert service.wait(other)['state'] == 'imported'
    service.signal(signal.SIGHUP)
    service.wait_log('reloading when the imports that ran at the last reload have ended')
    assert service.log().count('message="reloaded') == 1
    service.hub.clear_faults()
    done = service.wait(id)
    assert (done['state'], done['attempts']) == ('imported', 1)
    wait_until(lambda: service.log().count('message="reloaded') == 2, service.log)


def test_sighup_takes_up_a_renewed_certificate(start_service, sandbox_hub, postgres):
    service = start_service(sandbox_hub, postgres, wait=False)
    cert, key = service.top / 'tls.crt', service.top / 'tls.key'

    def make(name):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', str(key), '-out', str(cert),
                        '-subj', '/CN=' + name, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'], check=True,
                       stderr=subprocess.DEVNULL)

    def subject():
        port = json.loads(service.ready_file.read_text())['port']
        with socket.create_connection(('127.0.0.1', port), PATIENCE_S) as plain:
            context = ssl.create_default_context(cafile=str(cert))
            with context.wrap_socket(plain, server_hostname='127.0.0.1') as connection:
                return connection.getpeercert()['subject'][0][0][1]
    make('first')
    service.configure(listen={'port': 0, 'tls_cert': cert, 'tls_key': key})
    service.start()
    assert service.url.startswith('https:')
    assert subject() == 'first'
    make('second')
    service.signal(signal.SIGHUP)
    service.wait_log('new connections get the certificate that was read again')
    assert subject() == 'second'
    good = key.read_bytes()
    key.write_text('no key')
    service.signal(signal.SIGHUP)
    service.wait_log('not reloaded: what was in force stays')
    assert 'cannot start the HTTP server; are certificate and key good?' in service.log()
    key.write_bytes(good)
    assert subject() == 'second'
    # Nor is a new one taken up from a configuration that is not.
    before = cert.read_bytes()
    make('third')
    service.configure(**{'hub second': {'koji_config': service.config, 'profile': 'nowhere'}})
    service.signal(signal.SIGHUP)
    service.wait_log('[hub second]')
    cert.write_bytes(before)
    key.write_bytes(good)
    assert subject() == 'second'
    assert service.stop() == 0


def test_a_faulty_configuration_changes_nothing(service, make_build):
    service.configure(listen={'prot': '1'})
    service.signal(signal.SIGHUP)
    service.wait_log('not reloaded: what was in force stays')
    assert '[listen] has no key prot; did you mean port?' in service.log()
    assert service.wait(post(service, make_build()))['state'] == 'imported'


def test_grants_are_taken_over(start_service, sandbox_hub, postgres):
    service = start_service(sandbox_hub, postgres, wait=False)
    path = service.top / 'http.sock'
    service.configure(listen={'unix_socket': path}, callers={'front_user_header': 'X-Remote-User'})
    service.start()

    def status():
        done = subprocess.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--unix-socket', str(path),
                               '-H', 'X-Remote-User: alice@EXAMPLE.COM', 'http://x/v1/imports'],
                              stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout
    assert status() == '403'
    service.configure(**{'grant people': {'caller': 'user:*@EXAMPLE.COM', 'roles': 'auditor'}})
    service.signal(signal.SIGHUP)
    service.wait_log('reloaded')
    assert status() == '200'


# --- the service manager ---------------------------------------------------------------------------------------------
def test_the_service_manager_is_told(start_service, sandbox_hub, postgres, tmp_path):
    service = start_service(sandbox_hub, postgres, wait=False)
    path = service.top / 'notify'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE_S)
        service.start(environment={'NOTIFY_SOCKET': str(path), 'WATCHDOG_USEC': '400000'})
        assert manager.recv(1000) == b'READY=1'
        assert manager.recv(1000) == b'WATCHDOG=1'
        service.signal(signal.SIGHUP)
        heard = []
        while heard[-1:] != [b'READY=1']:
            heard.append(manager.recv(1000))
        assert any(state.startswith(b'RELOADING=1\nMONOTONIC_USEC=') for state in heard)
        service.signal(signal.SIGTERM)
        while heard[-1] != b'STOPPING=1':
            heard.append(manager.recv(1000))
    assert service.process.wait(PATIENCE_S) == 0


# --- the private PostgreSQL ------------------------------------------------------------------------------------------
def test_a_private_postgres_is_stopped_with_it_and_keeps_everything(start_service, sandbox_hub, make_build):
    service = start_service(sandbox_hub)
    assert postgres_owners(service)
    id = post(service, make_build())
    before = service.wait(id)
    assert before['state'] == 'imported'
    assert service.stop() == 0
    wait_until(lambda: postgres_owners(service) == [])
    service.start()
    after = service.show(id)
    assert after == before
    assert service.post(make_build(), '').json()['deduplicated'] is True


def test_after_a_crash_it_goes_on(start_service, sandbox_hub, make_build):
    service = start_service(sandbox_hub, settings={'worker': {'lease': '5 s'}})
    sandbox_hub.arm('pause', 'CGImport')
    id = post(service, make_build())
    sandbox_hub.wait_met()
    service.kill()
    sandbox_hub.clear_faults()
    service.start()
    done = service.wait(id)
    assert done['state'] == 'imported'
    assert sandbox_hub.call('getBuild', done['nvr'])['id'] == done['build_id']
    assert service.stop() == 0
    wait_until(lambda: postgres_owners(service) == [])


def test_a_second_service_on_one_state_directory_is_refused(start_service, sandbox_hub):
    first = start_service(sandbox_hub)
    second = start_service(sandbox_hub, state=first.state, wait=False)
    with pytest.raises(RuntimeError, match='ended with status 3'):
        second.start()
    assert first.request('GET', '/readyz').status == 200


def test_its_postgres_is_not_roots(start_service, sandbox_hub):
    if os.geteuid() != 0:
        pytest.skip('only root can become somebody else')
    service = start_service(sandbox_hub)
    owners = postgres_owners(service)
    assert owners and 0 not in owners


def test_as_an_unprivileged_user(start_service, sandbox_hub, make_build):
    if os.geteuid() != 0:
        pytest.skip('the other tests run it so')
    home = pathlib.Path(tempfile.mkdtemp(prefix='cg-service-home-'))
    shutil.chown(home, 'nobody')
    try:
        service = start_service(sandbox_hub, state=home / 'state', wait=False)
        shutil.chown(service.top, 'nobody')
        # The hub's certificates and the program may lie where only root gets.
        program = service.top / 'cg-import'
        shutil.copy(service.program, program)
        program.chmod(0o755)
        service.configure(**{'hub sandbox': {'koji_config': None, 'url': sandbox_hub.hub_http}})
        service.config.chmod(0o644)
        service.program = program
        service.start(prefix=['setpriv', '--reuid=nobody', '--regid=%d' % pwd.getpwnam('nobody').pw_gid, '--clear-groups'])
        assert set(postgres_owners(service)) == {home.stat().st_uid}
        assert service.request('GET', '/readyz').status == 200
        assert service.stop() == 0
    finally:
        shutil.rmtree(home)
