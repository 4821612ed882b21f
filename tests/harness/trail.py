# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds that other clients import into a sandbox hub, and what the trail of a service says of them."""
import json
import pathlib
import uuid

import contract
import hub_client
import published_log
from patience import wait_until


def import_as_other(hub, directory, token=None, client=None):
    """By bare CGImport: what getBuild says."""
    client = client or hub_client.HubClient(hub)
    directory = pathlib.Path(directory)
    text = (directory / 'metadata.json').read_text()
    metadata = json.loads(text)
    build = metadata['build']
    place = 'other/%s-%s-%s' % (build['name'], build['version'], build['release'])
    client.upload_build(place, directory, metadata)
    client.upload(place, 'metadata.json', text.encode())
    return client.call('CGImport', 'metadata.json', place, *([token] if token else []))


def nvr_of(directory):
    build = json.loads((pathlib.Path(directory) / 'metadata.json').read_text())['build']
    return '%(name)s-%(version)s-%(release)s' % build


class Trail:
    """What an auditor sees of `service`."""

    def __init__(self, service):
        self.service = service
        self.token = service.make_token('auditor-%s' % uuid.uuid4().hex[:8], 'auditor')

    def ask(self, path):
        reply = self.service.request('GET', '/v1/provenance/' + path, token=self.token)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json()

    def builds(self, **wanted):
        """All pages."""
        query = ''.join('&%s=%s' % pair for pair in wanted.items())
        page = self.ask('builds?limit=500' + query)
        found = page['builds']
        while page['next']:
            page = self.ask('builds?limit=500&after=%d%s' % (page['next'], query))
            found += page['builds']
        return found

    def build(self, name):
        return self.ask('builds/%s' % name)

    def complete_for(self):
        """As the contract has it."""
        told = self.ask('builds?limit=1')
        contract.validate(told['complete_for'], {'$ref': '#/components/schemas/completeFor'})
        for build in told['builds']:
            contract.validate(build, {'$ref': '#/components/schemas/knownBuild'})
        return told['complete_for']

    def outbox(self):
        hubs = self.complete_for()['hubs']
        return hubs[0]['outbox'] if hubs else None

    def wait(self, condition, what):
        wait_until(condition, lambda: '%s\n%s' % (what, self.service.log()[-4000:]), 0.05)

    def wait_for(self, position, still_open=0):
        """The record is in up to that event, and that many of its imports are not settled."""
        self.wait(lambda: (self.outbox() or {}).get('position') == position and self.outbox()['open'] == still_open,
                  'event %d is not reached: %s' % (position, self.complete_for()['hubs']))

    def leaves(self):
        """All leaves, once none waits for its index."""
        self.wait(lambda: self.complete_for()['pending'] == 0, 'leaves wait')
        size = self.complete_for()['log_size']
        log = self.service.settings.get('audit', {}).get('directory') or self.service.state / 'audit' / 'log'
        self.wait(lambda: published_log.replay_directory(log)[0].size >= size, 'the log is not published')
        return [json.loads(leaf) for leaf in published_log.replay_directory(log)[1]]

    def metrics(self):
        lines = self.service.request('GET', '/metrics').body.decode().splitlines()
        return {line.split(' ')[0]: float(line.split(' ')[1]) for line in lines if line.startswith('cg_import_outbox')}
