# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make small image archives of any shape, and the metadata of a build that has them.

    image = Image(layers=[[('usr/lib/sysimage/rpm/rpmdb.sqlite', data)]])
    image.docker()      # the bytes of a docker-archive
    image.oci()         # of an OCI image layout as a tar
    pack(data, 'xz')
    make_build(DIR, data, image.metadata(components))
"""
import gzip
import hashlib
import io
import json
import lzma
import shutil
import subprocess
import tarfile

import pytest

MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
DATABASE = 'usr/lib/sysimage/rpm/rpmdb.sqlite'


def sha256(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def pack(data, how):
    if how == 'gz':
        return gzip.compress(data, 1, mtime=0)
    if how == 'xz':
        return lzma.compress(data, preset=1)
    if how == 'zstd':
        if not shutil.which('zstd'):
            pytest.skip('zstd is not installed: nothing can be packed with it')
        return subprocess.run(['zstd', '-q', '-1', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def tar(entries):
    """
    A tar of (name, content): bytes for a file, None for a directory, ('->', target) for a symbolic link, ('=', target)
    for a hard link.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as writing:
        for name, content in entries:
            member = tarfile.TarInfo(name)
            if content is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(content, tuple):
                member.type = tarfile.SYMTYPE if content[0] == '->' else tarfile.LNKTYPE
                member.linkname = content[1]
            else:
                member.size = len(content)
            writing.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


class Image:
    """Layers are lists of entries of tar(), or bytes that are taken as they are; all packed as `packed` in a layout."""

    def __init__(self, layers, arch='amd64', labels=None, packed='gz', **config):
        self.layers = [layer if isinstance(layer, bytes) else tar(layer) for layer in layers]
        self.packed = [pack(layer, packed) for layer in self.layers]
        self.config = dict({'architecture': arch, 'os': 'linux', 'config': {'Labels': labels or {}},
                            'rootfs': {'type': 'layers', 'diff_ids': [sha256(layer) for layer in self.layers]}}, **config)
        self.text = json.dumps(self.config, sort_keys=True).encode()
        self.id = sha256(self.text)
        self.manifest = json.dumps({
            'schemaVersion': 2, 'mediaType': MANIFEST_TYPE,
            'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': self.id, 'size': len(self.text)},
            'layers': [{'mediaType': 'application/vnd.oci.image.layer.v1.tar', 'digest': sha256(layer), 'size': len(layer)}
                       for layer in self.packed]}).encode()

    def docker_entries(self):
        """As docker save of old: a directory for each layer, the manifest at the end."""
        names = ['%064x/layer.tar' % number for number in range(len(self.layers))]
        manifest = [{'Config': self.id[7:] + '.json', 'RepoTags': ['test:1'], 'Layers': names}]
        return [*zip(names, self.layers), (self.id[7:] + '.json', self.text), ('manifest.json', json.dumps(manifest).encode())]

    def docker(self):
        return tar(self.docker_entries())

    def skopeo(self):
        """As skopeo and podman: layers at the top, links to them at the names of old, compressed by none."""
        names = [sha256(layer)[7:] + '.tar' for layer in self.layers]
        links = [('%064x/layer.tar' % number, ('->', '../' + name)) for number, name in enumerate(names)]
        manifest = [{'Config': self.id[7:] + '.json', 'RepoTags': None, 'Layers': [name for name, _ in links]}]
        return tar([*zip(names, self.layers), *links, (self.id[7:] + '.json', self.text),
                    ('manifest.json', json.dumps(manifest).encode())])

    def oci_entries(self, nested=False):
        blobs = [self.text, self.manifest, *self.packed]
        top = {'mediaType': MANIFEST_TYPE, 'digest': sha256(self.manifest), 'size': len(self.manifest)}
        if nested:
            inner = json.dumps({'schemaVersion': 2, 'manifests': [top]}).encode()
            blobs.append(inner)
            top = {'mediaType': 'application/vnd.oci.image.index.v1+json', 'digest': sha256(inner), 'size': len(inner)}
        return [('oci-layout', b'{"imageLayoutVersion": "1.0.0"}'),
                ('index.json', json.dumps({'schemaVersion': 2, 'manifests': [top]}).encode()), ('blobs', None),
                *[('blobs/sha256/' + sha256(blob)[7:], blob) for blob in blobs]]

    def oci(self, **options):
        return tar(self.oci_entries(**options))

    def docker_extra(self):
        return {'id': self.id, 'repositories': ['registry.example.com/test:1'], 'tags': ['1'],
                'layer_sizes': [{'diff_id': sha256(layer), 'size': len(layer)} for layer in self.layers],
                'config': self.config, 'digests': {MANIFEST_TYPE: sha256(self.manifest)}}


def make_build(directory, archive, docker, components=(), arch='x86_64', suffix='tar.gz', release='1', **output):
    """Write archive and metadata.json of a build with that one image, and return the metadata."""
    directory.mkdir(exist_ok=True)
    name = 'docker-image-%s.%s.%s' % (docker['id'], arch, suffix)
    (directory / name).write_bytes(archive)
    image = dict({'filename': name, 'filesize': len(archive), 'checksum_type': 'sha256', 'checksum': sha256(archive)[7:],
                  'buildroot_id': 1, 'arch': arch, 'type': 'docker-image', 'components': list(components),
                  'extra': {'image': {'arch': arch}, 'docker': docker}}, **output)
    metadata = {
        'metadata_version': 0, 'output': [image],
        'build': {'name': 'image-container', 'version': '1', 'release': release, 'owner': 'osbs', 'extra': {'image': {}},
                  'source': 'git://git.example.com/image#0123456789', 'start_time': 1760000000, 'end_time': 1760000300},
        'buildroots': [{'id': 1, 'host': {'os': None, 'arch': arch}, 'components': [], 'tools': [],
                        'content_generator': {'name': 'atomic-reactor', 'version': '4.8.0'},
                        'container': {'type': 'none', 'arch': arch}}]}
    (directory / 'metadata.json').write_text(json.dumps(metadata))
    return metadata


def rpm(name, version='1.0', release='1.el9', arch='x86_64', epoch=None, sigmd5=None):
    return {'type': 'rpm', 'name': name, 'version': version, 'release': release, 'arch': arch, 'epoch': epoch,
            'sigmd5': sigmd5 or hashlib.md5(('%s-%s-%s' % (name, version, release)).encode()).hexdigest(),
            'signature': None}
