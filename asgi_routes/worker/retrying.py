"""When something that failed is tried again.

In: how often it was tried. Out: seconds. The rule kept here: the pause grows and is random, so that many that
failed together do not come back together.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double, up to a longest one, each with jitter.

    Attributes:
        first: seconds after the first failure.
        longest: seconds; an engine may have a shorter longest of its own.
        jitter: which part of each pause is random, 0 to 1.

    >>> Backoff(first=1, longest=60, jitter=0).delay(3)
    4.0
    >>> Backoff(first=1, longest=60, jitter=0).delay(5000)
    60.0
    """

    first: float = 1.0
    longest: float = 30.0
    jitter: float = 0.5

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after so many failures, at least 1."""
        exponent = min(failures - 1, 64)
        pause = min(self.longest, self.first * 2.0**exponent)
        return pause * (1 - self.jitter * random.random())  # noqa: S311 - no secret
