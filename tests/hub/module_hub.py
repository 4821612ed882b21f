# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session on a real hub by bare XML-RPC, and builds to send there: for the tests of the hub's plugin."""
import filecmp
import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
import xmlrpc.client

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../harness'))

import hub_client  # noqa: E402
import make_build  # noqa: E402

NUMBERS = itertools.count(1)
# Another number for each process that runs these tests on one hub.
RUN = '%d.%d' % (int(time.time()), os.getpid())


class Session(hub_client.HubClient):
    """Logged in by the user and password of a profile over plain HTTP; None: nobody."""

    def __init__(self, settings, anonymous=False):
        address = urllib.parse.urlsplit(settings['server'])
        self.address, self.path, self.session = (address.hostname, address.port), address.path, None
        self.user = settings['user']
        if not anonymous:
            self.session = self.call('login', settings['user'], settings['password'])

    def post(self, body, headers, query=''):
        if hasattr(body, 'fileno'):  # sent from the file, but never in chunks, which the hub does not take
            headers['Content-Length'] = str(os.fstat(body.fileno()).st_size)
        connection = http.client.HTTPConnection(*self.address, timeout=600)
        try:
            connection.request('POST', self.path + query, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def send(self, build):
        """Uploads metadata and files of a Build into a new directory; its name."""
        place = 'cg-module/%s-%d' % (RUN, next(NUMBERS))
        for output in build.metadata.get('output', []):
            path = os.path.join(build.directory, output['filename'])
            with open(path, 'rb') as content:
                self.upload(place, output['filename'], content)
        self.upload(place, 'metadata.json', build.text())
        return place


def module_session(hub, ability=None):
    """A session on a hub that has the plugin, with this ability; without the plugin the test is skipped and says so."""
    session = Session(hub.settings)
    try:
        abilities = session.call('cgimport.hello')['abilities']
    except xmlrpc.client.Fault as fault:
        pytest.skip('the hub has no plugin cg_import: %s' % fault.faultString)
    assert ability is None or ability in abilities
    return session


class Build:
    """A build in a directory, with a release of its own unless one is given."""

    def __init__(self, directory, **options):
        self.directory = str(directory)
        release = options.pop('release', None)
        self.metadata = make_build.make(self.directory, **dict({'plain': True, 'size': 3000, 'components': 2}, **options))
        self.rename(release)

    def rename(self, release=None):
        """The same build under this release, or under one that no other has."""
        self.metadata['build']['release'] = release or '%s.%d' % (RUN, next(NUMBERS))
        self.nvr = '%(name)s-%(version)s-%(release)s' % self.metadata['build']
        with open(os.path.join(self.directory, 'metadata.json'), 'wb') as writing:
            writing.write(self.text())

    def text(self):
        return json.dumps(self.metadata, indent=2).encode()


def named(**arguments):
    """Arguments by name, as koji's clients encode them."""
    return dict(arguments, __starstar=True)


class Database:
    """The hub's database by psql: for tests that put rows there or compare them; `address` is libpq's."""

    def __init__(self, address):
        self.address = address

    def run(self, sql):
        done = subprocess.run(['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', self.address], input=sql, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout

    def rows(self, query):
        return [json.loads(line) for line in self.run('SELECT row_to_json(q) FROM (%s) q' % query).splitlines()]

    def has_drafts(self):
        """Koji 1.33 has none."""
        return bool(self.rows("SELECT 1 FROM information_schema.columns WHERE table_name = 'rpminfo' AND column_name = 'draft'"))

    def add_rpms(self, components, **changed):
        """Makes the hub know these rpm components, of one build; `changed`: columns by their SQL."""
        build = 'cgm-rpms-%s-%d' % (RUN, next(NUMBERS))
        columns = {'payloadhash': "c ->> 'sigmd5'", 'external_repo_id': '0', 'build_id': 'b.id'}
        if self.has_drafts():
            columns['draft'] = 'false'
        columns.update(changed)
        self.run("""
            WITH p AS (INSERT INTO package (name) VALUES ('%s') RETURNING id),
                 b AS (INSERT INTO build (pkg_id, version, release, state, owner, volume_id, completion_time)
                       SELECT p.id, '1', '1', 1, (SELECT min(id) FROM users), 0, now() FROM p RETURNING id)
            INSERT INTO rpminfo (name, version, release, arch, epoch, size, buildtime, %s)
                SELECT DISTINCT ON (c ->> 'name', c ->> 'version', c ->> 'release', c ->> 'arch')
                       c ->> 'name', c ->> 'version', c ->> 'release', c ->> 'arch', (c ->> 'epoch')::int, 5, 6, %s
                FROM json_array_elements('%s') c, b
            ON CONFLICT DO NOTHING""" % (build, ', '.join(columns), ', '.join(columns.values()),
                                         json.dumps(components).replace("'", "''")))
        return build


# --- importing -------------------------------------------------------------------------------------------------------
def place_of(topdir, build):
    return os.path.join(topdir, 'packages', build['name'], build['version'], build['release'])


def outcome(session, method, *arguments):
    """The build, or (fault code, text) of the refusal."""
    try:
        return session.call(method, *arguments)
    except xmlrpc.client.Fault as fault:
        return fault.faultCode, fault.faultString


def reserve(session, build):
    init = session.call('CGInitBuild', 'atomic-reactor', {k: build.metadata['build'][k] for k in ('name', 'version', 'release')})
    build.metadata['build']['build_id'] = init['build_id']
    return init['token']


def at_once(*calls):
    """The outcomes of calls that begin together."""
    gate, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, session, arguments):
        gate.wait()
        outcomes[number] = outcome(session, *arguments)
    threads = [threading.Thread(target=run, args=(number, session, arguments))
               for number, (session, arguments) in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def assert_whole(session, topdir, build):
    """The build is complete and every file is there, with its bytes."""
    info = session.call('getBuild', build.nvr)
    assert info['state'] == 1
    place = place_of(topdir, info)
    logs = {name for name in os.listdir(os.path.join(place, 'data/logs'))} - {'cg_import.log'}
    assert logs == {o['filename'] for o in build.metadata['output'] if o['type'] == 'log'}
    for output in build.metadata['output']:
        below = 'data/logs' if output['type'] == 'log' else 'images' if 'image' in output['extra'] else 'files/operator-manifests'
        path = os.path.join(place, below, output['filename'])
        assert filecmp.cmp(path, os.path.join(build.directory, output['filename']), shallow=False)
    assert not [name for name in os.listdir(place) if name.startswith('.')]
