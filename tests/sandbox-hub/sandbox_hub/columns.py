# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the columns of Koji's database take and refuse, in its driver's words: fault 1 for whoever sends it.

A number is taken as text and a list of one element as that element; an empty list, a map and a boolean epoch are not.
"""
from . import errors

INT32_MAX = 2 ** 31 - 1


class DatabaseError(Exception):
    """An error of the database driver, shown under its class there."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.shown_as = "<class 'psycopg2.%s'>" % kind


def scalar(value):
    """One value for a column, as the driver passes it on."""
    if isinstance(value, dict):
        raise DatabaseError('ProgrammingError', "can't adapt type 'dict'")
    if isinstance(value, list):
        if len(value) != 1:
            raise DatabaseError('errors.SyntaxError', 'syntax error at or near ")"\n')
        return scalar(value[0])
    return value


def text(value, column, length=None):
    """A value of a text column; length for one that is limited."""
    value = scalar(value)
    if length is not None and value is not None and len(str(value)) > length:
        raise DatabaseError('errors.StringDataRightTruncation',
                            'value too long for type character varying(%d)\n' % length)
    return value


def required_text(value, column, relation, length=None):
    value = text(value, column, length)
    if value is None:
        raise DatabaseError('errors.NotNullViolation', 'null value in column "%s" of relation "%s" violates not-null '
                            'constraint\n' % (column, relation))
    return value


def compared_text(value, column):
    """A value that a text column is compared with, where the database converts nothing."""
    value = scalar(value)
    if value is not None and not isinstance(value, str):
        kind = {bool: 'boolean', int: 'integer', float: 'numeric'}[type(value)]
        raise DatabaseError('errors.UndefinedFunction', 'operator does not exist: text = %s\n' % kind)
    return value


def compared_number(value):
    """A number that an integer column is compared with."""
    if isinstance(value, bool):
        raise DatabaseError('errors.UndefinedFunction', 'operator does not exist: integer = boolean\n')
    return value


def integer(value, column):
    value = scalar(value)
    if isinstance(value, bool):
        raise DatabaseError('errors.DatatypeMismatch', 'column "%s" is of type integer but expression is of type '
                            'boolean\n' % column)
    if isinstance(value, str) and not value.lstrip('-').isdigit():
        raise DatabaseError('errors.InvalidTextRepresentation', 'invalid input syntax for type integer: "%s"\n' % value)
    if value is not None and not -INT32_MAX - 1 <= int(value) <= INT32_MAX:
        raise DatabaseError('errors.NumericValueOutOfRange', 'integer out of range\n')
    return value


def buildroot(given):
    """The row of a content generator's buildroot."""
    values = {'cg_version': text(given['content_generator']['version'], 'cg_version'),
              'type': text(given['container']['type'], 'container_type'),
              'arch': text(given['container']['arch'], 'container_arch'),
              'os': text(given['host']['os'], 'host_os'), 'host_arch': text(given['host']['arch'], 'host_arch')}
    for constraint, wrong in (('cg_sane', values['cg_version'] is None),
                              ('container_sane', (values['type'] is None) != (values['arch'] is None))):
        if wrong:
            raise DatabaseError('errors.CheckViolation', 'new row for relation "buildroot" violates check constraint '
                                '"%s"\n' % constraint)
    names = [required_text(tool['name'], 'tool', 'buildroot_tools_info') for tool in given['tools'] or ()]
    for tool in given['tools'] or ():
        required_text(tool['version'], 'version', 'buildroot_tools_info')
    if len(set(names)) < len(names):
        raise errors.UniqueViolation('duplicate key value violates unique constraint "buildroot_tools_info_pkey"')
