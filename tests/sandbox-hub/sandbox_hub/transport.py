# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sockets, TLS and HTTP/1.1: connections with a buffer of their own, requests read, replies written.

Client certificates.  A Koji hub asks for one only at /kojihub/ssllogin.  With TLS 1.3 the sandbox does the same by
post-handshake authentication; a client without a certificate loses the connection, as on a hub.  Python cannot
renegotiate, so with --tls 1.2 the certificate is asked for, not required, in the first handshake of every connection.
"""
import select
import socket
import ssl
import struct
import threading

HEAD_LIMIT_BYTES = 65536
# A client that a loaded machine holds up is waited for.
CERTIFICATE_TIMEOUT_S = 120
READ_TIMEOUT_S = 120


class Connection:
    """One client; what was received and not yet read lies in `pending`."""

    def __init__(self, sock):
        self.sock = sock
        self.pending = b''
        self.sock.settimeout(READ_TIMEOUT_S)

    def is_tls(self):
        return isinstance(self.sock, ssl.SSLSocket)

    def fill(self, size=65536):
        received = self.sock.recv(size)
        self.pending += received
        return received

    def read_head(self):
        """The head of a request with its blank line, or None when the client is gone."""
        while b'\r\n\r\n' not in self.pending:
            if len(self.pending) > HEAD_LIMIT_BYTES or not self.fill():
                return None
        head, _, self.pending = self.pending.partition(b'\r\n\r\n')
        return head

    def read(self, size):
        """Up to size bytes, none at the end of the connection."""
        if not self.pending:
            return self.sock.recv(size)
        part, self.pending = self.pending[:size], self.pending[size:]
        return part

    def send(self, data):
        self.sock.sendall(data)

    def reset(self):
        """End with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close()

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def client_subject(self, ask):
        """The subject of the client's certificate as a map; `ask` for one if none was shown yet."""
        if not self.is_tls():
            return None
        if ask and not self.sock.getpeercert() and self.sock.version() == 'TLSv1.3':
            self.ask_certificate()
        certificate = self.sock.getpeercert()
        names = {'commonName': 'CN', 'organizationName': 'O'}
        subject = [pair for part in (certificate or {}).get('subject', ()) for pair in part]
        return {names.get(key, key): value for key, value in subject} or None

    def ask_certificate(self):
        """Post-handshake authentication; what the client had sent of its request goes to `pending`."""
        self.sock.verify_client_post_handshake()
        self.sock.do_handshake()
        self.sock.settimeout(0)
        try:
            while not self.sock.getpeercert():
                self.await_records()
        finally:
            self.sock.settimeout(READ_TIMEOUT_S)

    def await_records(self):
        """Let TLS take in what has arrived; wait for more if that was not the certificate."""
        try:
            if not self.fill():
                raise ConnectionResetError('closed instead of showing a certificate')
        except ssl.SSLWantReadError:
            if self.sock.getpeercert():
                return
            if not select.select([self.sock], [], [], CERTIFICATE_TIMEOUT_S)[0]:
                raise ConnectionResetError('no certificate in time')


def tls_context(pki, tls):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki + '/server.crt', pki + '/server.key')
    context.load_verify_locations(pki + '/ca.crt')
    if tls == '1.2':
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_OPTIONAL
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.post_handshake_auth = True
    return context


class Listener:
    """A port of the loopback address; every connection gets a thread that runs `serve`."""

    def __init__(self, port, serve, context=None):
        self.serve, self.context = serve, context
        self.sock = socket.create_server(('127.0.0.1', port), backlog=128)
        self.port = self.sock.getsockname()[1]

    def start(self):
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.run, args=(client,), daemon=True).start()

    def run(self, client):
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                client.settimeout(READ_TIMEOUT_S)
                client = self.context.wrap_socket(client, server_side=True)
            self.serve(Connection(client))
        except OSError:
            pass        # the client is gone or does not speak TLS: nobody to tell
        finally:
            client.close()

    def stop(self):
        self.sock.close()
