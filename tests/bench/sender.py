# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of the service for measuring: they take as little of the machine as they can, and count what they send."""
import contextlib
import http.client
import json
import multiprocessing
import os
import time
import urllib.parse

JSON = {'Content-Type': 'application/json'}


class Sender:
    """One connection that is kept."""

    def __init__(self, url, token):
        address = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=600)
        self.token, self.output_bytes = token, 0

    def ask(self, method, path, body=None, headers=None):
        """(status, what the JSON of the answer says)"""
        self.connection.request(method, path, body, dict(headers or {}, Authorization='Bearer ' + self.token))
        reply = self.connection.getresponse()
        text = reply.read()
        return reply.status, json.loads(text) if text.startswith(b'{') else None

    def post(self, metadata):
        status, answer = self.ask('POST', '/v1/imports', metadata, JSON)
        if status not in (200, 202):
            raise RuntimeError('%s %s' % (status, answer))
        return answer

    def put(self, href, file, before_end=None):
        """Send a file where an answer said; it does not pass through this process. `before_end` is called ahead of the
        last 64 KiB."""
        size = os.path.getsize(file)
        self.connection.putrequest('PUT', urllib.parse.urlsplit(href).path)
        self.connection.putheader('Authorization', 'Bearer ' + self.token)
        self.connection.putheader('Content-Type', 'application/octet-stream')
        self.connection.putheader('Content-Length', str(size))
        self.connection.endheaders()
        last = max(0, size - 65536) if before_end else size
        with open(file, 'rb') as reading, contextlib.suppress(ConnectionError):     # an early answer says why
            self.connection.sock.sendfile(reading, 0, last)
            if before_end:
                before_end()
                self.connection.sock.sendfile(reading, last)
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise RuntimeError('%s %s' % (reply.status, text))
        self.output_bytes += size

    def post_build(self, directory):
        """The metadata, then what is missing; the import."""
        with open(os.path.join(directory, 'metadata.json'), 'rb') as metadata:
            answer = self.post(metadata.read())
        for output in answer.get('missing') or []:
            self.put(output['href'], os.path.join(directory, output['path']))
        return answer

    def close(self):
        self.connection.close()


def run_client(url, token, work, start, answers):
    sender = Sender(url, token)
    start.wait()
    try:
        answers.put(work(sender))
    except Exception as error:                  # told by whoever waits for the answer
        answers.put(error)
    sender.close()


def at_once(url, token, works):
    """Each work(sender) in a process of its own, all begun at one moment: what they returned, and the seconds of all."""
    context = multiprocessing.get_context('fork')
    start, answers = context.Barrier(len(works) + 1), context.Queue()
    clients = [context.Process(target=run_client, args=(url, token, work, start, answers)) for work in works]
    for client in clients:
        client.start()
    start.wait()
    began = time.monotonic()
    found = [answers.get() for _ in clients]
    took = time.monotonic() - began
    for client in clients:
        client.join()
    for answer in found:
        if isinstance(answer, Exception):
            raise answer
    return found, took


def post_each(documents):
    """work for at_once: post documents one after the other; the seconds each took."""
    def work(sender):
        seconds = []
        for document in documents:
            began = time.monotonic()
            sender.post(document)
            seconds.append(time.monotonic() - began)
        return seconds
    return work
