#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make a finished container build as atomic-reactor leaves it: image archives, logs and metadata.json.

    make_build.py DIR [--name N --version V --release R --size BYTES --arches x86_64,aarch64 …]

As a module: `make(directory, release='2', size=1 << 20)` returns the metadata.  The same arguments give the same
bytes.  An image archive is a gzip of a docker-archive: a layer, the image's configuration, manifest.json. The layer is
a tar of an rpm database that lists the components, and random bytes.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import random
import tarfile
import zlib

import make_rpmdb

SUMS = {'md5': hashlib.md5, 'sha256': hashlib.sha256, 'sha1': hashlib.sha1}
MANIFEST_V2 = 'application/vnd.docker.distribution.manifest.v2+json'
BUILD_TIME = 1760000000
PIECE_BYTES = 1 << 20
RPM_NAMES = ('bash', 'glibc', 'openssl-libs', 'zlib', 'systemd-libs', 'coreutils', 'sed', 'grep', 'rpm', 'curl')


# --- files -----------------------------------------------------------------------------------------------------------
class RandomFile:
    """A file of pseudo-random bytes that is made while it is read, between two given pieces."""

    def __init__(self, rnd, size, before=b'', after=b''):
        self.rnd, self.left, self.digest = rnd, size, hashlib.sha256()
        self.before, self.after = before, after

    def read(self, size):
        if self.before:
            part, self.before = self.before[:size], self.before[size:]
        elif self.left:
            part = self.rnd.randbytes(min(size, self.left))
            self.left -= len(part)
        else:
            part, self.after = self.after[:size], self.after[size:]
        # tarfile asks for whole blocks
        if len(part) < size and (self.left or self.after):
            self.digest.update(part)
            return part + self.read(size - len(part))
        self.digest.update(part)
        return part


def layer_around(rnd, size, rpms):
    """A layer: the tar of an rpm database and of a file of `size` random bytes. The file and how long it is."""
    parts = io.BytesIO()
    with tarfile.open(fileobj=parts, mode='w', format=tarfile.PAX_FORMAT) as layer:
        add_member(layer, 'usr/lib/sysimage/rpm/rpmdb.sqlite', make_rpmdb.sqlite(rpms))
        member = tarfile.TarInfo('usr/share/data')
        member.size, member.mtime = size, BUILD_TIME
        layer.fileobj.write(member.tobuf(tarfile.PAX_FORMAT))
        before = parts.getvalue()
    after = b'\0' * (-size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)
    return RandomFile(rnd, size, before, after), len(before) + size + len(after)


def add_member(archive, name, content, size=None):
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(content) if size is None else size, BUILD_TIME
    archive.addfile(member, io.BytesIO(content) if size is None else content)


def write_image(path, rnd, arch, size, rpms):
    """One docker-archive of about that size; the facts that metadata tells about it."""
    with open(path, 'wb') as raw, gzip.GzipFile('', 'wb', 1, raw, BUILD_TIME) as packed, \
            tarfile.open(fileobj=packed, mode='w|', format=tarfile.PAX_FORMAT) as archive:
        layer, layer_size = layer_around(rnd, size, rpms)
        add_member(archive, 'layer-1/layer.tar', layer, layer_size)
        diff_id = 'sha256:' + layer.digest.hexdigest()
        config = {'architecture': {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(arch, arch), 'os': 'linux',
                  'created': '2025-10-09T08:53:20Z', 'config': {'Cmd': ['/bin/bash'], 'Labels': {'architecture': arch}},
                  'rootfs': {'type': 'layers', 'diff_ids': [diff_id]}}
        text = json.dumps(config, sort_keys=True).encode()
        image_id = hashlib.sha256(text).hexdigest()
        add_member(archive, image_id + '.json', text)
        add_member(archive, 'manifest.json', json.dumps([{'Config': image_id + '.json', 'RepoTags': None,
                                                          'Layers': ['layer-1/layer.tar']}]).encode())
    return {'id': 'sha256:' + image_id, 'config': config, 'layer': {'diff_id': diff_id, 'size': layer_size}}


def write_random(path, rnd, size):
    """Plain bytes in place of an image, many times faster to make."""
    source = RandomFile(rnd, size)
    with open(path, 'wb') as writing:
        while part := source.read(PIECE_BYTES):
            writing.write(part)
    image_id = 'sha256:' + rnd.randbytes(32).hex()
    return {'id': image_id, 'config': {'architecture': 'amd64', 'os': 'linux', 'rootfs': {'type': 'layers'}},
            'layer': {'diff_id': 'sha256:' + source.digest.hexdigest(), 'size': size}}


def write_log(path, source, size):
    with open(path, 'w', encoding='utf-8') as writing:
        for number in range(1 << 60):
            if writing.tell() >= size:
                return
            writing.write('2025-10-09 08:%02d:%02d,%03d platform:%s - atomic_reactor.tasks - INFO - step %d\n'
                          % (number // 60 % 60, number % 60, number % 1000, source, number))


def sum_of(path, kind):
    digest, adler = SUMS.get(kind, hashlib.md5)(), 1
    with open(path, 'rb') as reading:
        while part := reading.read(PIECE_BYTES):
            digest.update(part)
            adler = zlib.adler32(part, adler)
    return '%08x' % adler if kind == 'adler32' else digest.hexdigest()


# --- metadata --------------------------------------------------------------------------------------------------------
def components(rnd, count, arch):
    found = []
    for number in range(count):
        name = RPM_NAMES[number] if number < len(RPM_NAMES) else 'package-%04d' % number
        found.append({'type': 'rpm', 'name': name, 'version': '%d.%d' % (rnd.randrange(9), rnd.randrange(99)),
                      'release': '%d.el9' % rnd.randrange(1, 99), 'arch': arch, 'epoch': None if number % 7 else 1,
                      'sigmd5': rnd.randbytes(16).hex(), 'signature': '199e2f91fd431d51'})
    return found


def buildroot(rnd, arch, count):
    return {'id': 'builder-%s' % arch, 'host': {'os': None, 'arch': arch},
            'content_generator': {'name': 'atomic-reactor', 'version': '4.8.0'},
            'container': {'type': 'none', 'arch': arch}, 'components': components(rnd, count, arch),
            'tools': [{'name': 'podman', 'version': '5.4.0'}, {'name': 'osbs-client', 'version': '2.1.0'}]}


class Maker:
    """One build on its way."""

    def __init__(self, directory, options):
        self.directory, self.options = directory, options
        self.rnd = random.Random(options['seed'])
        self.outputs, self.typeinfo = [], {}

    def add(self, name, **fields):
        path, kind = os.path.join(self.directory, name), self.options['checksum']
        self.outputs.append(dict(filename=name, filesize=os.path.getsize(path), checksum=sum_of(path, kind),
                                 checksum_type=kind, buildroot_id='builder-%s' % self.options['arches'][0], **fields))
        return self.outputs[-1]

    def add_logs(self):
        sources = ['orchestrator'] + list(self.options['arches'])
        while len(sources) < self.options['logs']:
            sources.append('step-%d' % len(sources))
        for source in sources[:self.options['logs']]:
            write_log(os.path.join(self.directory, source + '.log'), source, self.options['log_size'])
            self.add(source + '.log', arch='noarch', type='log')

    def add_image(self, arch):
        options, rnd = self.options, self.rnd
        draft = os.path.join(self.directory, 'image.part')
        rpms = components(rnd, options['components'], arch)
        if options['plain']:
            facts = write_random(draft, rnd, options['size'])
        else:
            facts = write_image(draft, rnd, arch, options['size'], rpms)
        name = 'docker-image-%s.%s.tar.gz' % (facts['id'], arch)
        os.replace(draft, os.path.join(self.directory, name))
        pull, digest = 'registry.example.com/test/' + options['name'], 'sha256:' + rnd.randbytes(32).hex()
        tag = '%s-%s' % (options['version'], options['release'])
        docker = {'id': facts['id'], 'parent_id': 'sha256:' + rnd.randbytes(32).hex(),
                  'repositories': ['%s:%s' % (pull, tag), '%s@%s' % (pull, digest)],
                  'layer_sizes': [facts['layer']], 'tags': [tag, 'latest'], 'floating_tags': ['latest'],
                  'unique_tags': ['%s-%d' % (options['name'], options['seed'])], 'config': facts['config'],
                  'digests': {MANIFEST_V2: digest}}
        output = self.add(name, arch=arch, type='docker-image', extra={'image': {'arch': arch}, 'docker': docker},
                          components=rpms)
        output['buildroot_id'] = 'builder-%s' % arch

    def add_manifests(self):
        name = 'operator_manifests.zip'
        write_random(os.path.join(self.directory, name), self.rnd, 2048)
        self.add(name, type='operator-manifests', extra={'typeinfo': {'operator-manifests': {}}})
        self.typeinfo['operator-manifests'] = {'archive': name}

    def metadata(self):
        options, rnd = self.options, self.rnd
        extra = {'image': {'help': None, 'isolated': False, 'parent_images': [], 'parent_image_builds': {},
                           'media_types': [MANIFEST_V2]},
                 'osbs_build': {'kind': 'container_build', 'engine': 'podman', 'subtypes': []}, 'submitter': 'osbs'}
        if self.typeinfo:
            extra['typeinfo'] = self.typeinfo
        build = {'name': options['name'], 'version': options['version'], 'release': options['release'],
                 'source': 'git://git.example.com/%s#%s' % (options['name'], rnd.randbytes(20).hex()),
                 'start_time': BUILD_TIME, 'end_time': BUILD_TIME + 300, 'owner': options['owner'], 'extra': extra}
        return {'metadata_version': 0, 'build': build, 'output': self.outputs,
                'buildroots': [buildroot(rnd, arch, options['components']) for arch in options['arches']]}


DEFAULTS = {'name': 'test-container', 'version': '1.0', 'release': '1', 'size': 1 << 20, 'arches': ('x86_64',),
            'checksum': 'md5', 'components': 20, 'logs': 2, 'log_size': 2000, 'manifests': False, 'plain': False,
            'owner': 'osbs', 'seed': 1}


def make(directory, **given):
    """Write the build into the directory and return its metadata; the options are those of DEFAULTS."""
    unknown = set(given) - set(DEFAULTS)
    if unknown:
        raise TypeError('no such option: %s' % ', '.join(sorted(unknown)))
    os.makedirs(directory, exist_ok=True)
    maker = Maker(str(directory), dict(DEFAULTS, **given))
    maker.add_logs()
    for arch in maker.options['arches']:
        maker.add_image(arch)
    if maker.options['manifests']:
        maker.add_manifests()
    metadata = maker.metadata()
    with open(os.path.join(directory, 'metadata.json'), 'w', encoding='utf-8') as writing:
        json.dump(metadata, writing, indent=2)
        writing.write('\n')
    return metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('directory', metavar='DIR')
    for key, value in DEFAULTS.items():
        option = '--' + key.replace('_', '-')
        if isinstance(value, bool):
            parser.add_argument(option, action='store_true')
        elif isinstance(value, tuple):
            parser.add_argument(option, type=lambda text: tuple(text.split(',')), default=value, metavar='A,B')
        else:
            parser.add_argument(option, type=type(value), default=value, metavar=key.upper())
    given = vars(parser.parse_args())
    directory = given.pop('directory')
    build = make(directory, **given)['build']
    print('%s: %s-%s-%s' % (directory, build['name'], build['version'], build['release']))


if __name__ == '__main__':
    main()
