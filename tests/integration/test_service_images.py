# SPDX-License-Identifier: LGPL-2.1-or-later
"""The worker and `import` look into image archives before anything is sent."""
import json

import pytest

import make_rpmdb
from make_image import DATABASE, Image, make_build, pack, rpm, tar

RPMS = [rpm('bash'), rpm('glibc', '2.34', '100.el9')]
PLACEHOLDER = pack(tar([('README', b'Archive is just a placeholder for the koji archive, if you need the content you can '
                                   b'use pullspec of the built image: registry.example.com/test:1')]), 'gz')


@pytest.fixture(scope='module')
def image():
    return Image([[(DATABASE, make_rpmdb.sqlite(RPMS))]])


@pytest.fixture
def build(tmp_path, image):
    """build(release='1', docker={…}): the directory of a build whose image may differ from what is stated."""
    def make(release='1', archive=None, components=RPMS, **docker):
        directory = tmp_path / ('build-' + release)
        make_build(directory, archive or image.docker(), dict(image.docker_extra(), **docker), components, release=release)
        return directory
    return make


def posted(service, directory):
    reply = service.post(directory)
    assert reply.status == 202, reply.body
    return service.wait(reply.json()['id'])


def rules(report):
    return [(finding['level'], finding['rule']) for finding in report['findings']]


WRONG = 'sha256:' + '1' * 64


# --- the service -----------------------------------------------------------------------------------------------------
def test_an_image_that_is_not_what_is_stated_is_rejected(service, build):
    done = posted(service, build(id=WRONG))
    assert done['state'] == 'rejected', service.log()
    assert rules(done['report']) == [('error', 'image.config-digest')]
    assert done['report']['findings'][0]['expected'] == WRONG
    assert service.hub.log('CGImport') == [] and service.hub.call('getBuild', done['nvr']) is None


def events_of(service, id):
    return service.request('GET', '/v1/imports/%s/events' % id, headers={'Accept': 'application/json'}).json()


def test_warnings_are_written_down_with_the_import(service, build):
    done = posted(service, build(components=RPMS[:1]))
    assert done['state'] == 'imported', service.log()
    line = 'image.rpm-extra at /output/0/components: 1 rpm is in the image, though not among the components: ' \
        'glibc-2.34-100.el9.x86_64'
    service.wait_log('rpm-extra')
    told = json.dumps(events_of(service, done['id']))
    assert line in told and line in service.log()


def test_a_content_is_looked_into_once(service, build, postgres, postgres_server):
    """What is known of a content counts for the next post of it: here, after it was made to say something else."""
    assert posted(service, build('1'))['state'] == 'imported'
    database = postgres.rsplit('dbname=', 1)[1]
    assert postgres_server.sql(database, 'SELECT count(*) FROM image_facts') == '1'
    postgres_server.sql(database, "UPDATE image_facts SET facts = jsonb_set(facts::jsonb, '{images,0,config_digest}',"
                                  " '\"%s\"')::json" % WRONG)
    done = posted(service, build('2'))
    assert (done['state'], rules(done['report'])) == ('rejected', [('error', 'image.config-digest')])
    # Facts of an older reader are not looked at.
    postgres_server.sql(database, 'UPDATE image_facts SET reader = 0')
    assert posted(service, build('3'))['state'] == 'imported'
    assert postgres_server.sql(database, 'SELECT count(*) FROM image_facts WHERE reader > 0') == '1'


def test_the_site_chooses_the_levels(start_service, sandbox_hub, postgres, build):
    service = start_service(sandbox_hub, postgres, settings={'images': {'levels': 'config-digest=off rpm-missing=error'}})
    assert posted(service, build('1', id=WRONG))['state'] == 'imported'
    done = posted(service, build('2', components=[*RPMS, rpm('ghost')]))
    assert (done['state'], rules(done['report'])) == ('rejected', [('error', 'image.rpm-missing')])


def test_the_site_may_not_look_at_all(start_service, sandbox_hub, postgres, build):
    service = start_service(sandbox_hub, postgres, settings={'images': {'inspect': 'no'}})
    assert posted(service, build(id=WRONG))['state'] == 'imported'


def test_a_placeholder_is_imported_and_told_of(service, build):
    assert posted(service, build(archive=PLACEHOLDER))['state'] == 'imported'
    assert 'is a placeholder, not an image' in service.log()


def test_levels_that_are_none_are_faults_of_the_configuration(start_service, sandbox_hub, postgres):
    service = start_service(sandbox_hub, postgres, wait=False, settings={'images': {'levels': 'rpm-mising=off fatal'}})
    done = service.verb('serve', '--check-config')
    assert done.returncode == 2
    assert '[images] levels: there is no rule image.rpm-mising' in done.stderr
    assert '[images] levels: a level of image findings is off, warning or error, not "fatal"' in done.stderr


# --- the command -----------------------------------------------------------------------------------------------------
def test_import_looks_when_asked(cg_import, sandbox_hub, build):
    directory = build(id=WRONG)
    arguments = (directory / 'metadata.json', directory)
    refused = cg_import(sandbox_hub, 'import', '--inspect', '--json', *arguments)
    assert refused.returncode == 1, refused.stderr
    told = json.loads(refused.stdout)
    assert rules(told['report']) == [('error', 'image.config-digest')]
    assert sandbox_hub.log('CGImport') == []
    dry = cg_import(sandbox_hub, 'import', '--dry-run', *arguments)
    assert dry.returncode == 1 and 'image.config-digest' in dry.stderr
    assert cg_import(sandbox_hub, 'import', '--dry-run', '--no-inspect', *arguments).returncode == 0
    assert cg_import(sandbox_hub, 'import', '--inspect', '--image-level', 'config-digest=warning', '--strict',
                     *arguments).returncode == 1
    lax = cg_import(sandbox_hub, 'import', '--inspect', '--image-level', 'config-digest=warning', *arguments)
    assert lax.returncode == 0 and 'image.config-digest at /output/0/extra/docker/id: ' in lax.stderr


def test_import_does_not_look_by_default(cg_import, sandbox_hub, build):
    directory = build(id=WRONG)
    assert cg_import(sandbox_hub, 'import', directory / 'metadata.json', directory).returncode == 0


def test_import_tells_of_a_placeholder(cg_import, sandbox_hub, build):
    directory = build(archive=PLACEHOLDER)
    done = cg_import(sandbox_hub, 'import', '--inspect', '--strict', directory / 'metadata.json', directory)
    assert done.returncode == 0 and 'is a placeholder, not an image' in done.stderr
