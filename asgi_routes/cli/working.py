"""The subcommand that works.

In: what was typed. Out: a worker in a process of its own, and an exit code. The rule kept here: everything that a
worker can do is an option of `asgi_routes.worker.Worker`; nothing is decided here.
"""

import sys
from pathlib import Path
from typing import Any

import anyio
import click

from asgi_routes.cli.loading import (
    APP,
    BROKER,
    load_app,
    load_broker,
    make_usage_error,
    open_broker,
)
from asgi_routes.cli.watching import shown
from asgi_routes.errors import ImproperlyConfigured, LifespanError
from asgi_routes.worker import InvalidMessageError, Worker

NOT_STARTED = 3
"""The exit code where the lifespan of the application failed."""
_AT_LEAST_1 = click.IntRange(min=1)


@click.command()
@APP
@BROKER
@click.option(
    *("--channel", "channels"),
    multiple=True,
    metavar="NAME",
    help="As often as needed; else every exact name that a ChannelNameRouter in APP knows.",
)
@click.option(
    "--concurrency",
    default=10,
    show_default=True,
    type=_AT_LEAST_1,
    help="Messages of each channel that are worked on at once.",
)
@click.option(
    "--drain-timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="That these have once the worker is to stop.",
)
@click.option(
    "--max-attempts",
    default=5,
    show_default=True,
    type=_AT_LEAST_1,
    help="Deliveries after which a message that fails is dead.",
)
@click.option(
    "--health-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Touched at most once a second whenever the broker has answered.",
)
def worker(app: str, url: str, channels: tuple[str, ...], **options: Any) -> None:
    """Take messages from a broker, and hand them to an application.

    SIGTERM and SIGINT drain: nothing more is fetched, and what runs may end. A second one hands it back to
    the broker at once.

    Exit codes: 0, it was asked to stop, and nothing is lost; 1, the broker cannot be opened; 2, it could not
    be asked; 3, the application did not start or stop.
    """
    served = load_app(app)
    broker = load_broker(url)
    try:
        made = Worker(served, broker, channels or None, **options)
    except ImproperlyConfigured as error:
        raise make_usage_error(error) from None
    except InvalidMessageError as error:
        raise click.UsageError(str(error)) from None
    with shown(made.status):
        try:
            anyio.run(_run, broker, made)
        except LifespanError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(NOT_STARTED)


async def _run(broker: Any, made: Worker) -> None:
    async with open_broker(broker):
        await made.run()
