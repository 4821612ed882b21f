# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit log of a whole service, read and verified as an outsider does."""
import datetime
import json
import shutil
import subprocess

import published_log
from patience import PATIENCE_S, wait_until
from witness_process import Witness, keygen


def read_from(service, token=None):
    def read(path):
        reply = service.request('GET', '/' + path, token=token)
        assert reply.status == 200, (path, reply.status)
        return reply.body
    return read


def test_an_import_is_proved_from_post_to_hub(service, make_build):
    build = make_build()
    identity = service.post(build).json()['id']
    assert service.wait(identity)['state'] == 'imported'
    published_log.settled(service)
    checkpoint, leaves = published_log.replay(read_from(service))
    assert checkpoint.is_signed_by(published_log.vkey_of(leaves)) in (True, None)
    trail = service.request('GET', '/v1/imports/%s/audit' % identity).json()
    assert trail['unpublished'] == 0
    told = []
    for one in trail['leaves']:
        index, leaf, proved = published_log.check_proof(one['proof'])
        assert (index, leaf.decode()) == (one['index'], one['leaf'])
        assert proved.root == published_log.tree_root([published_log.leaf_hash(leaf) for leaf in leaves[:proved.size]])
        assert leaves[index] == leaf
        told.append(json.loads(leaf))
    events = service.request('GET', '/v1/imports/%s/events' % identity).json()['events']
    assert [(leaf['event'], leaf['type']) for leaf in told] == [(event['id'], event['type']) for event in events]
    assert {'accepted', 'content', 'queued', 'claimed', 'step', 'imported'} <= {leaf['type'] for leaf in told}
    assert {'upload', 'import', 'verify'} <= {leaf['detail']['step'] for leaf in told if leaf['type'] == 'step'}
    imported = told[-1]
    assert imported['koji']['build_id'] == service.show(identity)['build_id']
    assert len(imported['outputs']) > 0 and all(len(output['sha256']) == 64 for output in imported['outputs'])
    one = service.request('GET', '/v1/audit/entries/%d' % trail['leaves'][0]['index'])
    assert published_log.check_proof(one.body.decode())[1].decode() == trail['leaves'][0]['leaf']


def test_refused_posts_and_tokens_are_told(service, make_build):
    build = make_build()
    document = json.loads((build / 'metadata.json').read_text())
    document['build']['version'] = '..'
    refused = service.request('POST', '/v1/imports', json.dumps(document).encode(), {'Content-Type': 'application/json'})
    assert refused.status == 422
    assert service.request('POST', '/v1/imports', b'{', {'Content-Type': 'application/json'}).status == 400
    assert service.verb('token', 'revoke', 'operator-1').returncode == 0
    service.token = service.make_token('another', 'auditor')
    published_log.settled(service)
    _, leaves = published_log.replay(read_from(service))
    told = [(leaf['type'], leaf.get('detail', {}).get('error') or leaf.get('detail', {}).get('name'))
            for leaf in map(json.loads, leaves) if leaf['type'] != 'key']
    assert told == [('token-created', 'operator-1'), ('refused', 'CG_E_REFUSED'), ('refused', 'CG_E_SYNTAX'),
                    ('token-revoked', 'operator-1'), ('token-created', 'another')]


def test_who_may_read_what(service, make_build, cg_import, tmp_path):
    service.wait(service.post(make_build()).json()['id'])
    size = published_log.settled(service).size
    submitter = service.make_token('submitter', 'submitter')
    # A leaf of another's import is nothing for an operator of some packages; its own imports' it has beside them.
    some = service.make_token('some', 'operator', package='web*')
    everything = service.make_token('everything', 'operator', package='*', content_generator='*')
    auditor = service.make_token('auditor', 'auditor', package='web*')
    width = min(size, 256)
    for token, status in (('', 401), (submitter, 403), (some, 403), (everything, 200), (auditor, 200), (None, 200)):
        if token:
            assert service.request('GET', '/v1/session', token=token).json()['may']['audit'] is (status == 200)
        assert service.request('GET', '/' + published_log.tile_path('entries', 0, width), token=token).status == status
        assert service.request('GET', '/v1/audit/entries/0', token=token).status == status
        # Written otherwise it is the same file.
        for path in ('/tile/%%65ntries/000.p/%d' % width, '/tile/entries%%2F000.p/%d' % width,
                     '/tile/entries%%2Fx000/000.p/%d' % width, '/tile/0/..%2F..%2Fkey', '/tile/0/%2e%2e/checkpoint'):
            assert service.request('GET', path, token='').status == 404, path
    key = published_log.vkey_of(published_log.replay(read_from(service))[1])
    mirror = cg_import(None, 'audit', 'mirror', service.url, str(tmp_path / 'mirror'), '--key', key)
    assert mirror.returncode == 1 and ': this needs credentials' in mirror.stderr
    assert 'given by --token-file' in mirror.stderr
    hashes = service.request('GET', '/' + published_log.tile_path(0, 0, width), token='')
    assert (hashes.status, len(hashes.body)) == (200, 32 * width)
    assert 'immutable' in hashes.headers['Cache-Control']
    for path in ('/tile/0/001', '/tile/9/000', '/tile/0/000.p/0', '/tile/0/000.p/256', '/tile/0/0', '/tile/x/000'):
        assert service.request('GET', path, token='').status == 404, path
    grown = service.request('GET', '/v1/audit/consistency?from=1&to=%d' % size, token='').json()
    assert (grown['from'], grown['to']) == (1, size)
    assert service.request('GET', '/v1/audit/consistency?from=%d' % (size + 1000), token='').status == 400
    assert service.request('GET', '/v1/audit/inclusion?index=0&size=%d' % size, token='').json()['size'] == size
    assert service.request('GET', '/v1/audit/inclusion', token='').status == 400


def test_an_older_database_is_not_signed(start_service, sandbox_hub, postgres, postgres_server, make_build):
    service = start_service(sandbox_hub, postgres)
    service.wait(service.post(make_build()).json()['id'])
    before = published_log.settled(service)
    assert service.stop() == 0
    name = postgres.rpartition('dbname=')[2]
    postgres_server.wait_unused(name)
    postgres_server.sql('postgres', 'CREATE DATABASE %s_backup TEMPLATE %s' % (name, name))
    service.start()
    service.wait(service.post(make_build(release='later')).json()['id'])
    after = published_log.settled(service)
    assert after.size > before.size
    assert service.stop() == 0
    postgres_server.wait_unused(name)
    postgres_server.sql('postgres', 'DROP DATABASE %s' % name)
    postgres_server.sql('postgres', 'ALTER DATABASE %s_backup RENAME TO %s' % (name, name))
    service.configure(audit={'wait': '1 s'})
    service.start()
    service.wait_log('was an older backup restored?')
    service.make_token('one', 'submitter')
    wait_until(lambda: service.request('GET', '/readyz', token='').status == 503, service.log, 0.1)
    assert service.request('GET', '/readyz', token='').json()['checks']['audit'] != 'ok'
    assert published_log.Checkpoint(service.request('GET', '/checkpoint', token='').body.decode()).size == after.size
    assert service.stop() == 0
    restored = subprocess.run([str(service.program), 'audit', 'restore', '--config', str(service.config)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=service.environment(), timeout=PATIENCE_S)
    assert (restored.returncode, restored.stdout) == (0, '%d entries put back\n' % (after.size - before.size)), restored.stderr
    service.start()
    service.make_token('two', 'submitter')
    assert published_log.settled(service).size > after.size
    _, leaves = published_log.replay(read_from(service))
    assert published_log.tree_root([published_log.leaf_hash(leaf) for leaf in leaves[:after.size]]) == after.root


def test_a_lost_directory_is_published_again(service, make_build):
    service.wait(service.post(make_build()).json()['id'])
    before = published_log.settled(service)
    assert service.stop() == 0
    shutil.rmtree(service.state / 'audit' / 'log')
    service.start()
    assert published_log.settled(service).size >= before.size
    published_log.replay(read_from(service))


def test_the_verbs_show_what_verifies_offline(service, make_build, tmp_path):
    identity = service.post(make_build()).json()['id']
    service.wait(identity)
    published_log.settled(service)
    key = published_log.vkey_of(published_log.replay(read_from(service))[1])
    token = tmp_path / 'token'
    token.write_text(service.token + '\n')
    token.chmod(0o600)

    def audit(verb, *arguments):
        return subprocess.run([str(service.program), 'audit', verb, *arguments], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=service.environment(), timeout=PATIENCE_S)
    asked = ('--service', service.url, '--token-file', str(token))
    listed = audit('log', identity, '--proofs', str(tmp_path), '--json', *asked)
    assert listed.returncode == 0, listed.stderr
    trail = service.request('GET', '/v1/imports/%s/audit' % identity).json()['leaves']
    proofs = sorted(tmp_path.glob('*.tlog-proof'))
    assert len(proofs) == len(trail)
    for proof in proofs:
        verified = audit('verify', str(proof), '--key', key)
        assert verified.returncode == 0, verified.stderr
    last = trail[-1]
    shown = audit('show', str(last['index']), *asked)
    assert shown.returncode == 0 and json.loads(shown.stdout) == json.loads(last['leaf']), shown
    proved = tmp_path / 'one'
    assert audit('prove', str(last['index']), '--output', str(proved), *asked).returncode == 0
    printed = audit('verify', str(proved), '--key', key, '--print')
    assert printed.returncode == 0 and last['leaf'] in printed.stdout, printed
    lines = proved.read_text().splitlines(True)
    proved.write_text(''.join(lines[:3] + [lines[3].swapcase()] + lines[4:]))
    assert audit('verify', str(proved), '--key', key).returncode != 0


def test_a_changed_row_is_told(service, postgres_server, postgres, make_build):
    service.wait(service.post(make_build()).json()['id'])
    published_log.settled(service)
    assert service.stop() == 0

    def rename(name):
        postgres_server.sql(postgres, "SET session_replication_role = replica;"
                                      " UPDATE audit_entry SET type = '%s' WHERE idx = 2" % name)

    def wait(ready):
        wait_until(lambda: service.request('GET', '/readyz', token='').status == (200 if ready else 503), service.log, 0.1)
    told = postgres_server.sql(postgres, 'SELECT type FROM audit_entry WHERE idx = 2')
    rename('other')
    service.start()
    service.wait_log('the columns of entry 2 do not repeat its leaf')
    wait(ready=False)
    assert published_log.figures(service)['cg_import_audit_damaged'] == 1
    # The edge of the tree is right: leaves are signed and published as before.
    size = published_log.settled(service).size
    service.make_token('one', 'submitter')
    assert published_log.settled(service).size > size
    assert service.stop() == 0
    rename(told)
    service.start()
    service.wait_log('the audit log in the database is what was signed again')
    wait(ready=True)
    told = published_log.figures(service)
    assert told['cg_import_audit_damaged'] == 0 and told['cg_import_audit_checked_time_seconds'] > 0


def test_what_the_service_says_of_its_witnesses(start_service, sandbox_hub, postgres, make_build, cg_import, tmp_path):
    service = start_service(sandbox_hub, postgres)
    vkey = service.request('GET', '/v1/session').json()['service']['log']['keys'][0]
    witness = Witness(cg_import.path, 'present.example', vkey, tmp_path / 'witness').start()
    absent_key = keygen(cg_import.path, 'absent.example', tmp_path / 'absent', '--witness')
    try:
        assert service.stop() == 0
        # The absent one has the address of the present one, which signs with another key.
        service.configure(audit={'quorum': 1}, **{'witness one': {'url': witness.url, 'key': witness.vkey},
                                                  'witness two': {'url': witness.url, 'key': absent_key}})
        service.start()
        assert service.wait(service.post(make_build()).json()['id'])['state'] == 'imported'
        checkpoint = published_log.settled(service)
        told = service.request('GET', '/v1/audit/log').json()
        assert (told['size'], told['quorum'], told['keys']) == (checkpoint.size, 1, [vkey])
        present, absent = told['witnesses']
        assert (present['name'], present['key'], present['size']) == ('one', witness.vkey, told['size'])
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(present['at'].replace('Z', '+00:00'))
        assert abs(age) < datetime.timedelta(minutes=30)
        assert absent == {'name': 'two', 'key': absent_key, 'size': None, 'at': None}
    finally:
        assert witness.stop() == 0
