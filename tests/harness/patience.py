# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long tests wait for what must come: machines under load are slow, and what is right is there long before."""
import time

PATIENCE_S = 240


def wait_until(condition, told=None, every_s=0.02):
    """What condition() is, as soon as that is true; told() says what is wrong when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        late = time.monotonic() > deadline      # before the look: the machine may have stood still after it
        found = condition()
        if found:
            return found
        assert not late, told() if told else condition
        time.sleep(every_s)
