# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running program that is listened to while it goes on.

    program = Talking([…], env=…)
    program.err.until('importing')      # wait for that line of its standard error
    program.signal(signal.SIGINT)
    status, out, err = program.end()    # all that it said

Popen.communicate() loses what readline() read ahead; this does not.
"""
import subprocess
import threading

from patience import PATIENCE_S


class Output:
    """The lines of one stream, as they come."""

    def __init__(self, stream):
        self.lines, self.ended, self.changed = [], False, threading.Condition()
        self.thread = threading.Thread(target=self.read, args=(stream,), daemon=True)
        self.thread.start()

    def read(self, stream):
        with stream:
            for line in stream:
                with self.changed:
                    self.lines.append(line)
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def count(self, text):
        """The number of lines up to the first that has the text, 0 for none."""
        return next((number for number, line in enumerate(self.lines, 1) if text in line), 0)

    def until(self, text):
        """The lines up to the first that has the text."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended or self.count(text), PATIENCE_S)
            assert self.count(text), '%r did not come: %s' % (text, self.lines)
            return self.lines[:self.count(text)]

    def whole(self):
        self.thread.join(PATIENCE_S)
        assert self.ended, 'it goes on: %s' % self.lines
        return ''.join(self.lines)


class Talking:
    def __init__(self, command, **settings):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **settings)
        self.out, self.err = Output(self.process.stdout), Output(self.process.stderr)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def end(self):
        """Its exit status, and what it wrote to standard output and standard error."""
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return status, self.out.whole(), self.err.whole()
