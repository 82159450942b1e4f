"""Standard output: the answer, whole and alone.

Rule: while a question is asked, whatever anybody else prints, modules on import, C libraries and
child processes too, goes to standard error. The answer is written in one piece at the end, so that
a reader that leaves early changes no exit code.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from typing import Any, TextIO

import click

_NARROWEST_TABLE = 70
"""Columns below which a terminal gets a list instead of a table."""
_REPLACED = {"→": "->", "…": "..."}
"""What stands for the characters of ours that not every encoding has."""


class _Answer:
    """What is going to be on standard output."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream
        self.texts: list[str] = []


_answers: list[_Answer] = []


@contextmanager
def keep_for_answer() -> Iterator[None]:
    """Keep standard output for what `say` is given while the body runs.

    Raises:
        OSError: the answer cannot be written, because the disk is full, say.
    """
    stream = sys.stdout  # None where somebody has closed it.
    with _redirected(stream) as own:
        _answers.append(_Answer(own))
        try:
            yield
        finally:
            _write(_answers.pop())


def say(text: str) -> None:
    """Add a line to the answer."""
    if _answers:
        _answers[-1].texts.append(text + "\n")
    else:
        click.echo(text)


def say_aside(text: str) -> None:
    """Write a line to standard error; where nobody reads that any more, it changes nothing."""
    try:
        click.echo(text, err=True)
    except OSError:
        _forget(sys.stderr)


def is_terminal() -> bool:
    """Tell whether people read the answer: on a terminal, or where ``FORCE_COLOR`` says so."""
    if os.environ.get("FORCE_COLOR"):
        return True
    stream = _stream()
    return stream is not None and stream.isatty()


def has_colors() -> bool:
    """Tell whether the answer may have colours: on a terminal without ``NO_COLOR``."""
    is_dumb = os.environ.get("TERM") == "dumb"
    return is_terminal() and not os.environ.get("NO_COLOR") and not is_dumb


def is_narrow() -> bool:
    """Tell whether a table has no room on the terminal."""
    return width() < _NARROWEST_TABLE


def width() -> int:
    """Return the columns of the terminal: ``COLUMNS``, or what it says itself, or 80."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and int(told):
        return int(told)
    with suppress(AttributeError, OSError, ValueError):
        return os.get_terminal_size(_stream().fileno()).columns or 80  # type: ignore[union-attr]
    return 80


def flush_all() -> None:
    """Write what waits in the streams; where nobody reads any more, forget it.

    Else the interpreter does so at its end, and has an exit code of its own for what cannot be
    written.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            _forget(stream)


def _stream() -> TextIO | None:
    return _answers[-1].stream if _answers else sys.stdout


@contextmanager
def _redirected(stream: Any) -> Iterator[TextIO | None]:
    """Lead standard output to standard error; give a stream that goes where it went before."""
    number = _number_of(stream)
    if number is None:
        with redirect_stdout(sys.stderr or StringIO()):
            yield stream
        return
    stream.flush()
    own = os.dup(number)
    _lead_to_stderr(number)
    encoding = stream.encoding or "utf-8"
    with open(own, "w", encoding=encoding, errors="backslashreplace") as answer:  # noqa: PTH123
        try:
            yield answer
        finally:
            # What was printed meanwhile waits in a buffer, and belongs to standard error as well.
            with suppress(OSError, ValueError):
                stream.flush()
            with suppress(OSError):
                os.dup2(answer.fileno(), number)


def _number_of(stream: Any) -> int | None:
    """Return the descriptor of a stream; None where it is closed, or in memory."""
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _lead_to_stderr(number: int) -> None:
    other = _number_of(sys.stderr)
    if other is not None:
        os.dup2(other, number)
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _write(answer: _Answer) -> None:
    stream = answer.stream
    if stream is None or not answer.texts:
        return
    text = "".join(answer.texts)
    try:
        stream.write(_fit(text, stream.encoding))
        stream.flush()
    except BrokenPipeError:
        _forget(stream)


def _fit(text: str, encoding: str | None) -> str:
    """Return a text with other characters for those of ours that an encoding does not have."""
    for character, other in _REPLACED.items():
        try:
            character.encode(encoding or "utf-8")
        except (LookupError, UnicodeEncodeError):
            text = text.replace(character, other)
    return text


def _forget(stream: Any) -> None:
    """Let a stream go nowhere from now on."""
    number = _number_of(stream)
    if number is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
