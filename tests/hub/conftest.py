# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real hub, named by a profile of the koji configuration, whose data may be thrown away.

CG_HUB_PROFILE   the profile (make check-hub PROFILE=...); its user may import by atomic-reactor
CG_HUB_CONFIG    a configuration file, as `koji --config` takes it; empty: the usual places
CG_HUB_HTTP      a profile of the same hub over plain HTTP, wanted by the tests that lose replies on the way
CG_HUB_KRB       a profile of the same hub with GSSAPI
CG_HUB_OTHER     configuration file of a user without access to the content generator
CG_HUB_ADMIN     configuration file of an administrator
CG_HUB_DRAFTS    1 if the hub makes draft builds; the releases up to 1.35 do not, and none tells
CG_HUB_TAG       a tag, test-candidate by default
CG_HUB_DATABASE  the hub's database, as libpq takes it: rows are put there and compared
CG_HUB_MODULE_CONF   the configuration file of the hub's plugin, to be written by tests
CG_HUB_HTTPD     the file with the process id of the hub's httpd, whose children are killed
CG_HUB_UNDOING   1 if the hub also has the plugin tests/hub/undoing_plugin.py
"""
import configparser
import os
import ssl
import subprocess
import sys
import xmlrpc.client

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import module_hub  # noqa: E402


class Hub:
    def __init__(self, profile, config):
        self.profile, self.config = profile, config
        parser = configparser.ConfigParser()
        parser.read(config or ['/etc/koji.conf', os.path.expanduser('~/.koji/config')])
        self.settings = dict(parser[profile])
        self.tag = os.environ.get('CG_HUB_TAG', 'test-candidate')
        context = None
        if self.settings['server'].startswith('https:'):
            context = ssl.create_default_context(cafile=self.settings.get('serverca') or None)
        self.proxy = xmlrpc.client.ServerProxy(self.settings['server'], context=context, allow_none=True)

    def call(self, method, *params):
        """An anonymous call, by Python's own XML-RPC, on a connection of its own: a kept one may be closed by now."""
        self.proxy('close')()
        return getattr(self.proxy, method)(*params)

    def options(self):
        return ['--profile', self.profile] + (['--config', self.config] if self.config else [])


def setting(name, why):
    value = os.environ.get(name)
    if not value:
        pytest.skip('%s is not set: %s' % (name, why))
    return value


@pytest.fixture(scope='session')
def hub():
    return Hub(setting('CG_HUB_PROFILE', 'no hub to test against'), os.environ.get('CG_HUB_CONFIG', ''))


@pytest.fixture(scope='session')
def http_hub(hub):
    return Hub(setting('CG_HUB_HTTP', 'no profile over plain HTTP'), hub.config)


@pytest.fixture(scope='session')
def cg_import(cg_import):
    """cg_import('import', ...): the program with the caller's own configuration; the hub is named by the arguments."""
    def run(*arguments):
        return subprocess.run([str(cg_import.path), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, stdin=subprocess.DEVNULL, timeout=600)
    run.path = cg_import.path
    return run


@pytest.fixture(scope='session')
def koji_python():
    """An interpreter that has the koji package."""
    done = subprocess.run([os.path.join(HERE, '../harness/koji-client')], stdout=subprocess.PIPE, text=True, check=True)
    return os.path.join(os.path.dirname(done.stdout.strip()), 'python3')


@pytest.fixture(scope='session')
def admin(hub, koji_python):
    """Runs the koji command as an administrator."""
    config = setting('CG_HUB_ADMIN', 'no administrator')

    def run(*arguments):
        return subprocess.run([koji_python, os.path.join(os.path.dirname(koji_python), 'koji'), '-c', config, '-p', hub.profile,
                               *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return run


@pytest.fixture(scope='session')
def database(hub):
    return module_hub.Database(setting('CG_HUB_DATABASE', 'rows cannot be put into the database of the hub'))


@pytest.fixture(scope='session')
def topdir(hub):
    if not os.path.isdir(hub.settings.get('topdir', '')):
        pytest.skip('the files of the hub are not on this machine')
    return hub.settings['topdir']


@pytest.fixture
def module_conf(hub):
    """Writes the plugin's configuration; afterwards it is as it was."""
    path = setting('CG_HUB_MODULE_CONF', "the plugin's configuration cannot be changed")
    before = open(path).read() if os.path.exists(path) else ''

    def write(text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + '.new', 'w') as writing:
            writing.write(text)
        os.replace(path + '.new', path)
    yield write
    write(before)


@pytest.fixture
def checking_is_off(module_conf):
    """So that the hub is the one to refuse."""
    module_conf('[check]\nmode = off\n')
