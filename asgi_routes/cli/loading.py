"""From what was typed to what it names: an application, the scope of a request, a broker.

Rule: what cannot be loaded or opened is said in a line, with the nearest name where there is one.
What the user's own module raises is raised.
"""

import importlib
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import click

from asgi_routes.errors import ImproperlyConfigured, did_you_mean
from asgi_routes.scopes import make_scope as make_scope_of
from asgi_routes.worker.brokers import broker_from
from asgi_routes.worker.failures import tell_error

APP = click.argument("app", metavar="APP")
BROKER = click.option(
    *("--broker", "url"),
    required=True,
    envvar="ASGI_ROUTES_BROKER",
    show_envvar=True,
    metavar="URL",
    help="nats://…, redis://… or memory:.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def load_app(name: str) -> Any:
    """Return the application that ``module:attribute`` names; the attribute is ``app`` by default.

    Raises:
        click.UsageError: there is no such module or attribute.
    """
    module_name, _, attribute = name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name + ".").startswith(error.name + "."):
            raise
        raise click.UsageError(f"no module named {module_name!r}") from None
    except ValueError as error:
        raise click.UsageError(f"{name!r} is not of the form module:attribute: {error}") from None
    try:
        return reduce(getattr, (attribute or "app").split("."), module)
    except AttributeError as error:
        hint = did_you_mean(str(error.name), vars(module))
        said = f"module {module_name!r} has no {attribute or 'app'!r}"
        raise click.UsageError(f"{said}; {hint}" if hint else said) from None


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


def load_broker(url: str) -> Any:
    """Return the broker of a URL.

    Raises:
        click.UsageError: it means none.
    """
    try:
        return broker_from(url)
    except ImproperlyConfigured as error:
        raise make_usage_error(error) from None


def make_usage_error(error: ImproperlyConfigured) -> click.UsageError:
    """Return the error for something that was typed and cannot mean anything."""
    return click.UsageError(f"{error.message}; {error.hint}" if error.hint else error.message)


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
