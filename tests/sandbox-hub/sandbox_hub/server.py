# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hub behind its connections: every request is logged, meets the armed faults, and is answered."""
import time
import urllib.parse

from . import dispatch, errors, queries, uploads, web, wire
from .http import Exchange

UPLOAD_TYPE = 'application/octet-stream'
TEXT_411 = '<p>A request of the requested method POST requires a valid Content-length.<br />\n</p>\n'
TEXT_413 = ('The requested resource does not allow request data with POST requests, or the amount of data provided in\n'
            'the request exceeds the capacity limit.\n')
TEXT_405 = 'Method Not Allowed\nThis is an XML-RPC server. Only POST requests are accepted.\n'


class CutOff(Exception):
    """The connection ends here, without a (further) reply."""


class Server:
    def __init__(self, hub):
        self.hub = hub
        self.version = queries.VERSION if hub.flavour.sends_version else None

    def serve(self, connection):
        """All requests of one connection."""
        while True:
            head = connection.read_head()
            if head is None:
                return
            try:
                exchange = Exchange(connection, head, self.version)
            except ValueError:
                connection.send(b'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
                return
            try:
                self.answer(exchange)
            except CutOff:
                return
            except TimeoutError:
                exchange.refuse_page(408, 'The request took too long.\n')
            if not exchange.keep_alive:
                return

    def answer(self, exchange):
        if exchange.path.rstrip('/') in ('/kojihub', '/kojihub/ssllogin'):
            self.answer_hub(exchange)
        else:
            web.answer(self.hub, exchange)

    def answer_hub(self, exchange):
        environ = exchange.environ
        if environ.get('HTTP_TRANSFER_ENCODING'):
            return exchange.refuse_page(411, TEXT_411)
        if exchange.left > self.hub.options.upload_limit_bytes:
            return exchange.refuse_page(413, TEXT_413)
        if exchange.method != 'POST':
            return exchange.refuse(405, TEXT_405, [('Allow', 'POST')], keep=True)
        asks = environ['PATH_INFO'].rstrip('/') == '/kojihub/ssllogin'
        environ['SSL_CLIENT_SUBJECT'] = exchange.connection.client_subject(asks)
        if asks and not environ['SSL_CLIENT_SUBJECT'] and exchange.connection.is_tls():
            raise CutOff()
        entry = self.hub.log.add(log_entry(exchange))
        try:
            if environ.get('CONTENT_TYPE') == UPLOAD_TYPE:
                self.answer_upload(exchange, entry)
            else:
                self.answer_call(exchange, entry)
        except CutOff:
            entry['outcome'] = 'cut off'
            raise
        finally:
            entry['size'] = exchange.read_bytes

    # --- calls -------------------------------------------------------------------------------------------------------
    def answer_call(self, exchange, entry):
        try:
            if exchange.left > self.hub.options.request_limit_bytes:
                raise errors.BadRequest('Request too long')
            method, params = wire.decode_call(exchange.read_all())
        except (errors.BadRequest, wire.ExpatError) as error:
            entry['outcome'] = 'unreadable'
            return self.refuse_unreadable(exchange, error)
        entry['method'] = method
        if method == 'multiCall' and params and isinstance(params[0], list):
            entry['calls'] = [one.get('methodName') for one in params[0] if isinstance(one, dict)]
        entry['arguments'] = summary(params)
        rule = self.hub.faults.meet(method)
        call = dispatch.Call(self.hub, exchange.environ, method, rule)
        self.before(exchange, entry, rule)
        body = dispatch.handle(call, lambda: dispatch.call_method(call, method, params))
        self.after(exchange, entry, rule, body)

    def refuse_unreadable(self, exchange, error):
        if self.hub.flavour.bad_request_is_400:
            return exchange.refuse(400, 'Invalid request: %s\n' % error)
        if isinstance(error, errors.BadRequest) and str(error) == 'Request too long':
            return exchange.reply(200, wire.encode_fault(1000, str(error)))
        text = 'no element found: line 1, column 0' if isinstance(error, errors.BadRequest) else str(error)
        exchange.reply(200, wire.encode_fault(1, "<class 'xml.parsers.expat.ExpatError'>: " + text))

    # --- uploads -----------------------------------------------------------------------------------------------------
    def answer_upload(self, exchange, entry):
        entry['method'] = 'upload'
        query = urllib.parse.parse_qs(exchange.environ.get('QUERY_STRING', ''))
        rule = self.hub.faults.meet('upload', query.get('filename', [None])[0])
        call = dispatch.Call(self.hub, exchange.environ, None, rule)
        if rule and rule['action'] in ('lose-before', 'reset-before', 'status', 'hang'):
            exchange.discard()
        self.before(exchange, entry, rule)
        read = exchange.read
        if rule and rule['action'] in ('cut-upload', 'stall-upload'):
            read = Limited(exchange.read, rule, self.hub.faults).read

        def work():
            answer = uploads.raw_upload(call, read)
            if rule and rule['action'] == 'wrong-digest':
                answer['hexdigest'] = ''.join('1' if digit == '0' else '0' for digit in answer['hexdigest'])
            return answer
        try:
            body = dispatch.handle(call, work)
        except (BrokenPipeError, ConnectionResetError):
            raise CutOff()
        self.after(exchange, entry, rule, body)

    # --- faults around the handling ----------------------------------------------------------------------------------
    def before(self, exchange, entry, rule):
        if not rule:
            return
        action = entry['fault'] = rule['action']
        if action == 'hang':
            self.hub.faults.hang(rule)
            raise CutOff()
        if action == 'lose-before':
            raise CutOff()
        if action == 'reset-before':
            exchange.connection.reset()
            raise CutOff()
        if action == 'status' and rule.get('when', 'before') == 'before':
            self.refuse_status(exchange, rule)

    def refuse_status(self, exchange, rule):
        exchange.refuse_page(rule.get('status', 500), 'injected by a fault rule\n')
        raise CutOff()

    def after(self, exchange, entry, rule, body):
        entry.update(outcome='fault' if b'<fault>' in body[:200] else 'ok', size=exchange.read_bytes,
                     seconds=round(time.time() - entry['time'], 6))
        action = rule['action'] if rule else None
        if action == 'status':
            self.refuse_status(exchange, rule)
        if action == 'lose-after':
            raise CutOff()
        if action == 'reset-after':
            exchange.connection.reset()
            raise CutOff()
        if action == 'half-reply':
            whole = exchange.reply_bytes(200, body)
            exchange.connection.send(whole[:len(whole) - len(body) // 2 - 1])
            raise CutOff()
        if action == 'slow-reply':
            return self.reply_slowly(exchange, body, rule.get('bytes_per_second', 100))
        exchange.reply(200, body)

    def reply_slowly(self, exchange, body, bytes_per_second):
        whole = exchange.reply_bytes(200, body)
        step = max(1, bytes_per_second // 10)
        for start in range(0, len(whole), step):
            exchange.connection.send(whole[start:start + step])
            if self.hub.faults.stopping.wait(step / bytes_per_second):
                raise CutOff()


class Limited:
    """Reads so much and then finds the connection closed, at once or after a long wait."""

    def __init__(self, read, rule, armed):
        self.read_some, self.left, self.rule, self.armed = read, rule.get('bytes', 0), rule, armed

    def read(self, size):
        if self.left == 0 and self.rule['action'] == 'stall-upload':
            self.armed.hang(self.rule)
        if self.left == 0:
            raise BrokenPipeError('cut by a fault rule')
        part = self.read_some(min(size, self.left))
        self.left -= len(part)
        return part


def log_entry(exchange):
    environ = exchange.environ
    return {'time': time.time(), 'path': environ['PATH_INFO'], 'query': environ['QUERY_STRING'], 'method': None,
            'session': environ.get('HTTP_KOJI_SESSION_ID'), 'callnum': environ.get('HTTP_KOJI_CALLNUM'),
            'session_callnum': environ.get('HTTP_KOJI_SESSION_CALLNUM'), 'tls': exchange.connection.is_tls(),
            'content_type': environ.get('CONTENT_TYPE'), 'content_length': exchange.left, 'fault': None,
            'expect': environ.get('HTTP_EXPECT'), 'outcome': None, 'size': 0, 'seconds': None}


def summary(params):
    """Parameters short enough for a log: long text and structures by their kind."""
    return [value if isinstance(value, (int, float, bool, type(None))) or isinstance(value, str) and len(value) < 200
            else '<%s>' % type(value).__name__ for value in params]
