# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our XML-RPC and Python's xmlrpc.client read each other: on every recorded exchange of a real hub, and on odd values.

A double may differ in its 16th digit: xmlrpc-c writes and reads 15 (cg-import/koji/value.h).
"""
import base64
import json
import math
import os
import pathlib
import random
import subprocess
import xmlrpc.client
from xml.parsers.expat import ExpatError

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
RECORDINGS = TOP / 'tests' / 'data' / 'recordings'
DUMP = pathlib.Path(os.environ.get('CG_BUILD') or TOP / 'build') / 'tests' / 'conformance' / 'value_dump'

pytestmark = pytest.mark.skipif(not DUMP.exists(), reason='%s is not built: make tools' % DUMP)


def xml_of(exchange, name):
    data = (exchange / name).read_bytes()
    start = data.find(b'<?xml')
    return data[start:] if start >= 0 else None


def exchanges(name):
    return [path for path in sorted(RECORDINGS.iterdir()) if path.is_dir() and xml_of(path, name)]


def run(*arguments, data):
    return subprocess.run([str(DUMP), *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def decode(xml):
    """What we read, or the error's text."""
    done = run('decode', data=xml)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.decode()


def as_json(value):
    """A value of xmlrpc.client in the form that value.h promises."""
    if isinstance(value, xmlrpc.client.Binary):
        return base64.b64encode(value.data).decode()
    if isinstance(value, xmlrpc.client.DateTime):
        return value.value
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


def python_reads(xml):
    try:
        return {'value': as_json(xmlrpc.client.loads(xml)[0][0])}
    except xmlrpc.client.Fault as fault:
        return {'fault': fault.faultCode, 'text': fault.faultString}


def same(ours, theirs):
    """Equal, types and order of names included; a double to 15 digits."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=1e-15, abs_tol=0.0)
    return ours == theirs


def test_there_are_recordings():
    assert len(exchanges('response.http')) > 170
    assert len(exchanges('request.http')) > 140


@pytest.mark.parametrize('exchange', exchanges('response.http'), ids=lambda path: path.name)
def test_reads_what_the_hub_answered(exchange):
    xml = xml_of(exchange, 'response.http')
    ours = decode(xml)
    assert same(ours, python_reads(xml)), ours


@pytest.mark.parametrize('exchange', exchanges('request.http'), ids=lambda path: path.name)
def test_writes_what_the_koji_client_sent(exchange):
    """The parameters of a recorded call, written by us, mean the same to Python. A control character we refuse."""
    xml = xml_of(exchange, 'request.http')
    try:
        params, method = xmlrpc.client.loads(xml)
    except Exception:
        assert exchange.name in ('016-echo-control-char', '020-chunked-rpc')  # the latter is cut into chunks
        return
    done = run('encode', method, data=json.dumps(as_json(params)).encode())
    assert done.returncode == 0, done.stderr
    read, name = xmlrpc.client.loads(done.stdout)
    assert name == method
    assert same(as_json(read), as_json(params))


TEXTS = ['', ' ', 'a\nb', 'a\r\nb\rc', '\t', '<&>"\'', ']]>', '&amp;', 'é☃\U0001f600', '\uf8ff', '\uf8ff1F600;', '\x7f\x80\x9f',
         '\ud7ff\ue000\ufffd', '\U00010000\U0010ffff', '%s %n', 'x' * 5000]
NUMBERS = [0, 1, -1, 2**31 - 2, 2**31 - 1, 2**31, -2**31 + 1, -2**31, -2**31 - 1, 2**32, 2**53, -2**53, 2**63 - 1, -2**63,
           0.5, -1.25, 1e15, 123456.789, 1795423842.07012, 1e-5]


def random_value(source, depth):
    kind = source.randrange(9 if depth else 6)
    if kind < 2:
        return source.choice(TEXTS)
    if kind < 4:
        return source.choice(NUMBERS)
    if kind < 6:
        return source.choice([None, True, False])
    if kind < 7:
        return [random_value(source, depth - 1) for _ in range(source.randrange(4))]
    return {source.choice(TEXTS): random_value(source, depth - 1) for _ in range(source.randrange(4))}


def random_lists():
    source = random.Random(20)
    return [TEXTS, NUMBERS] + [[random_value(source, 4) for _ in range(6)] for _ in range(60)]


def test_python_reads_what_we_write():
    for params in random_lists():
        done = run('encode', 'x', data=json.dumps(params).encode())
        assert done.returncode == 0, done.stderr
        assert same(as_json(xmlrpc.client.loads(done.stdout)[0]), as_json(params))


class WideIntegers(xmlrpc.client.Marshaller):
    """Writes i8 as koji/xmlrpcplus.py does."""

    def dump_i8(self, value, write):
        write('<value><%s>%d</%s></value>\n' % (('int', value, 'int') if -2**31 <= value < 2**31 else ('i8', value, 'i8')))
    dispatch = dict(xmlrpc.client.Marshaller.dispatch)
    dispatch[int] = dump_i8


def test_we_read_what_python_writes():
    for params in random_lists():
        body = WideIntegers('utf-8', True).dumps((params,))
        xml = ("<?xml version='1.0'?>\n<methodResponse>\n%s</methodResponse>\n" % body).encode()
        ours = decode(xml)
        assert same(ours, python_reads(xml)), ours


@pytest.mark.parametrize('character', ['\x00', '\x01', '\x0b', '\x1f', '\ufffe', '\uffff'])
def test_refuses_to_write_what_python_cannot_read(character):
    done = run('encode', 'x', data=json.dumps([{'a': ['b' + character]}]).encode())
    if character == '\x00':  # jansson's plain reader refuses it already
        assert done.returncode == 1
        return
    assert done.returncode == 1
    assert 'parameter /0/a/0 has the ' in done.stderr.decode()
    xml = '<methodCall><params><param><value>b%s</value></param></params></methodCall>' % character
    with pytest.raises(ExpatError):
        xmlrpc.client.loads(xml.encode())
