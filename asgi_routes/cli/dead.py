"""The subcommands for dead letters.

Rule: an id that no dead letter has is a failure, so that a script notices.
"""

import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import anyio
import click

from asgi_routes.cli.loading import BROKER, JSON, load_broker, open_broker, refuse_memory
from asgi_routes.cli.printing import escape, print_json, print_table
from asgi_routes.cli.questions import Question
from asgi_routes.cli.schema import VERSION
from asgi_routes.worker import DeadLetter

_PAGE = 500
_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
_IDS = click.argument("ids", nargs=-1, metavar="[ID]...")
_ALL = click.option("--all", "everything", is_flag=True, help="All dead letters, instead of ids.")


@click.group()
def dead() -> None:
    """Manage dead letters: messages that could not be handled.

    Exit codes: 0, success; 1, no dead letter has that id; 2, usage error, or the broker cannot be
    opened.
    """


@dead.command("list", cls=Question)
@BROKER
@click.option("--channel", metavar="NAME", help="Only dead letters of this channel.")
@click.option(
    "--reason", default="", metavar="TEXT", help="Only dead letters whose reason contains this."
)
@click.option("--since", type=_TIME, help="Only dead letters since then (UTC).")
@click.option("--until", type=_TIME, help="Only dead letters before then (UTC).")
@click.option("--limit", type=click.IntRange(min=1), help="Maximum number to list.")
@click.option(
    "--after", default="", metavar="PLACE", help="Only dead letters after this place, for paging."
)
@JSON
def list_(url: str, *, as_json: bool, **chosen: Any) -> None:
    """List dead letters, oldest first. --json adds the place of each."""
    for name in ("since", "until"):
        if chosen[name] is not None:
            chosen[name] = chosen[name].replace(tzinfo=UTC).timestamp()

    async def ask(broker: Any) -> Any:
        try:
            return await broker.dead_letters(**chosen)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    letters = _ask_broker(url, ask)
    if as_json:
        print_json({"version": VERSION, "letters": [_make_dict(letter) for letter in letters]})
        return
    headings = ("id", "channel", "attempts", "given up", "reason")
    print_table(headings, [_make_row(letter) for letter in letters])


@dead.command(cls=Question)
@BROKER
@JSON
def count(url: str, *, as_json: bool) -> None:
    """Count the dead letters of each channel."""
    counts = _ask_broker(url, lambda broker: broker.count_dead_letters())
    if as_json:
        print_json({"version": VERSION, "channels": dict(counts)})
    else:
        print_table(("channel", "dead"), [(escape(name), str(n)) for name, n in counts.items()])


@dead.command(cls=Question)
@_IDS
@BROKER
@_ALL
@JSON
def replay(ids: tuple[str, ...], url: str, *, everything: bool, as_json: bool) -> int:
    """Send dead letters again, as new messages."""
    return _settle("replay", ids, url, everything=everything, as_json=as_json)


@dead.command(cls=Question)
@_IDS
@BROKER
@_ALL
@JSON
def drop(ids: tuple[str, ...], url: str, *, everything: bool, as_json: bool) -> int:
    """Delete dead letters."""
    return _settle("drop", ids, url, everything=everything, as_json=as_json)


def _settle(
    action: Literal["replay", "drop"],
    ids: tuple[str, ...],
    url: str,
    *,
    everything: bool,
    as_json: bool,
) -> int:
    if bool(ids) == everything:
        raise click.UsageError("give ids of dead letters or --all")
    counts = _ask_broker(url, partial(_settle_each, action, ids))
    if as_json:
        print_json({"version": VERSION, "letters": counts})
    else:
        print_table(("id", action), [(escape(id_), str(n)) for id_, n in counts.items()])
    return 0 if all(counts.values()) else 1


async def _settle_each(action: str, ids: tuple[str, ...], broker: Any) -> dict[str, int]:
    """Replay or drop; return how many dead letters each id had. No ids stand for all there are."""
    settle = getattr(broker, action)
    if ids:
        return {id_: await settle(id_) for id_ in dict.fromkeys(ids)}
    counts: Counter[str] = Counter()
    # Those that there are now; a replayed one may be dead again before the last one is.
    until, after = time.time(), ""
    while page := await broker.dead_letters(after=after, limit=_PAGE, until=until):
        for letter in page:
            counts[letter.id] += await settle(letter)
        after = page[-1].place
    return counts


def _ask_broker(url: str, question: Callable[[Any], Awaitable[Any]]) -> Any:
    refuse_memory(url)
    broker = load_broker(url)

    async def ask() -> Any:
        async with open_broker(broker):
            return await question(broker)

    return anyio.run(ask)


def _make_dict(letter: DeadLetter) -> dict[str, Any]:
    """Return a dead letter as JSON has it.

    The message is as it stands in the broker, where bytes are in base64; None where it is no
    message, which ``data`` shows then.
    """
    is_message = letter.message is not None
    return {
        "id": letter.id,
        "channel": letter.channel,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "at": _format_time(letter),
        "place": letter.place,
        "headers": dict(letter.headers),
        "message": json.loads(letter.data) if is_message else None,
        "data": None if is_message else letter.data.decode(errors="backslashreplace"),
    }


def _make_row(letter: DeadLetter) -> tuple[str, ...]:
    texts = (letter.id, letter.channel, str(letter.attempts), _format_time(letter), letter.reason)
    return tuple(map(escape, texts))


def _format_time(letter: DeadLetter) -> str:
    return datetime.fromtimestamp(letter.at, UTC).isoformat(timespec="seconds")
