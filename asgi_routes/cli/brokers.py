"""From a URL to a broker that is open.

In: what was typed. Out: a broker. The rule kept here: what is wrong with the URL, or with the server behind it, is
said in a line.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import click

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.brokers import broker_from

BROKER = click.option(
    *("--broker", "url"),
    required=True,
    envvar="ASGI_ROUTES_BROKER",
    show_envvar=True,
    metavar="URL",
    help="nats://…, redis://… or memory:.",
)


def broker_for(url: str) -> Any:
    """Return the broker of a URL.

    Raises:
        click.UsageError: it means none.
    """
    try:
        return broker_from(url)
    except ImproperlyConfigured as error:
        raise misused(error) from None


def misused(error: ImproperlyConfigured) -> click.UsageError:
    """Return the error for something that was typed and cannot mean anything."""
    return click.UsageError(f"{error.message}; {error.hint}" if error.hint else error.message)


@asynccontextmanager
async def opened(broker: Any) -> AsyncIterator[None]:
    """Keep a broker open while the body runs.

    Raises:
        click.ClickException: it cannot be opened.
    """
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(broker)
        except Exception as error:
            raise click.ClickException(f"the broker cannot be opened: {error!r}") from error
        yield
