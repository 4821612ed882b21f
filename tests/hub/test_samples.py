# SPDX-License-Identifier: LGPL-2.1-or-later
"""The documents of real content generators, with files made to fit, into a real hub."""
import hashlib
import json
import os
import re
import time
import zlib

import pytest

import make_rpm

SHARED = os.environ.get('CG_SHARED') or os.path.join(os.path.dirname(__file__), '../../../shared')
CONTENT = b'a file made to fit\n'
POM = ('<project><modelVersion>4.0.0</modelVersion><groupId>%(group_id)s</groupId>'
       '<artifactId>%(artifact_id)s</artifactId><version>%(version)s</version></project>\n')


def accepted_samples():
    readme = os.path.join(SHARED, 'samples/README.md')
    if not os.path.exists(readme):
        return []
    with open(readme, encoding='utf-8') as lines:
        return re.findall(r'^\| ([^ |]+\.json) \| [^|]* \| accepts', lines.read(), re.M)


def make_rpms(document, directory):
    """Real rpms under the NVR of the build, whose outputs are renamed to it."""
    build, rpms = document['build'], [output for output in document['output'] if output['type'] == 'rpm']
    arches = [output['filename'].rsplit('.', 2)[1] for output in rpms]
    if rpms:
        make_rpm.make(str(directory), build['name'], build['version'], build['release'],
                      [arch for arch in arches if arch != 'src'])
    for output, arch in zip(rpms, arches):
        output['release'] = build['release']
        output['filename'] = '%(name)s-%(version)s-%(release)s' % build + '.%s.rpm' % arch


def content_of(output, path):
    """What the hub reads of a file must be true: an rpm's header and a pom's coordinates."""
    if output['type'] == 'rpm':
        return path.read_bytes()
    if path.suffix == '.pom':
        facts = output['extra'].get('maven') or output['extra']['typeinfo']['maven']
        return (POM % facts).encode()
    return CONTENT + output['filename'].encode()


def fit(document, directory, number):
    """New NVR, no reservation, no owner or task of another hub; every file with the stated checksum type."""
    build = document['build']
    build['release'] = '%d.%d' % (time.time(), number)
    for key in ('build_id', 'task_id', 'owner'):
        build.pop(key, None)
    build['extra'].pop('container_koji_task_id', None)
    make_rpms(document, directory)
    for output in document['output']:
        if output.get('components'):
            output['components'] = [c for c in output['components'] if c.get('type') != 'kojifile']
        path = directory / output.get('relpath', '') / output['filename']
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content_of(output, path)
        path.write_bytes(content)
        output['filesize'] = len(content)
        output['checksum'] = hashlib.new(output['checksum_type'], content).hexdigest() \
            if output['checksum_type'] != 'adler32' else '%08x' % zlib.adler32(content)
    (directory / 'metadata.json').write_text(json.dumps(document))


def needs_of(document):
    names = {'atomic-reactor'} | {b['content_generator']['name'] for b in document['buildroots']}
    types = set(document['build']['extra'].get('typeinfo') or {})
    return names - {'atomic-reactor'}, types


@pytest.mark.parametrize('sample', accepted_samples() or [None])
def test_sample(hub, admin, cg_import, tmp_path, sample):
    if sample is None:
        pytest.skip('the samples are not there')
    with open(os.path.join(SHARED, 'samples', sample), encoding='utf-8') as text:
        document = json.load(text)
    version = tuple(int(part) for part in hub.call('getKojiVersion').split('.')[:2])
    collide = version < (1, 35) and any('subdir' in output for output in document['output'])
    fit(document, tmp_path, accepted_samples().index(sample))
    generators, types = needs_of(document)
    user = hub.settings.get('user') or os.environ.get('CG_HUB_USER', 'osbs')
    for name in generators:
        admin('grant-cg-access', '--new', user, name)
    known = {t['name'] for t in hub.call('listBTypes')}
    for name in types - known:
        assert admin('call', 'addBType', name).returncode == 0
    done = cg_import('import', '--json', *hub.options(), str(tmp_path / 'metadata.json'), str(tmp_path))
    if collide:
        # A hub before 1.35 does not know subdir, so logs of one name have one place there: refused before it is asked.
        assert done.returncode == 1, done.stdout + done.stderr
        result = json.loads(done.stdout)
        assert {finding['rule'] for finding in result['report']['findings'] if finding['level'] == 'error'} == \
            {'output.destination'} and result['sent_bytes'] == 0
        return
    assert done.returncode == 0, done.stdout + done.stderr
    build = hub.call('getBuild', json.loads(done.stdout)['build_id'])
    assert build['state'] == 1
    assert len(hub.call('listArchives', build['id'])) == \
        sum(1 for output in document['output'] if output['type'] not in ('log', 'rpm'))
    assert len(hub.call('listBuildRPMs', build['id'])) == sum(1 for output in document['output'] if output['type'] == 'rpm')
