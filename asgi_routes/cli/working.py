"""The subcommand ``worker``, and what it shows of itself on standard error.

Rule: everything that a worker can do is an option of `asgi_routes.worker.Worker`; nothing is
decided here. A handler that somebody gave the worker's logger before decides what becomes of the
lines.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import anyio
import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from asgi_routes.cli.applications import Named, load_app, take_app
from asgi_routes.cli.failures import CannotAskError
from asgi_routes.cli.loading import (
    BROKER,
    JSON,
    load_broker,
    load_hook,
    make_usage_error,
    open_broker,
    refuse_memory,
)
from asgi_routes.cli.printing import escape, print_json, print_table
from asgi_routes.cli.questions import Service, are_threads_left
from asgi_routes.cli.schema import VERSION
from asgi_routes.cli.standard_output import say_aside
from asgi_routes.errors import ImproperlyConfigured, LifespanError
from asgi_routes.inspection.check import find_unserved_channels
from asgi_routes.worker import (
    BrokerUnavailableError,
    Depth,
    InvalidMessageError,
    Status,
    Worker,
)
from asgi_routes.worker.channels import OTHERS
from asgi_routes.worker.events import LOGGER
from asgi_routes.worker.supervisor import RAN_ON, end_process

_NOT_STARTED = 3
"""The exit code where the lifespan of the application failed."""

_AT_LEAST_1 = click.IntRange(min=1)
_STYLES = {logging.ERROR: "red", logging.WARNING: "yellow"}


def parse_concurrency(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> dict[str, int]:
    """Return what `Worker` takes as its ``concurrency``.

    Raises:
        click.BadParameter: a text is not of the form ``NUMBER`` or ``NAME=NUMBER``.
    """
    parsed = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        if (equals and not name) or not (number.isascii() and number.isdigit() and int(number)):
            raise click.BadParameter(f"{text!r} is neither NUMBER nor NAME=NUMBER, from 1 on")
        parsed[name or OTHERS] = int(number)
    return parsed


@click.command(cls=Service)
@take_app
@BROKER
@click.option(
    *("--channel", "channels"),
    multiple=True,
    metavar="NAME",
    help="Channel to serve (repeatable); by default every exact name of a ChannelNameRouter in APP.",
)
@click.option(
    "--concurrency",
    multiple=True,
    callback=parse_concurrency,
    metavar="[NAME=]NUMBER",
    help="Concurrent messages per channel, or on channel NAME (repeatable); 10 by default.",
)
@click.option(
    "--drain-timeout",
    default=25.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Time that running messages get to finish at shutdown.",
)
@click.option(
    "--wait",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Time to wait at startup for a broker that is not available yet.",
)
@click.option(
    "--max-attempts",
    default=5,
    show_default=True,
    type=_AT_LEAST_1,
    help="Deliveries after which a failing message becomes a dead letter.",
)
@click.option(
    "--health-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Touch this file every second while the event loop runs.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep this file only while the broker answers and messages are fetched.",
)
@click.option(
    "--on-event",
    callback=load_hook,
    metavar="MODULE:ATTRIBUTE",
    help="Call this with each WorkerEvent, for example for metrics; it must not block.",
)
@click.option("--status", is_flag=True, help="Print the number of messages per channel, and exit.")
@JSON
def worker(
    app: Named,
    url: str,
    channels: tuple[str, ...],
    *,
    status: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Receive messages from a broker and dispatch them to an application.

    On SIGTERM or SIGINT, the worker stops fetching messages and lets the running ones finish. A
    second signal returns those to the broker immediately.

    Exit codes: 0, stopped on request, and no message is lost; 2, usage error, or the broker cannot
    be opened; 3, the application failed to start or stop; 4, as 0, but threads were still running
    after the drain timeout, and were abandoned.
    """
    served = load_app(app)
    broker = load_broker(url)
    try:
        made = Worker(served, broker, channels or None, **options)
    except ImproperlyConfigured as error:
        raise make_usage_error(error) from None
    except InvalidMessageError as error:
        raise click.UsageError(str(error)) from None
    if status:
        _print_depths(url, broker, made.channels, as_json=as_json)
        return 0
    for name, hint, is_certain in find_unserved_channels(served, channels):
        said = f"no application in {app.text!r} serves channel {name!r}"
        if is_certain:
            raise CannotAskError(f"{said}; {hint}")
        say_aside(f"Warning: {said}, unless the wrapper around its router does; {hint}")
    with _show_worker(made.status):
        try:
            anyio.run(made.run)
        except LifespanError as error:
            say_aside(f"Error: {error}")
            return _NOT_STARTED
        except BrokerUnavailableError as error:
            raise CannotAskError(escape(str(error))) from error
        except ImproperlyConfigured as error:
            raise make_usage_error(error) from None
    if are_threads_left():
        say_aside("exiting while threads of abandoned messages are still running")
        end_process(RAN_ON)
    return 0


def _print_depths(url: str, broker: Any, channels: tuple[str, ...], *, as_json: bool) -> None:
    """Print how many messages of each channel there are."""
    refuse_memory(url)
    if not callable(getattr(broker, "depth", None)):
        raise click.UsageError("this broker does not support --status")

    async def ask() -> dict[str, Depth]:
        async with open_broker(broker):
            return {channel: await broker.depth(channel) for channel in channels}

    depths = anyio.run(ask)
    if as_json:
        told = {name: asdict(depth) for name, depth in depths.items()}
        print_json({"version": VERSION, "channels": told})
        return
    rows = [
        (escape(name), *("" if number is None else str(number) for number in astuple(depth)))
        for name, depth in depths.items()
    ]
    print_table(("channel", "waiting", "in flight", "delayed", "dead"), rows)


@contextmanager
def _show_worker(status: Status) -> Iterator[None]:
    """Show the worker while the body runs, and at the end what it has done."""
    console = Console(stderr=True)
    lines = _Lines(console)
    with ExitStack() as stack:
        if not LOGGER.handlers:
            stack.enter_context(_send_log_to(lines))
        if sys.stderr.isatty():
            stack.enter_context(_show_progress(status, console))
        yield
    if status.state == "stopped":
        lines.show(_summarize(status))


def _summarize(status: Status) -> str:
    """Return what a worker has done, in a line.

    >>> _summarize(Status())
    '0 done, 0 retried, 0 dead'
    """
    counts = status.counts
    done = f"{counts['done']} done, {counts['retry']} retried, {counts['dead']} dead"
    return done + (f", {counts['handed_back']} handed back" if counts["handed_back"] else "")


@contextmanager
def _send_log_to(handler: logging.Handler) -> Iterator[None]:
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


def _show_progress(status: Status, console: Console) -> Live:
    def line() -> Text:
        return Text(f"{status.state}; {status.in_flight} in flight; {_summarize(status)}", "dim")

    return Live(
        console=console,
        get_renderable=line,
        transient=True,
        # What the application prints goes where it went before, above the line if it goes there.
        redirect_stdout=sys.stdout.isatty(),
    )


class _Formatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as logging calls it
        return escape(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - as above
        return "\n".join(map(escape, super().formatException(ei).splitlines()))


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
