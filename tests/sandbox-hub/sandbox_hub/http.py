# SPDX-License-Identifier: LGPL-2.1-or-later
"""One HTTP/1.1 exchange: a request with its body still on the wire, and the ways to answer it."""
import email.utils
import time
import urllib.parse

REASONS = {200: 'OK', 201: 'Created', 206: 'Partial Content', 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found',
           405: 'Method Not Allowed', 408: 'Request Timeout', 411: 'Length Required', 413: 'Request Entity Too Large',
           429: 'Too Many Requests', 500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable',
           504: 'Gateway Timeout'}
DRAIN_LIMIT_BYTES = 64 << 20


class Exchange:
    """A request and its reply on one connection."""

    def __init__(self, connection, head, version=None):
        self.connection, self.version = connection, version
        self.environ = environ_of(head)
        self.left = int(self.environ.get('CONTENT_LENGTH') or 0)
        self.continues = self.environ.get('HTTP_EXPECT', '').lower() == '100-continue'
        self.keep_alive = self.environ.get('HTTP_CONNECTION', '').lower() != 'close'
        self.read_bytes = 0

    @property
    def path(self):
        return self.environ['PATH_INFO']

    @property
    def method(self):
        return self.environ['REQUEST_METHOD']

    def read(self, size):
        """The next bytes of the body, none at its end; a client that waits for leave to send gets it here."""
        if self.left == 0:
            return b''
        if self.continues:
            self.connection.send(b'HTTP/1.1 100 Continue\r\n\r\n')
            self.continues = False
        part = self.connection.read(min(size, self.left))
        if not part:
            raise ConnectionResetError('request body cut short')
        self.left -= len(part)
        self.read_bytes += len(part)
        return part

    def read_all(self):
        parts = []
        while part := self.read(1 << 20):
            parts.append(part)
        return b''.join(parts)

    def discard(self):
        while self.read(1 << 20):
            pass

    # --- answering ---------------------------------------------------------------------------------------------------
    def settle_body(self):
        """What the hub did not read of the body is thrown away, or the connection ends with the reply."""
        if self.continues or self.left > DRAIN_LIMIT_BYTES:
            self.keep_alive = self.keep_alive and self.left == 0
            return
        self.discard()

    def reply_bytes(self, status, body, content_type='text/xml', headers=()):
        self.settle_body()
        lines = ['HTTP/1.1 %d %s' % (status, REASONS.get(status, 'Unknown')),
                 'Date: ' + email.utils.formatdate(time.time(), usegmt=True), 'Server: sandbox-hub']
        if self.version:
            lines.append('Koji-Version: ' + self.version)
        lines += ['%s: %s' % pair for pair in headers]
        lines += ['Content-Length: %d' % len(body),
                  'Connection: ' + ('Keep-Alive' if self.keep_alive else 'close'), 'Content-Type: ' + content_type]
        return ('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1') + (b'' if self.method == 'HEAD' else body)

    def reply(self, status, body, content_type='text/xml', headers=()):
        self.connection.send(self.reply_bytes(status, body, content_type, headers))

    def refuse(self, status, text, headers=(), keep=False):
        """An error in words, as the hub or httpd gives it."""
        self.keep_alive = self.keep_alive and keep
        self.reply(status, text.encode(), 'text/plain', headers)

    def refuse_page(self, status, text):
        """An error page of httpd; the body of the request stays unread."""
        self.keep_alive = self.continues = False
        self.left = 0
        reason = REASONS.get(status, 'Error')
        page = ('<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n'
                '<html><head>\n<title>%d %s</title>\n</head><body>\n<h1>%s</h1>\n%s</body></html>\n'
                % (status, reason, reason, text))
        self.reply(status, page.encode(), 'text/html; charset=iso-8859-1')


def environ_of(head):
    """The request line and headers in WSGI's names; raises ValueError for what is no HTTP request."""
    lines = head.decode('latin-1').split('\r\n')
    method, target, _ = lines[0].split(' ', 2)
    path, _, query = target.partition('?')
    environ = {'REQUEST_METHOD': method, 'PATH_INFO': urllib.parse.unquote(path), 'QUERY_STRING': query}
    for line in lines[1:]:
        name, separator, value = line.partition(':')
        if not separator:
            raise ValueError('no colon in header line')
        key = name.upper().replace('-', '_')
        environ[key if key in ('CONTENT_LENGTH', 'CONTENT_TYPE') else 'HTTP_' + key] = value.strip()
    return environ
