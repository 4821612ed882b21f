# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PostgreSQL of the tests' own: on a Unix socket in a temporary directory, stopped by its pid.

`postgres` is the connection string of an empty database of its own; without the server's programs the test is skipped
and says so. Started by root the server runs as the system user "postgres". fsync is off: no test pulls the plug.
"""
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

import pytest

from patience import PATIENCE_S, wait_until

PLACES = ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin', '/usr/bin', '/usr/local/bin']


def programs():
    """The directory of the server's programs, None if there is none."""
    found = [os.environ['CG_POSTGRES_BIN']] if 'CG_POSTGRES_BIN' in os.environ else []
    found += [path for place in PLACES for path in sorted(glob.glob(place), key=version, reverse=True)]
    return next((path for path in found if os.path.exists(path + '/initdb')), None)


def version(path):
    digits = ''.join(c for c in path if c.isdigit())
    return int(digits or 0)


class Postgres:
    def __init__(self):
        self.bin = programs()
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='cg-postgres-'))
        self.databases = 0
        if os.geteuid() == 0:
            user = pwd.getpwnam('postgres')
            os.chown(self.top, user.pw_uid, user.pw_gid)
        self.run('initdb', '-D', self.top / 'data', '-U', 'tests', '-A', 'trust', '--no-locale', '-E', 'UTF8',
                 '--no-sync')
        self.start()

    def run(self, program, *arguments):
        as_user = ['runuser', '-u', 'postgres', '--'] if os.geteuid() == 0 else []
        with open(self.top / 'out', 'a', encoding='utf-8') as out:
            subprocess.run([*as_user, '%s/%s' % (self.bin, program), *map(str, arguments)], cwd=self.top, check=True,
                           stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def start(self):
        settings = {'listen_addresses': "''", 'unix_socket_directories': self.top, 'fsync': 'off',
                    'shared_buffers': '32MB', 'max_connections': 200}
        self.run('pg_ctl', '-s', '-w', '-t', PATIENCE_S, '-D', self.top / 'data', '-l', self.top / 'log', '-o',
                 ' '.join('-c %s=%s' % setting for setting in settings.items()), 'start')

    def kill_backend(self, choose):
        """Kill one of the processes that serve connections, as choose(pids) says: the server starts all of them anew.
        Returns when it is back; False if there was none or it had just ended."""
        pids = self.sql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                                    ' AND pid <> pg_backend_pid()').split()
        if not pids:
            return False
        pid = int(choose(pids))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        # Once the first process has heard of the end it lets nobody in until all is recovered; before, it might.
        wait_until(lambda: not os.path.exists('/proc/%d' % pid), every_s=0.002)
        wait_until(self.answers, lambda: 'the server does not come back')
        return True

    def answers(self):
        try:
            return bool(self.sql('postgres', 'SELECT 1'))
        except RuntimeError:
            return False

    def wait_unused(self, database):
        """What was connected has ended; the processes that served it end a moment later."""
        wait_until(lambda: self.sql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = '%s'"
                                                " AND backend_type = 'client backend'" % database) == '0')

    def conninfo(self, database):
        return 'host=%s user=tests dbname=%s' % (self.top, database)

    def sql(self, database, text):
        """What psql prints for a statement, on a database by its name or connection string."""
        conninfo = database if '=' in database else self.conninfo(database)
        done = subprocess.run(['%s/psql' % self.bin, '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-d', conninfo,
                               '-c', text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stdout)
        return done.stdout.rstrip('\n')

    def database(self):
        """The connection string of a new, empty database."""
        self.databases += 1
        # The other template may have a visitor, which keeps it from being copied.
        self.sql('postgres', 'CREATE DATABASE t%d TEMPLATE template0' % self.databases)
        return self.conninfo('t%d' % self.databases)

    def stop(self):
        if (self.top / 'data' / 'postmaster.pid').exists():
            self.run('pg_ctl', '-s', '-w', '-t', PATIENCE_S, '-D', self.top / 'data', '-m', 'immediate', 'stop')
        shutil.rmtree(self.top)


@pytest.fixture(scope='session')
def postgres_server():
    """One server for all tests of the session."""
    if not programs():
        pytest.skip('no PostgreSQL server programs')
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def postgres(postgres_server):
    """The connection string of a database of the test's own."""
    return postgres_server.database()
