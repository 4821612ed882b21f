# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds with a family, for the auditors' pages: a base image, applications on it in two releases, one on an image that nobody
brought in, and one whose texts are hostile."""
import hashlib
import json

from make_build import make

# What a content generator may write, and what no page may take for its own: markup, quotes, a turned direction, no end.
HOSTILE = '<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"\'&amp;\u202etxt.exe' + 'W' * 300


def commit_of(name):
    return hashlib.sha1(name.encode()).hexdigest()


def write(directory, name, release='1', parents=(), components=12, newer=(), **options):
    """A build below the directory; `parents`: {nvr: build id}; `newer`: names of rpms with another version than in other
    releases."""
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
    place = directory / ('%s-%s' % (name, release))
    metadata = make(str(place), name=name, release=release, size=3000, components=components, seed=seed, **options)
    build = metadata['build']
    build['source'] = 'git://pkgs.example.com/containers/%s#%s' % (name, commit_of(name + release))
    build['extra']['submitter'] = 'jdoe'
    image = build['extra']['image']
    for number, (nvr, build_id) in enumerate(dict(parents).items()):
        image['parent_image_builds']['registry.example.com/%s' % nvr] = {'id': build_id, 'nvr': nvr}
        image.setdefault('parent_build_id', build_id if number == 0 else None)
    for output in metadata['output']:
        for component in output.get('components', []):
            if component['name'] in newer:
                component.update(release='99.el9', sigmd5=hashlib.md5(release.encode()).hexdigest())
    write_metadata(place, metadata)
    return place


def write_hostile(directory):
    place = directory / 'hostile'
    metadata = make(str(place), name='hostile', size=3000, components=3, seed=7)
    build = metadata['build']
    build['source'] = 'git://pkgs.example.com/%s#%s' % (HOSTILE, HOSTILE[:60])
    build['extra']['submitter'] = HOSTILE
    build['extra']['image']['parent_images'] = ['registry.example.com/' + HOSTILE]
    buildroot = metadata['buildroots'][0]
    buildroot['tools'].append({'name': HOSTILE, 'version': HOSTILE})
    for output in metadata['output']:
        for component in output.get('components', []):
            component.update(name=HOSTILE + component['name'], version=HOSTILE)
        if 'docker' in output.get('extra', {}):
            output['extra']['docker'].update(tags=[HOSTILE], repositories=['registry.example.com/' + HOSTILE])
    write_metadata(place, metadata)
    return place


def write_metadata(place, metadata):
    (place / 'metadata.json').write_text(json.dumps(metadata))


def bring_in(service, directory):
    """Import the family; {nvr: import}."""
    brought = {}

    def bring(place):
        reply = service.post(place)
        assert reply.status == 202, reply.body
        found = service.wait(reply.json()['id'])
        assert found['state'] == 'imported', found
        brought[found['nvr']] = found
        return {found['nvr']: found['build_id']}
    base = bring(write(directory, 'base-container', components=8))
    runtime = bring(write(directory, 'runtime-container', parents={**base}))
    bring(write(directory, 'webserver-container', '1', {**runtime}, components=40, arches=('x86_64', 'aarch64')))
    bring(write(directory, 'webserver-container', '2', {**runtime, 'ubi9-container-9.4-1194': 770011}, components=40,
                newer=('openssl-libs', 'curl'), arches=('x86_64', 'aarch64')))
    bring(write(directory, 'shop-container', '1', {'webserver-container-1.0-2': brought['webserver-container-1.0-2']['build_id']}))
    bring(write(directory, 'metrics-container', '1', {**runtime}))
    bring(write_hostile(directory))
    return brought
