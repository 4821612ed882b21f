# SPDX-License-Identifier: LGPL-2.1-or-later
"""check DIR looks into image archives: what is in them against the metadata, and nothing that is in them does harm."""
import gzip
import io
import json
import os
import random
import struct
import tarfile

import pytest

import make_rpmdb
from make_image import DATABASE, Image, MANIFEST_TYPE, make_build, pack, rpm, sha256, tar

RPMS = [rpm('bash'), rpm('glibc', '2.34', '100.el9'), rpm('openssl-libs', '3.0.7', '27.el9', epoch=1)]


@pytest.fixture
def look(cg_import, tmp_path):
    """look(archive, docker, …): the findings [(level, rule, pointer, message)] and notes of check on such a build."""
    def run(archive, docker, *options, components=RPMS, **build):
        make_build(tmp_path / 'build', archive, docker, components, **build)
        done = cg_import(None, 'check', '--json', *options, tmp_path / 'build/metadata.json', tmp_path / 'build',
                         timeout=3600)
        assert done.stdout, done.stderr
        run.report = json.loads(done.stdout)
        run.status = done.returncode
        return [(finding['level'], finding['rule'], finding['pointer'], finding['message'])
                for finding in run.report['findings']]
    return run


def image(*layers, rpms=RPMS, **options):
    """An image whose lowest layer has a database."""
    return Image([[(DATABASE, make_rpmdb.sqlite(rpms))], *layers], **options)


def rules(findings):
    return [rule for _, rule, _, _ in findings]


# --- what is right ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('packed', ['none', 'gz', 'xz', 'zstd'])
@pytest.mark.parametrize('form', ['docker', 'skopeo', 'oci'])
def test_an_image_as_stated_has_no_findings(look, form, packed):
    good = image([('etc/motd', b'hello')], labels={'name': 'test'}, packed=packed)
    assert look(pack(getattr(good, form)(), packed), good.docker_extra()) == []
    assert look.report['notes'] == [] and look.status == 0


def test_an_index_in_an_index_and_both_forms_at_once(look):
    good = image()
    assert look(good.oci(nested=True), good.docker_extra()) == []
    names = ['blobs/sha256/' + sha256(layer)[7:] for layer in good.packed]
    manifest = json.dumps([{'Config': 'blobs/sha256/' + good.id[7:], 'RepoTags': [], 'Layers': names}]).encode()
    assert look(tar([*good.oci_entries(), ('manifest.json', manifest)]), good.docker_extra()) == []


def test_of_several_images_the_one_that_is_stated(look):
    good, other = image(), image(rpms=[rpm('other')], arch='arm64')
    manifests = [json.loads(dict(one.docker_entries())['manifest.json'])[0] for one in (other, good)]
    entries = {}
    for number, one in enumerate((other, good)):
        manifests[number]['Layers'] = ['%d/layer.tar' % number]
        entries.update({'%d/layer.tar' % number: one.layers[0], one.id[7:] + '.json': one.text})
    archive = tar([*entries.items(), ('manifest.json', json.dumps(manifests).encode())])
    assert look(archive, good.docker_extra()) == []
    assert 'image.architecture' in rules(look(archive, dict(good.docker_extra(), id='sha256:' + '0' * 64)))


def test_a_placeholder_is_said_to_be_one(look):
    text = b'Archive is just a placeholder for the koji archive, if you need the content you can use pullspec of the ' \
        b'built image: registry.example.com/test@sha256:12'
    assert look(pack(tar([('README', text)]), 'gz'), image().docker_extra(), '--strict') == []
    assert [note for note in look.report['notes'] if 'is a placeholder, not an image' in note
            and note.endswith('registry.example.com/test@sha256:12')]


def test_what_claims_to_be_no_container_image_is_left_alone(look):
    broken = pack(b'not a tar at all', 'gz')[:-4]
    docker = {'id': 'sha256:' + '1' * 64}
    assert look(broken, docker, type='qcow2', suffix='qcow2', extra={'image': {'arch': 'x86_64'}}) == []


def test_not_looking(look):
    wrong = dict(image().docker_extra(), id='sha256:' + '1' * 64)
    assert rules(look(image().docker(), wrong)) == ['image.config-digest']
    assert look(image().docker(), wrong, '--no-inspect') == []
    assert look(image().docker(), wrong, '--image-level', 'off') == []


# --- what is wrong ---------------------------------------------------------------------------------------------------
def test_digests_and_architecture(look):
    good = image([('a', b'1')], packed='none')
    docker = good.docker_extra()
    docker.update(id='sha256:' + '1' * 64, digests={MANIFEST_TYPE: 'sha256:' + '2' * 64})
    docker['layer_sizes'][1]['diff_id'] = 'sha256:' + '3' * 64
    found = look(good.oci(), docker, extra={'image': {'arch': 'aarch64'}, 'docker': docker})
    assert found == [
        ('error', 'image.architecture', '/output/0/extra/image/arch',
         'the image in the archive is for another machine than aarch64'),
        ('error', 'image.config-digest', '/output/0/extra/docker/id',
         'the image in the archive has another id, which is the digest of its configuration'),
        ('error', 'image.layer-sizes', '/output/0/extra/docker/layer_sizes',
         'layer 1 (from 0) in the archive is another than the metadata names'),
        ('warning', 'image.manifest-digest', '/output/0/extra/docker/digests',
         'the manifest in the archive (%s) is another than stated' % MANIFEST_TYPE)]
    by_rule = {finding['rule']: finding for finding in look.report['findings']}
    assert by_rule['image.config-digest']['got'] == good.id
    assert by_rule['image.config-digest']['expected'] == 'sha256:' + '1' * 64
    assert (by_rule['image.architecture']['expected'], by_rule['image.architecture']['got']) == ('arm64', 'amd64')
    assert by_rule['image.layer-sizes']['got'] == sha256(good.layers[1])
    assert by_rule['image.manifest-digest']['got'] == sha256(good.manifest)
    assert look.status == 1


@pytest.mark.parametrize('arch, word', [('x86_64', 'amd64'), ('aarch64', 'arm64'), ('ppc64le', 'ppc64le'),
                                        ('s390x', 's390x')])
def test_architectures_by_their_two_names(look, arch, word):
    right, wrong = image(arch=word), image(arch='amd64' if word != 'amd64' else 'arm64')
    assert look(right.docker(), right.docker_extra(), arch=arch) == []
    assert rules(look(wrong.docker(), wrong.docker_extra(), arch=arch)) == ['image.architecture']


def test_layers_other_than_the_configuration_says(look):
    good = image([('a', b'1')])
    entries = good.docker_entries()
    entries[1] = (entries[1][0], tar([('a', b'2')]))
    assert rules(look(tar(entries), good.docker_extra())) == ['image.layers', 'image.layer-sizes']
    fewer = dict(good.docker_extra(), layer_sizes=good.docker_extra()['layer_sizes'][:1])
    assert look(good.docker(), fewer) == [('error', 'image.layer-sizes', '/output/0/extra/docker/layer_sizes',
                                           'the metadata names 1 layers, the archive has 2')]
    bare = Image([[('a', b'1')]], rootfs={})
    assert [message for _, _, _, message in look(bare.docker(), bare.docker_extra(), components=[])] == [
        "the image's configuration names no layers"]


def test_digests_of_a_source_container(look):
    good = image(packed='gz')
    docker = good.docker_extra()
    docker['layer_sizes'] = [{'digest': sha256(good.packed[0]), 'size': 1}]
    assert look(good.oci(), docker) == []
    docker['layer_sizes'][0]['digest'] = 'sha256:' + '1' * 64
    assert rules(look(good.oci(), docker)) == ['image.layer-sizes']


def test_labels(look):
    good = image(labels={'same': '1', 'other': '1', 'only here': '1'})
    docker = json.loads(json.dumps(good.docker_extra()))
    docker['config']['config']['Labels'] = {'same': '1', 'other': '2', 'only there': '1'}
    assert look(good.docker(), docker) == [('warning', 'image.labels', '/output/0/extra/docker/config',
                                            "3 labels are not the same in the image's configuration: "
                                            "other, only there, only here")]


def test_rpms(look):
    stated = [rpm('bash'), rpm('glibc', '2.34', '99.el9'), rpm('openssl-libs', '3.0.7', '27.el9', epoch=1, sigmd5='0' * 32),
              rpm('gone'), rpm('kernel', '5'), rpm('kernel', '6')]
    there = [*RPMS, rpm('new', epoch=3), rpm('kernel', '6'), rpm('kernel', '7'), rpm('gpg-pubkey', arch='(none)')]
    found = look(image(rpms=there).docker(), image(rpms=there).docker_extra(), components=stated)
    assert found == [
        ('warning', 'image.rpm-missing', '/output/0/components', '1 rpm is not in the image, though among the components: '
         'gone-1.0-1.el9.x86_64'),
        ('warning', 'image.rpm-extra', '/output/0/components', '1 rpm is in the image, though not among the components: '
         'new-3:1.0-1.el9.x86_64'),
        ('warning', 'image.rpm-differs', '/output/0/components', '3 rpms are in the image in another build than stated: '
         'openssl-libs-1:3.0.7-27.el9.x86_64 (sigmd5 %s, stated %s), glibc-2.34-100.el9.x86_64 (stated '
         'glibc-2.34-99.el9.x86_64), kernel-7-1.el9.x86_64 (stated kernel-5-1.el9.x86_64)' % (RPMS[2]['sigmd5'], '0' * 32))]
    assert look.status == 0
    assert look(image(rpms=there).docker(), image(rpms=there).docker_extra(), '--image-level=rpm-missing=error',
                '--image-level=image.rpm-extra=off', components=stated)[0][0] == 'error'
    assert look.status == 1 and rules(found) != [rule['rule'] for rule in look.report['findings']]


def test_an_epoch_of_zero_is_none_and_generators_write_it_as_they_like(look):
    there = [rpm('a', epoch=0), rpm('b'), rpm('c'), rpm('d', epoch=4)]
    stated = [rpm('a'), dict(rpm('b'), epoch='(none)'), rpm('c', epoch=0), dict(rpm('d'), epoch='4')]
    stated[2].update(sigmd5=None)
    assert look(image(rpms=there).docker(), image(rpms=there).docker_extra(), components=stated) == []


def test_many_differences_are_counted_and_some_are_named(look):
    there = [rpm('package-%04d' % number) for number in range(1200)]
    found = look(image(rpms=there).docker(), image(rpms=there).docker_extra(), components=[])
    assert rules(found) == ['image.rpm-extra']
    assert found[0][3].startswith('1200 rpms are in the image, though') and found[0][3].endswith(' and 1190 more')
    assert found[0][3].count('package-') == 10


# --- the database in the layers --------------------------------------------------------------------------------------
def with_layers(*layers):
    return Image([list(layer) for layer in layers])


OLD, NEW = make_rpmdb.sqlite([rpm('old')]), make_rpmdb.sqlite(RPMS)
VAR = 'var/lib/rpm/rpmdb.sqlite'


@pytest.mark.parametrize('layers', [
    [[(DATABASE, OLD)], [(DATABASE, NEW)]],
    [[(DATABASE, NEW)], [('usr/lib/sysimage', None), ('usr/lib/other/.wh.rpm', b'')]],
    [[(DATABASE, OLD)], [('usr/lib/sysimage/rpm/.wh.rpmdb.sqlite', b''), (VAR, NEW)]],
    [[(DATABASE, OLD)], [('usr/lib/sysimage/.wh.rpm', b'')], [(VAR, NEW)]],
    [[(DATABASE, OLD)], [('usr/lib/sysimage/rpm/.wh..wh..opq', b''), (VAR, NEW)]],
    [[(DATABASE, OLD)], [('usr/.wh..wh..opq', b''), (VAR, NEW)]],
    [[(DATABASE, OLD)], [('usr/lib', ('->', 'elsewhere')), (VAR, NEW)]],
    [[(DATABASE, OLD)], [(DATABASE, NEW), ('usr/lib/sysimage/rpm/.wh..wh..opq', b'')]],
    [[(DATABASE, OLD)], [('.wh.usr', b''), (DATABASE, NEW)]],
    [[(VAR, NEW), ('usr/lib/sysimage/rpm', None)]],
    [[('./' + DATABASE, NEW), ('var/lib/rpm', ('->', '../../usr/lib/sysimage/rpm'))]],
    [[('/usr/../' + DATABASE, NEW)]],
    [[(DATABASE, OLD), (DATABASE, NEW)]],
], ids=lambda layers: '+'.join(name for layer in layers for name, _ in layer).replace('/', ','))
def test_the_database_that_is_seen(look, layers):
    good = with_layers(*layers)
    assert look(good.docker(), good.docker_extra()) == []


def test_no_database(look):
    none = with_layers([(DATABASE, NEW)], [('usr/lib/sysimage/rpm/.wh.rpmdb.sqlite', b'')])
    assert look(none.docker(), none.docker_extra()) == [
        ('warning', 'image.rpm-database', '/output/0/components',
         'the image has no rpm database, and 3 rpms are among the components')]
    assert look(none.docker(), none.docker_extra(), components=[]) == []


def test_a_journal_beside_the_database(look, tmp_path):
    """rpm keeps its SQLite database with a write-ahead log, which an image may have beside it."""
    made = make_rpmdb.by_rpm(tmp_path / 'rpmdb', RPMS, 'sqlite')
    if made is None:
        pytest.skip('rpmdb is not installed: no database of rpm itself can be made')
    assert 'rpmdb.sqlite-wal' in made
    base = [('usr/lib/sysimage/rpm/' + name, data) for name, data in made.items()]
    split = with_layers(base[:1], base[1:])
    for good in (with_layers(base), split):
        assert look(good.docker(), good.docker_extra()) == []


def test_a_database_of_rpms_other_backend(look, tmp_path):
    """ndb is SUSE's. Where this machine's librpm is built without it, that is said."""
    made = make_rpmdb.by_rpm(tmp_path / 'rpmdb', RPMS, 'ndb')
    files = made or {'Packages.db': b'RpmP' + struct.pack('<III', 0, 1, 1) + bytes(4096)}
    good = with_layers([('usr/lib/sysimage/rpm/' + name, data) for name, data in files.items()])
    found = look(good.docker(), good.docker_extra())
    if made:
        assert found == []
    else:
        print('this librpm has no ndb: only that it is said was tested')
        assert rules(found) == ['image.rpm-database']
        assert found[0][3].startswith('the rpm database usr/lib/sysimage/rpm/Packages.db of the image (ndb) cannot be '
                                      'read: this librpm (')
        assert found[0][3].endswith(') cannot read databases of the kind ndb')


@pytest.mark.parametrize('entry, part', [
    ((DATABASE, b'SQLite format 3\0' + random.Random(1).randbytes(9000)), 'librpm'),
    ((DATABASE, b''), 'librpm'),
    ((DATABASE, ('=', 'sysroot/ostree/repo/objects/12/34.file')), 'no plain file but a link'),
    ((DATABASE, ('->', '/etc/passwd')), 'no plain file but a link'),
    ((DATABASE, None), 'no plain file but a link'),
    (('var/lib/rpm/Packages', b'\0' * 12 + struct.pack('<I', 0x061561) + bytes(8192)), 'bdb_ro'),
])
def test_a_database_that_cannot_be_read(look, entry, part):
    bad = with_layers([('sysroot/ostree/repo/objects/12/34.file', NEW), entry])
    found = look(bad.docker(), bad.docker_extra())
    assert rules(found) == ['image.rpm-database'] and part in found[0][3]
    assert found[0][3].startswith('the rpm database ')


def test_a_header_that_lies_about_its_size(look):
    """The database is sound and a header in it is not: no list is better than half of one."""
    whole = make_rpmdb.header(RPMS[0])
    for broken in (struct.pack('>II', 0xffffff, 0xffffff) + whole[8:], whole[:20], b'\xff' * 400):
        data = damaged_database(broken)
        bad = with_layers([(DATABASE, data)])
        assert rules(look(bad.docker(), bad.docker_extra())) in (['image.rpm-database'], ['image.unread'])


def damaged_database(blob):
    original = make_rpmdb.header
    try:
        make_rpmdb.header = lambda component: blob
        return make_rpmdb.sqlite([RPMS[0]])
    finally:
        make_rpmdb.header = original


# --- broken archives -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('packed', ['none', 'gz', 'xz', 'zstd'])
def test_a_truncated_archive(look, packed):
    whole = pack(image([('big', random.Random(1).randbytes(300000))]).docker(), packed)
    docker = image().docker_extra()
    # The last cut takes only the end of the compressed stream, with its checksum.
    for size in (len(whole) // 2, *([len(whole) - 3] if packed != 'none' else [])):
        found = look(whole[:size], docker)
        assert rules(found) == ['image.broken'], size
        assert found[0][0] == 'error' and found[0][3].startswith('the image archive is broken: ')


def test_damage_in_the_compressed_bytes(look):
    """What decompresses to something else has other digests, if it decompresses at all."""
    good = image([('big', random.Random(1).randbytes(300000))])
    for place in (100000, 150000, 200000):
        whole = bytearray(pack(good.docker(), 'gz'))
        whole[place] ^= 16
        assert rules(look(bytes(whole), good.docker_extra())) in (['image.broken'], ['image.layers', 'image.layer-sizes'])


def test_what_follows_a_layer_belongs_to_its_digest(look):
    """Padding that no decompressor looks at, of more than one of its reads."""
    good = image([('a', b'1')])
    for number, layer in enumerate(good.packed):
        good.packed[number] = layer + bytes(3000000)
        good.manifest = good.manifest.replace(sha256(layer).encode(), sha256(good.packed[number]).encode())
    assert look(good.oci(), good.docker_extra()) == []


def test_what_is_no_archive(look):
    docker = image().docker_extra()
    for data in (b'', b'x', random.Random(1).randbytes(100000), pack(b'text', 'gz'), tar([('etc/motd', b'x')]), tar([])):
        assert look(data, docker) == [('warning', 'image.none', '/output/0/filename', 'the file is no image archive')]


def without(entries, name):
    assert [one for one, _ in entries if one == name]
    return [(one, data) for one, data in entries if one != name]


def test_parts_that_are_missing_or_wrong(look):
    good = image([('a', b'1')])
    docker, entries = good.docker_extra(), good.docker_entries()
    blob = 'blobs/sha256/' + sha256(good.packed[1])[7:]
    layer = '%064x/layer.tar' % 1
    cases = [
        (without(entries, layer), 'layer %s is named but not in the archive' % layer),
        (without(entries, good.id[7:] + '.json'), 'configuration %s.json is named but not in the archive' % good.id[7:]),
        ([*without(entries, layer), (layer, b'no tar')], 'layer %s is no tar archive' % layer),
        ([*without(entries, layer), (layer, pack(good.layers[1], 'gz')[:60])], 'layer %s is broken: ' % layer),
        ([*without(entries, layer), (layer, ('->', '../%s' % layer))], 'layer %s is named but not' % layer),
        ([*without(entries, 'manifest.json'), ('manifest.json', b'[]')], 'manifest.json names no image'),
        ([*without(entries, 'manifest.json'), ('manifest.json', b'[7, {"Config": 3, "Layers": [null]}]')],
         'configuration (no text) is named'),
        (without(good.oci_entries(), blob), 'layer %s is named but not in the archive' % blob),
        ([*without(good.oci_entries(), blob), (blob, good.packed[0])], 'blob %s has other bytes' % blob),
        ([*without(good.oci_entries(), 'index.json'), ('index.json', b'{"manifests": [{"digest": "x"}, 3]}')],
         'manifest (no digest) is named'),
        ([*without(good.oci_entries(), 'index.json'), ('index.json', b'{}')], 'index.json names no manifest'),
    ]
    for archive, part in cases:
        found = look(tar(archive), docker)
        assert rules(found) == ['image.broken'] and part in found[0][3], (part, found)


# --- harm ------------------------------------------------------------------------------------------------------------
def zeros_tar(size):
    member = tarfile.TarInfo('big')
    member.size = size
    return member.tobuf()


class Repeating(io.RawIOBase):
    """A header and then zeros, made while they are read."""

    def __init__(self, head, size):
        self.head, self.left = head, size

    def read(self, size):
        part, self.head = self.head[:size], self.head[size:]
        if not part:
            part = bytes(min(size, self.left))
            self.left -= len(part)
        return part


def packed_zeros(head, size):
    out, source = io.BytesIO(), Repeating(head, size)
    with gzip.GzipFile(fileobj=out, mode='wb', compresslevel=9, mtime=0) as packed:
        while part := source.read(1 << 20):
            packed.write(part)
    return out.getvalue()


def test_a_bomb_in_a_bomb_is_read_without_growing(look):
    """1 GiB of zeros in 1 MB, as a layer that is packed again."""
    bomb = packed_zeros(zeros_tar(1 << 30), (1 << 30) + 1024)
    good = image(bomb)
    assert rules(look(pack(good.docker(), 'gz'), good.docker_extra())) == ['image.layers', 'image.layer-sizes']


def test_a_database_that_is_a_bomb(look, tmp_path, monkeypatch):
    """Files that are copied out of layers are bounded."""
    member = tarfile.TarInfo(DATABASE)
    member.size = 520 << 20
    bad = Image([packed_zeros(member.tobuf(), 521 << 20)])
    # A place of its own, where no other test makes any.
    place = tmp_path / 'copies'
    place.mkdir()
    monkeypatch.setenv('TMPDIR', str(place))
    found = look(pack(bad.docker(), 'gz'), bad.docker_extra())
    assert rules(found) == ['image.unread']
    assert found[0][3] == 'could not judge the image archive: no room to copy the rpm database out of the layer'
    assert os.listdir(place) == []


def test_many_entries(look):
    header = tarfile.TarInfo('some/path/to/a/file').tobuf()
    good = image(header * 300000 + bytes(1024))
    assert look(pack(good.docker(), 'gz'), good.docker_extra()) == []
    outer = tar(good.docker_entries())[:-10240] + tarfile.TarInfo('x').tobuf() * 30000 + bytes(10240)
    found = look(outer, good.docker_extra())
    assert found == [('warning', 'image.unread', '/output/0/filename',
                      'could not judge the image archive: more than 20000 members')]


def test_paths_and_links_that_lead_elsewhere(look, tmp_path):
    (tmp_path / 'target').write_text('untouched')
    outside = '../' * 30 + str(tmp_path / 'target').lstrip('/')
    evil = [(outside, b'overwritten'), (str(tmp_path / 'target'), b'overwritten'), ('link', ('->', str(tmp_path))),
            ('link/target', b'overwritten'), ('hard', ('=', str(tmp_path / 'target'))), ('hard', b'overwritten')]
    good = image(evil)
    archive = tar([*evil, *good.docker_entries()])
    assert look(archive, good.docker_extra()) == []
    assert (tmp_path / 'target').read_text() == 'untouched'


def test_links_that_go_round(look):
    good = image()
    entries = [(name, ('->', 'layer-b') if name.endswith('layer.tar') else data) for name, data in good.docker_entries()]
    found = look(tar([('layer-b', ('->', 'layer-a')), ('layer-a', ('->', 'layer-b')), *entries]), good.docker_extra())
    assert rules(found) == ['image.broken']


def test_deep_and_long_documents(look):
    good = image()
    for text in (b'[' * 100000, b'{"a":' * 5000 + b'1' + b'}' * 5000, b'[' + b'0,' * 2200000 + b'0]', b'{"a": 1, "a": 2}',
                 b'["\xff\xfe"]'):
        archive = tar([*without(good.docker_entries(), 'manifest.json'), ('manifest.json', text)])
        assert rules(look(archive, good.docker_extra())) == ['image.none']


def test_names_that_drive_a_terminal(look, cg_import, tmp_path):
    good = image()
    manifest = json.dumps([{'Config': 'x\u001b[31m\u202e', 'Layers': []}]).encode()
    archive = tar([*without(good.docker_entries(), 'manifest.json'), ('manifest.json', manifest)])
    make_build(tmp_path / 'build', archive, good.docker_extra(), RPMS)
    done = cg_import(None, 'check', tmp_path / 'build/metadata.json', tmp_path / 'build')
    assert 'configuration x\\u001b[31m\\u202e is named' in done.stdout and '\u001b' not in done.stdout


def test_the_reader_is_no_verb_for_people(cg_import):
    done = cg_import(None, 'read-image')
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr == 'cg-import: read-image is for cg-import itself: see cg-import check\n'
