"""What a broker does with messages that nobody could handle, as tests."""

import uuid
from typing import Any

import anyio

from asgi_routes.worker.conformance.deliveries import (
    EVERYTHING,
    LONG,
    SHORT,
    MakeBroker,
    open_broker,
    receive_next,
    receive_nothing,
)


class DeadLetterConformance:
    """What nobody could handle is kept for people, and what kills a worker is known."""

    async def test_dead_letter(self, make_broker: MakeBroker) -> None:
        """A dead letter is not delivered again; it is there with all its facts."""
        async with (
            open_broker(make_broker, SHORT) as broker,
            broker.subscribe("a.b") as subscription,
        ):
            await broker.send("a.b", EVERYTHING, id="one", headers={"k": "v"})
            await (await receive_next(subscription)).dead_letter("no such image\nü")
            await receive_nothing(subscription, 3 * SHORT)
            [letter] = await broker.dead_letters()
            assert (letter.id, letter.channel, letter.attempts) == ("one", "a.b", 1)
            assert letter.reason == "no such image\nü"
            assert letter.message == EVERYTHING
            assert dict(letter.headers) == {"k": "v"}
            assert letter.at > 0
            assert len(await broker.dead_letters("a.b")) == 1
            assert len(await broker.dead_letters("other")) == 0

    async def test_replay(self, make_broker: MakeBroker) -> None:
        """A dead letter that is replayed is a new message with the old id."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            await broker.send("mail", {"type": "x", "n": 1}, id="one", headers={"k": "v"})
            for _ in range(3):
                delivery = await receive_next(subscription)
                assert (delivery.id, delivery.attempt) == ("one", 1)
                assert delivery.message == {"type": "x", "n": 1}
                assert dict(delivery.headers) == {"k": "v"}
                await delivery.dead_letter("again")
                assert await broker.replay("none") == 0
                assert await broker.replay("one") == 1
                assert len(await broker.dead_letters()) == 0
            await (await receive_next(subscription)).ack()

    async def test_drop(self, make_broker: MakeBroker) -> None:
        """A dead letter that is dropped is gone, and the others are there in their order."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            for name in ("one", "two", "three"):
                await broker.send("mail", {"type": "x"}, id=name)
                await (await receive_next(subscription)).dead_letter("why not")
            assert await broker.drop("none") == 0
            assert await broker.drop("two") == 1
            assert [letter.id for letter in await broker.dead_letters()] == ["one", "three"]
            await receive_nothing(subscription)

    async def test_bytes_that_are_no_message(self, make_broker: MakeBroker) -> None:
        """What others wrote is delivered all the same, with no message in it."""
        async with open_broker(make_broker) as broker, broker.subscribe("mail") as subscription:
            for name, data in enumerate((b"", b"\xff", b"[1]", b"{", b'{"__asgi_bytes__": "?"}')):
                await broker.put("mail", data, str(name), {})
                delivery = await receive_next(subscription)
                assert delivery.message is None, data
                await delivery.dead_letter("undecodable")
                [letter] = await broker.dead_letters()
                assert letter.data == data
                assert await broker.drop(str(name)) == 1

    async def test_ledger(self, make_broker: MakeBroker) -> None:
        """A mark is there until it is taken away, and every broker on the engine sees it."""
        name = "any id: ü / * >" + "x" * 285
        async with open_broker(make_broker) as broker, make_broker(LONG) as other:
            assert not await broker.is_marked(name)
            await broker.mark(name)
            assert await other.is_marked(name)
            assert not await other.is_marked(name + "x")
            await other.unmark(name)
            await other.unmark(name)
            assert not await broker.is_marked(name)

    async def test_pages(self, make_broker: MakeBroker) -> None:
        """Page by page, the dead letters of all channels come once each, in their order."""
        names = [str(number) for number in range(7)]
        async with open_broker(make_broker) as broker:
            for name in names:
                await _kill(broker, f"channel{int(name) % 3}", name, f"reason {name}")
            pages: list[list[Any]] = [await broker.dead_letters(limit=2)]
            while pages[-1]:
                pages.append(await broker.dead_letters(after=pages[-1][-1].place, limit=2))
            assert [[letter.id for letter in page] for page in pages] == [
                *(names[begin : begin + 2] for begin in range(0, 7, 2)),
                [],
            ]
            [first, second] = await broker.dead_letters("channel0", limit=2)
            assert (first.id, second.id) == ("0", "3")
            [last] = await broker.dead_letters("channel0", after=second.place)
            assert last.id == "6"
            for wrong in ("x", "1 2 3", "٣"):
                try:
                    await broker.dead_letters(after=wrong)
                except ValueError:
                    continue
                raise AssertionError(f"{wrong!r} is not the place of a dead letter")

    async def test_filters(self, make_broker: MakeBroker) -> None:
        """Dead letters are found by their reason, and by when they were given up."""
        async with open_broker(make_broker) as broker:
            for name in ("one", "two", "three"):
                await _kill(broker, "mail", name, f"ValueError: {name}")
                await anyio.sleep(0.01)
            one, two, three = await broker.dead_letters()
            assert one.at < two.at < three.at
            for options, expected in (
                ({"reason": "three"}, [three]),
                ({"reason": "ValueError", "limit": 1}, [one]),
                ({"since": two.at}, [two, three]),
                ({"until": two.at}, [one]),
                ({"since": two.at, "until": three.at}, [two]),
                ({"since": two.at, "reason": "one"}, []),
                ({"limit": 0}, []),
            ):
                assert await broker.dead_letters(**options) == expected, options

    async def test_count(self, make_broker: MakeBroker) -> None:
        """It is known how many there are, of each channel."""
        async with open_broker(make_broker) as broker:
            assert dict(await broker.count_dead_letters()) == {}
            for channel, name in (("a.b", "one"), ("a.b", "two"), ("ü *", "one")):
                await _kill(broker, channel, name, "why not")
            assert dict(await broker.count_dead_letters()) == {"a.b": 2, "ü *": 1}
            assert await broker.drop("one") == 2  # noqa: PLR2004 - as many as there were
            assert dict(await broker.count_dead_letters()) == {"a.b": 1}
            assert (await broker.depth("a.b")).dead == 1

    async def test_this_one(self, make_broker: MakeBroker) -> None:
        """One of several with the same id is replayed or dropped by itself, and only once."""
        async with open_broker(make_broker) as broker:
            for channel in ("a", "b", "c"):
                await _kill(broker, channel, "one", "why not")
            first, second, third = await broker.dead_letters()
            assert await broker.drop(second) == 1
            assert await broker.replay(third) == 1
            for gone in (second, third):
                assert await broker.drop(gone) == 0
                assert await broker.replay(gone) == 0
            assert await broker.dead_letters() == [first]
            async with broker.subscribe("c") as subscription:
                assert (await receive_next(subscription)).id == "one"
                await receive_nothing(subscription)


async def _kill(broker: Any, channel: str, message_id: str, reason: str) -> None:
    """Make a dead letter."""
    await broker.put(channel, b'{"type":"x"}', message_id, {"unique": uuid.uuid4().hex})
    async with broker.subscribe(channel) as subscription:
        await (await receive_next(subscription)).dead_letter(reason)
