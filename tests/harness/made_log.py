# SPDX-License-Identifier: LGPL-2.1-or-later
"""A log made by the specifications (RFC 9162, C2SP signed-note, tlog-checkpoint, tlog-proof, tlog-tiles) and without the
program's code; keys are the program's, signatures openssl's."""
import base64
import hashlib
import json
import subprocess

DASH = '\u2014 '


def leaf_hash(leaf):
    return hashlib.sha256(b'\0' + leaf).digest()


def root(hashes):
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b'\1' + root(hashes[:k]) + root(hashes[k:])).digest()


def path(m, hashes):
    if len(hashes) == 1:
        return []
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return path(m, hashes[:k]) + [root(hashes[k:])] if m < k else path(m - k, hashes[k:]) + [root(hashes[:k])]


def growth(m, hashes, whole=True):
    if m == len(hashes):
        return [] if whole else [root(hashes)]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    if m <= k:
        return growth(m, hashes[:k], whole) + [root(hashes[k:])]
    return growth(m - k, hashes[k:], False) + [root(hashes[:k])]


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    """A private key file of the program, signing by openssl's command line."""

    def __init__(self, cg_import, directory, name, *options):
        self.file = directory / (name.replace('/', '-') + '.key')
        done = cg_import(None, 'audit', 'keygen', name, '--output', str(self.file), *options)
        assert (done.returncode, done.stderr) == (0, '')
        self.name, self.vkey = name, done.stdout.strip()
        assert self.file.stat().st_mode & 0o777 == 0o600
        seed = base64.b64decode(self.file.read_text().strip().split('+', 4)[4])[1:]
        self.pem = self.file.with_suffix('.der')
        self.pem.write_bytes(bytes.fromhex('302e020100300506032b657004220420') + seed)
        self.id = bytes.fromhex(self.vkey.split('+')[1])

    def line(self, text):
        return self.signature_line(text, b'')

    def cosign(self, text, time):
        """As a witness does (tlog-cosignature)."""
        return self.signature_line(b'cosignature/v1\ntime %d\n' % time + text, time.to_bytes(8, 'big'))

    def signature_line(self, text, before):
        message = self.pem.with_suffix('.message')
        message.write_bytes(text)
        signature = subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', self.pem, '-keyform', 'DER',
                                    '-in', message], stdout=subprocess.PIPE, check=True).stdout
        return '%s%s %s\n' % (DASH, self.name, b64(self.id + before + signature))


class Log:
    def __init__(self, key, directory):
        self.key, self.directory, self.leaves = key, directory, []

    def grow(self, count):
        self.leaves += [json.dumps({'n': n}).encode() for n in range(len(self.leaves), count)]
        self.hashes = [leaf_hash(leaf) for leaf in self.leaves]

    def checkpoint(self, size):
        text = '%s\n%d\n%s\n' % (self.key.name, size, b64(root(self.hashes[:size])))
        return text + '\n' + self.key.line(text.encode())

    def proof(self, index, size, note):
        lines = ['c2sp.org/tlog-proof@v1', 'extra ' + b64(self.leaves[index]), 'index %d' % index]
        return '\n'.join(lines + [b64(h) for h in path(index, self.hashes[:size])]) + '\n\n' + note

    def write_tiles(self, name, items, join):
        for n in range(0, len(items), 256):
            part = items[n:n + 256]
            file = self.directory / 'tile' / name / ('%03d' % (n // 256) + ('' if len(part) == 256 else '.p/%d' % len(part)))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b''.join(map(join, part)))

    def write(self, size, note):
        self.write_tiles('entries', self.leaves[:size], lambda leaf: len(leaf).to_bytes(2, 'big') + leaf)
        level, hashes = 0, self.hashes[:size]
        while hashes:
            self.write_tiles(str(level), hashes, bytes)
            level, hashes = level + 1, [root(hashes[n:n + 256]) for n in range(0, len(hashes) // 256 * 256, 256)]
        (self.directory / 'checkpoint').write_text(note)
