"""Brokers by their URL."""

import subprocess
import sys

import pytest

from asgi_routes import ImproperlyConfigured
from asgi_routes.worker import MemoryBroker, broker_from


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("memory:", "MemoryBroker"),
        ("nats://127.0.0.1:4222", "NatsBroker"),
        ("tls://example.com", "NatsBroker"),
        ("redis://127.0.0.1/0", "RedisBroker"),
        ("rediss://example.com", "RedisBroker"),
        ("unix:///run/redis", "RedisBroker"),
    ],
)
def test_schemes(url: str, name: str) -> None:
    """Each has its broker; nothing is connected to yet."""
    assert type(broker_from(url)).__name__ == name


def test_memory_is_one_for_each_name() -> None:
    """An application and what runs it meet in the same one."""
    broker = broker_from("memory:one")
    assert isinstance(broker, MemoryBroker)
    assert broker is broker_from("memory:one")
    assert broker is not broker_from("memory:")


@pytest.mark.parametrize("url", ["", "localhost:4222", "amqp://ann:secret@localhost", "nats"])
def test_unknown(url: str) -> None:
    """What there is stands in the hint; the URL, which may hold a password, nowhere."""
    with pytest.raises(ImproperlyConfigured, match="no broker has URLs that begin") as caught:
        broker_from(url)
    assert "memory:, nats://…" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("extra", ["nats", "redis"])
def test_without_the_extra(extra: str) -> None:
    """It is said what to install."""
    code = (
        f"import sys; sys.modules[{extra!r}] = None; "
        f"from asgi_routes.cli import main; main(['dead', 'list', '--broker', '{extra}://a'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert f"pip install 'asgi-routes[{extra}]'" in " ".join(done.stderr.split())
