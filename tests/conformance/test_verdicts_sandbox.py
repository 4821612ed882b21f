# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hundreds of documents that a real hub judged, given to the sandbox hub: accepted, or refused by the same fault.

tests/data/hub-verdicts.json holds what the hub said to each case of tests/hub/verdict_cases.py: null for accepted, or
the number of the fault. A case that is not in the file is left out, and counted.
"""
import json
import pathlib
import sys
import xmlrpc.client

import pytest

from hub_client import HubClient

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / 'hub'))

import test_verdicts as documents  # noqa: E402
import verdict_cases  # noqa: E402

JUDGED = json.loads((TESTS / 'data' / 'hub-verdicts.json').read_text())
KNOWN_MIN = 700


def upload_tree(client, directory, target):
    for path in sorted(directory.rglob('*')):
        if path.is_file() and not path.name.startswith('.'):
            below = path.parent.relative_to(directory)
            client.upload(str(pathlib.PurePosixPath(target) / below), path.name, path.read_bytes())


def verdict(client, directory, target):
    try:
        upload_tree(client, directory, target)
        client.call('CGImport', 'metadata.json', target)
    except xmlrpc.client.Fault as fault:
        return fault.faultCode
    return None


@pytest.fixture
def client(sandbox_hub, make_build):
    """A session of a hub that has done a tagging task, as the one that judged had."""
    client = HubClient(sandbox_hub)
    path = make_build(release='tagged')
    metadata = json.loads((path / 'metadata.json').read_text())
    client.upload_build('tagged', path, metadata)
    client.call('tagBuild', 'test-candidate', client.call('CGImport', metadata, 'tagged')['id'])
    return client


def test_the_sandbox_judges_as_the_hub(client, tmp_path):
    known = [name for name in verdict_cases.CASES if name in JUDGED]
    different = []
    for number, name in enumerate(known):
        directory = tmp_path / ('case-%d' % number)
        documents.lay_out(documents.make(verdict_cases.CASES[name], number), directory)
        got = verdict(client, directory, 'case/%d' % number)
        if got != JUDGED[name]:
            different.append('%s: hub %s, sandbox %s' % (name, JUDGED[name], got))
    unknown = len(verdict_cases.CASES) - len(known)
    print('%d documents judged alike, %d not in the file' % (len(known) - len(different), unknown))
    assert not different, '\n' + '\n'.join(different)
    assert len(known) > KNOWN_MIN
