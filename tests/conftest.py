# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures that the integration, conformance and fault tests share."""
import os
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / 'tests' / 'harness'))

from go_verifiers import go_verifiers  # noqa: E402
from hub_process import SandboxHub  # noqa: E402
from intake_process import intake, intake_starter  # noqa: E402
import make_build as build_maker  # noqa: E402
from patience import PATIENCE_S  # noqa: E402
from postgres_process import postgres, postgres_server  # noqa: E402
from service_process import service, start_service  # noqa: E402

# The fixtures that the harness has.
__all__ = ['go_verifiers', 'intake', 'intake_starter', 'postgres', 'postgres_server', 'service', 'start_service']


@pytest.fixture(scope='session')
def sandbox_state(tmp_path_factory):
    """One directory with certificates for all hubs of a session: making keys takes a second."""
    return tmp_path_factory.mktemp('sandbox-hub')


@pytest.fixture(scope='session')
def hub_starter(sandbox_state, tmp_path_factory):
    """A function that starts a hub with further options; whoever calls it stops the hub."""
    def start(*arguments):
        state = tmp_path_factory.mktemp('hub')
        (state / 'pki').symlink_to(certificates(sandbox_state))
        return SandboxHub(state, *arguments)
    return start


def certificates(state):
    path = state / 'pki'
    if not path.exists():
        SandboxHub(state).stop()
    return path


@pytest.fixture
def start_hub(hub_starter):
    """Start a hub with further options: start_hub('--flavour', '1.35.3'); it is stopped at the end of the test."""
    started = []

    def start(*arguments):
        started.append(hub_starter(*arguments))
        return started[-1]
    yield start
    for hub in started:
        hub.stop()


@pytest.fixture
def sandbox_hub(start_hub):
    """A fresh hub that plays Koji's development branch."""
    return start_hub()


@pytest.fixture(params=['master', '1.35.3'])
def any_hub(request, start_hub):
    """A fresh hub, once as the development branch and once as the release."""
    return start_hub('--flavour', request.param)


@pytest.fixture
def make_build(tmp_path):
    """make_build(release='2', size=1000): the directory of a finished build; its metadata.json lies in it."""
    def make(directory=None, **options):
        target = pathlib.Path(directory or tmp_path / ('build-%s' % options.get('release', '1')))
        build_maker.make(str(target), **dict({'size': 20000, 'components': 5}, **options))
        return target
    return make


@pytest.fixture(scope='session')
def koji_client():
    """Path of the real koji client."""
    script = TOP / 'tests' / 'harness' / 'koji-client'
    return subprocess.run([str(script)], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture
def koji(koji_client):
    """koji(hub, 'import-cg', …, user='osbs', profile='sandbox'): run the real client, return CompletedProcess."""
    def run(hub, *arguments, user='osbs', profile='sandbox'):
        command = [koji_client, '-c', hub.profiles[user], '-p', profile, *map(str, arguments)]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S,
                              stdin=subprocess.DEVNULL)
    return run


class CgImport:
    """The program under test: cg_import(hub, 'import', …) runs it and returns CompletedProcess."""

    def __init__(self, path):
        self.path = path

    def environment(self, hub):
        """No configuration but that of the hub reaches the program, and what it keeps stays with the hub."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(('KOJI', 'CG_', 'XDG_', 'KRB5'))}
        return dict(kept, HOME=str(hub.state)) if hub else kept

    def command(self, hub, *arguments, user='osbs', profile='sandbox'):
        options = ['--config', hub.profiles[user], '--profile', profile] if hub else []
        return [str(self.path), *map(str, arguments[:1]), *options, *map(str, arguments[1:])]

    def __call__(self, hub, *arguments, user='osbs', profile='sandbox', timeout=PATIENCE_S, **settings):
        return subprocess.run(self.command(hub, *arguments, user=user, profile=profile), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
                              env=self.environment(hub), **settings)


@pytest.fixture(scope='session')
def cg_import():
    """The program from CG_IMPORT or build/cg-import; the test is skipped aloud when it is not built."""
    path = pathlib.Path(os.environ.get('CG_IMPORT') or TOP / 'build' / 'cg-import')
    if not path.exists():
        pytest.skip('%s is not built' % path)
    return CgImport(path)
