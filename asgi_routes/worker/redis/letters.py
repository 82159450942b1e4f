"""The dead letters of a broker in Redis: a stream for each channel, read as if they were one.

Rule: they come in the order of their entries, whatever channel they are of; and reading takes a
page of each channel at a time, never all there is.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping

from asgi_routes.worker.contract import DeadLetter
from asgi_routes.worker.messages import decode
from asgi_routes.worker.redis.streams import Streams

_PAGE = 500
_PLACE = re.compile(r"([0-9]{1,20})-([0-9]{1,20}) (.+)", re.DOTALL)


async def read_dead_letters(
    streams: Streams, channels: Iterable[str], after: str
) -> AsyncGenerator[DeadLetter]:
    """Yield the dead letters of channels, the oldest first.

    Args:
        streams: has them.
        channels: their names.
        after: the place of the last one that is not wanted, or "".

    Raises:
        ValueError: ``after`` is no place.
    """
    past = _measure(after) if after else (-1, -1, "")
    pages = {name: _read_channel(streams, name, past) for name in channels}
    heads = {name: await anext(page, None) for name, page in pages.items()}
    while left := [letter for letter in heads.values() if letter is not None]:
        first = min(left, key=lambda letter: _measure(letter.place))
        yield first
        heads[first.channel] = await anext(pages[first.channel], None)


def split_place(place: str) -> tuple[str, str]:
    """Return the entry and the channel of the place of a dead letter.

    >>> split_place("17-0 a b")
    ('17-0', 'a b')
    """
    milliseconds, number, channel = _measure(place)
    return f"{milliseconds}-{number}", channel


def read_headers(facts: Mapping[bytes, bytes]) -> Mapping[str, str]:
    """Return the headers in an entry. Others may write to a stream what they like."""
    headers = decode(facts.get(b"headers", b"{}")) or {}
    return {name: value for name, value in headers.items() if isinstance(value, str)}


async def _read_channel(
    streams: Streams, channel: str, past: tuple[int, int, str]
) -> AsyncGenerator[DeadLetter]:
    milliseconds, number, name = past
    start = "-"
    if milliseconds >= 0:
        start = f"{'(' if channel <= name else ''}{milliseconds}-{number}"
    while page := await streams.client.xrange(streams.name_dead(channel), start, count=_PAGE):
        for entry, fields in page:
            yield _read_dead_letter(entry.decode(), channel, fields)
        start = f"({page[-1][0].decode()}"


def _measure(place: str) -> tuple[int, int, str]:
    """Return what a place is compared by."""
    if (found := _PLACE.fullmatch(place)) is None:
        raise ValueError(f"{place!r} is not the place of a dead letter")
    return int(found[1]), int(found[2]), found[3]


def _read_dead_letter(entry: str, channel: str, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Return the dead letter that an entry stands for."""
    return DeadLetter(
        id=fields.get(b"id", entry.encode()).decode(errors="replace"),
        channel=channel,
        reason=fields[b"reason"].decode(),
        attempts=int(fields[b"attempts"]),
        at=int(entry.partition("-")[0]) / 1000,
        data=fields.get(b"data", b""),
        headers=read_headers(fields),
        place=f"{entry} {channel}",
    )
