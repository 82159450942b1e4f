"""From what was typed to what it names: an application, the scope of a request, a broker.

Rule: what cannot be loaded or opened is said in a line, with the nearest name where there is one.
What the user's own module raises is raised.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import click

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.scopes import make_scope as make_scope_of
from asgi_routes.worker.brokers import broker_from, load_attribute
from asgi_routes.worker.failures import tell_error

APP = click.argument("app", metavar="APP")
BROKER = click.option(
    *("--broker", "url"),
    required=True,
    envvar="ASGI_ROUTES_BROKER",
    show_envvar=True,
    metavar="BROKER",
    help="nats://…, redis://…, memory:, module:attribute or layer:module:attribute.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def load_app(name: str) -> Any:
    """Return the application that ``module:attribute`` names; the attribute is ``app`` by default.

    Raises:
        click.UsageError: there is no such module or attribute.
    """
    return _load(lambda: load_attribute(name, "app"))


def load_broker(name: str) -> Any:
    """Return the broker that a text names; see `broker_from`.

    Raises:
        click.UsageError: it names none.
    """
    return _load(lambda: broker_from(name))


def load_hook(_context: click.Context, option: click.Parameter, name: str | None) -> Any:
    """Return the function that ``module:attribute`` names, or None.

    Raises:
        click.UsageError: there is none.
    """
    if name is None:
        return None
    hook = _load(lambda: load_attribute(name))
    if not callable(hook):
        raise click.BadParameter(f"{name!r} is no function", param=option)
    return hook


def _load(find: Callable[[], Any]) -> Any:
    """Return what is found, also in the working directory."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return find()
    except ImproperlyConfigured as error:
        raise make_usage_error(error) from None


def make_scope(kind: str, method: str, url: str, headers: Iterable[str]) -> dict[str, Any]:
    """Return the scope that a server makes of a request.

    Args:
        kind: ``http`` or ``websocket``, or any other type.
        method: of an http request.
        url: a path with or without a query, or a URL; its host becomes the header.
        headers: ``name: value``.

    Raises:
        click.UsageError: a header is not of that form.
    """
    return make_scope_of(url, kind, method, map(_parse_header, headers))


def _parse_header(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.UsageError(f"a header is written 'name: value', not {text!r}")
    return name.strip().lower().encode("latin-1"), value.strip().encode("latin-1", "replace")


def make_usage_error(error: ImproperlyConfigured) -> click.UsageError:
    """Return the error for something that was typed and cannot mean anything."""
    return click.UsageError(f"{error.message}; {error.hint}" if error.hint else error.message)


def refuse_memory(name: str) -> None:
    """Make sure that a broker can be asked from another process.

    Raises:
        click.UsageError: its messages are in the process that works on them.
    """
    if name.startswith("memory:"):
        raise click.UsageError("the messages of memory: are in the process that works on them")


@asynccontextmanager
async def open_broker(broker: Any) -> AsyncIterator[None]:
    """Keep a broker open while the body runs.

    Raises:
        click.ClickException: it cannot be opened.
    """
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(broker)
        except Exception as error:
            raise click.ClickException(
                f"the broker cannot be opened: {tell_error(error)}"
            ) from error
        yield
