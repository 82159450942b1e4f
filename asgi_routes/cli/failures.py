"""What somebody's code has raised, as they want to read it: their own frames, and the reason.

Rule: no frame of this package, of click or of the import system is shown, unless there is no other:
then it is a fault of ours, and all of it is shown.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from asgi_routes.cli.printing import escape
from asgi_routes.cli.standard_output import say_aside

_OWN = (str(Path(__file__).parents[1]), str(Path(str(click.__file__)).parent))
_WITHOUT_FILE = ("<frozen ", "<asgi_routes ")
"""How the names begin of the import system, and of what is compiled to match paths."""
_IMPORTLIB = str(Path("importlib") / "__init__.py")


class CannotAskError(click.ClickException):
    """The question could not be asked; nothing is known of the answer."""

    exit_code = 2


@contextmanager
def calling_others(
    what: str, give_hint: Callable[[BaseException], str | None] = lambda _error: None
) -> Iterator[None]:
    """Run somebody's code in the body, and say that it could not be done if that raises or exits.

    Args:
        what: cannot be done then.
        give_hint: called with what was raised, for what may be done about it.

    Raises:
        CannotAskError: it raised or exited.
    """
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - exits and interruptions of others, too
        raise make_failure(what, error, give_hint(error)) from None


def make_failure(what: str, error: BaseException, hint: str | None = None) -> CannotAskError:
    """Return what to raise for an exception of somebody's code, and print its traceback."""
    say_aside(format_error(error).rstrip("\n"))
    said = escape(f"{what}: {tell(error)}")
    return CannotAskError(f"{said.rstrip('.')}; {hint}" if hint else said)


def format_error(error: BaseException) -> str:
    """Return the traceback of an exception with the frames of its author."""
    told = traceback.TracebackException.from_exception(error)
    if not _is_anybody(told):
        return "".join(told.format())
    for one in _all_of(told):
        one.stack = traceback.StackSummary.from_list(
            [frame for frame in one.stack if not _is_ours(frame)]
        )
    lines = told.format() if told.stack or told.__cause__ or told.__context__ else None
    return "".join(told.format_exception_only() if lines is None else lines)


def tell(error: BaseException) -> str:
    r"""Return the kind of an exception and the first line of what it says.

    >>> tell(ValueError("no such thing\nas this"))
    'ValueError: no such thing'
    >>> tell(SystemExit(3))
    'it exits with 3'
    """
    if isinstance(error, SystemExit):
        return f"it exits with {error.code!r}"
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 - somebody's __str__ may raise anything
        text = ""
    first = text.splitlines()[0] if text else ""
    name = type(error).__name__
    return f"{name}: {first}" if first else name


def is_ours(error: BaseException) -> bool:
    """Tell whether no code but ours has to do with an exception."""
    return not _is_anybody(traceback.TracebackException.from_exception(error))


def _is_anybody(told: traceback.TracebackException) -> bool:
    """Tell whether somebody else's code was on the way, or is what cannot be read."""
    if told.exc_type and issubclass(told.exc_type, SyntaxError):
        return True
    return any(not _is_ours(frame) for one in _all_of(told) for frame in one.stack)


def _all_of(told: traceback.TracebackException) -> list[traceback.TracebackException]:
    """Return an exception, and those that it came from and consists of."""
    found = [told]
    for one in found:
        others = (one.__cause__, one.__context__, *(one.exceptions or ()))
        found += [other for other in others if other is not None]
    return found


def _is_ours(frame: traceback.FrameSummary) -> bool:
    name = frame.filename
    if name.startswith(_WITHOUT_FILE) or name.endswith(_IMPORTLIB):
        return True
    return any(Path(name).is_relative_to(folder) for folder in _OWN) or _is_script(name)


def _is_script(name: str) -> bool:
    """Tell whether a file is the script that pip writes for a command."""
    return Path(name).stem in ("asgi-routes", "asgi-routes-script")
