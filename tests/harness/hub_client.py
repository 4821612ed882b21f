# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bare client of a Koji hub over plain HTTP: every request is exactly what the test says, nothing is repeated."""
import http.client
import urllib.parse
import xmlrpc.client

from patience import PATIENCE_S

CALLNUM_HEADERS = ('Koji-Callnum', 'Koji-Session-Callnum')


class HubClient:
    """One session; `callnum` goes out in the headers named, and in none if it is None."""

    def __init__(self, hub, user='osbs'):
        address = urllib.parse.urlsplit(hub.hub_http)
        self.address, self.path = (address.hostname, address.port), address.path
        self.user, self.session = user, None
        if user:
            self.session = self.call('login', user, user + '-password')

    def headers(self, callnum, names):
        headers = {}
        if self.session:
            headers = {'Koji-Session-Id': str(self.session['session-id']),
                       'Koji-Session-Key': self.session['session-key']}
        if callnum is not None:
            headers.update((name, str(callnum)) for name in names)
        return headers

    def post(self, body, headers, query=''):
        """Status and body of one POST on a connection of its own."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE_S)
        try:
            connection.request('POST', self.path + query, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def call(self, method, *params, callnum=None, names=CALLNUM_HEADERS):
        body = xmlrpc.client.dumps(params, method, allow_none=True).encode()
        headers = dict(self.headers(callnum, names), **{'Content-Type': 'text/xml'})
        return value_of(*self.post(body, headers))

    def upload(self, directory, name, content, callnum=None, names=CALLNUM_HEADERS, **query):
        query = dict({'filename': name, 'filepath': directory, 'fileverify': 'sha256', 'offset': 0}, **query)
        headers = dict(self.headers(callnum, names), **{'Content-Type': 'application/octet-stream'})
        return value_of(*self.post(content, headers, '?' + urllib.parse.urlencode(query)))

    def upload_build(self, directory, path, metadata):
        for output in metadata['output']:
            self.upload(directory, output['filename'], (path / output['filename']).read_bytes())

    def renew(self):
        """A new key for the expired session of a password login."""
        named = {'renew': True, '__starstar': True}
        self.session = self.call('login', self.user, self.user + '-password', named)


class HttpError(Exception):
    def __init__(self, status, body):
        super().__init__('HTTP %d' % status)
        self.status, self.body = status, body


def value_of(status, body):
    """The value of a reply; raises xmlrpc.client.Fault or HttpError."""
    if status != 200:
        raise HttpError(status, body)
    return xmlrpc.client.loads(body)[0][0]
