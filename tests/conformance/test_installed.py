# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `make install` leaves: the files that packages list, and a libcg that another program builds with."""
import os
import pathlib
import stat
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get('CG_BUILD') or TOP / 'build')
FILES = """
0640 etc/cg-import/cg-import.conf
0755 usr/bin/cg-import
0755 usr/lib/koji-hub-plugins/cg_import.so
0644 usr/lib/systemd/system/cg-import.service
0644 usr/lib/sysusers.d/cg-import.conf
0644 usr/lib/tmpfiles.d/cg-import.conf
0644 usr/lib64/libcg.a
0644 usr/lib64/pkgconfig/libcg.pc
0644 usr/share/bash-completion/completions/cg-import
0644 usr/share/cg-import/content-generator-metadata.schema.json
0644 usr/share/cg-import/hub-plugins/cg_import.conf
0644 usr/share/cg-import/openapi.yaml
"""
PROGRAM = r"""
#include <cg/checkpoint.h>
#include <cg/check.h>
#include <cg/version.h>
#include <stdio.h>

int main(void)
{
    struct cg_error err = {0};
    struct cg_bytes text = {0};
    if (cg_version_libraries(&text, &err) < 0)
        return 1;
    printf("%s\n", cg_version());
    cg_bytes_finish(&text);
    return 0;
}
"""


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    if not (BUILD / 'libcg.a').exists():
        pytest.skip('%s is not built' % BUILD)
    top = tmp_path_factory.mktemp('root')
    # Of the make that runs the tests, nothing reaches this one but where things were built.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(('MAKE', 'MFLAGS'))}
    subprocess.run(['make', '--silent', '--directory', TOP, 'install', 'BUILD=%s' % os.path.relpath(BUILD, TOP),
                    'DESTDIR=%s' % top, 'PREFIX=/usr', 'LIBDIR=/usr/lib64'], check=True, env=kept, umask=0o077)
    return top


def names(directory, pattern='*'):
    return {path.name for path in directory.glob(pattern)}


def test_installs_what_packages_list(root):
    found = {'%04o %s' % (stat.S_IMODE(path.stat().st_mode), path.relative_to(root))
             for path in root.rglob('*') if path.is_file()}
    kinds = ('usr/include/cg/', 'usr/share/man/', 'usr/share/cg-import/hub-sql/')
    assert {line for line in found if not line[5:].startswith(kinds)} == set(FILES.split('\n')[1:-1])
    assert names(root / 'usr/include/cg') == names(TOP / 'include/cg')
    assert names(root / 'usr/share/cg-import/hub-sql') == names(TOP / 'schema/hub-sql')
    assert {name for section in (root / 'usr/share/man').iterdir() for name in names(section)} == \
        names(TOP / 'docs/man', '*.[1-9]')


def test_another_program_builds_with_the_library(root, tmp_path):
    (tmp_path / 'program.c').write_text(PROGRAM)
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libcg'], check=True, stdout=subprocess.PIPE, text=True,
                           env=dict(os.environ, PKG_CONFIG_PATH=str(root / 'usr/lib64/pkgconfig'))).stdout.split()
    # The .pc file speaks of where it will lie, here that is below a root of our own.
    flags = [flag.replace('-L/usr', '-L%s/usr' % root) for flag in flags]
    subprocess.run(['cc', '-std=c11', '-Wall', '-Wextra', '-Werror', '-I%s/usr/include' % root, '-o', tmp_path / 'program',
                    tmp_path / 'program.c', *flags], check=True)
    told = subprocess.run([tmp_path / 'program'], check=True, stdout=subprocess.PIPE, text=True).stdout
    version = subprocess.run(['pkg-config', '--modversion', root / 'usr/lib64/pkgconfig/libcg.pc'], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    assert told == version
