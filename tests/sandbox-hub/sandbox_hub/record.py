# SPDX-License-Identifier: LGPL-2.1-or-later
"""The record that the plugin cg_import keeps (docs/hub-module.md): cgimport.hello and cgimport.events, once the option
`record` is set. Of the plugin's other methods the sandbox has none.

A row is put in by the transaction that does what it tells of and gets its position, without gaps, when that commits.
"""
from . import errors

LIMIT_MOST = 1000


def note_of(hub, change, user_id, session_id, kind, build_id, metadata_sha256=None, **detail):
    """Tells of a build of a content generator; all others are not told of."""
    state = hub.state
    build = state.get('builds', build_id)
    if not hub.options.record or build['cg_id'] is None:
        return
    change.insert('record', position=None, kind=kind, build_id=build_id, metadata_sha256=metadata_sha256,
                  nvr='%s-%s-%s' % (state.get('packages', build['package_id'])['name'], build['version'],
                                    build['release']),
                  content_generator=state.get('content_generators', build['cg_id'])['name'], user_id=user_id,
                  user_name=state.get('users', user_id)['name'], session_id=session_id, detail=detail)


def note(call, kind, build_id, metadata_sha256=None, **detail):
    """What the caller did."""
    note_of(call.hub, call.change, call.session.user_id, call.session.id, kind, build_id, metadata_sha256, **detail)


def note_state(call, build_id, old, new):
    note(call, 'state', build_id, old=old, new=new)


def note_import(call, build_id, sha256, directory, outputs):
    keys = ('filename', 'type', 'arch', 'filesize', 'checksum', 'checksum_type')
    note(call, 'import', build_id, sha256, directory=directory,
         outputs=[{key: output[key] for key in keys if key in output} for output in outputs])


def cut(state, keep):
    """The hub's database was restored from a backup: what came after event `keep` never happened in it."""
    with state.lock:
        for row in state.rows('record'):
            if row['position'] is not None and row['position'] > keep:
                del state.tables['record'][row['id']]
        state.record_head = min(state.record_head, keep)


def number(value, name):
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise errors.GenericError('%s is no number from 0' % name)
    return value


def hello(call):
    """What the module is and can do."""
    return {'version': '0.1.0', 'libcg': '0.1.0', 'libraries': 'none', 'schema_sha256': '',
            'abilities': ['hello', 'events'], 'tables': ['event']}


def events(call, after=0, limit=100):
    """The events after a position, the oldest first."""
    after, limit = number(after, 'after'), number(limit, 'limit')
    permission = call.hub.options.record_permission
    if not call.session.logged_in or not (permission is None or call.session.has_perm(permission)):
        raise errors.ActionNotAllowed('%s permission required' % permission)
    if not 1 <= limit <= LIMIT_MOST:
        raise errors.GenericError('the limit %d makes no sense, expected 1 to %d' % (limit, LIMIT_MOST))
    told = [row for row in call.hub.state.rows('record') if row['position'] is not None and row['position'] > after]
    keys = ('position', 'time', 'kind', 'build_id', 'nvr', 'content_generator', 'user_id', 'user_name', 'session_id',
            'metadata_sha256', 'detail')
    return [{key: row[key] for key in keys} for row in sorted(told, key=lambda row: row['position'])[:limit]]


METHODS = {'cgimport.hello': hello, 'cgimport.events': events}
