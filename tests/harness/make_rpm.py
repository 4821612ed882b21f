# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make a small source rpm and its binary rpms with rpmbuild: a hub reads the headers of rpms, so they must be real.

    make_rpm.make('DIR', 'name', '1.0', '1', arches=('noarch',))    # the names of the files made in DIR
    make_rpm.build('DIR', 'name', '1.0', '1')                       # the same with metadata.json and a log

The binary rpms are made for any arch, as nothing in them is compiled.
"""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile

import pytest

# The binary rpm is a package of its own name, so that a source of another name can make it.
SPEC = '''%%global debug_package %%{nil}
Name: %(source)s
Version: %(version)s
Release: %(release)s
Summary: A package to test imports with
License: LGPL-2.1-or-later
%(noarch)s
%%description
Holds nothing.
%(package)s
%%files %(of)s
'''
PACKAGE = '''%%package -n %(name)s
Summary: The same
%%description -n %(name)s
Holds nothing.
'''


def need_rpmbuild():
    if not shutil.which('rpmbuild'):
        pytest.skip('rpmbuild is not installed: no rpms can be made')


def spec_text(name, version, release, arch, source):
    other = source != name
    return SPEC % {'version': version, 'release': release, 'source': source,
                   'noarch': 'BuildArch: noarch' if arch == 'noarch' else '',
                   'package': PACKAGE % {'name': name} if other else '', 'of': '-n ' + name if other else ''}


def make(directory, name, version, release, arches=('noarch',), source=None):
    """The source rpm first; it is called `source` where that is given."""
    need_rpmbuild()
    with tempfile.TemporaryDirectory() as top:
        spec = os.path.join(top, 'package.spec')
        for number, arch in enumerate(arches):
            with open(spec, 'w', encoding='utf-8') as writing:
                writing.write(spec_text(name, version, release, arch, source or name))
            subprocess.run(['rpmbuild', '--quiet', '--define', '_topdir ' + top, '--define', '_rpmdir ' + str(directory),
                            '--define', '_srcrpmdir ' + str(directory), '--define', '_build_name_fmt %%{NAME}-%%{VERSION}-'
                            '%%{RELEASE}.%%{ARCH}.rpm', '--target', arch, '-ba' if number == 0 else '-bb', spec],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return ['%s-%s-%s.src.rpm' % (source or name, version, release)] + \
        ['%s-%s-%s.%s.rpm' % (name, version, release, arch) for arch in arches]


def header(path, tag):
    return subprocess.run(['rpm', '-qp', '--nosignature', '--qf', '%%{%s}' % tag, str(path)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=True).stdout


def output(directory, name, kind, arch):
    with open(os.path.join(directory, name), 'rb') as reading:
        content = reading.read()
    return {'buildroot_id': 1, 'filename': name, 'filesize': len(content), 'checksum_type': 'sha256',
            'checksum': hashlib.sha256(content).hexdigest(), 'type': kind, 'arch': arch}


def build(directory, name, version, release, arches=('noarch',), source_release=None, source=None):
    """
    Write the build and return its metadata. The rpms are of `source_release`, or the binary ones come of a source rpm
    called `source`, where they must not fit the build.
    """
    os.makedirs(directory, exist_ok=True)
    names = make(directory, name, version, source_release or release, arches)
    if source:
        names[1:] = make(directory, name, version, release, arches, source)[1:]
    with open(os.path.join(directory, 'build.log'), 'w', encoding='utf-8') as writing:
        writing.write('built %s\n' % name)
    outputs = [output(directory, made, 'rpm', made.rsplit('.', 2)[1]) for made in names]
    outputs.append(output(directory, 'build.log', 'log', 'noarch'))
    metadata = {
        'metadata_version': 0,
        'build': {'name': name, 'version': version, 'release': release, 'epoch': None,
                  'source': 'git://git.example.com/%s#%s' % (name, hashlib.sha1(release.encode()).hexdigest()),
                  'start_time': 1760000000, 'end_time': 1760000300, 'owner': 'osbs',
                  'extra': {'typeinfo': {'rpm': {}}}},
        'buildroots': [{'id': 1, 'host': {'os': 'rhel-9', 'arch': 'x86_64'},
                        'content_generator': {'name': 'atomic-reactor', 'version': '4.8.0'},
                        'container': {'type': 'none', 'arch': 'x86_64'}, 'components': [],
                        'tools': [{'name': 'rpm-build', 'version': '4.18'}]}],
        'output': outputs}
    with open(os.path.join(directory, 'metadata.json'), 'w', encoding='utf-8') as writing:
        json.dump(metadata, writing, indent=1)
    return metadata
