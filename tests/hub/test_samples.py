# SPDX-License-Identifier: LGPL-2.1-or-later
"""The documents of real content generators, with files made to fit, into a real hub."""
import hashlib
import json
import os
import re
import time
import zlib

import pytest

SHARED = os.environ.get('CG_SHARED') or os.path.join(os.path.dirname(__file__), '../../../shared')
CONTENT = b'a file made to fit\n'


def accepted_samples():
    readme = os.path.join(SHARED, 'samples/README.md')
    if not os.path.exists(readme):
        return []
    with open(readme, encoding='utf-8') as lines:
        return re.findall(r'^\| ([^ |]+\.json) \| [^|]* \| accepts', lines.read(), re.M)


def fit(document, directory, number):
    """New NVR, no reservation, no owner or task of another hub; every file with the stated checksum type."""
    build = document['build']
    build['release'] = '%d.%d' % (time.time(), number)
    for key in ('build_id', 'task_id', 'owner'):
        build.pop(key, None)
    build['extra'].pop('container_koji_task_id', None)
    for output in document['output']:
        if output.get('components'):
            output['components'] = [c for c in output['components'] if c.get('type') != 'kojifile']
        path = directory / output.get('relpath', '') / output['filename']
        path.parent.mkdir(parents=True, exist_ok=True)
        content = CONTENT + output['filename'].encode()
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
    if any(output['type'] == 'rpm' or output['filename'].endswith('.pom') for output in document['output']):
        pytest.skip('%s: its rpms or poms cannot be made up, the hub reads them' % sample)
    fit(document, tmp_path, accepted_samples().index(sample))
    generators, types = needs_of(document)
    user = hub.settings.get('user') or os.environ.get('CG_HUB_USER', 'osbs')
    for name in generators:
        admin('grant-cg-access', '--new', user, name)
    known = {t['name'] for t in hub.call('listBTypes')}
    for name in types - known:
        assert admin('call', 'addBType', name).returncode == 0
    done = cg_import('import', '--json', *hub.options(), str(tmp_path / 'metadata.json'), str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    build = hub.call('getBuild', json.loads(done.stdout)['build_id'])
    assert build['state'] == 1
    assert len(hub.call('listArchives', build['id'])) == \
        sum(1 for output in document['output'] if output['type'] not in ('log', 'rpm'))
