# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds: looked up, created, reserved, refunded, cancelled, promoted from draft (kojihub.py)."""
import copy
import os
import secrets
import shutil

from . import columns, errors, record
from .state import BUILD_STATES, BUILDING, CANCELED, COMPLETE, DELETED, FAILED, now, time_fields

NAME_CHARACTERS = frozenset('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.+-')
NAME_LENGTH_MAX = 256


# --- looking up ------------------------------------------------------------------------------------------------------
def parse_nvr(nvr):
    """Name, version and release of name-version-release, an epoch in front set aside."""
    parts = nvr.rsplit('-', 2)
    if len(parts) != 3 or not all(parts):
        raise errors.GenericError('invalid format: %s' % nvr)
    name = parts[0].split(':', 1)[1] if ':' in parts[0] else parts[0]
    return {'name': name, 'version': parts[1], 'release': parts[2]}


def find_build_id(call, build, strict=False):
    if isinstance(build, int):
        return columns.compared_number(build)
    if not isinstance(build, (str, dict)):
        raise errors.GenericError('Invalid type for argument: %r' % type(build))
    wanted = parse_nvr(build) if isinstance(build, str) else build
    if not all(key in wanted for key in ('name', 'version', 'release')):
        raise errors.GenericError('did not provide name, version, and release')
    for key in ('name', 'version', 'release'):
        columns.compared_text(wanted[key], key)
    package = call.hub.state.row('packages', name=wanted['name'])
    row = package and call.hub.state.row('builds', package_id=package['id'], version=wanted['version'],
                                         release=wanted['release'])
    if row:
        return row['id']
    if strict:
        raise errors.GenericError('No such build: %r' % build)
    return None


def find_build(call, build, strict=False):
    """What getBuild answers, or None."""
    number = find_build_id(call, build, strict)
    row = None if number is None else call.hub.state.get('builds', number)
    if row:
        info = describe(call.hub, row)
        cg = call.hub.state.get('content_generators', row['cg_id'])
        info.update(id=row['id'], cg_id=row['cg_id'], cg_name=cg['name'] if cg else None)
        return info
    if strict:
        raise errors.GenericError('No such build: %s' % build)
    return None


def describe(hub, row):
    """A build as listBuilds answers it; getBuild adds `id` and the content generator."""
    state = hub.state
    package, owner = state.get('packages', row['package_id']), state.get('users', row['owner_id'])
    info = {'build_id': row['id']}
    info.update(time_fields(row, 'completion'))
    info['creation_event_id'] = row['event_id']
    info.update(time_fields({'creation_time': state.get('events', row['event_id'])['time']}, 'creation'))
    if hub.flavour.knows_drafts:
        promoter = state.get('users', row.get('promoter_id')) or {'id': None, 'name': None}
        info.update(draft=row['draft'], promoter_id=promoter['id'], promoter_name=promoter['name'])
        info.update(time_fields(row, 'promotion'))
    info.update(epoch=row['epoch'], extra=copy.deepcopy(row['extra']), name=package['name'],
                nvr='%s-%s-%s' % (package['name'], row['version'], row['release']), owner_id=owner['id'],
                owner_name=owner['name'], package_id=package['id'], package_name=package['name'],
                release=row['release'], source=row['source'], state=row['state'], task_id=row['task_id'],
                version=row['version'], volume_id=row['volume_id'], volume_name='DEFAULT')
    info.update(time_fields(row, 'start'))
    return info


def get_build(call, buildInfo, strict=False):
    """Return information about a build, by id, NVR, or a map of name, version and release."""
    return find_build(call, buildInfo, strict)


# --- creating --------------------------------------------------------------------------------------------------------
def check_nvr(info):
    """Koji's rules for version and release; a name is looked at only when its package is new."""
    for field in ('version', 'release'):
        if '-' in info[field]:
            raise errors.GenericError('The "-" character not allowed in %s field' % field)


def package_id(call, name):
    row = call.hub.state.row('packages', name=name)
    if row:
        return row['id']
    if len(name) > NAME_LENGTH_MAX:
        raise errors.GenericError('Package name %s is too long. Max length is %s characters' % (name, NAME_LENGTH_MAX))
    if not set(name) <= NAME_CHARACTERS:
        raise errors.GenericError('Name %s does not match RegexNameInternal value' % name)
    return call.change.insert('packages', name=name)


def new_build(call, data):
    """The number of a build row for `data`: a new row, or the one of a failed or cancelled build."""
    data = dict(data)
    if not data.get('name'):
        raise errors.GenericError('No name or package id provided for build')
    data['pkg_id'] = package_id(call, data['name'])
    for field in ('version', 'release', 'epoch'):
        if field not in data:
            raise errors.GenericError('No %s value for build' % field)
    defaults = {'extra': None, 'start_time': 'NOW', 'source': None, 'owner': call.session.user_id, 'task_id': None,
                'volume_id': 0, 'draft': False}
    for key, value in defaults.items():
        data.setdefault(key, value)
    old = find_build(call, data)
    if old and data['draft']:
        raise errors.GenericError('Target build already exists: %(nvr)s (id=%(id)s)' % old)
    if old:
        recycle(call, old, data)
        record.note_state(call, old['id'], old['state'], data['state'])
        return old['id']
    row = row_of(call, data)
    number = call.hub.state.next_id('builds')
    if row['draft']:
        row['release'] = draft_release(row['release'], number)
    call.change.insert('builds', id=number, package_id=data['pkg_id'], version=data['version'], **row)
    record.note_state(call, number, None, row['state'])
    return number


def row_of(call, data):
    started, completed = data['start_time'], data.get('completion_time')
    return {'release': data['release'], 'epoch': data['epoch'], 'draft': bool(data['draft']), 'state': data['state'],
            'volume_id': 0, 'task_id': data['task_id'], 'owner_id': data['owner'], 'source': data['source'],
            'start_time': now() if started == 'NOW' else started, 'completion_time': completed,
            'extra': copy.deepcopy(data['extra']), 'cg_id': data.get('cg_id'), 'event_id': call.change.event()}


def draft_release(release, number):
    return '%s,draft_%d' % (release, number)


def recycle(call, old, data):
    """Make the row of a failed or cancelled build the row of the new one."""
    state_name = BUILD_STATES[old['state']]
    if old['state'] == BUILDING:
        if data['state'] == old['state'] and data['task_id'] == old['task_id']:
            return
        raise errors.GenericError('Build already in progress (task %(task_id)d)' % old)
    if old['state'] not in (FAILED, CANCELED):
        raise errors.GenericError('Build already exists (id=%d, state=%s): %r' % (old['id'], state_name, data))
    if call.hub.state.row('archives', build_id=old['id']):
        raise errors.GenericError('Build already exists. Unable to recycle, has archive data')
    call.change.update('builds', old['id'], **row_of(call, data))
    stray = call.hub.paths.build(data)
    if os.path.lexists(stray):
        shutil.rmtree(stray)


# --- reserving and afterwards -----------------------------------------------------------------------------------------
def lookup(call, table, name, shown=None):
    """A registered thing by name or number; Koji names its table in the refusal."""
    if not isinstance(name, (int, str)):
        raise errors.ParameterError('Invalid name or id value: %r' % (name,))
    columns.compared_number(name)
    row = call.hub.state.get(table, name) if isinstance(name, int) else call.hub.state.row(table, name=name)
    if not row:
        raise errors.GenericError('No such entry in table %s: %s' % (shown or table, name))
    return row


def assert_cg(call, cg):
    """The content generator, if the caller may import for it."""
    row = lookup(call, 'content_generators', cg, 'content_generator')
    if not call.session.logged_in:
        raise errors.AuthError('Not logged-in')
    if not call.hub.state.row('cg_users', user_id=call.session.user_id, cg_id=row['id']):
        raise errors.AuthError('Content generator access required (%s)' % row['name'])
    return row


def cg_init_build(call, cg, data):
    """Create (reserve) a build_id for given data."""
    cg_id = assert_cg(call, cg)['id']
    data = dict(data, owner=call.session.user_id, state=BUILDING, completion_time=None, cg_id=cg_id)
    data.setdefault('epoch', None)
    if not call.hub.flavour.reserves_drafts and data.get('draft'):
        raise errors.GenericError('Draft build not supported')
    check_nvr(data)
    with call.hub.state.lock:
        number = new_build(call, data)
        if call.hub.state.row('reservations', build_id=number):
            raise errors.GenericError('Build is already reserved')
        token = secrets.token_hex(32)
        call.change.insert('reservations', build_id=number, token=token)
    return {'build_id': number, 'token': token}


def assert_token(call, build_id, token):
    row = call.hub.state.row('reservations', build_id=build_id)
    if not row or row['token'] != token:
        raise errors.GenericError("Token doesn't match build ID %s" % build_id)
    return row


def cg_refund_build(call, cg, build_id, token, state=FAILED):
    """Give a reservation back: the build becomes FAILED or CANCELED."""
    if state not in (FAILED, CANCELED):
        raise errors.GenericError('Only FAILED/CANCELED build states are allowed')
    cg_id = assert_cg(call, cg)['id']
    build = find_build(call, build_id, strict=True)
    if build['state'] != BUILDING:
        raise errors.GenericError('Build ID %s is not in BUILDING state' % build_id)
    reservation = assert_token(call, build_id, token)
    if build['cg_id'] != cg_id:
        raise errors.GenericError('Build ID %s is not reserved by this CG' % build_id)
    call.change.update('builds', build_id, state=state, completion_time=now())
    record.note_state(call, build_id, BUILDING, state)
    call.change.delete('reservations', reservation['id'])


def cancel_build(call, buildID, strict=False):
    """Cancel the build with the given buildID; its owner and administrators may."""
    call.session.assert_login()
    build = find_build(call, buildID, strict)
    if not build:
        return False
    if build['owner_id'] != call.session.user_id and not call.session.has_perm('admin'):
        raise errors.ActionNotAllowed('not owner')
    if build['state'] != BUILDING:
        return False
    call.change.update('builds', build['id'], state=CANCELED, completion_time=now())
    record.note_state(call, build['id'], BUILDING, CANCELED)
    for row in call.hub.state.rows('reservations', build_id=build['id']):
        call.change.delete('reservations', row['id'])
    return True


def promote_build(call, build, force=False):
    """Make a draft a regular build: the release loses its suffix, the directory moves and leaves a link."""
    call.session.assert_login()
    old = find_build(call, build, strict=True)
    reason = 'Cannot promote build %s. Reason: %%s' % old['nvr']
    if not old.get('draft'):
        raise errors.GenericError(reason % 'Not a draft build')
    if old['state'] != COMPLETE:
        raise errors.GenericError(reason % ('state (%s) is not COMPLETE.' % BUILD_STATES[old['state']]))
    release = old['release'].partition(',draft_')[0]
    taken = find_build(call, dict(old, release=release))
    if taken:
        raise errors.GenericError(reason % ('Target build exists: %(nvr)s(#%(id)s)' % taken))
    call.change.update('builds', old['id'], draft=False, release=release, promotion_time=now(),
                       promoter_id=call.session.user_id)
    new = find_build(call, old['id'])
    record.note(call, 'promote', old['id'], draft_release=old['release'], target_release=release)
    os.rename(call.hub.paths.build(old), call.hub.paths.build(new))
    os.symlink(release, call.hub.paths.build(old))
    return new



def delete_build(call, build, strict=True, min_ref_age=604800):
    """delete a build, if possible: its files go, its row stays and says so"""
    call.session.assert_login()
    if not call.session.has_perm('admin'):
        raise errors.ActionNotAllowed('admin permission required')
    info = find_build(call, build, strict=True)
    if info['state'] == DELETED:
        return None
    if call.hub.state.row('tag_listing', build_id=info['id']):
        raise errors.GenericError('Cannot delete build, tagged')
    call.change.update('builds', info['id'], state=DELETED)
    record.note_state(call, info['id'], info['state'], DELETED)
    shutil.rmtree(call.hub.paths.build(info), ignore_errors=True)
    return True


METHODS = {'getBuild': get_build, 'deleteBuild': delete_build, 'findBuildID': find_build_id, 'promoteBuild': promote_build,
           'CGInitBuild': cg_init_build, 'CGRefundBuild': cg_refund_build, 'cancelBuild': cancel_build}
