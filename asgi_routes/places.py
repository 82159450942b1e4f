"""Where something was written: the file and line of the user's code.

In: the stack of the running call. Out: a `Place`. The rule kept here: the place is the innermost
frame outside this package, so that an error names the user's line, however deep it was found.
"""

import os
import sys
from typing import NamedTuple

_PACKAGE = __name__.partition(".")[0]


class Place(NamedTuple):
    """A line of a source file.

    >>> str(Place("/elsewhere/urls.py", 12))
    '/elsewhere/urls.py:12'
    """

    file: str
    line: int

    def __str__(self) -> str:
        """``file:line``, relative to the working directory where the file is below it."""
        below = os.getcwd() + os.sep  # noqa: PTH109 - pathlib would double the import time
        return f"{self.file.removeprefix(below)}:{self.line}"


def calling_place() -> Place:
    """Return the place outside this package from which it was called."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads the source files
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)
