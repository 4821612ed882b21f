# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that only look: versions, users, permissions, registrations, lists of builds."""
import fnmatch

from . import errors
from .builds import describe, find_build

API_VERSION = 1
VERSION = '1.35.3'


def get_api_version(call):
    return API_VERSION


def get_koji_version(call):
    return VERSION


def echo(call, *args):
    """Return a simple echo of the arguments"""
    return list(args)


def hello(call, *args):
    """Simple testing call returning static 'Hello World'"""
    return 'Hello World'


# --- users -----------------------------------------------------------------------------------------------------------
def describe_user(row):
    return {'id': row['id'], 'name': row['name'], 'status': row['status'], 'usertype': row['usertype'],
            'krb_principals': []}


def get_logged_in_user(call):
    """Return information about the currently logged-in user."""
    if not call.session.logged_in:
        return None
    return dict(describe_user(call.session.user), authtype=call.session.row['authtype'], krb_principal=None)


def get_user(call, userInfo=None, strict=False, krb_princs=True, groups=False):
    """Return information about a user."""
    if userInfo is None:
        return describe_user(call.session.user) if call.session.logged_in else None
    key = 'id' if isinstance(userInfo, int) else 'name'
    row = call.hub.state.row('users', **{key: userInfo['name'] if isinstance(userInfo, dict) else userInfo})
    if row:
        return describe_user(row)
    if strict:
        raise errors.GenericError('No such user: %r' % userInfo)
    return None


def get_perms(call):
    """Return a list of the permissions held by the current user"""
    return call.session.perms() if call.session.logged_in else []


def get_user_perms(call, userID=None, with_groups=True, inheritance_data=False):
    """Get a list of the permissions granted to the user"""
    user = get_user(call, userID, strict=True)
    return [row['name'] for row in call.hub.state.rows('user_perms', user_id=user['id'])]


def get_user_perms_inheritance(call, userID):
    """Get a dict of the permissions granted directly to user or inherited from groups"""
    return {name: [None] for name in get_user_perms(call, userID)}


def has_perm(call, perm, strict=False):
    """Check if user has that permission"""
    if not call.session.logged_in:
        return False
    return call.session.has_perm(perm)


def list_cgs(call):
    """List all available content generators in the system"""
    users = call.hub.state
    return {cg['name']: {'id': cg['id'], 'users': [users.get('users', row['user_id'])['name']
                                                   for row in users.rows('cg_users', cg_id=cg['id'])]}
            for cg in call.hub.state.rows('content_generators')}


# --- builds ----------------------------------------------------------------------------------------------------------
def list_builds(call, packageID=None, userID=None, taskID=None, prefix=None, state=None, volumeID=None, source=None,
                createdBefore=None, createdAfter=None, completeBefore=None, completeAfter=None, type=None,
                typeInfo=None, queryOpts=None, pattern=None, cgID=None, draft=None):
    """Return a list of builds that match the given parameters"""
    rows = call.hub.state.rows('builds')
    if isinstance(cgID, str):
        cg = call.hub.state.row('content_generators', name=cgID)
        if not cg:
            return []           # whatever the options ask for
        cgID = cg['id']
    if isinstance(packageID, str):
        package = call.hub.state.row('packages', name=packageID)
        if not package:
            return []
        packageID = package['id']
    if isinstance(userID, str):
        userID = get_user(call, userID, strict=True)['id']
    wanted = {'package_id': packageID, 'owner_id': userID, 'task_id': taskID, 'state': state, 'volume_id': volumeID,
              'cg_id': cgID, 'draft': draft}
    rows = [row for row in rows
            if all(row[key] == value for key, value in wanted.items() if value is not None)]
    if type is not None:
        typed = {row['build_id'] for row in call.hub.state.rows('build_types', btype=type)}
        rows = [row for row in rows if row['id'] in typed]
    builds = [describe(call.hub, row) for row in rows]
    for key, after, before in (('creation_ts', createdAfter, createdBefore),
                               ('completion_ts', completeAfter, completeBefore)):
        if after:
            builds = [build for build in builds if build[key] is not None and build[key] > after]
        if before:
            builds = [build for build in builds if build[key] is not None and build[key] < before]
    if prefix is not None:
        builds = [build for build in builds if build['name'].lower().startswith(prefix.lower())]
    if pattern is not None:
        builds = [build for build in builds if fnmatch.fnmatchcase(build['nvr'], pattern)]
    if source is not None:
        builds = [build for build in builds if fnmatch.fnmatchcase(build['source'] or '', source)]
    return apply_query_options(builds, queryOpts or {})


def apply_query_options(rows, options):
    """order, offset, limit and countOnly, the queryOpts that clients use."""
    for key in reversed((options.get('order') or '').split(',')):
        if key:
            rows = sorted(rows, key=lambda row: row[key.lstrip('-')], reverse=key.startswith('-'))
    rows = rows[options.get('offset') or 0:]
    if options.get('limit') is not None:
        rows = rows[:options['limit']]
    return len(rows) if options.get('countOnly') else rows


def get_package_id(call, name, strict=False):
    """Get package ID by name."""
    row = call.hub.state.row('packages', name=name)
    if not row and strict:
        raise errors.GenericError('No such entry in table package: %s' % name)
    return row and row['id']


def get_package(call, info, strict=False, create=False):
    """Get the id,name for package"""
    key = 'id' if isinstance(info, int) else 'name'
    row = call.hub.state.row('packages', **{key: info})
    if not row and strict:
        raise errors.GenericError('No such entry in table package: %s' % info)
    return row and {'id': row['id'], 'name': row['name']}


def list_volumes(call):
    """List storage volumes"""
    return [{'id': row['id'], 'name': row['name']} for row in call.hub.state.rows('volumes')]


def no_maven_build(call, buildInfo, strict=False):
    """No build of the sandbox is a Maven build"""
    find_build(call, buildInfo, strict)


def no_win_build(call, buildInfo, strict=False):
    """No build of the sandbox is a Windows build"""
    find_build(call, buildInfo, strict)


def list_rpms(call, buildID=None, buildrootID=None, imageID=None, componentBuildrootID=None, hostID=None, arches=None,
              queryOpts=None, draft=None):
    """List RPMS: the sandbox has none"""
    return []


def list_build_rpms(call, build):
    """Get information about all the RPMs generated by the build: none"""
    find_build(call, build, strict=not isinstance(build, int))
    return []


METHODS = {'getAPIVersion': get_api_version, 'getKojiVersion': get_koji_version, 'echo': echo, 'hello': hello,
           'getLoggedInUser': get_logged_in_user, 'getUser': get_user, 'getPerms': get_perms,
           'getUserPerms': get_user_perms, 'getUserPermsInheritance': get_user_perms_inheritance, 'hasPerm': has_perm,
           'listCGs': list_cgs, 'listBuilds': list_builds, 'getPackageID': get_package_id, 'getPackage': get_package,
           'listVolumes': list_volumes, 'getMavenBuild': no_maven_build, 'getWinBuild': no_win_build,
           'listRPMs': list_rpms, 'listBuildRPMs': list_build_rpms}
