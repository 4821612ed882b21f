# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service's HTTP face without its workers (tests/conformance/intake_server.c), for tests.
"""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import shutil

import pytest

import contract
from patience import PATIENCE_S

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SERVER = pathlib.Path(os.environ.get('CG_BUILD') or TOP / 'build') / 'tests/conformance/intake_server'


class Answer:
    """What came back; `json` is the body where there is one."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Intake:
    """A running server with a database and a content store of its own."""

    def __init__(self, postgres, reserve_bytes=0, metadata_max=0, output_max=0, imports_max=0,
                 rate_seconds=0):
        self.postgres = postgres
        self.database = postgres.database()
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='cg-intake-'))
        self.root = self.top / 'builds'
        self.root.mkdir()
        self.spool = self.top / 'spool'
        self.log = self.top / 'log'
        self.command = [str(word) for word in (SERVER, self.database, self.spool, self.root, reserve_bytes,
                                               metadata_max, output_max, imports_max, rate_seconds)]
        self.start()

    def start(self):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            text=True)
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        told = json.loads(line)
        self.port, self.tokens = told['port'], told['tokens']
        self.url = 'http://127.0.0.1:%d' % self.port

    def kill(self):
        """As a crash: nothing is written any more."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.sql('DELETE FROM callers')  # whose tokens the next start tells anew

    def open(self):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE_S)

    def ask(self, method, path, body=None, headers=None, caller='submitter'):
        """One request on a connection of its own. `caller` None sends no token."""
        sent = {'Authorization': 'Bearer ' + self.tokens[caller]} if caller else {}
        sent.update(headers or {})
        connection = self.open()
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        contract.check(method, path, answer)
        return answer

    def post(self, metadata, query='', caller='submitter', **headers):
        """A post of the metadata alone: bytes, or a document."""
        body = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
        return self.ask('POST', '/v1/imports' + query, body,
                        {'Content-Type': 'application/json', **{k.replace('_', '-'): v for k, v in headers.items()}},
                        caller)

    def post_form(self, parts, query='', caller='submitter', headers=None):
        """A form of (name, filename or None, bytes)."""
        kind, body = form(parts)
        return self.ask('POST', '/v1/imports' + query, body, {'Content-Type': kind, **(headers or {})}, caller)

    def sql(self, text):
        return self.postgres.sql(self.database, text)

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        shutil.rmtree(self.top)
        return status


def form(parts, boundary='a-boundary-of-tests'):
    body = b''
    for name, filename, data in parts:
        body += b'--%s\r\nContent-Disposition: form-data; name="%s"' % (boundary.encode(), name.encode())
        body += b'; filename="%s"' % filename.encode() if filename is not None else b''
        body += b'\r\n\r\n' + data + b'\r\n'
    return 'multipart/form-data; boundary=' + boundary, body + b'--%s--\r\n' % boundary.encode()


def sha256_field(data):
    return 'sha-256=:%s:' % base64.b64encode(hashlib.sha256(data).digest()).decode()


@pytest.fixture(scope='module')
def intake_starter(postgres_server):
    """A function that starts a server with further limits; all are stopped at the end of the module."""
    if not SERVER.exists():
        pytest.skip('%s is not built' % SERVER)
    started = []

    def start(**limits):
        started.append(Intake(postgres_server, **limits))
        return started[-1]
    yield start
    for server in started:
        assert server.stop() == 0


@pytest.fixture(scope='module')
def intake(intake_starter):
    """One server for the tests of a module: each test uses NVRs of its own."""
    return intake_starter()


class Build:
    """A small build: its document, and its files by output path."""

    def __init__(self, release, files=None, generator='osbs', name='demo'):
        self.files = files or {'image.tar.gz': b'image ' + release.encode() * 50, 'build.log': b'log ' + release.encode()}
        digests = {path: hashlib.sha256(data).hexdigest() for path, data in self.files.items()}
        self.document = {
            'metadata_version': 0,
            'build': {'name': name, 'version': '1.0', 'release': release,
                      'source': 'https://git.example.com/demo#3d5d1b6e5f8a4f9c0a7b6c5d4e3f2a1b0c9d8e7f',
                      'start_time': 1760000000, 'end_time': 1760000600,
                      'extra': {'typeinfo': {'image': {}}}},
            'buildroots': [{'id': 1, 'host': {'os': 'rhel-9', 'arch': 'x86_64'},
                            'content_generator': {'name': generator, 'version': '1.0'},
                            'container': {'type': 'docker', 'arch': 'x86_64'},
                            'tools': [{'name': 'osbs', 'version': '1.0'}],
                            'components': [{'type': 'rpm', 'name': 'bash', 'version': '5.1', 'release': '6',
                                            'arch': 'x86_64', 'epoch': None, 'sigmd5': '0' * 32,
                                            'signature': None}],
                            'extra': {}}],
            'output': [dict({'buildroot_id': 1, 'filename': path.rsplit('/')[-1], 'filesize': len(data),
                             'arch': 'x86_64', 'checksum_type': 'sha256', 'checksum': digests[path],
                             'type': 'log'},
                            **({'relpath': path.rsplit('/', 1)[0], 'subdir': path.rsplit('/', 1)[0]}
                              if '/' in path else {}),
                            **({'type': 'docker-image', 'components': [],
                                'extra': {'image': {'arch': 'x86_64'}}} if path.endswith('.tar.gz') else {}))
                       for path, data in self.files.items()]}

    @property
    def metadata(self):
        return json.dumps(self.document, indent=1).encode()

    @property
    def nvr(self):
        build = self.document['build']
        return '%s-%s-%s' % (build['name'], build['version'], build['release'])

    def parts(self):
        return [('metadata', 'metadata.json', self.metadata)] + \
            [('file', path, data) for path, data in self.files.items()]
