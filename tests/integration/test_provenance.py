# SPDX-License-Identifier: LGPL-2.1-or-later
"""Provenance of builds that the service imported: over HTTP, and by `cg-import provenance` for people, CSV and JSON."""
import base64
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess

import pytest

from patience import PATIENCE_S, wait_until

RPM = {'type': 'rpm', 'name': 'openssl', 'version': '3.0.7', 'release': '26.el9', 'arch': 'x86_64', 'epoch': 1,
       'sigmd5': 'a' * 32, 'signature': None}
BASH = dict(RPM, name='bash', version='5.1', release='6', epoch=None, sigmd5='b' * 32)


def write_build(directory, name, release, rpms, parent=None, source='git://pkgs.example.com/%s#5cb45172e9'):
    """A container build of one image; returns its directory."""
    directory.mkdir()
    content = ('%s %s' % (name, release)).encode()
    digest = 'sha256:' + hashlib.sha256(content + b'manifest').hexdigest()
    image = {'parent_build_id': parent[1], 'parent_image_builds': {
        'registry.example.com/%s:1' % parent[0]: {'id': parent[1], 'nvr': parent[0]}}} if parent else {}
    (directory / 'image.tar.gz').write_bytes(content)
    (directory / 'metadata.json').write_text(json.dumps({
        'metadata_version': 0,
        'build': {'name': name, 'version': '1', 'release': release, 'source': source % name, 'owner': 'osbs',
                  'start_time': 1700000000, 'end_time': 1700000060,
                  'extra': {'image': image, 'submitter': 'jdoe'}},
        'buildroots': [{'id': 1, 'host': {'os': 'rhel', 'arch': 'x86_64'}, 'container': {'type': 'none', 'arch': 'x86_64'},
                        'content_generator': {'name': 'atomic-reactor', 'version': '4.11'}, 'components': [BASH],
                        'tools': [{'name': 'podman', 'version': '4.%s' % release}]}],
        'output': [{'filename': 'image.tar.gz', 'filesize': len(content), 'checksum': hashlib.md5(content).hexdigest(),
                    'checksum_type': 'md5', 'arch': 'x86_64', 'type': 'docker-image', 'buildroot_id': 1,
                    'components': rpms, 'extra': {'image': {'arch': 'x86_64'}, 'docker': {
                        'id': 'sha256:' + hashlib.sha256(content).hexdigest(),
                        'repositories': ['registry.example.com/%s@%s' % (name, digest)],
                        'digests': {'application/vnd.oci.image.manifest.v1+json': digest}}}}]}))
    return directory


@pytest.fixture
def client(service, cg_import, tmp_path):
    """client('provenance', …) with an operator's token."""
    token = tmp_path / 'token'
    token.write_text(service.token + '\n')
    token.chmod(0o600)

    def run(*arguments):
        return subprocess.run([str(cg_import.path), arguments[0], '--service', service.url, '--token-file', str(token),
                               *map(str, arguments[1:])], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE_S, stdin=subprocess.DEVNULL, env=service.environment())
    return run


@pytest.fixture
def family(client, tmp_path):
    """base-1-1, app-1-1 on it, app-1-2 with a newer openssl: imported by the service, in this order."""
    builds = [('base', '1', [RPM], None), ('app', '1', [RPM, BASH], ('base-1-1', 1)),
              ('app', '2', [dict(RPM, release='27.el9', sigmd5='c' * 32), BASH], ('base-1-1', 1))]
    for name, release, rpms, parent in builds:
        directory = write_build(tmp_path / ('%s-%s' % (name, release)), name, release, rpms, parent)
        done = client('submit', '--wait', directory / 'metadata.json', directory)
        assert done.returncode == 0, done.stderr


def test_which_builds_contain_an_rpm(client, family):
    wait_for_log(client, 'app-1-2')
    done = client('provenance', 'find', '--rpm', 'openssl-3.0.7-27.el9')
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1 and lines[0].startswith('app-1-2  build 3  20')
    assert lines[0].endswith('  atomic-reactor  openssl-3.0.7-27.el9.x86_64')
    assert re.fullmatch(r'complete for the 3 builds of the trail and the first \d+\s+entries of its log\n', done.stderr)
    assert client('provenance', 'find', '--rpm', 'openssl-3.0.7-28.el9').stdout == ''


def test_csv_and_json_of_a_list(client, family):
    rows = list(csv.DictReader(io.StringIO(client('provenance', 'find', '--nvr', 'app-*', '--csv').stdout)))
    assert [(row['nvr'], row['state'], row['owner'], row['commit']) for row in rows] == [
        ('app-1-2', 'imported', 'osbs', '5cb45172e9'), ('app-1-1', 'imported', 'osbs', '5cb45172e9')]
    wait_for_log(client, 'app-1-2')
    answer = json.loads(client('provenance', 'find', '--parent', 'base-1-1', '--json', '--limit', '1').stdout)
    assert answer['complete_for']['log_size'] >= 6 and len(answer['complete_for']['log_root']) == 64
    assert [build['nvr'] for build in answer['builds']] == ['app-1-2']
    assert answer['complete_for']['imports_without_facts'] == 0
    # Page by page: the same builds.
    rows = client('provenance', 'find', '--csv', '--limit', '2').stdout.splitlines()
    assert [row.split(',')[0] for row in rows] == ['nvr', 'app-1-2', 'app-1-1']


def test_a_build_is_found_by_its_digests(client, service, family):
    content = b'app 1'
    manifest = 'sha256:' + hashlib.sha256(content + b'manifest').hexdigest()
    for option, value in (('digest', manifest), ('digest', hashlib.sha256(content).hexdigest()),
                          ('digest', hashlib.md5(content).hexdigest()), ('digest', 'md5:' + hashlib.md5(content).hexdigest()),
                          ('pullspec', 'registry.example.com/app@' + manifest), ('pullspec', 'mirror/app@' + manifest),
                          ('build-id', '2')):
        done = client('provenance', 'find', '--' + option, value)
        assert [line.split()[0] for line in done.stdout.splitlines()] == ['app-1-1'], (option, value, done.stderr)


def test_one_build(client, family):
    shown = client('provenance', 'show', 'app-1-2')
    assert shown.returncode == 0, shown.stderr
    for line in ('app-1-2', 'source      git://pkgs.example.com/app#5cb45172e9', 'submitter   jdoe',
                 'generator   atomic-reactor  4.11', 'parent      base  base-1-1  1  registry.example.com/base-1-1:1',
                 'started     2023-11-14T22:13:20Z'):
        assert line in shown.stdout.splitlines()
    assert 'openssl' not in shown.stdout
    assert 'output 0  openssl-3.0.7-27.el9.x86_64  ' in client('provenance', 'show', 'app-1-2', '--components').stdout
    rows = list(csv.DictReader(io.StringIO(client('provenance', 'show', '3', '--csv').stdout)))
    assert [(row['part'], row['name']) for row in rows] == [('output', 'openssl'), ('output', 'bash'), ('buildroot', 'bash')]
    missing = client('provenance', 'show', 'app-1-9')
    assert (missing.returncode, missing.stdout) == (2, '')
    assert 'there is no build "app-1-9" in the trail' in missing.stderr


def test_what_changed(client, family):
    told = client('provenance', 'diff', 'app-1-1', 'app-1-2').stdout.splitlines()
    assert told[:3] == ['source: the same', 'components: 1 changed, 0 added, 0 removed, 1 the same',
                        '  ~ openssl.x86_64  1:3.0.7-26.el9 -> 1:3.0.7-27.el9']
    assert '  ~ podman  4.1 -> 4.2' in told
    rows = list(csv.reader(io.StringIO(client('provenance', 'diff', 'base-1-1', 'app-1-1', '--csv').stdout)))
    assert ['components', 'added', 'bash', 'x86_64', '', '5.1-6'] in rows
    assert ['source', 'changed', '', '', 'git://pkgs.example.com/base#5cb45172e9', 'git://pkgs.example.com/app#5cb45172e9'] in rows


def test_family(client, family):
    assert [line.split()[0] for line in client('provenance', 'descendants', 'base-1-1').stdout.splitlines()] == [
        'app-1-2', 'app-1-1']
    told = client('provenance', 'ancestors', 'app-1-1').stdout
    assert told == 'base-1-1  base of app-1-1  registry.example.com/base-1-1:1\n'
    rows = list(csv.DictReader(io.StringIO(client('provenance', 'ancestors', 'app-1-1', '--csv').stdout)))
    assert [(row['nvr'], row['depth'], row['in_trail']) for row in rows] == [('base-1-1', '1', 'yes')]


# RFC 8032, 7.1, test 1.
SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'


@pytest.fixture
def key_file(tmp_path):
    """A signer key as `cg-import audit keygen` and Go's sumdb/note write it."""
    name, kind = 'attest.example.com', b'\x01'
    key_id = hashlib.sha256(name.encode() + b'\n' + kind + bytes.fromhex(PUBLIC)).digest()[:4].hex()
    path = tmp_path / 'attest.key'
    path.write_text('PRIVATE+KEY+%s+%s+%s\n' % (name, key_id, base64.b64encode(kind + bytes.fromhex(SEED)).decode()))
    path.chmod(0o600)
    return path


def wait_for_log(client, build):
    """The audit log tells of the import: from then on what is attested stays the same."""
    def types():
        return [entry['type'] for entry in json.loads(client('provenance', 'show', build, '--json').stdout)['log']]
    wait_until(lambda: types() == ['accepted', 'imported'], types, 0.1)


def test_attestations_are_signed_and_verify_with_tools_of_others(client, family, key_file, tmp_path):
    harness = pathlib.Path(__file__).resolve().parents[1] / 'harness'
    wait_for_log(client, 'app-1-2')
    signed = client('provenance', 'attest', 'app-1-2', '--key', key_file)
    assert (signed.returncode, signed.stderr) == (0, '')
    bare = client('provenance', 'attest', 'app-1-2')
    assert bare.returncode == 0 and 'this statement is not signed' in bare.stderr
    envelope = json.loads(signed.stdout)
    assert json.loads(base64.b64decode(envelope['payload'])) == json.loads(bare.stdout)
    assert envelope['signatures'][0]['keyid'].startswith('attest.example.com+')
    # The file's own sha256, which the service computed, is a subject beside what the metadata says of it.
    subjects = {subject['name']: subject['digest'] for subject in json.loads(bare.stdout)['subject']}
    assert subjects['image.tar.gz'] == {'md5': hashlib.md5(b'app 2').hexdigest(),
                                        'sha256': hashlib.sha256(b'app 2').hexdigest()}
    # The same build, the same bytes.
    assert client('provenance', 'attest', 'app-1-2', '--key', key_file).stdout == signed.stdout

    done = subprocess.run([str(harness / 'attestation-validators')], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=3600)
    if done.returncode != 0:
        pytest.skip('the validators cannot be installed: ' + done.stderr[-200:])
    files = tmp_path / 'files'
    files.mkdir()
    (files / 'a.envelope.json').write_text(signed.stdout)
    (files / 'b.statement.json').write_text(bare.stdout)
    for form, end in (('spdx-2.3', 'spdx'), ('cyclonedx-1.5', 'cdx15'), ('cyclonedx-1.6', 'cdx16')):
        bill = client('provenance', 'sbom', 'app-1-2', '--format', form)
        assert (bill.returncode, bill.stderr) == (0, '')
        (files / ('c.%s.json' % end)).write_text(bill.stdout)
    envelope['payload'] = base64.b64encode(base64.b64decode(envelope['payload']).replace(b'app', b'App')).decode()
    (files / 'd.envelope.json').write_text(json.dumps(envelope))
    told = subprocess.run([done.stdout.strip(), str(harness / 'validate_attestations.py'), str(files), PUBLIC],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S, env=os.environ)
    lines = told.stdout.splitlines()
    assert lines[-1] == '6 files' and len(lines) == 2, told.stdout
    assert lines[0].startswith('d.envelope.json: UnverifiedSignatureError')


def test_a_service_with_a_key_signs(start_service, sandbox_hub, postgres, key_file, make_build):
    service = start_service(sandbox_hub, postgres, settings={'audit': {'attestation_key_file': key_file}})
    imported = service.wait(service.post(make_build()).json()['id'], 'imported')
    place = '/v1/provenance/builds/%s/attestation' % imported['nvr']
    reply = service.request('GET', place)
    assert (reply.status, reply.headers['Content-Type']) == (200, 'application/vnd.dsse.envelope.v1+json')
    statement = json.loads(base64.b64decode(reply.json()['payload']))
    assert statement['predicate']['runDetails']['metadata']['invocationId'] == imported['id']
    bare = service.request('GET', place + '?form=statement')
    assert (bare.headers['Content-Type'], bare.json()['subject']) == ('application/vnd.in-toto+json', statement['subject'])


def test_nothing_is_attested_before_it_is_imported(client, service, tmp_path):
    directory = write_build(tmp_path / 'late', 'late', '1', [BASH])
    service.request('POST', '/v1/imports', (directory / 'metadata.json').read_bytes(),
                    {'Content-Type': 'application/json'})
    for question in ('attest', 'sbom'):
        done = client('provenance', question, 'late-1-1')
        assert (done.returncode, done.stdout) == (4, '')
        assert 'late-1-1 is receiving: only imported builds are attested' in done.stderr


def test_wrong_wishes_of_documents_are_refused(client, service, family):
    for path, said in (('sbom?format=rdf', 'format is "rdf", expected spdx-2.3, cyclonedx-1.6 or cyclonedx-1.5'),
                       ('sbom?output=s390x', 'which output of app-1-1: 0 (x86_64)'),
                       ('attestation?form=x', 'form is "x", expected statement or envelope')):
        reply = service.request('GET', '/v1/provenance/builds/app-1-1/' + path)
        assert (reply.status, reply.json()['detail']) == (400, said)
    reply = service.request('GET', '/v1/provenance/builds/app-1-1/attestation?form=envelope')
    assert (reply.status, reply.json()['detail']) == (409, 'this service has no key to sign attestations with')


def test_what_was_not_imported_is_told_apart(client, service, family, tmp_path):
    directory = write_build(tmp_path / 'late', 'late', '1', [BASH])
    (directory / 'image.tar.gz').unlink()
    posted = service.request('POST', '/v1/imports', (directory / 'metadata.json').read_bytes(),
                             {'Content-Type': 'application/json'})
    assert (posted.status, posted.json()['state']) == (202, 'receiving')
    assert client('provenance', 'find', '--nvr', 'late-1-1').stdout == ''
    for state in ('any', 'not-imported'):
        assert client('provenance', 'find', '--nvr', 'late-1-1', '--state', state).stdout.startswith('late-1-1  receiving  ')


def test_who_may_ask(service, family):
    submitter = service.make_token('only-submits', 'submitter')
    assert service.request('GET', '/v1/provenance/builds', token=submitter).status == 403
    blind = service.make_token('elsewhere', 'operator', package='web*')
    assert service.request('GET', '/v1/provenance/builds', token=blind).json()['builds'] == []
    assert service.request('GET', '/v1/provenance/builds/app-1-1', token=blind).status == 404
    auditor = service.make_token('auditor', 'auditor')
    assert len(service.request('GET', '/v1/provenance/builds', token=auditor).json()['builds']) == 3


@pytest.mark.parametrize('query,said', [
    ('limit=0', 'limit is "0", expected an integer from 1 to 500'),
    ('state=gone', 'state is "gone", expected imported, not-imported or any'),
    ('build_id=x', 'build_id is "x", expected an integer from 1 to 9007199254740991'),
    ('rpm=', 'rpm has 0 bytes, expected 1 to 512'),
    ('after=2147483648', 'after is no "next" of a page before'),
    ('since=yesterday', 'since is "yesterday", expected a time like 2023-11-12T09:00:00Z')])
def test_wrong_questions_are_refused(service, query, said):
    reply = service.request('GET', '/v1/provenance/builds?' + query)
    assert (reply.status, reply.json()['detail']) == (400, said)


@pytest.mark.parametrize('arguments,said', [
    ((), 'what is asked is find, show, diff, ancestors, descendants, attest or sbom'),
    (('look',), 'what is asked is find, show, diff, ancestors, descendants, attest or sbom, not "look"'),
    (('show',), 'show takes one build: its NVR, build id or import'),
    (('diff', 'a'), 'diff takes two builds: from which, to which'),
    (('find', 'a'), 'find takes no builds: they are found by options'),
    (('show', 'a', '--rpm', 'b'), 'show takes no option of find'),
    (('sbom', 'a', '--key', 'k'), 'sbom takes no --key: that is for attest'),
    (('attest', 'a', '--format', 'spdx-2.3'), 'attest takes no --format: that is for sbom'),
    (('attest', 'a', '--output', '1'), 'attest takes no --output: that is for sbom'),
    (('diff', 'a', 'b', '--components'), 'diff takes no --components: that is for show'),
    (('find', '--depth', '2'), 'find takes no --depth: that is for ancestors and descendants')])
def test_wrong_command_lines_are_refused(cg_import, arguments, said):
    done = subprocess.run([str(cg_import.path), 'provenance', *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
