# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a request to the body of its reply: session, transaction, method, fault (kojihub/kojixmlrpc.py)."""
import contextlib
import inspect
import traceback

from . import archives, builds, errors, faults, importer, queries, record, sessions, tags, uploads, wire
from .state import Transaction

METHODS = {}
for module in (sessions, uploads, builds, importer, archives, tags, queries):
    METHODS.update(module.METHODS)


class Call:
    """One request while it is handled."""

    def __init__(self, hub, environ, method, rule):
        self.hub, self.environ, self.method, self.rule = hub, environ, method, rule
        self.change = Transaction(hub.state)
        self.session = sessions.Session(hub)


@contextlib.contextmanager
def request_session(call):
    """The caller's session for the length of the request; its row stays locked if a call number was sent."""
    held = []
    try:
        call.session.open(call.environ, call.method, held)
        call.session.validate(call.method)
        yield
    finally:
        for lock in held:
            lock.release()


def handle(call, work):
    """Run the request as one transaction: the body of the reply, value or fault."""
    when = (call.rule or {}).get('when', 'before')
    try:
        if call.rule and call.rule['action'] == 'expired':
            expire(call)
        if call.hub.options.offline_message:
            raise errors.ServerOffline(call.hub.options.offline_message)
        with request_session(call):
            call.hub.faults.pause('start', call)
            tags.advance_all(call.hub)
            injected = call.rule and faults.fault_for(call.rule, call)
            if injected and when == 'before':
                raise injected
            body = wire.encode_result(work())
            commit(call)
            call.hub.faults.pause('end', call)
            if injected:
                raise injected
            return body
    except (errors.BadRequest, ConnectionError, TimeoutError):
        call.change.rollback()
        raise
    except Exception as error:      # whatever a method raises is the caller's answer
        call.change.rollback()
        return wire.encode_fault(*errors.fault_of(error))


def commit(call):
    """The call number is kept by calls that changed something, and by no other."""
    if call.change.dirty and call.session.callnum is not None:
        call.change.update('sessions', call.session.id, callnum=call.session.callnum)
    call.change.commit()


def expire(call):
    number = call.environ.get('HTTP_KOJI_SESSION_ID')
    if number and number.isdigit():
        call.hub.update_sessions({'expired': True}, lambda row: row['id'] == int(number))


def call_method(call, method, params):
    """One method with Koji's way of passing named arguments and of refusing wrong ones."""
    if method not in ALL_METHODS or (method in record.METHODS and not call.hub.options.record):
        raise errors.GenericError('Invalid method: %s' % method)
    positional, named = wire.split_arguments(params)
    try:
        return ALL_METHODS[method](call, *positional, **named)
    except TypeError as error:
        if error.__traceback__.tb_next is not None:
            raise
        raise errors.ParameterError(str(error))


def multi_call(call, calls):
    """Execute a multicall.  Execute each method call in the calls list, collecting
    results and errors, and return those as a list."""
    results = []
    for one in calls:
        savepoint = call.change.savepoint()
        try:
            results.append([call_method(call, one['methodName'], one['params'])])
        except Exception as error:      # each call's fault is its own answer
            call.change.rollback(savepoint)
            code = errors.fault_of(error)[0]
            results.append({'faultCode': code, 'faultString': ', '.join(str(part) for part in error.args),
                            'traceback': traceback.format_exception(error)})
    return results


# --- what the hub says of itself -------------------------------------------------------------------------------------
def arguments_of(function):
    """The parameters a client may give."""
    return list(inspect.signature(function).parameters.values())[1:]


def list_methods(call):
    return sorted(name for name in ALL_METHODS if call.hub.options.record or name not in record.METHODS)


def list_api(call):
    described = []
    for name in list_methods(call):
        function = ALL_METHODS[name]
        parameters = arguments_of(function)
        described.append({'name': name, 'doc': inspect.getdoc(function),
                          'args': [[one.name, one.default] if one.default is not one.empty else one.name
                                   for one in parameters],
                          'argdesc': '(%s)' % ', '.join(str(one) for one in parameters)})
    return described


def method_help(call, method):
    function = ALL_METHODS.get(method)
    if method not in list_methods(call):
        return ''
    text = '%s(%s)' % (method, ', '.join(str(one) for one in arguments_of(function)))
    return text + ('\ndescription: %s' % function.__doc__ if function.__doc__ else '')


ALL_METHODS = dict(METHODS, multiCall=multi_call, _listapi=list_api, **record.METHODS)
ALL_METHODS.update({'system.listMethods': list_methods, 'system.methodHelp': method_help})
