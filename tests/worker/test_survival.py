"""Nothing is lost: workers and brokers are killed at work, and every message is done all the same.

`tests.worker.engines.ENGINES` names the engines; each has to survive the same.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.worker.engines import ENGINES, PATIENCE, Engine
from tests.worker.survival import Crew, wait_until, wait_until_empty

pytestmark = pytest.mark.anyio
LEASE = 3.0
"""Seconds; short, because what a killed worker had comes again after that."""


@pytest.fixture
def anyio_backend() -> str:
    """No client of a real engine knows another event loop."""
    return "asyncio"


@pytest.fixture(params=ENGINES)
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def engine(kind: str) -> Iterator[Engine]:
    with ENGINES[kind]() as engine:
        yield engine


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").touch()
    return tmp_path / "log"


async def send(broker: Any, numbers: range, pause: float = 0.0) -> None:
    """Send messages; one whose sending failed is sent again under the same id."""
    for number in numbers:
        while True:
            try:
                await broker.send("work", {"type": "x", "n": number}, id=str(number))
                break
            except Exception:  # noqa: BLE001 - whatever a client says while its server is away
                await anyio.sleep(0.05)
        await anyio.sleep(pause)


async def test_workers_and_broker_are_killed(
    kind: str, engine: Engine, log: Path, record_property: Any
) -> None:
    """400 messages, two workers, five of them killed in mid-message, and the broker: all are done."""
    sent = 400
    with (
        anyio.fail_after(PATIENCE),
        Crew(kind, engine, log, lease=LEASE, max_attempts=50) as crew,
    ):
        async with engine.broker(LEASE) as broker, anyio.create_task_group() as tasks:
            await send(broker, range(sent // 2))
            crew.hire()
            crew.hire()
            tasks.start_soon(send, broker, range(sent // 2, sent), 0.005)
            for kills in range(1, 6):
                await wait_until(partial(crew.has_done, 40 * kills))
                victim = (await crew.freeze())[0]
                victim.kill()
                victim.wait(PATIENCE)
                [hit] = crew.replace_dead()
                assert hit, "the kill hit no message"
                crew.thaw()
                if kills == 3:
                    assert await crew.freeze(), "nobody works while the broker dies"
                    engine.kill()
                    crew.thaw()
                    await anyio.sleep(0.2)
                    engine.start()
            assert not crew.has_done(sent), "it was over before the last kill"
            await wait_until(partial(crew.has_done, sent))
            await wait_until_empty(engine.left)
            assert len(await broker.dead_letters()) == 0
        assert await crew.drain() == [0, 0]
        done, starts = crew.count("done"), crew.count("start").total()
    assert set(done) == set(range(sent))
    assert starts > sent, "no kill has hit a running message"
    record_property("duplicates", done.total() - sent)
    print(f"{kind}: {starts} starts, {done.total() - sent} done twice, 0 of {sent} missing")


async def test_message_that_kills(kind: str, engine: Engine, log: Path) -> None:
    """Of 60 messages one kills its process whenever it runs: the others are done, and it is a dead letter."""
    sent, killer = 60, 30
    with (
        anyio.fail_after(PATIENCE),
        Crew(kind, engine, log, lease=LEASE, max_attempts=2) as crew,
    ):
        async with engine.broker(LEASE) as broker:
            for number in range(sent):
                kills = {"kills": True} if number == killer else {}
                await broker.send("work", {"type": "x", "n": number, **kills}, id=str(number))
            crew.hire()
            crew.hire()
            hit: list[list[int]] = []
            while not (crew.has_done(sent - 1) and await broker.dead_letters()):
                hit += crew.replace_dead()
                await anyio.sleep(0.02)
            await wait_until_empty(engine.left)
            [letter] = await broker.dead_letters()
        assert await crew.drain() == [0, 0]
        done, starts = crew.count("done"), crew.count("start")
    assert letter.id == str(killer)
    assert set(done) == {*range(sent)} - {killer}
    assert starts[killer] == 2
    beside, alone = hit
    assert len(beside) > 1, "it had nobody to take with it"
    assert alone == [killer]
    print(f"{kind}: {starts.total()} starts; it took {len(beside) - 1} others with it, once")
