# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attestations and bills of materials of every sample, judged by tools of other people."""
import json
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = pathlib.Path(os.environ.get('CG_SHARED', TOP.parent / 'shared')) / 'samples'
HARNESS = TOP / 'tests' / 'harness'
DUMP = pathlib.Path(os.environ.get('CG_BUILD', TOP / 'build')) / 'tests' / 'conformance' / 'attest_dump'
NAMES = ['atomic-reactor/binary-multiarch-index.json', 'atomic-reactor/operator-bundle-cachito.json',
         'atomic-reactor/source-container.json', 'osbuild/composer-image-manifest-log.json', 'mbs/module-nginx.json',
         'cosa/rhcos-baseimage.json', 'causeway/maven-pnc.json', 'konflux/rpm-at.json', 'misoctl/ceph-deb.json',
         'koji/cg_importer-default.json']


@pytest.fixture(scope='module')
def validate():
    """validate(directory) runs the validators; the test says why when they cannot be installed."""
    done = subprocess.run([str(HARNESS / 'attestation-validators')], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, timeout=600)
    if done.returncode != 0:
        pytest.skip('the validators cannot be installed: ' + done.stderr[-200:])
    python = done.stdout.strip()

    def run(directory, *arguments):
        done = subprocess.run([python, str(HARNESS / 'validate_attestations.py'), str(directory), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()
    return run


@pytest.fixture(scope='module')
def dumped(tmp_path_factory):
    """A directory with what is told of all samples."""
    if not SAMPLES.is_dir():
        pytest.skip('no samples at %s' % SAMPLES)
    directory = tmp_path_factory.mktemp('attested')
    subprocess.run([str(DUMP), str(directory), *(str(SAMPLES / name) for name in NAMES)], check=True, timeout=300)
    return directory


def test_validators_of_others_accept_all(dumped, validate):
    said = validate(dumped)
    count = len(list(dumped.glob('*.json')))
    assert said == ['%d files' % count]
    assert count >= len(NAMES) + 3 * 5


def test_validators_see_a_fault(dumped, validate, tmp_path):
    """So that their silence says something."""
    for name, spoil in (('0.statement.json', lambda d: d['subject'][0].pop('digest')),
                        ('0.0.spdx.json', lambda d: d['packages'][0].pop('downloadLocation')),
                        ('0.0.cdx16.json', lambda d: d['components'][0].update(type='rpm')),
                        ('0.0.cdx15.json', lambda d: d.update(serialNumber='1'))):
        document = json.loads((dumped / name).read_text())
        spoil(document)
        (tmp_path / name).write_text(json.dumps(document))
    said = validate(tmp_path)
    assert [line.split(':')[0] for line in said] == ['0.0.cdx15.json', '0.0.cdx16.json', '0.0.spdx.json',
                                                     '0.statement.json', '4 files']


def test_what_a_statement_says(dumped):
    document = json.loads((SAMPLES / NAMES[0]).read_text())
    statement = json.loads((dumped / '0.statement.json').read_text())
    digests = {subject['digest'].get('sha256') for subject in statement['subject']}
    for output in document['output']:
        for digest in output.get('extra', {}).get('docker', {}).get('digests', {}).values():
            assert digest[len('sha256:'):] in digests
    definition = statement['predicate']['buildDefinition']
    assert definition['buildType'] == 'tag:cg-import,2026:koji-content-generator-import/v1'
    uris = {one['uri'] for one in definition['resolvedDependencies']}
    assert 'pkg:rpm/openssl-libs@3.0.7-28.el9_4?arch=x86_64&epoch=1' in uris
    assert 'pkg:oci/ubi-minimal?repository_url=registry.example.com/ubi9/ubi-minimal&tag=9.4-1194' in uris
    assert statement['predicate']['runDetails']['builder']['id'] == \
        'tag:cg-import,2026:hub/koji/content-generator/atomic-reactor'
    components = {json.dumps(one, sort_keys=True) for holder in document['buildroots'] + document['output']
                  for one in holder.get('components', [])}
    assert sum(uri.startswith(('pkg:rpm/', 'pkg:generic/')) for uri in
               (one['uri'] for one in definition['resolvedDependencies'])) == len(components)


def test_a_bill_lists_the_components_of_its_output_and_no_other(dumped):
    document = json.loads((SAMPLES / NAMES[0]).read_text())
    for position, output in enumerate(document['output']):
        if output['type'] != 'docker-image':
            continue
        names = sorted(one.get('filename', one.get('name')) for one in output['components'])
        spdx = json.loads((dumped / ('0.%d.spdx.json' % position)).read_text())
        assert sorted(package['name'] for package in spdx['packages'][1:]) == names
        cyclonedx = json.loads((dumped / ('0.%d.cdx16.json' % position)).read_text())
        assert sorted(component['name'] for component in cyclonedx['components']) == names


def test_the_package_url_of_a_build_is_encoded(tmp_path):
    """A version may have a plus, which other people's parsers take for a blank."""
    if not SAMPLES.is_dir():
        pytest.skip('no samples at %s' % SAMPLES)
    metadata = json.loads((SAMPLES / 'mbs/module-nginx.json').read_text())
    metadata['build']['version'] = '1.16+git^1~rc1'
    sample = tmp_path / 'metadata.json'
    sample.write_text(json.dumps(metadata))
    subprocess.run([str(DUMP), str(tmp_path), str(sample)], check=True, timeout=60)
    purl = 'pkg:generic/nginx@1.16%2Bgit%5E1~rc1-' + metadata['build']['release']
    assert json.loads((tmp_path / '0.0.cdx16.json').read_text())['metadata']['component']['purl'] == purl
    assert json.loads((tmp_path / '0.0.spdx.json').read_text())['packages'][0]['externalRefs'][0]['referenceLocator'] == purl
