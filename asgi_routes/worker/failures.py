"""Exceptions as sentences, and the place in the code that they came from.

Rule: whatever was raised is told in one way, in events, in the log and in dead letters, and no
sentence is empty.
"""

import os
import sys
import traceback
from pathlib import Path

from asgi_routes.worker.messages import WorkerError

_LONGEST_TEXT = 250
_MOST_FRAMES = 3
_OURS = str(Path(__file__).parent)


def unwrap(error: BaseException) -> BaseException:
    """Return what is inside of groups that hold one exception each."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def tell_error(error: BaseException) -> str:
    """Return an exception as a sentence: its class, and what it says.

    Not its `repr`, in which the clients of some engines leave out what they know. One that says
    nothing has the words of what caused it.

    >>> tell_error(ValueError("no such image"))
    'ValueError: no such image'
    >>> tell_error(TimeoutError())
    'TimeoutError'
    """
    if isinstance(error, WorkerError):  # A sentence already.
        return str(error)
    name = type(error).__qualname__
    if text := _shorten(str(error)):
        return f"{name}: {text}"
    cause = error.__cause__ or error.__context__
    return name if cause is None or cause is error else f"{name}, after {tell_error(cause)}"


def tell_place(error: BaseException) -> str:
    """Return the last frames in which an exception was raised, the innermost first, or "".

    >>> def fail():
    ...     raise ValueError
    >>> try:
    ...     fail()
    ... except ValueError as error:
    ...     print(tell_place(error)[:48])
    raised at <doctest asgi_routes.worker.failures.t
    """
    frames = [
        frame
        for frame in traceback.extract_tb(unwrap(error).__traceback__)
        if Path(frame.filename).parent != Path(_OURS)
    ]
    places = [
        f"{_shorten_path(frame.filename)}:{frame.lineno} in {frame.name}"
        for frame in reversed(frames[-_MOST_FRAMES:])
    ]
    return "raised at " + ", called at ".join(places) if places else ""


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _shorten_path(name: str) -> str:
    """Return the path of a file below the folder that it was imported from."""
    folders = [os.path.join(os.path.abspath(folder), "") for folder in sys.path]  # noqa: PTH100, PTH118
    inside = [folder for folder in folders if name.startswith(folder)]
    return name.removeprefix(max(inside, key=len, default=""))
