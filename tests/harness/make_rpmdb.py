# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make an rpm database that lists given rpms, from nothing: headers of our own, in SQLite or by rpmdb(8).

    make_rpmdb.sqlite([{'name': 'bash', 'version': …}])     # the bytes of rpmdb.sqlite, as rpm would lay it out
    make_rpmdb.by_rpm(DIR, components, 'ndb')               # the same by rpmdb --importdb, in the backend named

Components are those of content-generator metadata.
"""
import os
import shutil
import sqlite3
import struct
import subprocess
import tempfile

SIGMD5, NAME, VERSION, RELEASE, EPOCH, OS, ARCH = 261, 1000, 1001, 1002, 1003, 1021, 1022
INT32, STRING, BINARY = 4, 6, 7
MAGIC = b'\x8e\xad\xe8\x01\0\0\0\0'
# Indexes that rpm opens, though it reads none of them to list all packages: rpm's lib/backend/sqlite.c
INDEXES = ('Name', 'Basenames', 'Group', 'Requirename', 'Providename', 'Conflictname', 'Obsoletename', 'Triggername',
           'Dirnames', 'Installtid', 'Sigmd5', 'Sha1header', 'Filetriggername', 'Transfiletriggername', 'Recommendname',
           'Suggestname', 'Supplementname', 'Enhancename')


def header(component):
    """The header of one rpm, without its magic."""
    entries = [(SIGMD5, BINARY, bytes.fromhex(component['sigmd5']))] if component.get('sigmd5') else []
    entries += [(tag, STRING, component[key].encode() + b'\0')
                for tag, key in ((NAME, 'name'), (VERSION, 'version'), (RELEASE, 'release'))]
    if component.get('epoch') is not None:
        entries.append((EPOCH, INT32, struct.pack('>I', component['epoch'])))
    entries += [(OS, STRING, b'linux\0'), (ARCH, STRING, component['arch'].encode() + b'\0')]
    index, store = b'', b''
    for tag, kind, data in entries:
        if kind == INT32:
            store += b'\0' * (-len(store) % 4)
        index += struct.pack('>IIII', tag, kind, len(store), len(data) if kind == BINARY else 1)
        store += data
    return struct.pack('>II', len(entries), len(store)) + index + store


def sqlite(components):
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, 'rpmdb.sqlite')
        database = sqlite3.connect(path)
        database.execute('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)')
        for name in INDEXES:
            database.execute("CREATE TABLE '%s' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)" % name)
        database.executemany('INSERT INTO Packages (blob) VALUES (?)', [(header(one),) for one in components])
        database.commit()
        database.close()
        with open(path, 'rb') as reading:
            return reading.read()


def by_rpm(directory, components, backend):
    """
    Write the database with rpm itself and return {file name: bytes}; None when rpm is not here or does not know the
    backend.
    """
    if not shutil.which('rpmdb'):
        return None
    os.makedirs(directory, exist_ok=True)
    options = ['--define', '_db_backend ' + backend, '--dbpath', str(directory)]
    done = subprocess.run(['rpmdb', *options, '--importdb'], input=b''.join(MAGIC + header(one) for one in components),
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0 or b'invalid %_db_backend' in done.stderr:
        return None
    found = {}
    for name in sorted(os.listdir(directory)):
        if not name.startswith('.') and not name.endswith('-shm'):
            with open(os.path.join(directory, name), 'rb') as reading:
                found[name] = reading.read()
    return found
