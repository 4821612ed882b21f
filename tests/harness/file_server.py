# SPDX-License-Identifier: LGPL-2.1-or-later
"""Serves the volume of a sandbox hub by HTTP, as it is or otherwise, and holds requests up.

    with FileServer(hub) as server:
        server.answer = (404, 'text/plain', lambda body: b'none')   # status, kind, and what is made of the body
        server.hold_after(3)        # the fourth request from here on and those behind it stand still …
        server.wait_held()
        server.release()            # … until here
        server.asked                # [(path, headers)]
"""
import http.server
import threading
import urllib.parse

from patience import PATIENCE_S


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            self.server.owner.serve(self)
        except (BrokenPipeError, ConnectionResetError):
            pass                    # who asked has left

    def log_message(self, *_):
        pass


class FileServer:
    def __init__(self, hub):
        self.hub, self.asked, self.left = hub, [], None
        self.answer = (200, 'application/json', lambda body: body)
        self.held, self.released = threading.Event(), threading.Event()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.owner = self
        self.url = 'http://127.0.0.1:%d' % self.server.server_port

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release()
        self.server.shutdown()
        self.server.server_close()

    def hold_after(self, count):
        self.held.clear()
        self.released.clear()
        self.left = count

    def wait_held(self):
        assert self.held.wait(PATIENCE_S), 'nobody asked so often: %s' % self.asked

    def release(self):
        self.left = None
        self.released.set()

    def serve(self, request):
        self.asked.append((request.path, dict(request.headers)))
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.held.set()
                self.released.wait()
        status, kind, change = self.answer
        parts = urllib.parse.unquote(request.path).split('/')[1:]
        body = change(self.hub.path(*parts).read_bytes())
        request.send_response(status)
        request.send_header('Content-Type', kind)
        request.send_header('Content-Length', str(len(body)))
        request.end_headers()
        request.wfile.write(body)
