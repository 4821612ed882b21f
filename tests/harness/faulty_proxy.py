# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plain HTTP proxy on loopback that loses replies and cuts requests on the way to a hub.

    with FaultyProxy('localhost', 80) as proxy:
        proxy.lose_replies('CGImport', 1)       # the hub gets the request, the client never the answer
        proxy.cut_uploads(1 << 20, 2)           # two uploads are cut after a MiB of their body
        ... a client of http://127.0.0.1:{proxy.port}/kojihub ...
        proxy.lost, proxy.cut                   # how often it happened
"""
import re
import socket
import threading


class Closed(Exception):
    pass


class FaultyProxy:
    def __init__(self, host, port):
        self.target = (host, port)
        self.lock = threading.Lock()
        self.to_lose, self.to_cut = {}, [0, 0]
        self.lost = self.cut = self.uploaded_bytes = 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def lose_replies(self, method, times):
        with self.lock:
            self.to_lose[method] = times

    def cut_uploads(self, after_bytes, times):
        with self.lock:
            self.to_cut = [after_bytes, times]

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.create_connection(self.target) as hub:
            client_file, hub_file = client.makefile('rb'), hub.makefile('rb')
            try:
                while self.exchange(client, client_file, hub, hub_file):
                    pass
            except (OSError, Closed):
                pass

    def exchange(self, client, client_file, hub, hub_file):
        head = read_head(client_file)
        length = int(header(head, 'Content-Length') or 0)
        if (header(head, 'Expect') or '').lower() == '100-continue':
            head = re.sub(rb'(?im)^Expect:.*\r\n', b'', head)
            client.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
        hub.sendall(head)
        if b'octet-stream' in head:
            body = self.pass_upload(client_file, hub, length)
        else:
            body = read_exactly(client_file, length)
            hub.sendall(body)
        reply_head = read_head(hub_file)
        reply = read_exactly(hub_file, int(header(reply_head, 'Content-Length') or 0))
        if self.loses(body):
            return False
        client.sendall(reply_head + reply)
        return (header(reply_head, 'Connection') or '').lower() != 'close'

    def pass_upload(self, client_file, hub, length):
        with self.lock:
            limit = self.to_cut[0] if self.to_cut[1] > 0 and length > self.to_cut[0] else None
            if limit is not None:
                self.to_cut[1] -= 1
                self.cut += 1
        passed = 0
        while passed < length:
            part = client_file.read1(min(65536, length - passed))
            if not part:
                raise Closed
            if limit is not None and passed + len(part) > limit:
                hub.sendall(part[:limit - passed])
                raise Closed
            hub.sendall(part)
            passed += len(part)
            with self.lock:
                self.uploaded_bytes += len(part)
        return b''

    def loses(self, body):
        method = re.search(rb'<methodName>([^<]*)</methodName>', body)
        name = method.group(1).decode() if method else ''
        with self.lock:
            if self.to_lose.get(name, 0) <= 0:
                return False
            self.to_lose[name] -= 1
            self.lost += 1
            return True


def read_head(stream):
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        line = stream.readline(65536)
        if not line:
            raise Closed
        head += line
    return head


def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise Closed
    return data


def header(head, name):
    found = re.search(rb'(?im)^' + name.encode() + rb':[ \t]*(.*?)\r$', head)
    return found.group(1).decode() if found else None
