# SPDX-License-Identifier: LGPL-2.1-or-later
"""The systemd unit: systemd itself finds no fault with it, and it is as closed as docs/operations.md says."""
import os
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
UNIT = TOP / 'koji-config/systemd/cg-import.service'

pytestmark = pytest.mark.skipif(not shutil.which('systemd-analyze'), reason='no systemd-analyze')


def analyze(*arguments):
    return subprocess.run(['systemd-analyze', *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=300)


def test_systemd_finds_no_fault(tmp_path):
    # What is not installed here is no fault of the unit: the program and its pages.
    program = os.environ.get('CG_IMPORT') or shutil.which('true')
    lines = [line for line in UNIT.read_text().splitlines() if not line.startswith('Documentation=')]
    unit = tmp_path / UNIT.name
    unit.write_text('\n'.join(lines).replace('/usr/bin/cg-import', program) + '\n')
    done = analyze('verify', '--man=no', unit)
    complaints = [line for line in done.stdout.splitlines() if UNIT.name in line]
    assert (done.returncode, complaints) == (0, [])


def test_it_is_as_closed_as_the_documentation_says():
    assert '(`systemd-analyze security cg-import`: 1.2)' in (TOP / 'docs/operations.md').read_text()
    if 'offline' not in analyze('--help').stdout:
        pytest.skip('this systemd-analyze looks at loaded units only')
    done = analyze('security', '--offline=true', '--threshold=12', UNIT)
    assert done.returncode == 0, done.stdout[-200:]
