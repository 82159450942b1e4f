"""Consumers of Channels work behind the worker as they are."""

from typing import Any

import django
import pytest
from channels.consumer import AsyncConsumer, SyncConsumer
from django.conf import settings

from asgi_routes.worker import MemoryBroker
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until

if not settings.configured:
    # A consumer asks Django for the channel layers, though there are none.
    settings.configure()
    django.setup()

HANDLED: list[Any] = []


class Thumbnails(AsyncConsumer):
    """It never returns, and asks for the next message when one is handled."""

    async def image_generate(self, message: dict[str, Any]) -> None:
        HANDLED.append((self.scope["channel"], message["n"]))

    async def image_fail(self, message: dict[str, Any]) -> None:
        raise ValueError("no image")


class Mails(SyncConsumer):
    """Its handlers run in a thread."""

    def mail_send(self, message: dict[str, Any]) -> None:
        HANDLED.append((self.scope["channel"], message["n"]))


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # Channels knows no other.
@pytest.mark.anyio
async def test_consumers_behind_the_worker(anyio_backend: str) -> None:
    """Each message is handled; what fails, or has no handler, is a dead letter and harms no other."""
    HANDLED.clear()
    broker = MemoryBroker()
    apps = {"images": Thumbnails.as_asgi(), "mails": Mails.as_asgi()}
    async with broker, run_worker(broker, apps, max_attempts=2) as (_, events):
        for number in range(3):
            await broker.send("images", {"type": "image.generate", "n": number})
            await broker.send("images", {"type": "image.fail"})
            await broker.send("mails", {"type": "mail.send", "n": number})
        await broker.send("images", {"type": "image.unknown"})
        await wait_until(lambda: count_ended(events) == 10)
    assert sorted(HANDLED) == [
        (name, number) for name in ("images", "mails") for number in range(3)
    ]
    reasons = [letter.reason for letter in await broker.dead_letters()]
    assert {reason.partition(" (raised at ")[0] for reason in reasons} == {
        "attempt 2: ValueError: No handler for message type image.unknown",
        "attempt 2: ValueError: no image",
    }
    assert len(reasons) == 4
