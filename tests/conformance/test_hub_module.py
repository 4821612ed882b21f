# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hub's plugin in the interpreters of this machine, with the loader of the koji package, without a hub."""
import glob
import json
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get('CG_BUILD') or os.path.join(HERE, '../../build')
MODULE = os.path.join(BUILD, 'hub-module')
# What the koji package imports; of Debian's packages, which any Python 3 can read.
LIBRARIES = ('six.py', 'requests', 'urllib3', 'idna', 'certifi', 'chardet', 'charset_normalizer', 'dateutil', 'defusedxml')


def interpreters():
    """python3.N wherever a machine has them: on the path, and side by side as pyenv keeps them."""
    found = {}
    for pattern in ('/usr/bin/python3.?', '/usr/bin/python3.??', '/usr/local/bin/python3.?', '/usr/local/bin/python3.??',
                    os.path.expanduser('~/.pyenv/versions/3.*/bin/python3.?'),
                    os.path.expanduser('~/.pyenv/versions/3.*/bin/python3.??')):
        for path in sorted(glob.glob(pattern)):
            done = subprocess.run([path, '-c', 'import sys; print(*sys.version_info[:2])'], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, universal_newlines=True)
            if done.returncode == 0 and tuple(map(int, done.stdout.split())) >= (3, 6):
                found.setdefault(done.stdout.strip().replace(' ', '.'), path)
    return found


PYTHONS = interpreters()
EACH_PYTHON = pytest.mark.parametrize('version', sorted(PYTHONS, key=lambda text: int(text.split('.')[1])))


@pytest.fixture(scope='session', autouse=True)
def module():
    if not os.path.exists(os.path.join(MODULE, 'cg_import.so')):
        pytest.skip('build/hub-module/cg_import.so was not built: no Python.h')


@pytest.fixture(scope='session')
def libraries(tmp_path_factory):
    """A directory with the koji package of PyPI and what it imports."""
    directory = tmp_path_factory.mktemp('libraries')
    done = subprocess.run([os.path.join(HERE, '../harness/koji-client')], stdout=subprocess.PIPE, text=True, check=True)
    venv = os.path.dirname(os.path.dirname(done.stdout.strip()))
    os.symlink(glob.glob(os.path.join(venv, 'lib/python3*/site-packages/koji'))[0], directory / 'koji')
    for name in LIBRARIES:
        path = os.path.join('/usr/lib/python3/dist-packages', name)
        if os.path.exists(path):
            os.symlink(path, directory / name)
    return directory


def probe(python, libraries, what, module=MODULE, **environment):
    environment = dict({'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8', 'PYTHONPATH': str(libraries),
                        'PYTHONDONTWRITEBYTECODE': '1'}, **environment)
    done = subprocess.run([python, '-W', 'ignore', os.path.join(HERE, 'hub_module_probe.py'), module, what],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_only_what_python_3_6_promised_for_good_is_used(tmp_path):
    """Also where no Python 3.6 is there to load it: abi3audit knows since when each function is in the stable ABI."""
    audit = subprocess.run([os.path.join(HERE, '../harness/abi3audit')], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    named = tmp_path / 'cg_import.abi3.so'
    os.symlink(os.path.abspath(os.path.join(MODULE, 'cg_import.so')), named)
    for version, violations in (('3.6', False), ('3.2', True)):
        done = subprocess.run([audit, '--strict', '--assume-minimum-abi3', version, str(named)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        assert (done.returncode != 0) == violations, done.stdout


@EACH_PYTHON
def test_loads_as_a_hub_loads_it(version, libraries):
    seen = probe(PYTHONS[version], libraries, 'loader')
    assert seen['python'].startswith(version)
    assert seen['methods']['cgimport.checkMetadata'] == ['(metadata=None, directory=None, strict=0)', 3, True, None]
    assert all(documented and not callbacks for _, _, documented, callbacks in seen['methods'].values())
    assert 'preImport' in seen['callbacks'] and seen['exported callbacks'] == []
    assert seen['modules'] == ['cg_import']
    assert set(seen['hello']['abilities']) == {name.split('.')[1] for name in seen['methods']}
    assert seen['outside'] == ['ModuleNotFoundError', "No module named 'kojihub'"]
    assert seen['too many'][0] == 'ParameterError'
    assert seen['report'][0] == 'refused' and 'json.duplicate-name' in seen['report'][1]
    assert seen['refusal'] == ['GenericError', 'the metadata of n-1-? is refused:']


def assert_imports(seen):
    assert seen['answers'] == ['n-1-1', True]
    assert seen['stored'] == ['.cg_import-incomplete', 'image-0.tar', 'image-1.tar', 'metadata.json']
    assert seen['no file'][0] == 'FileNotFoundError' and seen['wrong sum'] == ['GenericError', 'File checksum mismatch for image-1.tar']
    assert not seen['left'] and seen['log'] == []


@EACH_PYTHON
def test_imports_by_the_hubs_own_importer(version, libraries):
    """The log is empty: every function of the importer is one that the plugin knows."""
    assert_imports(probe(PYTHONS[version], libraries, 'imports', PYTHONMALLOC='debug'))


SAID = {'digests': 'prep_outputs of this hub is another than known: it makes the digests itself',
        'matching': 'match_rpm of this hub is another than known, components are matched one by one: its answers differ',
        'rows': 'match_rpm of this hub is another than known, components are matched one by one: its answers differ',
        'parsing': 'get_metadata of this hub is another than known: it parses in its own way',
        'inserts': 'import_components of this hub is another than known: it inserts in its own way',
        'fixing': "match_rpm of this hub is another than known, components are matched one by one: match_rpm: 'NoneType' object is not callable",
        'buildroots': 'buildroots of this hub are other than known: their rpms are looked up one by one'}


def test_a_hub_that_works_otherwise_does_it_itself(libraries):
    """The import stands all the same, and the log says what is other than known."""
    seen = probe(sys.executable, libraries, 'others')
    seen.pop('python')
    assert {what: set(said) for what, (_, said) in seen.items()} == {what: {line} for what, line in SAID.items()}
    assert all(stored == ['.cg_import-incomplete', 'image-0.tar', 'image-1.tar', 'metadata.json'] for stored, _ in seen.values())


# What odd arguments may end in. No SystemError, which is a mistake in the use of Python's interface.
OUTCOMES = {'value', 'TypeError', 'GenericError', 'ParameterError', 'RuntimeError', 'KeyError', 'AttributeError', 'ValueError', 'OSError',
            'UnicodeEncodeError', 'RecursionError', 'AuthError', 'ActionNotAllowed', 'JSONDecodeError', 'FileNotFoundError',
            'NotADirectoryError', 'PermissionError'}


def assert_outcomes(seen):
    seen.pop('python')
    assert set(seen) <= OUTCOMES, seen
    assert seen['value'] > 1000 and seen['GenericError'] > 100, seen


@EACH_PYTHON
def test_no_argument_brings_it_down(version, libraries):
    """With the checks of Python's own allocator."""
    assert_outcomes(probe(PYTHONS[version], libraries, 'border', PYTHONMALLOC='debug'))


def test_a_hundred_thousand_calls_leave_nothing_behind(libraries):
    seen = probe(sys.executable, libraries, 'growth')
    assert seen['blocks'][-1] - seen['blocks'][1] < 1000, seen
    assert seen['resident'][-1] - seen['resident'][1] < 1024, seen


@pytest.mark.parametrize('what, check', [('imports', assert_imports), ('border', assert_outcomes)], ids=['imports', 'border'])
def test_clean_under_the_sanitizers(libraries, what, check):
    """The module with the address and undefined-behaviour sanitizers, in an interpreter that has them preloaded."""
    sanitized = os.path.join(BUILD, 'sanitized/hub-module')
    if not os.path.exists(os.path.join(sanitized, 'cg_import.so')):
        pytest.skip('%s/cg_import.so was not built: make sanitized-tests' % sanitized)
    preload = [subprocess.run(['gcc', '-print-file-name=lib%s.so' % name], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
               for name in ('asan', 'ubsan')]
    check(probe(sys.executable, libraries, what, sanitized, PYTHONMALLOC='malloc', LD_PRELOAD=' '.join(preload),
                ASAN_OPTIONS='detect_leaks=0', UBSAN_OPTIONS='halt_on_error=1'))
