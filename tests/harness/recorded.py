# SPDX-License-Identifier: LGPL-2.1-or-later
"""The recorded exchanges of a real hub (tests/data/recordings): read, sent again, and their replies compared.

Sent again means byte for byte, but for the Host header and for what only the answering hub can know: session keys and
reservation tokens, which the recordings hold as placeholders of the same length.  Compared means equal, but for
times, event numbers, paths of the top directory, and those same keys and tokens.
"""
import pathlib
import re
import socket
import ssl
import urllib.parse
import xmlrpc.client

from patience import PATIENCE_S

RECORDINGS = pathlib.Path(__file__).resolve().parents[1] / 'data' / 'recordings'
PLACEHOLDER = re.compile(rb'\d+-KEY\d{4}x+|TOKEN\d{3}x+')
TYPE_TAG = re.compile(rb'<value><(\w+)/?>')
TIME_KEYS = re.compile(r'(_time|_ts|^mtime|^creation_event_id)$')
TIMES_IN_TEXT = re.compile(r'datetime\.datetime\([^()]*\)|\b\d{10}\.\d+')


class Exchange:
    def __init__(self, directory):
        self.name = directory.name
        self.number, self.label = int(self.name[:3]), self.name[4:]
        self.request = (directory / 'request.http').read_bytes()
        self.reply = Reply((directory / 'response.http').read_bytes())

    def method(self):
        found = re.search(rb'<methodName>([^<]*)</methodName>', self.request)
        return found and found.group(1).decode()

    def params(self):
        return xmlrpc.client.loads(self.request.partition(b'\r\n\r\n')[2])[0]


def load():
    return [Exchange(directory) for directory in sorted(RECORDINGS.glob('[0-9]*'))]


# --- replies ---------------------------------------------------------------------------------------------------------
class Reply:
    """An HTTP reply; a 100 Continue before it is only remembered."""

    def __init__(self, raw):
        self.continued = raw.startswith(b'HTTP/1.1 100')
        head, _, self.body = (raw.partition(b'\r\n\r\n')[2] if self.continued else raw).partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(':') for line in lines[1:])}
        self.type = self.headers.get('content-type')

    def content(self):
        """('fault', number, text), ('value', value) or ('text', body)."""
        if self.type != 'text/xml':
            return 'text', self.body.decode()
        try:
            return 'value', xmlrpc.client.loads(self.body)[0][0]
        except xmlrpc.client.Fault as fault:
            return 'fault', fault.faultCode, fault.faultString


class Comparison:
    """Makes two replies alike where they may differ: what is left is compared with ==."""

    def __init__(self, topdir, organisation):
        self.replacements = ((topdir, '/mnt/koji'), (organisation, 'realhub throwaway'))

    def text(self, text):
        for here, there in self.replacements:
            text = text.replace(here, there)
        text = TIMES_IN_TEXT.sub('TIME', PLACEHOLDER.sub(b'SECRET', text.encode()).decode())
        return re.sub(r"'\d+-[A-Za-z0-9]{19}'", "'SECRET'", text)

    def value(self, value, key=''):
        if TIME_KEYS.search(key):
            return type(value).__name__
        if isinstance(value, dict):
            return {name: self.value(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [type(part).__name__ if key == 'traceback' else self.value(part) for part in value]
        if key in ('session-key', 'token'):
            return len(value)
        if isinstance(value, (xmlrpc.client.Binary, xmlrpc.client.DateTime)):
            return type(value).__name__, getattr(value, 'data', None) or str(value)
        if isinstance(value, str):
            return self.text(value)
        return type(value).__name__, value

    def of(self, reply):
        kind, *rest = reply.content()
        rest = [self.value(part) for part in rest]
        tags = sorted(set(TYPE_TAG.findall(reply.body))) if kind == 'value' else []
        return {'status': reply.status, 'type': reply.type, 'continued': reply.continued, 'kind': kind,
                'tags': tags, 'content': rest}


# --- sending ---------------------------------------------------------------------------------------------------------
class Sender:
    """Sends recorded requests to a hub; knows which placeholder stands for which key or token."""

    def __init__(self, hub):
        self.hub, self.secrets = hub, {}
        address = urllib.parse.urlsplit(hub.hub)
        self.address = address.hostname, address.port
        self.contexts = {user: self.context(user) for user in hub.certificates}

    def context(self, user):
        context = ssl.create_default_context(cafile=self.hub.ca)
        context.load_cert_chain(self.hub.certificates[user])
        context.post_handshake_auth = True
        return context

    def learn(self, exchange, reply):
        """Pair the placeholders of the recorded reply with what this hub said in their places."""
        if reply.type != 'text/xml' or reply.status != 200:
            return
        recorded, real = exchange.reply.content(), reply.content()
        if recorded[0] != 'value' or real[0] != 'value' or not isinstance(recorded[1], dict):
            return
        for key in ('session-key', 'token'):
            if key in recorded[1] and isinstance(real[1], dict):
                self.secrets[recorded[1][key].encode()] = real[1][key].encode()

    def send(self, exchange, user):
        request = PLACEHOLDER.sub(lambda found: self.secrets.get(found.group(0), found.group(0)), exchange.request)
        reply = self.send_bytes(request, user)
        self.learn(exchange, reply)
        return reply

    def send_bytes(self, request, user='osbs'):
        head, _, body = request.partition(b'\r\n\r\n')
        waits = b'expect: 100-continue' in head.lower()
        with socket.create_connection(self.address, timeout=PATIENCE_S) as plain, \
                self.contexts[user].wrap_socket(plain, server_hostname='localhost') as secure:
            secure.sendall(head + b'\r\n\r\n' + (b'' if waits else body))
            received = b''
            if waits:
                received = receive(secure, head)
                if received.startswith(b'HTTP/1.1 100'):
                    secure.sendall(body)
                    received += receive(secure, head)
            return Reply(received or receive(secure, head))


def receive(secure, request_head):
    """One HTTP reply."""
    received = b''
    while b'\r\n\r\n' not in received:
        part = secure.recv(65536)
        if not part:
            return received
        received += part
    head, _, body = received.partition(b'\r\n\r\n')
    length = re.search(rb'(?i)\r\ncontent-length: *(\d+)', head)
    while length and len(body) < int(length.group(1)):
        part = secure.recv(65536)
        if not part:
            break
        body += part
    return head + b'\r\n\r\n' + body
