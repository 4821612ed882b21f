# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything that is not the hub's call interface: files, a build's page, and the pages that steer the sandbox.

    /kojifiles/PATH             a file below the top directory, or a list of a directory
    /koji/buildinfo?buildID=N   one build as a page
    /sandbox/faults             GET the armed rules, POST one rule or a list of them, DELETE all   (see faults.py)
    /sandbox/options            GET or POST (a JSON object) what can be changed while the hub runs (see hub.Options)
    /sandbox/log                GET every request seen, DELETE to begin anew
    /sandbox/record             POST {"keep": N}: the record loses what came after event N, as by a restored backup
    /sandbox/sessions           POST {"id": N, "expired": true} and the like, to age a session
"""
import html
import json
import os
import urllib.parse

from . import record
from .builds import describe
from .state import BUILD_STATES

PIECE_BYTES = 1 << 20


def answer(hub, exchange):
    path = exchange.path
    if path == '/kojifiles' or path.startswith('/kojifiles/'):
        return answer_file(hub, exchange, path[len('/kojifiles'):].lstrip('/'))
    if path == '/koji/buildinfo':
        return answer_build(hub, exchange)
    if path.startswith('/sandbox/'):
        return answer_steering(hub, exchange, path[len('/sandbox/'):])
    exchange.refuse(404, 'Not Found\n', keep=True)


# --- files -----------------------------------------------------------------------------------------------------------
def answer_file(hub, exchange, relative):
    full = os.path.realpath(os.path.join(hub.paths.topdir, relative))
    if os.path.commonpath((full, os.path.realpath(hub.paths.topdir))) != os.path.realpath(hub.paths.topdir):
        return exchange.refuse(403, 'Forbidden\n', keep=True)
    if os.path.isdir(full):
        names = sorted(os.listdir(full))
        return exchange.reply(200, ('\n'.join(names) + '\n').encode(), 'text/plain; charset=utf-8')
    if not os.path.isfile(full):
        return exchange.refuse(404, 'Not Found\n', keep=True)
    with open(full, 'rb') as reading:
        size = os.fstat(reading.fileno()).st_size
        head = exchange.reply_bytes(200, b'', 'application/octet-stream')
        exchange.connection.send(head.replace(b'Content-Length: 0', b'Content-Length: %d' % size))
        while exchange.method != 'HEAD' and (piece := reading.read(PIECE_BYTES)):
            exchange.connection.send(piece)


def answer_build(hub, exchange):
    number = urllib.parse.parse_qs(exchange.environ['QUERY_STRING']).get('buildID', [''])[0]
    row = hub.state.get('builds', int(number)) if number.isdigit() else None
    if not row:
        return exchange.refuse(404, 'No such build\n', keep=True)
    info = describe(hub, row)
    files = ['<li><a href="/kojifiles/%s">%s</a></li>' % (urllib.parse.quote(name), html.escape(name))
             for name in files_of(hub, info)]
    facts = (('Build', info['nvr']), ('State', BUILD_STATES[info['state']]), ('Built by', info['owner_name']),
             ('Source', info['source']), ('Completed', info['completion_time']))
    rows = ''.join('<tr><th>%s</th><td>%s</td></tr>' % (name, html.escape(str(value))) for name, value in facts)
    page = '<!DOCTYPE html><title>%s</title><table>%s</table><ul>%s</ul>' % (html.escape(info['nvr']), rows,
                                                                             ''.join(files))
    exchange.reply(200, page.encode(), 'text/html; charset=utf-8')


def files_of(hub, info):
    found = []
    for path, _, names in os.walk(hub.paths.build(info)):
        found += [os.path.relpath(os.path.join(path, name), hub.paths.topdir) for name in names]
    return sorted(found)


# --- steering --------------------------------------------------------------------------------------------------------
def answer_steering(hub, exchange, name):
    try:
        result = steer(hub, exchange.method, name, exchange.read_all())
    except (ValueError, TypeError, AttributeError) as error:
        return exchange.refuse(400, '%s\n' % error, keep=True)
    if result is None:
        return exchange.refuse(404, 'Not Found\n', keep=True)
    exchange.reply(200, json.dumps(result, indent=1, default=str).encode() + b'\n', 'application/json')


def steer(hub, method, name, body):
    given = json.loads(body) if body else None
    if name == 'faults':
        if method == 'DELETE':
            hub.faults.clear()
        for rule in (given if isinstance(given, list) else [given] if given else []):
            hub.faults.arm(rule)
        return hub.faults.told()
    if name == 'options':
        hub.options.change(given or {})
        return vars(hub.options)
    if name == 'log':
        if method == 'DELETE':
            hub.log.clear()
        return hub.log.told()
    if name == 'record' and given:
        record.cut(hub.state, given['keep'])
        return hub.state.rows('record')
    if name == 'sessions' and given:
        number = given.pop('id')
        hub.update_sessions(given, lambda row: row['id'] == number)
        return hub.state.get('sessions', number)
    return None
