# SPDX-License-Identifier: LGPL-2.1-or-later
"""Documents that differ in one place from a good one, for asking a real hub and `cg-import check` the same question.

CASES maps a name to a Case. `change(document)` edits a fresh good document in place. STRICTER names the cases that the
hub takes and we refuse, with the reason; docs/stricter-than-the-hub.md explains them. Nothing here would leave the
build's own directory on a hub.
"""
import copy

DELETE = object()

RPM = {'type': 'rpm', 'name': 'bash', 'version': '5.2.26', 'release': '1.el9', 'arch': 'x86_64', 'epoch': None,
       'sigmd5': '0123456789abcdef0123456789abcdef', 'signature': None}

GOOD = {
    'metadata_version': 0,
    'build': {'name': 'verdict-container', 'version': '1', 'release': '1', 'source': 'https://example.com/g#abc',
              'start_time': 1760000000, 'end_time': 1760000300, 'owner': None, 'extra': {'image': {}}},
    'buildroots': [{'id': 1, 'host': {'os': 'rhel-9', 'arch': 'x86_64'},
                    'content_generator': {'name': 'atomic-reactor', 'version': '4.8'},
                    'container': {'type': 'none', 'arch': 'x86_64'}, 'components': [], 'tools': []}],
    'output': [
        {'buildroot_id': 1, 'filename': 'image.tar.gz', 'type': 'docker-image', 'arch': 'x86_64',
         'extra': {'image': {'arch': 'x86_64'}}, 'components': []},
        {'buildroot_id': 1, 'filename': 'x86_64.log', 'type': 'log', 'arch': 'noarch'},
    ],
}


class Case:
    def __init__(self, *edits, change=None):
        self.edits, self.change_function = edits, change

    def document(self):
        document = copy.deepcopy(GOOD)
        for pointer, value in self.edits:
            put(document, pointer, value)
        if self.change_function:
            self.change_function(document)
        return document


def put(document, pointer, value):
    """Sets, appends (-) or deletes what an RFC 6901 pointer names."""
    *way, last = pointer.split('/')[1:]
    for step in way:
        document = document[int(step)] if isinstance(document, list) else document[step]
    if isinstance(document, list):
        if last == '-':
            document.append(value)
        elif value is DELETE:
            del document[int(last)]
        else:
            document[int(last)] = value
    elif value is DELETE:
        document.pop(last, None)
    else:
        document[last] = value


def second_buildroot(**changes):
    return dict(copy.deepcopy(GOOD['buildroots'][0]), **changes)


def log(**changes):
    return dict({'buildroot_id': 1, 'filename': 'more.log', 'type': 'log', 'arch': 'noarch'}, **changes)


def image(**changes):
    return dict(copy.deepcopy(GOOD['output'][0]), **changes)


CASES = {'good': Case()}


def add(name, *edits):
    assert name not in CASES, name
    CASES[name] = Case(*edits)


VALUES = {'null': None, 'true': True, 'zero': 0, 'one': 1, 'float': 1.5, 'text': 'x', 'empty': '', 'list': [],
          'object': {}, 'number-text': '1760000100', 'list-of-text': ['x']}
# every key in turn: absent, then each kind of value
for where, keys in {
    '': ['metadata_version', 'build', 'buildroots', 'output'],
    '/build': ['source', 'start_time', 'end_time', 'owner', 'extra', 'epoch', 'task_id', 'build_id', 'draft'],
    '/buildroots/0': ['id', 'host', 'content_generator', 'container', 'components', 'tools', 'extra'],
    '/buildroots/0/host': ['os', 'arch'],
    '/buildroots/0/content_generator': ['name', 'version'],
    '/buildroots/0/container': ['type', 'arch'],
    '/output/0': ['buildroot_id', 'filename', 'filesize', 'checksum', 'checksum_type', 'type', 'arch', 'extra',
                  'components', 'relpath', 'subdir', 'metadata_only'],
    '/output/0/extra/image': ['arch', 'subdir'],
    '/output/1': ['type', 'extra', 'subdir', 'relpath', 'components', 'arch'],
}.items():
    for key in keys:
        add('%s/%s absent' % (where, key), ('%s/%s' % (where, key), DELETE))
        for label, value in VALUES.items():
            add('%s/%s %s' % (where, key, label), ('%s/%s' % (where, key), copy.deepcopy(value)))

for label, value in {'int': 1, 'null': None, 'empty': '', 'dash': '1-1', 'space': '1 1', 'tilde': '1~rc1', 'caret': '1^g',
                     'colon': '1:1', 'unicode': '1é', 'comma': '1,draft_1', 'dot': '...', 'plus': '1+1',
                     'long-255': 'v' * 200, 'list': [], 'true': True, 'float': 1.5, 'at': '1@x', 'percent': '1%2f'}.items():
    add('version ' + label, ('/build/version', value))
    add('release ' + label, ('/build/release', value))
for label, value in {'space': 'verdict container', 'unicode': 'verdicté', 'plus': 'verdict+container', 'int': 7,
                     'null': None, 'empty': '', 'dots': 'verdict..container', 'length-256': 'v' * 256,
                     'length-257': 'v' * 257, 'colon': 'verdict:x', 'percent': 'verdict%x', 'tilde': 'verdict~x'}.items():
    add('name ' + label, ('/build/name', value))

for label, value in {'epoch-int': 1, 'epoch-text': '1', 'epoch-negative': -1, 'epoch-2^31': 2 ** 31,
                     'epoch-2^31-1': 2 ** 31 - 1}.items():
    add('build ' + label, ('/build/epoch', value))
for label, value in {'spaces': ' 1760000000 ', 'underscore': '1_760_000_000', 'exponent': '1.76e9', 'nan': 'nan',
                     'inf': 'inf', 'hex': '0x68e78000', 'negative': -1, 'huge': 1e18, 'plus': '+1760000000',
                     'minutes': '10:00'}.items():
    add('start_time ' + label, ('/build/start_time', value))
add('end before start', ('/build/end_time', 1750000000))
add('owner unknown', ('/build/owner', 'no-such-user'))
add('owner known', ('/build/owner', 'osbs'))
add('task ids equal', ('/build/task_id', None), ('/build/extra/container_koji_task_id', None))
add('task ids differ', ('/build/task_id', 5), ('/build/extra/container_koji_task_id', 6))
add('container task id text', ('/build/extra/container_koji_task_id', 'five'))

add('typeinfo image', ('/build/extra', {'typeinfo': {'image': {}}}))
add('typeinfo image and legacy', ('/build/extra', {'image': {}, 'typeinfo': {'image': {}}}))
add('typeinfo null', ('/build/extra', {'image': {}, 'typeinfo': None}))
add('typeinfo list', ('/build/extra', {'image': {}, 'typeinfo': []}))
add('typeinfo text', ('/build/extra', {'image': {}, 'typeinfo': 'image'}))
add('typeinfo unknown', ('/build/extra', {'image': {}, 'typeinfo': {'no-such-type': {}}}))
add('typeinfo value list', ('/build/extra', {'image': {}, 'typeinfo': {'operator-manifests': []}}))
add('extra image null', ('/build/extra', {'image': None}))
add('extra image text', ('/build/extra', {'image': 'x'}))
add('extra empty and log only', ('/build/extra', {}), ('/output/0', DELETE))
add('extra maven without keys', ('/build/extra', {'image': {}, 'maven': {}}))
add('extra maven', ('/build/extra', {'image': {}, 'maven': {'group_id': 'g', 'artifact_id': 'a', 'version': '1'}}))
add('extra win without keys', ('/build/extra', {'image': {}, 'win': {}}))
add('extra win', ('/build/extra', {'image': {}, 'win': {'platform': 'win10'}}))

add('output extra typeinfo image', ('/output/0/extra', {'typeinfo': {'image': {'arch': 'x86_64'}}}))
add('output extra both', ('/output/0/extra', {'image': {'arch': 'x86_64'}, 'typeinfo': {'image': {'arch': 'x86_64'}}}))
add('output extra two types', ('/output/0/extra', {'image': {'arch': 'x86_64'}, 'maven': {}}),
    ('/build/extra', {'image': {}, 'maven': {'group_id': 'g', 'artifact_id': 'a', 'version': '1'}}))
add('output extra typeinfo empty', ('/output/0/extra', {'typeinfo': {}}))
add('output extra typeinfo null', ('/output/0/extra', {'image': {'arch': 'x86_64'}, 'typeinfo': None}))
add('output type not listed', ('/output/0/extra', {'typeinfo': {'operator-manifests': {}}}))
add('image arch 16', ('/output/0/extra/image/arch', 'a' * 16))
add('image arch 17', ('/output/0/extra/image/arch', 'a' * 17))
add('image subdir', ('/output/0/extra/image/subdir', 'sub'))
add('output subdir legacy', ('/output/0/subdir', 'sub'))

for label, name in {'unknown': 'image.xyz', 'none': 'image', 'upper': 'IMAGE.TAR.GZ', 'mixed': 'i.Tar.Gz', 'zip': 'a.zip',
                    'gz': 'a.gz', 'double': 'a.b.c.tar', 'qcow2': 'a.qcow2', 'dot-only': 'a.', 'hidden': '.tar',
                    'colon': 'docker-image-sha256:ab.tar.gz', 'space': 'a b.tar', 'json': 'a.json', 'iso': 'a.iso',
                    'raw-xz': 'a.raw.xz', 'directory': 'dir/a.tar', 'dot-directory': './a.tar', 'trailing': 'a.tar/',
                    'double-slash': 'd//a.tar', 'hidden-tar': '.hidden.tar', 'unicode': 'é.tar',
                    'rpm-name': 'a-1-1.x86_64.rpm'}.items():
    add('filename ' + label, ('/output/0/filename', name))
for label, name in {'sub': 'sub', 'two': 'a/b', 'dot': '.', 'slash-end': 'a/', 'hidden': '.a', 'inner-dots': 'a/./b'}.items():
    add('log relpath ' + label, ('/output/1/relpath', name))
    add('log subdir ' + label, ('/output/1/subdir', name))
add('log name without suffix', ('/output/1/filename', 'console'))
add('log twice', ('/output/-', log(filename='x86_64.log')))
add('log twice other subdir', ('/output/-', log(filename='x86_64.log', relpath='two', subdir='two')))
add('log twice other relpath', ('/output/-', log(filename='x86_64.log', relpath='two')))
add('image twice', ('/output/-', image()))
add('image twice other relpath', ('/output/-', image(relpath='two')))
add('log and image of one name', ('/output/1/filename', 'image.tar.gz'), ('/output/1/relpath', 'logs'))
add('log named cg_import.log', ('/output/1/filename', 'cg_import.log'))
add('log with type extra', ('/output/1/extra', {'typeinfo': {'image': {'arch': 'x86_64'}}}))
add('no outputs', ('/output', []))

for kind in ('md5', 'sha256', 'sha1', 'sha512', 'adler32', 'MD5', 'crc32'):
    add('image checksum ' + kind, ('/output/0/checksum_type', kind))
    add('log checksum ' + kind, ('/output/1/checksum_type', kind))

add('buildroot id text', ('/buildroots/0/id', 'host'), ('/output/0/buildroot_id', 'host'), ('/output/1/buildroot_id', 'host'))
add('buildroot id text of number', ('/buildroots/0/id', '1'))
add('buildroot id float equal', ('/buildroots/0/id', 1.0))
add('buildroot id true equals 1', ('/buildroots/0/id', True))
add('buildroot id null everywhere', ('/buildroots/0/id', None), ('/output/0/buildroot_id', None),
    ('/output/1/buildroot_id', None))
add('buildroot unused', ('/buildroots/-', second_buildroot(id=2)))
add('buildroot used', ('/buildroots/-', second_buildroot(id=2)), ('/output/1/buildroot_id', 2))
add('buildroot twice', ('/buildroots/-', second_buildroot()))
add('buildroot two generators', ('/buildroots/-', second_buildroot(
    id=2, content_generator={'name': 'no-such-cg', 'version': '1'})), ('/output/1/buildroot_id', 2))
add('buildroot generator versions differ', ('/buildroots/-', second_buildroot(
    id=2, content_generator={'name': 'atomic-reactor', 'version': '5'})), ('/output/1/buildroot_id', 2))
add('container null', ('/buildroots/0/container', {'type': None, 'arch': None}))
add('container half null', ('/buildroots/0/container', {'type': None, 'arch': 'x86_64'}))
add('container unknown type', ('/buildroots/0/container', {'type': 'spaceship', 'arch': 'x86_64'}))
add('host arch long', ('/buildroots/0/host/arch', 'a' * 200))
add('container arch long', ('/buildroots/0/container/arch', 'a' * 200))

for label, value in {'good': {'name': 'podman', 'version': '5'}, 'no version': {'name': 'podman'},
                     'null version': {'name': 'podman', 'version': None}, 'null name': {'name': None, 'version': '5'},
                     'empty version': {'name': 'podman', 'version': ''}, 'int version': {'name': 'podman', 'version': 5},
                     'extra key': {'name': 'podman', 'version': '5', 'x': 1}, 'text': 'podman', 'no name': {'version': '5'},
                     'int name': {'name': 5, 'version': '5'}}.items():
    add('tool ' + label, ('/buildroots/0/tools', [value]))
add('tool twice', ('/buildroots/0/tools', [{'name': 'p', 'version': '1'}, {'name': 'p', 'version': '1'}]))
add('tool twice other version', ('/buildroots/0/tools', [{'name': 'p', 'version': '1'}, {'name': 'p', 'version': '2'}]))

for where, at in {'buildroot': '/buildroots/0/components', 'output': '/output/0/components'}.items():
    for label, value in {
        'rpm': RPM, 'rpm no name': dict(RPM, name=DELETE), 'rpm no version': dict(RPM, version=DELETE),
        'rpm no release': dict(RPM, release=DELETE), 'rpm no arch': dict(RPM, arch=DELETE),
        'rpm no sigmd5': dict(RPM, sigmd5=DELETE), 'rpm no epoch': dict(RPM, epoch=DELETE),
        'rpm epoch text': dict(RPM, epoch='1'), 'rpm epoch none text': dict(RPM, epoch='(none)'),
        'rpm int version': dict(RPM, version=5), 'rpm null name': dict(RPM, name=None),
        'rpm location': dict(RPM, location='http://x'), 'rpm location null': dict(RPM, location=None),
        'rpm id': dict(RPM, id=1), 'rpm no signature': dict(RPM, signature=DELETE), 'rpm upper md5': dict(RPM, sigmd5='AB'),
        'file': {'type': 'file', 'filename': 'a.jar', 'filesize': 1, 'checksum': 'ab', 'checksum_type': 'md5'},
        'file sha1': {'type': 'file', 'filename': 'a.jar', 'filesize': 1, 'checksum': 'ab', 'checksum_type': 'sha1'},
        'file crc': {'type': 'file', 'filename': 'a.jar', 'filesize': 1, 'checksum': 'ab', 'checksum_type': 'crc'},
        'file no name': {'type': 'file', 'filesize': 1, 'checksum': 'ab', 'checksum_type': 'md5'},
        'file no size': {'type': 'file', 'filename': 'a.jar', 'checksum': 'ab', 'checksum_type': 'md5'},
        'file no checksum': {'type': 'file', 'filename': 'a.jar', 'filesize': 1, 'checksum_type': 'md5'},
        'file no checksum type': {'type': 'file', 'filename': 'a.jar', 'filesize': 1, 'checksum': 'ab'},
        'file size text': {'type': 'file', 'filename': 'a.jar', 'filesize': '1', 'checksum': 'ab', 'checksum_type': 'md5'},
        'kojifile unknown': {'type': 'kojifile', 'archive_id': 99999999, 'nvr': 'a-1-1', 'filename': 'a.jar'},
        'kojifile no nvr': {'type': 'kojifile', 'archive_id': 99999999, 'filename': 'a.jar'},
        'npm': {'type': 'npm'}, 'no type': {'name': 'x'}, 'null': None, 'text': 'x',
    }.items():
        if isinstance(value, dict):
            value = {k: v for k, v in value.items() if v is not DELETE}
        add('%s component %s' % (where, label), (at, [value]))
    add('%s component rpm twice' % where, (at, [RPM, RPM]))
    add('%s component rpm twice other md5' % where, (at, [RPM, dict(RPM, sigmd5='f' * 32)]))

# The hub takes these, we do not: docs/stricter-than-the-hub.md, whose headings are the reasons.
STRICTER = {}


def stricter(reason, where, *labels):
    for label in labels:
        STRICTER[('%s %s' % (where, label)).strip()] = reason


for part in ('version', 'release'):
    stricter('the hub is damaged', part, 'empty')
stricter('the hub is damaged', 'log', 'named cg_import.log')
for where in ('buildroot', 'output'):
    stricter('it breaks when the hub knows more', where + ' component', 'rpm twice', 'rpm twice other md5', 'rpm no sigmd5',
             'file crc', 'file no checksum type')
    stricter('two readers see two things', where + ' component', 'rpm null name', 'file size text')
stricter('it breaks when the hub knows more', 'build', 'epoch-text')
stricter('it breaks when the hub knows more', '/build/epoch', 'number-text')
for where in ('/buildroots/0/host/os', '/buildroots/0/host/arch', '/buildroots/0/content_generator/version',
              '/buildroots/0/container/type', '/buildroots/0/container/arch', '/build/source', '/output/0/type',
              '/output/0/extra/image/arch'):
    stricter('two readers see two things', where, 'true', 'zero', 'one', 'float', 'list-of-text')
stricter('two readers see two things', '/output/0/type', 'null', 'list', 'object')
stricter('two readers see two things', '/build/epoch', 'float')
stricter('two readers see two things', '/build/start_time', 'true')
stricter('two readers see two things', '/build/end_time', 'true')
stricter('two readers see two things', '/buildroots/0/content_generator/name', 'one')
stricter('two readers see two things', 'tool', 'int version', 'int name')
for where, labels in {'/build/owner': 'zero list object', '/build/build_id': 'empty list object', '/buildroots/0/components': 'object',
                      '/build/draft': 'zero empty list object', '/buildroots/0/tools': 'zero object', '/output/0/components': 'object',
                      '/output/0/subdir': 'zero list object', '/output/1/subdir': 'zero list object',
                      '/output/0/metadata_only': 'zero empty list object'}.items():
    stricter('empty in Python is not empty elsewhere', where, *labels.split())
stricter('one file, one name', 'filename', 'dot-directory', 'trailing', 'double-slash')
for where in ('log relpath', 'log subdir'):
    stricter('one file, one name', where, 'dot', 'slash-end', 'inner-dots')
stricter('not what anyone wants', '/output/0/metadata_only', 'true', 'one', 'float', 'text', 'number-text', 'list-of-text')

# Releases take these and koji's master refuses them: drafts of archives up to 1.35, subdir ignored before 1.35.
RELEASES_TAKE = {'/build/draft ' + label for label in ('true', 'one', 'float', 'text', 'number-text', 'list-of-text')}
RELEASES_TAKE |= {'/output/0/subdir ' + label for label in ('true', 'one', 'float', 'text', 'number-text', 'list-of-text')}
RELEASES_TAKE |= {'/output/1/subdir ' + label for label in ('true', 'one', 'float', 'list-of-text')}
RELEASES_TAKE |= {'output subdir legacy', 'buildroot component file no checksum', 'output component file no checksum'}

# The hub refuses these for what is not in the document (users, tasks, reservations, archives, the files themselves,
# a release before 1.35).
UNKNOWABLE = {'/build/owner text', '/build/owner number-text', 'owner unknown', '/build/task_id one', '/build/task_id number-text',
              '/build/build_id one', '/output/0/filesize zero', '/output/0/filesize one', 'buildroot component kojifile unknown',
              'output component kojifile unknown', 'log twice other subdir'}
