# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong on request.

A rule is a JSON object: which requests it meets and what happens to them.

    method   a method name, "upload" for raw uploads, or "*" (default)
    file     of an upload, its file name (default: any)
    nth      the first such request that it meets, counted from now (default 1)
    times    how many in a row (default 1, 0 for all from then on)
    action   one of the names below; further keys are its settings

    lose-before    the request is read, not handled, the connection is closed
    lose-after     the request is handled and committed, the connection is closed without a reply
    reset-before   as lose-before, the connection is reset
    reset-after    as lose-after, the connection is reset
    status         HTTP error `status` (default 500) instead of handling; "when": "after" to handle it first
    fault          XML-RPC fault `code` and `text` instead of handling; "when": "after" to handle it first
    offline retry-error lock-error    the fault 1014, 1009 or 1001 in Koji's words; "when" as for fault
    expired        the session expires before the call (1007 from then on, until it is renewed)
    half-reply     the first half of the reply, then the end of the connection
    slow-reply     the reply at `bytes_per_second` (default 100)
    wrong-digest   an upload is stored, its answer names another digest
    cut-upload     the connection is closed when `bytes` bytes of an upload are stored
    stall-upload   after `bytes` bytes of an upload nothing is read for `seconds` (default 3600), then as cut-upload
    hang           nothing happens for `seconds` (default 3600), then the connection is closed
    pause          handling waits `seconds` (default 3600) at `stage`: "start" (default), "before-recording" (CGImport),
                   "end"

Clearing the rules ends every hang and pause.
"""
import threading

from . import errors

ACTIONS = frozenset((
    'lose-before', 'lose-after', 'reset-before', 'reset-after', 'status', 'fault', 'offline', 'retry-error',
    'lock-error', 'expired', 'half-reply', 'slow-reply', 'wrong-digest', 'cut-upload', 'stall-upload', 'hang', 'pause'))
HANG_SECONDS = 3600


class Faults:
    """The armed rules."""

    def __init__(self):
        self.lock = threading.Lock()
        self.rules = []
        self.release = threading.Event()
        self.stopping = threading.Event()

    def arm(self, rule):
        if rule.get('action') not in ACTIONS:
            raise ValueError('no such action: %r' % rule.get('action'))
        with self.lock:
            self.rules.append(dict({'method': '*', 'nth': 1, 'times': 1, 'seen': 0, 'met': 0, 'paused': 0, 'hung': 0}, **rule))

    def clear(self):
        with self.lock:
            self.rules = []
            self.release.set()
            self.release = threading.Event()

    def told(self):
        """Copies: requests go on to be counted."""
        with self.lock:
            return [dict(rule) for rule in self.rules]

    def stop(self):
        self.stopping.set()
        self.clear()

    def meet(self, method, file=None):
        """The rule that this request meets, or None; each rule that could meet it counts it."""
        chosen = None
        with self.lock:
            for rule in self.rules:
                if rule['method'] not in ('*', method) or rule.get('file', file) != file:
                    continue
                rule['seen'] += 1
                last = rule['nth'] + rule['times'] - 1 if rule['times'] else rule['seen']
                if chosen is None and rule['nth'] <= rule['seen'] <= last:
                    rule['met'] += 1
                    chosen = rule
        return chosen

    def hang(self, rule):
        self.stand(rule, 'hung')

    def pause(self, stage, call):
        rule = call.rule
        if rule and rule['action'] == 'pause' and rule.get('stage', 'start') == stage:
            self.stand(rule, 'paused')

    def stand(self, rule, counter):
        """Wait until the rules are cleared, which they may be since this one was met."""
        with self.lock:
            if not any(armed is rule for armed in self.rules):
                return
            release = self.release
            rule[counter] += 1
        release.wait(rule.get('seconds', HANG_SECONDS))


def fault_for(rule, call):
    """The exception that a rule raises in place of the call's answer, or None."""
    action = rule['action']
    if action == 'fault':
        return errors.InjectedFault(rule.get('code', 1000), rule.get('text', 'injected fault'))
    if action == 'offline':
        return errors.ServerOffline(rule.get('text', 'server is offline'))
    if action == 'lock-error':
        return errors.LockError('[Errno 11] Resource temporarily unavailable')
    if action == 'retry-error':
        return errors.RetryError('unable to retry call %s (method %s) for session %s'
                                 % (call.session.callnum, call.method, call.session.id))
    return None
