# SPDX-License-Identifier: LGPL-2.1-or-later
"""The published audit log as an outsider reads it: RFC 9162 and C2SP tlog-tiles, written down once more for the tests.

Shares nothing with the program: what this finds wrong is wrong.
"""
import base64
import hashlib
import json
import pathlib
import struct

from patience import wait_until


def leaf_hash(leaf):
    return hashlib.sha256(b'\0' + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b'\1' + left + right).digest()


def tree_root(hashes):
    """RFC 9162 section 2.1.1, by its recursion."""
    if not hashes:
        return hashlib.sha256(b'').digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(tree_root(hashes[:split]), tree_root(hashes[split:]))


def inclusion_root(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    node, last, found = index, size - 1, leaf_hash(leaf)
    for step in path:
        assert last > 0, 'the proof is too long'
        if node & 1 or node == last:
            found = node_hash(step, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    assert last == 0, 'the proof is too short'
    return found


class Checkpoint:
    def __init__(self, note):
        text, _, signatures = note.partition('\n\n')
        self.origin, size, root = text.split('\n')[:3]
        self.size, self.root = int(size), base64.b64decode(root)
        self.text, self.note = text + '\n', note
        self.signatures = [line.split(' ')[1:] for line in signatures.splitlines()]

    def is_signed_by(self, vkey):
        """None when it cannot be told, for want of python3-cryptography."""
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError:
            return None
        name, key_id, key = vkey.split('+', 2)
        public = base64.b64decode(key)
        assert public[:1] == b'\1' and hashlib.sha256(name.encode() + b'\n' + public).hexdigest()[:8] == key_id
        for signer, signature in self.signatures:
            signature = base64.b64decode(signature)
            if signer == name and signature[:4].hex() == key_id:
                try:
                    Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], self.text.encode())
                    return True
                except InvalidSignature:
                    return False
        return False


def check_proof(text):
    """A .tlog-proof: the index, the leaf and the checkpoint that it proves the leaf to be in."""
    head, _, note = text.partition('\n\n')
    lines = head.split('\n')
    assert lines[0] == 'c2sp.org/tlog-proof@v1' and lines[1].startswith('extra ') and lines[2].startswith('index ')
    leaf, index = base64.b64decode(lines[1][6:]), int(lines[2][6:])
    checkpoint = Checkpoint(note)
    path = [base64.b64decode(line) for line in lines[3:]]
    assert inclusion_root(leaf, index, checkpoint.size, path) == checkpoint.root
    return index, leaf, checkpoint


def number_path(n):
    parts = ['%03d' % (n % 1000)]
    while n >= 1000:
        n //= 1000
        parts.insert(0, 'x%03d' % (n % 1000))
    return '/'.join(parts)


def tile_path(level, n, width):
    return 'tile/%s/%s%s' % (level, number_path(n), '' if width == 256 else '.p/%d' % width)


def tiles(size):
    """(level, n, width) of each tile of a log of this size."""
    level = 0
    while size > 0:
        for n in range((size + 255) // 256):
            yield level, n, min(256, size - n * 256)
        level, size = level + 1, size // 256


def parse_bundle(bundle):
    entries = []
    while bundle:
        size, = struct.unpack('>H', bundle[:2])
        assert len(bundle) >= 2 + size
        entries.append(bundle[2:2 + size])
        bundle = bundle[2 + size:]
    return entries


def replay(read):
    """Read the whole log by read(path) -> bytes and hold every tile and the root against the entries; the checkpoint and
    the leaves."""
    checkpoint = Checkpoint(read('checkpoint').decode())
    leaves, above = [], {}
    for level, n, width in tiles(checkpoint.size):
        if level == 0:
            bundle = parse_bundle(read(tile_path('entries', n, width)))
            assert len(bundle) == width
            leaves += bundle
            expected = [leaf_hash(leaf) for leaf in bundle]
        else:
            expected = [above[level - 1, n * 256 + i] for i in range(width)]
        assert read(tile_path(level, n, width)) == b''.join(expected), (level, n)
        if width == 256:
            above[level, n] = tree_root(expected)
    assert tree_root([leaf_hash(leaf) for leaf in leaves]) == checkpoint.root
    return checkpoint, leaves


def replay_directory(directory):
    return replay(lambda path: (pathlib.Path(directory) / path).read_bytes())


def figures(service):
    """What the service's metrics say of the log; those that it cannot tell at the moment are missing."""
    lines = service.request('GET', '/metrics', token='').body.decode().splitlines()
    return {name: float(value) for name, _, value in (line.partition(' ') for line in lines)
            if name.startswith('cg_import_audit_')}


def is_settled(told):
    pending, published, signed = (told.get('cg_import_audit_' + name) for name in (
        'pending', 'published_entries', 'signed_entries'))
    return pending == 0 and bool(published) and published == signed


def settled(service):
    """Wait until nothing waits and all is published; the checkpoint."""
    wait_until(lambda: is_settled(figures(service)), lambda: figures(service), 0.05)
    return Checkpoint(service.request('GET', '/checkpoint', token='').body.decode())


def vkey_of(leaves):
    return [leaf for leaf in map(json.loads, leaves) if leaf['type'] == 'key'][-1]['detail']['keys'][0]


# Changes and leaves that do not belong together, each as a row that says what is wrong. Whatever transactions are under
# way, no snapshot has one: event and leaf, state and event come in one transaction.
UNPAIRED = """WITH leaf AS (SELECT event_id, import_id, type, leaf FROM audit_entry UNION ALL
  SELECT event_id, import_id, type, leaf FROM audit_pending),
told AS (SELECT e.event_id, e.type, count(l.event_id) AS leaves FROM events e LEFT JOIN leaf l ON l.event_id = e.event_id
  AND l.import_id = e.import_id AND l.type = e.type GROUP BY e.event_id),
moved AS (SELECT DISTINCT ON (import_id) import_id, type FROM events WHERE type IN ('accepted', 'queued', 'claimed',
  'later', 'imported', 'rejected', 'held', 'canceled') ORDER BY import_id, event_id DESC)
SELECT 'event ' || event_id || ' (' || type || ') has ' || leaves || ' leaves' FROM told WHERE leaves <> 1
UNION ALL SELECT 'a leaf tells of event ' || l.event_id || ', which is not there' FROM leaf l
  LEFT JOIN events e ON e.event_id = l.event_id WHERE l.event_id IS NOT NULL AND e.event_id IS NULL
UNION ALL SELECT i.nvr || ' is ' || i.state || ', and the last leaf says ' || coalesce(m.type, 'nothing') FROM imports i
  LEFT JOIN moved m ON m.import_id = i.id WHERE i.state IS DISTINCT FROM CASE m.type WHEN 'accepted' THEN 'receiving'
  WHEN 'claimed' THEN 'running' WHEN 'later' THEN 'queued' ELSE m.type END
UNION ALL SELECT 'no leaf says that output ' || o.position || ' of import ' || o.import_id || ' is there' FROM outputs o
  WHERE o.content IS NOT NULL AND NOT EXISTS (SELECT 1 FROM leaf l WHERE l.import_id = o.import_id
  AND l.type IN ('accepted', 'content') AND convert_from(l.leaf, 'UTF8')::jsonb -> 'outputs'
    @> jsonb_build_array(jsonb_build_object('name', o.path, 'sha256', o.content)))"""


def check_database(sql, directory):
    """Nothing waits, every change has exactly one leaf, and what is published is what the database has. The number."""
    assert sql('SELECT count(*) FROM audit_pending').strip() == '0'
    assert sql(UNPAIRED) == ''
    checkpoint, leaves = replay_directory(directory)
    assert sql("SELECT count(*) || ' ' || coalesce(max(idx), -1) FROM audit_entry").strip() == '%d %d' % (
        len(leaves), len(leaves) - 1)
    told = [json.loads(leaf) for leaf in leaves]
    assert len({leaf['id'] for leaf in told}) == len(told)
    kept = sql('SELECT id FROM audit_entry ORDER BY idx').split()
    assert kept == [leaf['id'] for leaf in told]
    events = sorted(leaf['event'] for leaf in told if 'event' in leaf)
    assert events == [int(id) for id in sql('SELECT event_id FROM events ORDER BY event_id').split()]
    # What was signed along the way are states of this one log.
    for size, root in (line.split('|') for line in sql(
            "SELECT size || '|' || encode(root, 'hex') FROM audit_checkpoint ORDER BY size").split()):
        assert tree_root([leaf_hash(leaf) for leaf in leaves[:int(size)]]).hex() == root, size
    return checkpoint.size
