"""What holds for every subcommand: what its exit codes mean, and what is on standard output.

Rule: 0, it is so; 1, it is not; 2, it could not be asked, whatever somebody's code does meanwhile.
A subcommand returns its exit code, so that nobody else's ``sys.exit`` is taken for it.
"""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import NoReturn

import click

from asgi_routes.cli.failures import CannotAskError, is_ours, make_failure
from asgi_routes.cli.standard_output import flush_all, keep_for_answer, say_aside
from asgi_routes.worker.supervisor import end_process

_NOT_ASKED = 2
_TO_END = 2.0
"""Seconds that threads have to end once everything is said."""


class Question(click.Command):
    """A subcommand that has an answer; it returns its exit code, or None for 0."""

    def invoke(self, ctx: click.Context) -> NoReturn:
        """Ask, and exit with the code that was returned."""
        with keep_for_answer() if self.has_answer(ctx) else nullcontext(), _as_not_asked():
            code = super().invoke(ctx) or 0
        ctx.exit(code)

    def has_answer(self, _context: click.Context) -> bool:
        """Tell whether standard output is for the answer alone."""
        return True


class Service(Question):
    """A subcommand that works until it is stopped; what is printed meanwhile is not its own."""

    def has_answer(self, _context: click.Context) -> bool:
        """Only where it is asked for its status, it has one."""
        return bool(_context.params.get("status"))


@contextmanager
def _as_not_asked() -> Iterator[None]:
    """Say of what somebody's code raises in the body that the question could not be asked."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        raise CannotAskError("interrupted") from None
    except BaseException as error:  # noqa: BLE001 - whatever somebody's code does
        what = (
            "this is a bug in asgi_routes, please report it"
            if is_ours(error)
            else "inspecting the application failed"
        )
        raise make_failure(what, error) from None


def run_command(command: click.Command, arguments: Sequence[str] | None) -> int:
    """Run a command, say what is wrong on standard error, and return the exit code."""
    try:
        code = command.main(arguments, prog_name="asgi-routes", standalone_mode=False)
    except click.ClickException as error:
        code = error.exit_code
        with suppress(OSError):  # Nobody reads any more; the exit code says it.
            error.show()
    except click.Abort:
        code = _NOT_ASKED
        say_aside("Aborted!")
    except OSError as error:
        # The answer could not be written, so nobody has it.
        code = _NOT_ASKED
        say_aside(f"Error: cannot write to standard output: {error}")
    return code if isinstance(code, int) else 0


def exit_with(code: int) -> None:
    """End the process, also where an application has started threads that go on."""
    flush_all()
    if are_threads_left():
        flush_all()
        end_process(code)
    sys.exit(code)


def are_threads_left() -> bool:
    """Tell whether threads go on that the interpreter would wait for, however long that takes."""
    end = time.monotonic() + _TO_END
    others = [
        thread
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.daemon
    ]
    for thread in others:
        thread.join(max(0.0, end - time.monotonic()))
    return any(thread.is_alive() for thread in others)
