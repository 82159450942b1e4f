"""From what was typed to what it names: a broker, a function that is called with events.

Rule: what cannot be loaded or opened is said in a line, with the nearest name where there is one.
"""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import click

from asgi_routes.cli.failures import CannotAskError, calling_others
from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.brokers import broker_from, load_attribute
from asgi_routes.worker.failures import tell_error

BROKER = click.option(
    *("--broker", "url"),
    required=True,
    envvar="ASGI_ROUTES_BROKER",
    show_envvar=True,
    metavar="BROKER",
    help="nats://…, redis://…, memory:, module:attribute or layer:module:attribute.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def load_broker(name: str) -> Any:
    """Return the broker that a text names; see `broker_from`.

    Raises:
        click.UsageError: it names none.
    """
    return _load(name, lambda: broker_from(name))


def load_hook(_context: click.Context, option: click.Parameter, name: str | None) -> Any:
    """Return the function that ``module:attribute`` names, or None.

    Raises:
        click.UsageError: there is none.
    """
    if name is None:
        return None
    hook = _load(name, lambda: load_attribute(name))
    if not callable(hook):
        raise click.BadParameter(f"{name!r} is not a function", param=option)
    return hook


def _load(name: str, find: Callable[[], Any]) -> Any:
    """Return what is found, also in the working directory."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    with calling_others(f"{name!r} cannot be loaded"):
        try:
            return find()
        except ImproperlyConfigured as error:
            wrong = make_usage_error(error)
    raise wrong


def make_usage_error(error: ImproperlyConfigured) -> click.UsageError:
    """Return the error for something that was typed and cannot mean anything."""
    return click.UsageError(f"{error.message}; {error.hint}" if error.hint else error.message)


def refuse_memory(name: str) -> None:
    """Make sure that a broker can be asked from another process.

    Raises:
        click.UsageError: its messages are in the process that works on them.
    """
    if name.startswith("memory:"):
        raise click.UsageError("the messages of memory: exist only in the process of the worker")


@asynccontextmanager
async def open_broker(broker: Any) -> AsyncIterator[None]:
    """Keep a broker open while the body runs.

    Raises:
        CannotAskError: it cannot be opened.
    """
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(broker)
        except Exception as error:
            raise CannotAskError(f"the broker cannot be opened: {tell_error(error)}") from error
        yield
