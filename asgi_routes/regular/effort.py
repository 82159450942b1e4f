"""How much has been looked at, so that nobody waits for ever.

In: counts, of small things that were done. Out: whether it was too much, for one question or for all that is
asked. The rule kept here: it is counted and never timed, so that a table has the same answers on every
machine.
"""

_MOST_FOR_ONE = 500_000
"""What may be done for one question: some seconds' worth; it bounds the memory, too."""
_MOST_IN_ALL = 5_000_000
"""What may be done for all questions. GitHub's 813 paths take the fortieth part of it."""


class TooLargeError(Exception):
    """There is too much to look at."""


class Effort:
    """What was done so far."""

    def __init__(self) -> None:
        self._spent = 0
        self._most = _MOST_FOR_ONE

    def spend(self, count: int) -> None:
        """Count what was done."""
        self._spent += count

    def begin(self) -> None:
        """Begin with another question."""
        self._most = min(self._spent + _MOST_FOR_ONE, _MOST_IN_ALL)

    def check(self) -> None:
        """Raise `TooLargeError` if it was too much."""
        if self._spent > self._most:
            raise TooLargeError
