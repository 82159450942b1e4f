"""What a broker that delivers at least once has to do.

In: a broker. Out: tests that pass. The rule kept here: that of `asgi_routes.worker.conformance.asking`.
"""

from typing import Any

import anyio

from asgi_routes.worker.conformance.asking import (
    EVERYTHING,
    LONG,
    SHORT,
    MakeBroker,
    next_of,
    nothing_of,
    opened,
)


class LeaseConformance:
    """A message stays until it is settled, and comes again when nobody does."""

    async def test_id_and_headers(self, make_broker: MakeBroker) -> None:
        """They come out as they went in; an id is made where none is given."""
        headers = {"traceparent": "00-ab-cd-01", "tracestate": "a=ü, b=世界"}
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            for given in (None, "any id: ü / * > .", "x" * 255):
                sent = await broker.send("mail", {"type": "x"}, id=given, headers=headers)
                assert given in (None, sent)
                delivery = await next_of(subscription)
                assert delivery.id == sent
                assert dict(delivery.headers) == headers
                await delivery.ack()

    async def test_names(self, make_broker: MakeBroker) -> None:
        """Channels whose names look alike are different ones."""
        names = [
            "a.b",
            "a_b",
            "a-b",
            "a b",
            "a_2eb",
            "a__b",
            "A.b",
            "a>b",
            "a*b",
            "é",
            "a:b",
            "a/b",
        ]
        async with opened(make_broker) as broker:
            for name in names:
                await broker.send(name, {"type": "x", "name": name})
            for name in names:
                async with broker.subscribe(name) as subscription:
                    delivery = await next_of(subscription)
                    assert delivery.channel == name
                    assert delivery.message == {"type": "x", "name": name}
                    await delivery.ack()
                    await nothing_of(subscription, 0.05)

    async def test_acknowledged(self, make_broker: MakeBroker) -> None:
        """What was acknowledged does not come again, when its lease has run out either."""
        async with opened(make_broker, SHORT) as broker, broker.subscribe("mail") as subscription:
            await broker.send("mail", {"type": "x"})
            await (await next_of(subscription)).ack()
            await nothing_of(subscription, 3 * SHORT)

    async def test_lease_runs_out(self, make_broker: MakeBroker) -> None:
        """What nobody settles comes again, with the same id and the next attempt."""
        async with opened(make_broker, SHORT) as broker, broker.subscribe("mail") as lost:
            sent = await broker.send("mail", {"type": "x"})
            first = await next_of(lost)
            assert first.lease is not None
            async with broker.subscribe("mail") as subscription:
                second = await next_of(subscription)
                assert (second.id, second.attempt) == (sent, first.attempt + 1)
                await second.ack()

    async def test_settled_too_late(self, make_broker: MakeBroker) -> None:
        """Who settles what somebody else has by now raises nothing, and ends it for nobody."""
        async with opened(make_broker, 1.0) as broker, broker.subscribe("mail") as subscription:
            late: dict[str, list[Any]] = {"ack": [], "retry": [0], "dead_letter": ["why"]}
            for settle, arguments in late.items():
                await broker.send("mail", {"type": "x"})
                first = await next_of(subscription)
                second = await next_of(subscription)
                assert second.id == first.id
                await second.ack()
                await second.ack()
                await getattr(first, settle)(*arguments)
                await nothing_of(subscription)
            assert len(await broker.dead_letters()) == 0

    async def test_lease_is_extended(self, make_broker: MakeBroker) -> None:
        """What is extended in time stays with who has it."""
        async with opened(make_broker, 2.0) as broker, broker.subscribe("mail") as subscription:
            await broker.send("mail", {"type": "x"})
            delivery = await next_of(subscription)
            for _ in range(15):
                await delivery.extend()
                await nothing_of(subscription, 0.2)
            await delivery.ack()
            await nothing_of(subscription)

    async def test_retry(self, make_broker: MakeBroker) -> None:
        """What is put back comes again, with the next attempt, and not before its time."""
        async with opened(make_broker, 5.0) as broker, broker.subscribe("mail") as subscription:
            sent = await broker.send("mail", {"type": "x"})
            await (await next_of(subscription)).retry(0)
            second = await next_of(subscription)
            assert (second.id, second.attempt) == (sent, 2)
            begun = anyio.current_time()
            await second.retry(0.5)
            third = await next_of(subscription)
            # The engine's clock is not ours, and it may round.
            assert anyio.current_time() - begun > 0.4, "it came before its time"  # noqa: PLR2004
            assert (third.id, third.attempt) == (sent, 3)
            await third.ack()


class DeadLetterConformance:
    """What nobody could handle is kept for people, and what kills a worker is known."""

    async def test_dead_letter(self, make_broker: MakeBroker) -> None:
        """A dead letter is not delivered again; it is there with all its facts."""
        async with opened(make_broker, SHORT) as broker, broker.subscribe("a.b") as subscription:
            await broker.send("a.b", EVERYTHING, id="one", headers={"k": "v"})
            await (await next_of(subscription)).dead_letter("no such image\nü")
            await nothing_of(subscription, 3 * SHORT)
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
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            await broker.send("mail", {"type": "x", "n": 1}, id="one", headers={"k": "v"})
            for _ in range(3):
                delivery = await next_of(subscription)
                assert (delivery.id, delivery.attempt) == ("one", 1)
                assert delivery.message == {"type": "x", "n": 1}
                assert dict(delivery.headers) == {"k": "v"}
                await delivery.dead_letter("again")
                assert await broker.replay("none") == 0
                assert await broker.replay("one") == 1
                assert len(await broker.dead_letters()) == 0
            await (await next_of(subscription)).ack()

    async def test_drop(self, make_broker: MakeBroker) -> None:
        """A dead letter that is dropped is gone, and the others are there in their order."""
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            for name in ("one", "two", "three"):
                await broker.send("mail", {"type": "x"}, id=name)
                await (await next_of(subscription)).dead_letter("why not")
            assert await broker.drop("none") == 0
            assert await broker.drop("two") == 1
            assert [letter.id for letter in await broker.dead_letters()] == ["one", "three"]
            await nothing_of(subscription)

    async def test_bytes_that_are_no_message(self, make_broker: MakeBroker) -> None:
        """What others wrote is delivered all the same, with no message in it."""
        async with opened(make_broker) as broker, broker.subscribe("mail") as subscription:
            for name, data in enumerate((b"", b"\xff", b"[1]", b"{", b'{"__asgi_bytes__": "?"}')):
                await broker.put("mail", data, str(name), {})
                delivery = await next_of(subscription)
                assert delivery.message is None, data
                await delivery.dead_letter("undecodable")
                [letter] = await broker.dead_letters()
                assert letter.data == data
                assert await broker.drop(str(name)) == 1

    async def test_ledger(self, make_broker: MakeBroker) -> None:
        """A mark is there until it is taken away, and every broker on the engine sees it."""
        name = "any id: ü / * >" + "x" * 285
        async with opened(make_broker) as broker, make_broker(LONG) as other:
            assert not await broker.is_marked(name)
            await broker.mark(name)
            assert await other.is_marked(name)
            assert not await other.is_marked(name + "x")
            await other.unmark(name)
            await other.unmark(name)
            assert not await broker.is_marked(name)
