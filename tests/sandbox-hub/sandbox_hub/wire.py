# SPDX-License-Identifier: LGPL-2.1-or-later
"""XML-RPC as a Koji hub reads and writes it (koji/xmlrpcplus.py, kojihub/kojixmlrpc.py).

Written: nil for None, i8 for integers that do not fit 32 bits, text for dates.  Read: the same, and everything that
Python's own reader knows.  The layout of the text is the one of Python's xmlrpc.client, which Koji derives from.
"""
import datetime
import xmlrpc.client
from xml.parsers.expat import ExpatError

from .errors import BadRequest

INT32_MIN, INT32_MAX = -2 ** 31, 2 ** 31 - 1


class Marshaller(xmlrpc.client.Marshaller):
    """xmlrpc.client's writer with Koji's extensions."""

    dispatch = dict(xmlrpc.client.Marshaller.dispatch)

    def dump_integer(self, value, write):
        tag = 'int' if INT32_MIN <= value <= INT32_MAX else 'i8'
        write('<value><%s>%d</%s></value>\n' % (tag, value, tag))
    dispatch[int] = dump_integer

    def dump_date(self, value, write):
        self.dump_unicode(str(value), write)
    dispatch[datetime.datetime] = dump_date


def encode_result(value):
    """The body of a reply that carries a value."""
    text = Marshaller(encoding='utf-8', allow_none=True).dumps((value,))
    return ("<?xml version='1.0'?>\n<methodResponse>\n%s</methodResponse>\n" % text).encode('utf-8', 'surrogatepass')


def encode_fault(code, text):
    """The body of a reply that carries a fault."""
    fault = xmlrpc.client.Fault(code, text)
    body = Marshaller(encoding='utf-8', allow_none=True).dumps(fault)
    return ("<?xml version='1.0'?>\n<methodResponse>\n%s</methodResponse>\n" % body).encode('utf-8', 'surrogatepass')


def decode_call(body):
    """The method name and the list of parameters of a request; raises BadRequest or ExpatError."""
    if not body:
        raise BadRequest('Empty request')
    parser, unmarshaller = xmlrpc.client.getparser(use_builtin_types=False)
    parser.feed(body)
    parser.close()
    return unmarshaller.getmethodname(), list(unmarshaller.close())


def split_arguments(params):
    """Koji sends named arguments as a last struct that holds __starstar."""
    if params and isinstance(params[-1], dict) and params[-1].get('__starstar'):
        named = dict(params[-1])
        del named['__starstar']
        return params[:-1], named
    return params, {}


__all__ = ['ExpatError', 'decode_call', 'encode_fault', 'encode_result', 'split_arguments']
