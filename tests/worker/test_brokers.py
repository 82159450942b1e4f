"""Brokers by their URL."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from asgi_routes import ImproperlyConfigured
from asgi_routes.worker import MemoryBroker, broker_from
from asgi_routes.worker.telemetry import TracedBroker


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
    with pytest.raises(ImproperlyConfigured, match="no broker has URLs that start") as caught:
        broker_from(url)
    assert "memory:, nats://…" in str(caught.value)
    assert "secret" not in str(caught.value)


def make_broker() -> MemoryBroker:
    """Make one for those who name this function."""
    return MemoryBroker()


traced = TracedBroker(MemoryBroker())
layer = InMemoryChannelLayer()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tests.worker.test_brokers:traced", "TracedBroker"),
        ("tests.worker.test_brokers:make_broker", "MemoryBroker"),
        ("asgi_routes.worker:MemoryBroker", "MemoryBroker"),
        ("layer:tests.worker.test_brokers:layer", "LayerBroker"),
        ("layer:channels.layers:InMemoryChannelLayer", "LayerBroker"),
    ],
)
def test_modules(name: str, kind: str) -> None:
    """A module may have a broker or a layer, or what makes one."""
    assert type(broker_from(name)).__name__ == kind


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tests.worker.nowhere:broker", "no module named 'tests.worker.nowhere'"),
        ("tests.worker.test_brokers:trased", "has no 'trased'\n.*did you mean 'traced'"),
        ("tests.worker.test_brokers:pytest", "is neither a broker nor a function that returns one"),
        ("layer:tests.worker.test_brokers:traced", "takes a channel layer, not"),
    ],
)
def test_modules_without_a_broker(name: str, said: str) -> None:
    """It is said what is missing, and what comes closest."""
    with pytest.raises(ImproperlyConfigured, match=f"(?s){said}"):
        broker_from(name)


def test_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package has a scheme of its own."""
    folder = tmp_path / "example-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    (tmp_path / "example_broker.py").write_text(
        "from asgi_routes.worker import MemoryBroker\n"
        "def make(url):\n    broker = MemoryBroker()\n    broker.url = url\n    return broker\n"
    )
    (folder / "entry_points.txt").write_text(
        "[asgi_routes.brokers]\nexample = example_broker:make\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    broker: Any = broker_from("example://somewhere")
    assert broker.url == "example://somewhere"


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
