"""Locks beside which a process may be forked.

A child has no thread but the one that forked it: a lock that another one held would be held there
for good, and what it guards would stay half changed.
"""

import os
from threading import RLock
from typing import Any

_CAN_FORK = hasattr(os, "register_at_fork")


def make_lock() -> Any:
    """Return a lock for short moments. A fork waits for it, so a child finds everything whole."""
    lock = RLock()
    if _CAN_FORK:
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
    return lock


class RenewedLock:
    """A lock that may be held for long; a child has another one, which is free.

    What it guards has to be whole all the time, and to change under a lock for short moments.

    Attributes:
        lock: what to enter. A thread may enter it twice.
    """

    def __init__(self) -> None:
        self.renew()
        if _CAN_FORK:
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        """Put a free lock in the place of one that nobody will release."""
        self.lock = RLock()
