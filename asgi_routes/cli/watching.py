"""What a worker shows of itself on standard error.

In: the log of the worker, and its status. Out: a line for each thing worth knowing, and on a terminal one more
that is kept up to date. The rule kept here: whoever has given the worker's logger a handler has decided already
what becomes of the lines.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.text import Text

from asgi_routes.cli.printing import printable
from asgi_routes.worker import Status

LOGGER = logging.getLogger("asgi_routes.worker")
_STYLES = {logging.ERROR: "red", logging.WARNING: "yellow"}


@contextlib.contextmanager
def shown(status: Status) -> Iterator[None]:
    """Show the worker while the body runs, and at the end what it has done."""
    console = Console(stderr=True)
    lines = _Lines(console)
    with contextlib.ExitStack() as stack:
        if not LOGGER.handlers:
            stack.enter_context(_handled_by(lines))
        if sys.stderr.isatty():
            stack.enter_context(_progress(status, console))
        yield
    if status.state == "stopped":
        lines.show(summary(status))


def summary(status: Status) -> str:
    """Return what a worker has done, in a line.

    >>> summary(Status())
    '0 done, 0 tried again, 0 dead'
    """
    counts = status.counts
    done = f"{counts['done']} done, {counts['retry']} tried again, {counts['dead']} dead"
    return done + (f", {counts['handed_back']} handed back" if counts["handed_back"] else "")


@contextlib.contextmanager
def _handled_by(handler: logging.Handler) -> Iterator[None]:
    before = LOGGER.level, LOGGER.propagate
    LOGGER.addHandler(handler)
    LOGGER.setLevel(LOGGER.level or logging.INFO)
    LOGGER.propagate = False
    LOGGER.disabled = False  # As logging.dictConfig leaves it when the application uses that.
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(before[0])
        LOGGER.propagate = before[1]


def _progress(status: Status, console: Console) -> Live:
    def line() -> Text:
        return Text(f"{status.state}; {status.in_flight} in flight; {summary(status)}", "dim")

    return Live(
        console=console,
        get_renderable=line,
        transient=True,
        # What the application prints goes where it went before, above the line if it goes there.
        redirect_stdout=sys.stdout.isatty(),
    )


class _Formatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as logging calls it
        return printable(super().formatMessage(record))


class _Lines(logging.Handler):
    """Prints each record as a line, above the progress."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self.setFormatter(_Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))

    def emit(self, record: logging.LogRecord) -> None:
        text = Text(self.format(record), style=_STYLES.get(record.levelno, ""))
        self._console.print(text, soft_wrap=True)

    def show(self, text: str) -> None:
        """Print a line of its own."""
        self.emit(LOGGER.makeRecord(LOGGER.name, logging.INFO, "", 0, text, (), None))
