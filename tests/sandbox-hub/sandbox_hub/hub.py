# SPDX-License-Identifier: LGPL-2.1-or-later
"""One sandbox hub: its options, its state, and which Koji it plays."""
import collections
import fnmatch
import threading

from . import errors
from .faults import Faults
from .paths import Paths
from .sessions import RowLocks
from .state import State, seed

# How released hubs and the development branch differ on the wire.
Flavour = collections.namedtuple('Flavour', (
    'name',
    'reads_session_callnum',        # the header Koji-Session-Callnum counts
    'refuses_symlink',              # an upload onto what an import moved away is refused, not written into the build
    'always_truncates',             # a chunk inside a file cuts the file behind it
    'bad_request_is_400',           # unreadable XML is HTTP 400, not fault 1
    'names_existing_build',         # "Build already exists: NVR (id=N)" and not the whole record
    'knows_drafts', 'reserves_drafts', 'imports_drafts',
    'knows_subdir', 'knows_new_archive_types', 'sends_version'))
FLAVOURS = {
    'master': Flavour('master', True, True, False, True, True, True, True, True, True, True, True),
    '1.35.3': Flavour('1.35.3', False, False, True, False, False, True, False, False, True, False, True),
}


class Options:
    """What can be set at the start and changed while the hub runs (POST /sandbox/options)."""

    def __init__(self, **given):
        self.session_minutes = 1440
        self.lockout = False
        self.offline_message = None
        self.task_seconds = 0.5
        self.upload_limit_bytes = 1 << 30
        self.request_limit_bytes = 4 << 20
        self.proxy_users = ()
        self.denied_packages = {}
        self.verbose_policy = False
        self.record = False             # has the plugin cg_import, which keeps a record of imports
        self.record_permission = 'admin'        # who may read it; None: all users
        self.change(given)

    def change(self, given):
        for key, value in given.items():
            if key not in vars(self):
                raise ValueError('no such option: %s' % key)
            setattr(self, key, value)


class Policy:
    """The cg_import policy: package name patterns that are denied, each with its reason."""

    def __init__(self, options):
        self.options = options

    def check(self, package):
        for pattern, reason in self.options.denied_packages.items():
            if fnmatch.fnmatchcase(package, pattern):
                rule = ' [rule: package %s :: deny %s]' % (pattern, reason) if self.options.verbose_policy else ''
                raise errors.ActionNotAllowed('policy violation (cg_import): %s%s' % (reason, rule))


class Hub:
    def __init__(self, topdir, flavour='master', **options):
        self.flavour = FLAVOURS[flavour]
        self.options = Options(**options)
        self.policy = Policy(self.options)
        self.paths = Paths(topdir)
        self.paths.make()
        self.state = State()
        self.row_locks = RowLocks()
        self.writing = set()
        self.faults = Faults()
        self.log = RequestLog()
        seed(self.state)

    def update_sessions(self, changes, wanted):
        """A change of session rows that is committed at once, whatever becomes of the call."""
        with self.state.lock:
            for row in self.state.tables['sessions'].values():
                if wanted(row):
                    row.update(changes)


class RequestLog:
    """What was asked, in the order of arrival, for tests to look at."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []

    def add(self, entry):
        with self.lock:
            entry['number'] = len(self.entries) + 1
            self.entries.append(entry)
        return entry

    def told(self):
        """Copies: what becomes of a request that is under way is still being noted."""
        with self.lock:
            return [dict(entry) for entry in self.entries]

    def clear(self):
        with self.lock:
            self.entries = []
