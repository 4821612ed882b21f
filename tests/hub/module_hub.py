# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session on a real hub by bare XML-RPC, and builds to send there: for the tests of the hub's plugin."""
import http.client
import itertools
import json
import os
import sys
import time
import urllib.parse

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
                self.upload(place, output['filename'], content.read())
        self.upload(place, 'metadata.json', build.text())
        return place


class Build:
    """A build in a directory, with a release of its own unless one is given."""

    def __init__(self, directory, **options):
        self.directory = str(directory)
        options.setdefault('release', '%s.%d' % (RUN, next(NUMBERS)))
        self.metadata = make_build.make(self.directory, **dict({'plain': True, 'size': 3000, 'components': 2}, **options))
        self.nvr = '%(name)s-%(version)s-%(release)s' % self.metadata['build']

    def text(self):
        return json.dumps(self.metadata, indent=2).encode()


def named(**arguments):
    """Arguments by name, as koji's clients encode them."""
    return dict(arguments, __starstar=True)
