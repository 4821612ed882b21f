# SPDX-License-Identifier: LGPL-2.1-or-later
"""A port that stays free for a server that is started again on it."""
import socket


class ReservedPort:
    """
    A port of the loopback address that the kernel gives to nobody who asks for any, also while no server listens on it.
    Servers bind it all the same when they set SO_REUSEADDR, since this socket does so too and does not listen.
    """

    def __init__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(('127.0.0.1', 0))
        self.number = self.socket.getsockname()[1]

    def release(self):
        self.socket.close()
