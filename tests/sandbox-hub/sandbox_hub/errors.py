# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exceptions that become XML-RPC faults, numbered as Koji numbers them (koji/__init__.py)."""


class GenericError(Exception):
    """Any refusal without a number of its own; every other Koji exception derives from it."""
    code = 1000


class LockError(GenericError):
    code = 1001


class AuthError(GenericError):
    code = 1002


class TagError(GenericError):
    code = 1003


class ActionNotAllowed(GenericError):
    code = 1004


class AuthLockError(AuthError):
    code = 1006


class AuthExpired(AuthError):
    code = 1007


class SequenceError(AuthError):
    code = 1008


class RetryError(AuthError):
    code = 1009


class ServerOffline(GenericError):
    code = 1014


class CallbackError(GenericError):
    code = 1017


class ParameterError(GenericError):
    code = 1019


class InjectedFault(Exception):
    """A fault that a test asked for, with the number and text that it named."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class BadRequest(Exception):
    """The request cannot be read: HTTP 400 on Koji's development branch."""


def fault_of(error):
    """The fault number and text that the hub sends for an exception."""
    if isinstance(error, (GenericError, InjectedFault)):
        return error.code, str(error)
    return 1, '%s: %s' % (type_name(error), error)


def type_name(error):
    """How Python 3 prints the class, which Koji puts at the head of the text of fault 1."""
    return getattr(error, 'shown_as', None) or str(type(error))


class UniqueViolation(Exception):
    """What the database driver raises when two imports of one NVR meet."""
    shown_as = "<class 'psycopg2.errors.UniqueViolation'>"
