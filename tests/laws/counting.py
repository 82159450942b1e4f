"""How much work something is, counted without a clock.

What makes too many is stopped.
"""

import gc
import sys
from collections.abc import Callable
from typing import Any

TOO_MANY = 3_000_000


class TooMuchWorkError(Exception):
    """A function makes more calls than anything linear would."""


def calls_of(function: Callable[[], Any]) -> int:
    """Return how many calls of Python and C functions a function makes.

    >>> calls_of(lambda: [len(""), len("")])
    4
    """
    count = 0

    def see(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count > TOO_MANY:
                sys.setprofile(None)
                raise TooMuchWorkError

    before = sys.getprofile()
    gc.disable()  # What is finalized meanwhile makes calls, too.
    sys.setprofile(see)
    try:
        function()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count
