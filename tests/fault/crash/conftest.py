# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kills a program at a named point."""
import os
import pathlib
import subprocess

import pytest


@pytest.fixture(scope='session')
def crash_library(tmp_path_factory):
    library = tmp_path_factory.mktemp('crash') / 'crash_point.so'
    subprocess.run([*os.environ.get('CC', 'cc').split(), '-shared', '-fPIC', '-O1', '-o', str(library),
                    str(pathlib.Path(__file__).with_name('crash_point.c')), '-ldl'], check=True)
    return library
