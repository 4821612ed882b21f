# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hub's records: tables of rows by number, changed only inside a transaction that can be rolled back.

Nothing is written to disk.  Sequence numbers are never given back, as in Koji's database.
"""
import datetime
import threading

BUILDING, COMPLETE, DELETED, FAILED, CANCELED = range(5)
BUILD_STATES = ('BUILDING', 'COMPLETE', 'DELETED', 'FAILED', 'CANCELED')
TASK_FREE, TASK_OPEN, TASK_CLOSED = range(3)
CHECKSUM_TYPES = {'md5': 0, 'sha1': 1, 'sha256': 2}
TABLES = ('users', 'user_perms', 'sessions', 'content_generators', 'cg_users', 'btypes', 'volumes', 'packages',
          'builds', 'reservations', 'build_types', 'buildroots', 'archives', 'tags', 'tag_packages', 'tag_listing',
          'tasks', 'events', 'record')


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def time_fields(row, name):
    """A time as Koji gives it: text under NAME_time, seconds under NAME_ts."""
    value = row.get(name + '_time')
    return {name + '_time': None if value is None else str(value),
            name + '_ts': None if value is None else value.timestamp()}


class State:
    """All tables.  `lock` is held while a transaction changes something that others may look at."""

    def __init__(self):
        self.tables = {name: {} for name in TABLES}
        self.sequences = dict.fromkeys(TABLES, 0)
        self.lock = threading.RLock()
        self.record_head = 0            # position of the last event of the record

    def next_id(self, table):
        with self.lock:
            self.sequences[table] += 1
            return self.sequences[table]

    def rows(self, table, **equal):
        """Copies of the rows whose fields equal the given values, by rising number."""
        with self.lock:
            found = [dict(row) for row in self.tables[table].values()
                     if all(row.get(key) == value for key, value in equal.items())]
        return sorted(found, key=lambda row: row['id'])

    def row(self, table, **equal):
        found = self.rows(table, **equal)
        return found[0] if found else None

    def get(self, table, number):
        with self.lock:
            row = self.tables[table].get(number)
            return dict(row) if row else None

    def give_positions(self, numbers):
        """To rows of the record that are committed, but for those that were rolled back."""
        with self.lock:
            for row in filter(None, map(self.tables['record'].get, numbers)):
                self.record_head += 1
                row.update(position=self.record_head, time=now().strftime('%Y-%m-%dT%H:%M:%S.%fZ'))


class Transaction:
    """Changes that are taken back together unless they are committed."""

    def __init__(self, state):
        self.state = state
        self.undo = []
        self.noted = []         # rows of the record
        self.dirty = False

    def insert(self, table, **fields):
        number = fields['id'] if 'id' in fields else self.state.next_id(table)
        with self.state.lock:
            self.state.tables[table][number] = dict(fields, id=number)
            self.undo.append(lambda: self.state.tables[table].pop(number, None))
        if table == 'record':
            self.noted.append(number)
        self.dirty = True
        return number

    def update(self, table, number, **fields):
        with self.state.lock:
            row = self.state.tables[table][number]
            before = dict(row)
            row.update(fields)
            self.undo.append(lambda: (row.clear(), row.update(before)))
        self.dirty = True

    def delete(self, table, number):
        with self.state.lock:
            row = self.state.tables[table].pop(number, None)
            self.undo.append(lambda: row and self.state.tables[table].__setitem__(number, row))
        self.dirty = True

    def event(self):
        """The number of an event that happens in this transaction."""
        return self.insert('events', time=now())

    def savepoint(self):
        return len(self.undo)

    def rollback(self, savepoint=0):
        with self.state.lock:
            while len(self.undo) > savepoint:
                self.undo.pop()()

    def commit(self):
        self.state.give_positions(self.noted)
        self.undo.clear()


def seed(state):
    """The users, roles and registrations of a new sandbox."""
    change = Transaction(state)
    users = {name: change.insert('users', name=name, password=name + '-password', status=0, usertype=0)
             for name in ('kojiadmin', 'osbs', 'intruder')}
    change.insert('user_perms', user_id=users['kojiadmin'], name='admin')
    change.insert('volumes', id=0, name='DEFAULT')
    atomic_reactor = change.insert('content_generators', name='atomic-reactor')
    change.insert('cg_users', user_id=users['osbs'], cg_id=atomic_reactor)
    for name in ('rpm', 'maven', 'win', 'image', 'operator-manifests', 'remote-sources', 'remote-source-file', 'icm'):
        change.insert('btypes', name=name)
    tag = change.insert('tags', name='test-candidate')
    package = change.insert('packages', name='test-container')
    change.insert('tag_packages', tag_id=tag, package_id=package, owner_id=users['osbs'], blocked=False)
    change.commit()
