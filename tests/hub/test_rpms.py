# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds of rpms on a real hub, as normal builds and as drafts; components that the hub itself has."""
import hashlib
import json
import os
import subprocess
import time
import uuid

import pytest

import make_rpm
from test_import import fresh, run


def fresh_rpms(tmp_path, **options):
    release = '%d.%s' % (time.time(), uuid.uuid4().hex[:8])
    directory = tmp_path / uuid.uuid4().hex
    metadata = make_rpm.build(str(directory), 'hubtest-rpms', '1.0', release, **options)
    return directory, metadata, 'hubtest-rpms-1.0-' + release


def assert_rpms(hub, build_id, directory, metadata):
    """Every rpm with size and payload hash, every log."""
    there = {'%(nvr)s.%(arch)s.rpm' % rpm: rpm for rpm in hub.call('listBuildRPMs', build_id)}
    rpms = [output for output in metadata['output'] if output['type'] == 'rpm']
    assert set(there) == {output['filename'] for output in rpms}
    for output in rpms:
        rpm = there[output['filename']]
        assert rpm['size'] == output['filesize']
        assert rpm['payloadhash'] == make_rpm.header(directory / output['filename'], 'SIGMD5')
    assert [log['name'] for log in hub.call('getBuildLogs', build_id)] == ['build.log']


@pytest.mark.parametrize('options', [(), ('--reserve',)], ids=['unreserved', 'reserved'])
def test_an_rpm_build(hub, cg_import, tmp_path, options):
    directory, metadata, nvr = fresh_rpms(tmp_path, arches=('x86_64', 'aarch64'))
    done, result = run(cg_import, hub, directory, *options)
    assert (done.returncode, result['outcome'], result['nvr']) == (0, 'imported', nvr), done.stdout + done.stderr
    assert_rpms(hub, result['build_id'], directory, metadata)
    again, result = run(cg_import, hub, directory, *options)
    assert (again.returncode, result['outcome'], result['sent_bytes']) == (0, 'already', 0)


def test_rpms_of_another_release_are_refused_before_they_are_sent(hub, cg_import, tmp_path):
    directory, _, nvr = fresh_rpms(tmp_path, source_release='1.other')
    done, result = run(cg_import, hub, directory)
    assert (done.returncode, result['error']['name'], result['sent_bytes']) == (1, 'CG_E_REFUSED', 0), done.stdout
    assert hub.call('getBuild', nvr) is None


def test_rpms_made_from_another_source_the_hub_refuses_and_the_reservation_is_given_back(hub, cg_import, tmp_path):
    directory, _, nvr = fresh_rpms(tmp_path, source='hubtest-other')
    done, result = run(cg_import, hub, directory, '--reserve')
    assert (done.returncode, result['error']['name']) == (1, 'CG_E_HUB_REFUSED'), done.stdout
    assert 'srpm mismatch' in result['error']['message'] and result['left_on_hub'] is None
    assert hub.call('getBuild', nvr)['state'] == 3


@pytest.fixture
def draft_hub(hub):
    if os.environ.get('CG_HUB_DRAFTS') != '1':
        pytest.skip('CG_HUB_DRAFTS is not 1: the hub has no draft builds')
    return hub


def drafts_of(hub, nvr):
    return [build for build in hub.call('listBuilds', {'__starstar': True, 'packageID': 'hubtest-rpms', 'draft': True})
            if build['nvr'].startswith(nvr + ',draft_')]


def test_a_draft(draft_hub, cg_import, tmp_path):
    directory, metadata, nvr = fresh_rpms(tmp_path)
    done, result = run(cg_import, draft_hub, directory, '--draft')
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stdout + done.stderr
    assert result['nvr'] == '%s,draft_%d' % (nvr, result['build_id'])
    build = draft_hub.call('getBuild', result['build_id'])
    assert (build['state'], build['draft'], build['nvr']) == (1, True, result['nvr'])
    assert_rpms(draft_hub, result['build_id'], directory, metadata)
    assert result['metadata_verified'] is True
    assert draft_hub.call('getBuild', nvr) is None


def test_a_draft_that_is_imported_again_stays_one(draft_hub, cg_import, tmp_path):
    directory, metadata, nvr = fresh_rpms(tmp_path)
    first = run(cg_import, draft_hub, directory, '--draft')[1]
    done, result = run(cg_import, draft_hub, directory, '--draft')
    assert (done.returncode, result['outcome'], result['sent_bytes']) == (0, 'already', 0), done.stdout
    assert (result['build_id'], result['nvr']) == (first['build_id'], first['nvr'])
    assert len(drafts_of(draft_hub, nvr)) == 1


def test_another_draft_of_the_nvr_is_made(draft_hub, cg_import, tmp_path):
    """The same target, other metadata: that is what drafts are for."""
    directory, metadata, nvr = fresh_rpms(tmp_path)
    first = run(cg_import, draft_hub, directory, '--draft')[1]
    metadata['build']['end_time'] += 1
    (directory / 'metadata.json').write_text(json.dumps(metadata))
    done, result = run(cg_import, draft_hub, directory, '--draft')
    assert (done.returncode, result['outcome']) == (0, 'imported'), done.stdout
    assert result['build_id'] != first['build_id'] and len(drafts_of(draft_hub, nvr)) == 2


def test_without_a_look_at_its_metadata_a_draft_is_not_believed_to_be_there(draft_hub, cg_import, tmp_path):
    directory, metadata, nvr = fresh_rpms(tmp_path)
    config = tmp_path / 'blind.conf'
    settings = dict(draft_hub.settings, topdir='', topurl='')
    config.write_text('[%s]\n' % draft_hub.profile + ''.join('%s = %s\n' % item for item in settings.items()))
    arguments = ['import', '--json', '--draft', '--profile', draft_hub.profile, '--config', str(config),
                 str(directory / 'metadata.json'), str(directory)]
    for _ in range(2):
        done = cg_import(*arguments)
        result = json.loads(done.stdout)
        assert (done.returncode, result['outcome'], result['metadata_verified']) == (0, 'imported', False), done.stdout
    assert len(drafts_of(draft_hub, nvr)) == 2


def test_a_draft_can_be_promoted_and_is_known_then(draft_hub, cg_import, koji_python, tmp_path):
    directory, _, nvr = fresh_rpms(tmp_path)
    draft = run(cg_import, draft_hub, directory, '--draft')[1]
    koji = os.path.join(os.path.dirname(koji_python), 'koji')
    promoted = subprocess.run([koji_python, koji, *draft_hub.options(), 'promote-build', draft['nvr']],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert promoted.returncode == 0, promoted.stdout
    build = draft_hub.call('getBuild', nvr)
    assert (build['id'], build['draft'], build['state']) == (draft['build_id'], False, 1)
    done, result = run(cg_import, draft_hub, directory, '--draft')
    assert (done.returncode, result['outcome'], result['nvr']) == (0, 'already', nvr), done.stdout


def test_a_batch_of_drafts_run_again_makes_no_more(draft_hub, cg_import, tmp_path):
    builds = [fresh_rpms(tmp_path) for _ in range(3)]
    listing = tmp_path / 'list'
    listing.write_text(''.join('%s\n' % directory for directory, _, _ in builds))
    for outcome in ('imported', 'already'):
        done = cg_import('import', '--json', '--draft', *draft_hub.options(), '--batch', str(listing))
        outcomes = [json.loads(line).get('outcome') for line in done.stdout.splitlines()]
        assert done.returncode == 0 and outcomes.count(outcome) == 3, done.stdout
    assert [len(drafts_of(draft_hub, nvr)) for _, _, nvr in builds] == [1, 1, 1]


def test_where_the_hub_has_no_drafts_nothing_is_imported(hub, cg_import, tmp_path):
    if os.environ.get('CG_HUB_DRAFTS') == '1':
        pytest.skip('CG_HUB_DRAFTS is 1: the hub has draft builds')
    directory, metadata, nvr = fresh_rpms(tmp_path)
    done, result = run(cg_import, hub, directory, '--draft')
    assert (done.returncode, result['sent_bytes'], result['outcome']) == (1, 0, 'nothing'), done.stdout
    assert result['error']['name'] == 'CG_E_UNSUPPORTED', result['error']
    build = hub.call('getBuild', nvr)
    assert build is None or build['state'] == 4


def component_of(directory, filename):
    name, version, release = filename.rsplit('.', 2)[0].rsplit('-', 2)
    return {'type': 'rpm', 'name': name, 'version': version, 'release': release, 'epoch': None,
            'arch': filename.rsplit('.', 2)[1], 'sigmd5': make_rpm.header(directory / filename, 'SIGMD5'),
            'signature': None}


def with_components(tmp_path, components):
    directory, metadata, nvr = fresh(tmp_path)
    image = next(output for output in metadata['output'] if output['type'] == 'docker-image')
    image['components'] = components
    (directory / 'metadata.json').write_text(json.dumps(metadata))
    return directory, metadata, nvr, image['filename']


def test_an_rpm_component_that_the_hub_has(hub, cg_import, tmp_path):
    rpms, metadata, nvr = fresh_rpms(tmp_path)
    assert run(cg_import, hub, rpms)[0].returncode == 0
    component = component_of(rpms, nvr + '.noarch.rpm')
    directory, _, _, filename = with_components(tmp_path, [component])
    done, result = run(cg_import, hub, directory)
    assert done.returncode == 0, done.stdout
    archive = next(a for a in hub.call('listArchives', result['build_id']) if a['filename'] == filename)
    found = hub.call('listRPMs', {'__starstar': True, 'imageID': archive['id']})
    assert [rpm['nvr'] for rpm in found] == [nvr]

    twice, _, twice_nvr, _ = with_components(tmp_path, [component, dict(component, signature='199e2f91')])
    done, result = run(cg_import, hub, twice)
    assert (done.returncode, result['error']['name'], result['sent_bytes']) == (1, 'CG_E_REFUSED', 0), done.stdout
    assert hub.call('getBuild', twice_nvr) is None


def test_a_kojifile_component_of_an_earlier_archive(hub, cg_import, tmp_path):
    first, metadata, nvr = fresh(tmp_path)
    build_id = run(cg_import, hub, first)[1]['build_id']
    archive = hub.call('listArchives', build_id)[0]
    component = {'type': 'kojifile', 'archive_id': archive['id'], 'nvr': nvr, 'filename': archive['filename'],
                 'filesize': archive['size'], 'checksum': archive['checksum'], 'checksum_type': 'md5'}
    directory, _, _, filename = with_components(tmp_path, [component])
    done, result = run(cg_import, hub, directory)
    assert done.returncode == 0, done.stdout
    image = next(a for a in hub.call('listArchives', result['build_id']) if a['filename'] == filename)
    assert [a['id'] for a in hub.call('listArchives', {'__starstar': True, 'imageID': image['id']})] == [archive['id']]

    wrong, _, wrong_nvr, _ = with_components(tmp_path, [dict(component, checksum=hashlib.md5(b'').hexdigest())])
    done, result = run(cg_import, hub, wrong)
    assert done.returncode == 1 and 'checksum' in result['error']['message'], done.stdout
    assert hub.call('getBuild', wrong_nvr) is None
