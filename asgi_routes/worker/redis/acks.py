"""Telling Redis of messages that are done.

Rule: those of a channel that end while it is being told of others are told of together. So the more
there is to do, the less each costs; and one that ends alone is told of at once.
"""

import asyncio

from asgi_routes.worker.redis.streams import ACK, GROUP, Streams, end_in_time

_LONGEST_CLOSING = 1.0
_MOST = 1000
"""Entries in one question; Lua takes no more than some thousand arguments."""


class Acks:
    """Acknowledges the entries of channels.

    Args:
        streams: of the channels.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._ended: dict[str, list[tuple[bytes, asyncio.Future[None]]]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    async def tell(self, channel: str, entry: bytes) -> None:
        """Acknowledge an entry; when this returns, the server knows.

        Raises:
            Exception: of redis-py.
        """
        told = asyncio.get_running_loop().create_future()
        if (ended := self._ended.get(channel)) is None:
            self._ended[channel] = [(entry, told)]
            telling = asyncio.ensure_future(self._tell_all(channel))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
        else:
            ended.append((entry, told))
        await told

    async def close(self) -> None:
        """End what is under way, if the server answers in time."""
        await end_in_time(self._telling, _LONGEST_CLOSING)

    async def _tell_all(self, channel: str) -> None:
        try:
            while ended := self._ended[channel][:_MOST]:
                del self._ended[channel][:_MOST]
                await self._tell_some(channel, ended)
        finally:
            for _, told in self._ended.pop(channel):
                told.cancel()

    async def _tell_some(
        self, channel: str, ended: list[tuple[bytes, asyncio.Future[None]]]
    ) -> None:
        try:
            await self._streams.run(ACK, [channel], GROUP, *(entry for entry, _ in ended))
        except asyncio.CancelledError:
            for _, told in ended:
                told.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is theirs
            for _, told in ended:
                if not told.done():
                    told.set_exception(error)
        else:
            for _, told in ended:
                if not told.done():
                    told.set_result(None)
