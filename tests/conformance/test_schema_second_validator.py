# SPDX-License-Identifier: LGPL-2.1-or-later
"""The schema of the metadata format is one that any validator can use: python-jsonschema says the same as ours."""
import copy
import json
import os
import pathlib
import subprocess

import pytest

jsonschema = pytest.importorskip('jsonschema', reason='python3-jsonschema is not installed')

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((TOP / 'schema' / 'content-generator-metadata.schema.json').read_text())
VERDICTS = pathlib.Path(os.environ.get('CG_BUILD') or TOP / 'build') / 'tests' / 'conformance' / 'schema_verdicts'
SHARED = pathlib.Path(os.environ.get('CG_SHARED') or TOP.parent / 'shared')

RPM = {'type': 'rpm', 'name': 'bash', 'version': '5', 'release': '1', 'arch': 'x86_64', 'epoch': None, 'sigmd5': 'ab'}
JAR = {'type': 'file', 'filename': 'a.jar', 'filesize': 1, 'checksum': 'ab', 'checksum_type': 'md5'}
KOJIFILE = {'type': 'kojifile', 'archive_id': 5, 'nvr': 'a-1-1', 'filename': 'a.jar'}
MAVEN = {'group_id': 'g', 'artifact_id': 'a', 'version': '1'}
FILE = {'buildroot_id': 1, 'filesize': 8, 'checksum': '0123456789abcdef' * 2, 'checksum_type': 'md5'}
GOOD = {
    'metadata_version': 0,
    'build': {'name': 'test', 'version': '1.0', 'release': '1', 'source': 'https://example.com/x#1', 'start_time': 1,
              'end_time': ' 2.5e1 ', 'owner': None, 'epoch': None, 'build_id': 3, 'task_id': '5', 'draft': False,
              'extra': {'image': {}, 'maven': MAVEN, 'win': {'platform': 'p'}, 'container_koji_task_id': 5,
                        'typeinfo': {'icm': {}, 'maven': MAVEN, 'win': {'platform': 'p'}}}},
    'buildroots': [{'id': 1, 'host': {'os': None, 'arch': 'x86_64'}, 'content_generator': {'name': 'cg', 'version': ''},
                    'container': {'type': 'none', 'arch': 'x86_64'}, 'tools': [{'name': 't', 'version': '1'}],
                    'components': [RPM, JAR, KOJIFILE], 'extra': {}}],
    'output': [
        dict(FILE, type='docker-image', filename='d/i.tar.gz', relpath='', subdir='a/b', components=[RPM, JAR],
             extra={'image': {'arch': 'x86_64'}, 'typeinfo': {'image': {'arch': 'x86_64'}, 'maven': MAVEN}}),
        dict(FILE, type='log', filename='b.log', relpath='a/b', metadata_only=False),
        dict(FILE, type='rpm', filename='a-1-1.x86_64.rpm', checksum_type='adler32', checksum='0a0b0c0d'),
        dict(FILE, type='dll', filename='a.dll', checksum_type='sha256', checksum='0123456789abcdef' * 4,
             extra={'win': {'relpath': '', 'platforms': ['p'], 'flags': []}}),
    ],
}
VALUES = [None, True, 0, -1, 1.5, 1e18, 2 ** 31, '', 'x', '..', 'a/b', 'a//b', '/a', 'A' * 32, 'a' * 300, ' 12 ', '1_0', 'x\ny',
          [], {}, [{}], 'md5', 'sha256', 'rpm', 'log', 'file', 'kojifile', False]


def places(value, way=()):
    yield way
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from places(child, way + (key,))


def changed(way, value=None, delete=False):
    document = copy.deepcopy(GOOD)
    parent = document
    for step in way[:-1]:
        parent = parent[step]
    if delete:
        del parent[way[-1]]
    else:
        parent[way[-1]] = value
    return document


def documents():
    yield GOOD
    yield from ([], None, 'x', {})
    for way in places(GOOD):
        if way:
            yield changed(way, delete=True)
            for value in VALUES:
                yield changed(way, copy.deepcopy(value))


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA['$id'].startswith(('urn:', 'https:'))


def subschemas(schema):
    for keyword, value in schema.items():
        if keyword in ('properties', '$defs'):
            yield from value.items()
        for child in value.values() if keyword in ('properties', '$defs') else value if isinstance(value, list) else [value]:
            if isinstance(child, dict):
                yield from subschemas(child)


def test_everything_is_described():
    for name, schema in subschemas(SCHEMA):
        if isinstance(schema, dict) and '$ref' not in schema and name not in ('type', 'checksum_type') and \
                set(schema) - {'const', 'enum', 'type', 'pattern'}:
            assert schema.get('title') and schema.get('description'), '%s: %r' % (name, schema)
            assert schema.get('additionalProperties', True) is True, name


def theirs_and_ours(cases):
    if not VERDICTS.exists():
        pytest.skip('%s is not built' % VERDICTS)
    lines = ''.join(json.dumps(case) + '\n' for case in cases)
    ours = subprocess.run([str(VERDICTS)], input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    assert len(ours) == len(cases)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [('valid' if validator.is_valid(case) else 'invalid', verdict) for case, verdict in zip(cases, ours)]


def test_two_validators_agree_on_changed_documents():
    cases = list(documents())
    verdicts = theirs_and_ours(cases)
    different = [(json.dumps(case), pair) for case, pair in zip(cases, verdicts) if pair[0] != pair[1]]
    assert not different, '%d of %d: %s' % (len(different), len(cases), different[:3])
    valid = sum(pair[0] == 'valid' for pair in verdicts)
    assert 100 < valid < len(cases) - 1000, valid


def test_two_validators_agree_on_the_samples():
    samples = sorted(SHARED.glob('samples/*/*.json'))
    if not samples:
        pytest.skip('no samples in %s' % SHARED)
    cases = [json.loads(path.read_text()) for path in samples]
    for path, (theirs, ours) in zip(samples, theirs_and_ours(cases)):
        assert theirs == ours, path
