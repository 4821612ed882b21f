# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions: who calls, with which call number, and may this call be handled (kojihub/auth.py).

A session travels in headers (Koji-Session-Id, -Key) or, the old way, in the query string.  Released hubs read the call
number from Koji-Callnum only, which no koji client sends; the development branch reads Koji-Session-Callnum first.
With a call number the session's row stays locked until the request ends, so such requests of one session are served
one after the other; without one they run side by side.  The number itself is kept only if the call changed something.
"""
import secrets
import string
import threading
import time
import urllib.parse

from . import errors
from .state import now

AUTH_METHODS = ('login', 'sslLogin')
LOCK_EXEMPT = ('exclusiveSession', 'login', 'logout')
LOCKOUT_EXEMPT = ('login', 'sslLogin', 'logout')
RETRY_WHITELIST = ('host.taskWait', 'host.taskUnwait', 'host.taskSetWait', 'host.updateHost', 'host.setBuildRootState',
                   'repoExpire', 'repoDelete', 'repoProblem')
AUTHTYPE_PASSWORD, AUTHTYPE_SSL = 0, 2
KEY_ALPHABET = string.ascii_letters + string.digits


class RowLocks:
    """One lock a session row."""

    def __init__(self):
        self.guard = threading.Lock()
        self.locks = {}

    def of(self, session_id):
        with self.guard:
            return self.locks.setdefault(session_id, threading.RLock())


class Session:
    """The caller of one request: anonymous, or a session row and its user."""

    def __init__(self, hub):
        self.hub = hub
        self.id = self.key = self.master = self.callnum = None
        self.user_id = self.row = self.user = self.lock_error = None
        self.logged_in = False
        self.exclusive = False
        self.message = ''

    # --- finding the session of a request ----------------------------------------------------------------------------
    def read_credentials(self, environ):
        """Session number, key and call number of the request, or None when it carries none."""
        if 'HTTP_KOJI_SESSION_ID' in environ:
            number, key = int(environ['HTTP_KOJI_SESSION_ID']), environ['HTTP_KOJI_SESSION_KEY']
            names = ['HTTP_KOJI_CALLNUM']
            if self.hub.flavour.reads_session_callnum:
                names.insert(0, 'HTTP_KOJI_SESSION_CALLNUM')
            callnum = next((environ[name] for name in names if name in environ), None)
            return number, key, None if callnum is None else int(callnum)
        query = environ['QUERY_STRING']
        if not query:
            self.message = 'no session header or session args'
            return None
        arguments = urllib.parse.parse_qs(query, strict_parsing=True)
        try:
            number, key = int(arguments['session-id'][0]), arguments['session-key'][0]
        except KeyError as field:
            raise errors.AuthError('%s not specified in session args' % field)
        callnum = arguments.get('callnum', [None])[0]
        try:
            return number, key, None if callnum is None else int(callnum)
        except ValueError:
            raise errors.AuthError('Invalid callnum: %r' % callnum)

    def open(self, environ, method, held):
        """Look the session up; `held` gets the lock of its row when a call number was sent."""
        credentials = self.read_credentials(environ)
        if credentials is None:
            return
        self.id, self.key, callnum = credentials
        row_lock = self.hub.row_locks.of(self.id)
        row_lock.acquire()
        try:
            row = self.check_row(method, callnum)
        except BaseException:
            row_lock.release()
            raise
        if callnum is None:
            row_lock.release()
        else:
            held.append(row_lock)
        if row['expired']:
            self.master = row['master']
            return
        self.adopt(row, callnum)

    def check_row(self, method, callnum):
        row = self.hub.state.get('sessions', self.id)
        if not row or row['key'] != self.key or row['closed']:
            raise errors.AuthError('Invalid session or bad credentials')
        age_s = time.time() - (row['renew_time'] or row['start_time']).timestamp()
        if not row['expired'] and age_s > self.hub.options.session_minutes * 60:
            self.hub.update_sessions({'expired': True}, lambda other: self.id in (other['id'], other['master']))
            row['expired'] = True
        if row['expired'] and method not in AUTH_METHODS:
            raise errors.AuthExpired('session "%s" has expired' % self.id)
        last = row['callnum']
        if callnum is not None and last is not None:
            if last > callnum:
                raise errors.SequenceError('%s > %s (session %s)' % (last, callnum, self.id))
            if last == callnum and method not in RETRY_WHITELIST:
                raise errors.RetryError('unable to retry call %s (method %s) for session %s'
                                        % (callnum, method, self.id))
        return row

    def adopt(self, row, callnum):
        self.user = self.hub.state.get('users', row['user_id'])
        if self.user['status'] != 0:
            raise errors.AuthError('logins by %s are not allowed' % self.user['name'])
        if row['exclusive']:
            self.exclusive = True
        else:
            holder = self.hub.state.row('sessions', user_id=row['user_id'], exclusive=True, closed=False)
            if holder and holder['id'] == row['master']:
                self.exclusive = True
            elif holder:
                self.lock_error = 'User locked by another session'
        self.hub.update_sessions({'update_time': now()}, lambda other: other['id'] == self.id)
        self.row, self.callnum, self.user_id, self.master = row, callnum, row['user_id'], row['master']
        self.logged_in = True

    def validate(self, method):
        if self.lock_error and method not in LOCK_EXEMPT:
            raise errors.AuthLockError(self.lock_error)
        if self.hub.options.lockout and method not in LOCKOUT_EXEMPT and not self.has_perm('admin'):
            raise errors.ServerOffline('Server disabled for maintenance')

    # --- what the caller may do --------------------------------------------------------------------------------------
    def perms(self):
        return [row['name'] for row in self.hub.state.rows('user_perms', user_id=self.user_id)]

    def has_perm(self, name):
        return self.logged_in and name in self.perms()

    def assert_login(self):
        if not self.logged_in:
            raise errors.ActionNotAllowed('you must be logged in for this operation')

    def __str__(self):
        if not self.logged_in:
            return 'session: not logged in' + (' (%s)' % self.message if self.message else '')
        user = {key: self.user[key] for key in ('name', 'status', 'usertype')}
        shown = {'logged_in': True, 'id': self.id, 'master': self.master, 'key': self.key, 'user_id': self.user_id,
                 'authtype': self.row['authtype'], 'hostip': self.row['hostip'], 'user_data': user, 'message': '',
                 'exclusive': self.exclusive, 'lockerror': self.lock_error, 'callnum': self.callnum, '_perms': None,
                 '_groups': None, '_host_id': '', 'session_data': session_info(self.row)}
        return 'session %d: %r' % (self.id, shown)


def session_info(row):
    """The fields of a session row that Koji shows, times as dates."""
    info = {key: row[key] for key in ('authtype', 'callnum', 'exclusive', 'expired', 'master')}
    for name in ('renew', 'start', 'update'):
        value = row[name + '_time']
        info[name + '_time'] = value
        info[name + '_ts'] = None if value is None else value.timestamp()
    info['user_id'] = row['user_id']
    return info


# --- calls -----------------------------------------------------------------------------------------------------------
def create_session(call, user_id, authtype, renew=False, master=None):
    session, state = call.session, call.hub.state
    key = '%d-%s' % (user_id, ''.join(secrets.choice(KEY_ALPHABET) for _ in range(19)))
    if renew and session.id is not None:
        call.change.update('sessions', session.id, key=key, expired=False, renew_time=now(), update_time=now())
        number = session.id
    else:
        number = state.next_id('sessions')
        call.change.insert('sessions', id=number, user_id=user_id, key=key, authtype=authtype, master=master,
                           hostip='127.0.0.1', callnum=None, exclusive=None, expired=False, closed=False,
                           start_time=now(), update_time=now(), renew_time=None)
    return {'session-id': number, 'session-key': key, 'header-auth': True}


def login(call, user, password, opts=None, renew=False, exclusive=False):
    """create a login session"""
    if not isinstance(password, str) or not password:
        raise errors.AuthError('invalid username or password')
    if call.session.logged_in:
        raise errors.AuthError('Already logged in')
    row = call.hub.state.row('users', name=user, password=password)
    if not row:
        raise errors.AuthError('invalid username or password')
    return finish_login(call, row['id'], AUTHTYPE_PASSWORD, renew, exclusive)


def ssl_login(call, proxyuser=None, proxyauthtype=None, renew=False, exclusive=None):
    """create a login session for the owner of the client certificate"""
    if call.session.logged_in:
        raise errors.AuthError('Already logged in')
    subject = call.environ.get('SSL_CLIENT_SUBJECT')
    if call.environ['PATH_INFO'] != '/kojihub/ssllogin' or not subject:
        raise errors.AuthError('could not verify client: None')
    name = subject['CN']
    if proxyuser:
        if name not in call.hub.options.proxy_users:
            distinguished = ','.join('%s=%s' % (short, subject[short]) for short in ('CN', 'O') if short in subject)
            raise errors.AuthError('%s is not authorized to login other users' % distinguished)
        name = proxyuser
    row = call.hub.state.row('users', name=name)
    if not row:
        raise errors.AuthError('Unknown user: %s' % name)
    return finish_login(call, row['id'], AUTHTYPE_SSL, renew, exclusive)


def finish_login(call, user_id, authtype, renew, exclusive):
    user = call.hub.state.get('users', user_id)
    if user['status'] != 0:
        raise errors.AuthError('logins by %s are not allowed' % user['name'])
    info = create_session(call, user_id, authtype, renew=renew)
    if exclusive:
        take_exclusive(call, user_id, info['session-id'], force=False)
    return info


def take_exclusive(call, user_id, session_id, force):
    holder = call.hub.state.row('sessions', user_id=user_id, exclusive=True, closed=False)
    if holder and not force:
        raise errors.AuthLockError('Cannot get exclusive session')
    if holder:
        call.change.update('sessions', holder['id'], expired=True, exclusive=None, closed=True)
    call.change.update('sessions', session_id, exclusive=True)


def exclusive_session(call, force=False):
    """Make this session exclusive"""
    if call.session.logged_in and call.session.master is not None:
        raise errors.GenericError('subsessions cannot become exclusive')
    if call.session.exclusive:
        raise errors.GenericError('session is already exclusive')
    call.session.assert_login()
    take_exclusive(call, call.session.user_id, call.session.id, force)


def shared_session(call):
    """Drop out of exclusive mode"""
    call.session.assert_login()
    call.change.update('sessions', call.session.id, exclusive=None)


def subsession(call):
    """Create a subsession"""
    session = call.session
    if not session.logged_in:
        raise errors.AuthError('Not logged in')
    master = session.master if session.master is not None else session.id
    return create_session(call, session.user_id, session.row['authtype'], master=master)


def logout(call, session_id=None):
    """close a login session"""
    session = call.session
    if not session.logged_in:
        raise errors.AuthError('Not logged in')
    if session_id and not session.has_perm('admin'):
        if not call.hub.state.row('sessions', id=session_id, user_id=session.user_id):
            raise errors.ActionNotAllowed('only admins or owner may logout other session')
    closing = session_id or session.id
    for row in call.hub.state.rows('sessions'):
        if closing in (row['id'], row['master']):
            call.change.update('sessions', row['id'], expired=True, exclusive=None, closed=True)


def logout_child(call, session_id):
    """close a subsession"""
    if not call.session.logged_in:
        raise errors.AuthError('Not logged in')
    if call.hub.state.row('sessions', id=session_id, master=call.session.id):
        call.change.update('sessions', session_id, expired=True, exclusive=None, closed=True)


def show_session(call):
    """Return string representation of session for current user"""
    return str(call.session)


def get_session_info(call, details=False, user_id=None):
    """Return session info for current user or all not expired sessions to specific user"""
    if not call.session.logged_in:
        return None
    return session_info(call.hub.state.get('sessions', call.session.id))


METHODS = {'login': login, 'sslLogin': ssl_login, 'logout': logout, 'logoutChild': logout_child,
           'subsession': subsession, 'exclusiveSession': exclusive_session, 'sharedSession': shared_session,
           'showSession': show_session, 'getSessionInfo': get_session_info}
