# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tags, their package lists, and tagging, which is a task that some builder ends a moment later (kojihub.py)."""
import time

from . import errors, record
from .builds import find_build
from .state import BUILD_STATES, COMPLETE, TASK_CLOSED, TASK_FREE, TASK_OPEN, Transaction, now, time_fields

TAG_FIELDS = {'perm_id': None, 'perm': None, 'arches': '', 'locked': False, 'maven_support': False,
              'maven_include_all': False, 'extra': {}}


def find_tag(call, tag, strict=False):
    state = call.hub.state
    row = state.get('tags', tag) if isinstance(tag, int) else state.row('tags', name=tag)
    if row:
        return dict({'id': row['id'], 'name': row['name']}, **TAG_FIELDS)
    if strict:
        raise errors.GenericError('No such tagInfo: %r' % (tag,))
    return None


def get_tag(call, tagInfo, strict=False, event=None, blocked=False):
    """Get tag information based on the tagInfo (name or id)."""
    return find_tag(call, tagInfo, strict)


def get_tag_id(call, info, strict=False, create=False):
    """Get id for tag"""
    tag = find_tag(call, info)
    if not tag and strict:
        raise errors.GenericError('No such entry in table tag: %s' % info)
    return tag and tag['id']


def list_tags(call, build=None, package=None, perms=True, queryOpts=None, pattern=None):
    """List tags, those of a build or a package if one is named."""
    rows = call.hub.state.rows('tags')
    if build is not None:
        found = find_build(call, build)
        if not found:
            raise errors.GenericError('No such build: %s' % build)
        tagged = {row['tag_id'] for row in call.hub.state.rows('tag_listing', build_id=found['id'])}
        rows = [row for row in rows if row['id'] in tagged]
    tags = [find_tag(call, row['id']) for row in rows]
    tags = [{key: value for key, value in tag.items() if key != 'extra'} for tag in tags]
    return tags if package is None else with_package(call, tags, package)


def with_package(call, tags, package):
    """Those of the tags that list the package, with what they say about it."""
    row = call.hub.state.row('packages', **{'id' if isinstance(package, int) else 'name': package})
    if not row:
        raise errors.GenericError('No such package: %s' % package)
    found = []
    for tag in tags:
        entry = package_entry(call, tag['id'], row['id'])
        if entry:
            owner = call.hub.state.get('users', entry['owner_id'])
            found.append(dict(tag, blocked=entry['blocked'], extra_arches=None, owner_id=owner['id'],
                              owner_name=owner['name']))
    return found


def list_tagged(call, tag, event=None, inherit=False, prefix=None, latest=False, package=None, owner=None, type=None,
                strict=True, extra=True, draft=None):
    """List builds tagged with tag"""
    number = find_tag(call, tag, strict=True)['id']
    builds = [find_build(call, row['build_id']) for row in call.hub.state.rows('tag_listing', tag_id=number)]
    name = find_tag(call, number)['name']
    return [dict(build, tag_id=number, tag_name=name) for build in builds
            if package is None or build['package_name'] == package]


# --- package lists ---------------------------------------------------------------------------------------------------
def package_entry(call, tag_id, package_id):
    return call.hub.state.row('tag_packages', tag_id=tag_id, package_id=package_id)


def check_tag_package(call, tag, pkg):
    """Check that pkg is in the list for tag. Returns true/false"""
    tag_id = get_tag_id(call, tag)
    row = call.hub.state.get('packages', pkg) if isinstance(pkg, int) else call.hub.state.row('packages', name=pkg)
    entry = row and package_entry(call, tag_id, row['id'])
    return bool(entry and not entry['blocked'])


def list_packages(call, tagID=None, userID=None, pkgID=None, prefix=None, inherited=False, with_dups=False, event=None,
                  queryOpts=None, with_owners=True, with_blocked=True):
    """List the packages of a tag, or all packages."""
    state = call.hub.state
    if tagID is None:
        return [{'package_id': row['id'], 'package_name': row['name']} for row in state.rows('packages')]
    tag = find_tag(call, tagID, strict=True)
    found = []
    for entry in state.rows('tag_packages', tag_id=tag['id']):
        owner = state.get('users', entry['owner_id'])
        found.append({'package_id': entry['package_id'], 'blocked': entry['blocked'], 'extra_arches': None,
                      'package_name': state.get('packages', entry['package_id'])['name'], 'tag_id': tag['id'],
                      'tag_name': tag['name'], 'owner_id': owner['id'], 'owner_name': owner['name']})
    return found


def package_list_add(call, taginfo, pkginfo, owner=None, block=None, extra_arches=None, force=False, update=False):
    """Add to (or update) package list for tag"""
    call.session.assert_login()
    tag = find_tag(call, taginfo, strict=True)
    if not call.session.has_perm('admin') and not call.session.has_perm('tag'):
        raise errors.ActionNotAllowed('policy violation (package_list): Only admin/tag can do this via default policy')
    row = call.hub.state.row('packages', name=pkginfo) or call.hub.state.get('packages', pkginfo)
    package_id = row['id'] if row else call.change.insert('packages', name=pkginfo)
    user = call.hub.state.row('users', name=owner) if owner else call.session.user
    if not user:
        raise errors.GenericError('No such user: %r' % owner)
    entry = package_entry(call, tag['id'], package_id)
    if entry:
        call.change.update('tag_packages', entry['id'], blocked=bool(block), owner_id=user['id'])
    else:
        call.change.insert('tag_packages', tag_id=tag['id'], package_id=package_id, owner_id=user['id'],
                           blocked=bool(block))


def tag_build_bypass(call, tag, build, force=False, notify=False):
    """Tag a build without running post checks"""
    tag, build = tag_for_admin(call, tag), find_build(call, build, strict=True)
    if call.hub.state.row('tag_listing', tag_id=tag['id'], build_id=build['id']):
        raise errors.TagError('build %s already tagged (%s)' % (build['nvr'], tag['name']))
    call.change.insert('tag_listing', tag_id=tag['id'], build_id=build['id'])
    record.note(call, 'tag', build['id'], tag=tag['name'], tag_id=tag['id'], by=call.session.user['name'])


def untag_build_bypass(call, tag, build, strict=True, force=False, notify=False):
    """Untag a build without any checks"""
    tag, build = tag_for_admin(call, tag), find_build(call, build, strict=True)
    row = call.hub.state.row('tag_listing', tag_id=tag['id'], build_id=build['id'])
    if not row:
        raise errors.TagError('build %s not in tag %s' % (build['nvr'], tag['name']))
    call.change.delete('tag_listing', row['id'])
    record.note(call, 'untag', build['id'], tag=tag['name'], tag_id=tag['id'], by=call.session.user['name'])


def tag_for_admin(call, tag):
    call.session.assert_login()
    if not call.session.has_perm('admin') and not call.session.has_perm('tag'):
        raise errors.ActionNotAllowed('tag permission required')
    return find_tag(call, tag, strict=True)


# --- tagging and its task --------------------------------------------------------------------------------------------
def tag_build(call, tag, build, force=False, fromtag=None):
    """Request that a build be tagged. The return value is the task id."""
    call.session.assert_login()
    build = find_build(call, build, strict=True)
    tag = find_tag(call, tag, strict=True)
    if build['state'] != COMPLETE:
        raise errors.TagError('build %s not complete: state %s' % (build['nvr'], BUILD_STATES[build['state']]))
    entry = package_entry(call, tag['id'], build['package_id'])
    if not entry and not (force and call.session.has_perm('admin')):
        raise errors.TagError('Package %s not in list for %s' % (build['name'], tag['name']))
    if entry and entry['blocked']:
        raise errors.TagError('Package %s blocked in %s' % (build['name'], tag['name']))
    return call.change.insert('tasks', method='tagBuild', request=[tag['id'], build['id'], force, None],
                              owner=call.session.user_id, state=TASK_FREE, create_time=now(), start_time=None,
                              completion_time=None, done_at=time.monotonic() + call.hub.options.task_seconds,
                              result=None)


def advance_all(hub):
    """Every request finds the builders as far as they would have come by now."""
    with hub.state.lock:
        unfinished = [dict(row) for row in hub.state.tables['tasks'].values() if row['state'] != TASK_CLOSED]
    for row in unfinished:
        advance(hub, row)


def advance(hub, row):
    """Let the builder do what it would have done by now: take the task, tag, close the task."""
    with hub.state.lock:
        change = Transaction(hub.state)
        if time.monotonic() < row['done_at']:
            change.update('tasks', row['id'], state=TASK_OPEN, start_time=row['start_time'] or now())
        else:
            finish_tagging(hub, change, row)
        change.commit()


def finish_tagging(hub, change, row):
    if hub.state.get('tasks', row['id'])['state'] == TASK_CLOSED:
        return
    tag_id, build_id = row['request'][:2]
    if not hub.state.row('tag_listing', tag_id=tag_id, build_id=build_id):
        change.insert('tag_listing', tag_id=tag_id, build_id=build_id)
        owner = hub.state.get('users', row['owner'])
        record.note_of(hub, change, owner['id'], None, 'tag', build_id, tag=hub.state.get('tags', tag_id)['name'],
                       tag_id=tag_id, by=owner['name'])
    change.update('tasks', row['id'], state=TASK_CLOSED, start_time=row['start_time'] or now(), completion_time=now())


def find_task(call, task_id, refusal=None):
    """The row of a task; None, or the refusal if there is one, for an unknown number."""
    if not isinstance(task_id, int):
        raise errors.ParameterError("Invalid type for value '%s': %s, expected type <class 'int'>"
                                    % (task_id, type(task_id)))
    row = call.hub.state.get('tasks', task_id)
    if not row and refusal:
        raise errors.GenericError(refusal)
    return row


def get_task_info(call, task_id, request=False, strict=False):
    """Get information about a task"""
    if isinstance(task_id, list):
        return [get_task_info(call, number, request, strict) for number in task_id]
    row = find_task(call, task_id, 'query returned no rows' if strict else None)
    if not row:
        return None
    info = {'id': row['id'], 'state': row['state'], 'channel_id': 1, 'host_id': None, 'parent': None, 'label': None,
            'waiting': None, 'awaited': None, 'owner': row['owner'], 'method': row['method'], 'arch': 'noarch',
            'priority': 10, 'weight': 1.0}
    for name in ('create', 'start', 'completion'):
        info.update(time_fields(row, name))
    if request:
        info['request'] = row['request']
    return info


def task_finished(call, taskId):
    """True if task is finished"""
    return find_task(call, taskId, 'query returned no rows')['state'] == TASK_CLOSED


def get_task_result(call, taskId, raise_fault=True):
    """Returns task results"""
    if find_task(call, taskId, 'No such task')['state'] != TASK_CLOSED:
        raise errors.GenericError('Task %i is not finished' % taskId)


def get_task_children(call, task_id, request=False, strict=False):
    """Return a list of the children of the Task with the given ID."""
    find_task(call, task_id, 'query returned no rows' if strict else None)
    return []


METHODS = {'getTag': get_tag, 'getTagID': get_tag_id, 'listTags': list_tags, 'listTagged': list_tagged,
           'checkTagPackage': check_tag_package, 'listPackages': list_packages, 'packageListAdd': package_list_add,
           'tagBuild': tag_build, 'tagBuildBypass': tag_build_bypass, 'untagBuildBypass': untag_build_bypass,
           'getTaskInfo': get_task_info, 'taskFinished': task_finished,
           'getTaskResult': get_task_result, 'getTaskChildren': get_task_children}
