"""What the page about production says of rights, TLS and names is so.

Rule: what is tested is the text of the page; so the rights there are enough, and none is for nothing.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import nats
import nats.errors
import pytest
import redis
import trustme

from asgi_routes.worker import Backoff, BrokerUnavailableError
from asgi_routes.worker.conformance.deliveries import LONG, receive_next
from asgi_routes.worker.conformance.workers import count_ended, run_worker, wait_until
from asgi_routes.worker.nats import connection
from asgi_routes.worker.nats.broker import NatsBroker
from asgi_routes.worker.redis.broker import RedisBroker
from tests.cli.asking import ask
from tests.ports import free_port
from tests.worker.engines import PATIENCE, REDIS_PROGRAMS, NatsEngine, RedisEngine
from tests.worker.page import read_block, run_block

ROLES = ("sender", "worker", "operator")
_PASSED_ON = {"type": "x", "name": "good"}
_FREE = {"auth", "hello", "client|setinfo", "client|maint_notifications"}
"""What nobody needs a right for, or can do without."""

_REFUSED = "can't run this command|no permissions"


async def send(broker: Any) -> None:
    """Do what a web application does."""
    async with broker:
        for name in ("good", "fails", "dies", "passes on"):
            await broker.send("mail", {"type": "x", "name": name}, id=name)
        await broker.send("mail", {"type": "x", "name": "later"}, id="later", delay=0.3)


async def work(broker: Any) -> None:
    """Do all that a worker ever does."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        if message["name"] in ("fails", "dies"):
            raise ValueError
        if message["name"] == "passes on":
            await send({"type": "channel.send", "channel": "mail", "message": _PASSED_ON})

    async with broker:
        async with broker.subscribe("nobody sends") as subscription:
            assert await subscription.receive(0.05) is None
        async with broker.subscribe("mail") as subscription:
            delivery = await receive_next(subscription)
            await delivery.extend()
            await delivery.retry(0)  # As if its worker had died: now it runs alone.
        options: dict[str, Any] = {"max_attempts": 2, "backoff": Backoff(first=0.01, longest=0.05)}
        async with run_worker(broker, {"mail": app}, **options) as (worker, events):
            await wait_until(lambda: count_ended(events) == 6)
        assert worker.status.counts["dead"] == 2
        assert worker.status.counts["broker_error"] == 0


async def operate(broker: Any) -> None:
    """Do what the commands of an operator do."""
    async with broker:
        assert dict(await broker.count_dead_letters()) == {"mail": 2}
        first, second = await broker.dead_letters()
        assert await broker.replay(first.id) == 1
        assert await broker.drop(second) == 1
        assert (await broker.depth("mail")).waiting == 1
        assert (await broker.depth("nobody works on")).waiting == 0


async def take_a_message(broker: Any) -> None:
    """Do what a sender may not."""
    async with broker, broker.subscribe("mail") as subscription:
        await subscription.receive(1)


async def mailer(scope: Any, receive: Any, send: Any) -> None:
    """Serve a channel."""


def ask_commands(url: str) -> None:
    """Give the commands of an operator."""
    status = ("worker", f"{__name__}:mailer", "--channel", "mail", "--status")
    for words in (("dead", "list"), ("dead", "count"), status):
        told = ask(*words, "--broker", url)
        assert told.code == 0, told


class TestRedis:
    """Users of Redis."""

    @pytest.fixture(params=REDIS_PROGRAMS)
    def engine(self, request: pytest.FixtureRequest) -> Iterator[RedisEngine]:
        with RedisEngine(find_program=REDIS_PROGRAMS[request.param]) as engine:
            yield engine

    def test_rights(self, engine: RedisEngine) -> None:
        used: dict[str, set[str]] = {}
        granted: dict[str, set[str]] = {}
        steps = dict(zip(ROLES, (send, work, operate), strict=True))
        with redis.Redis.from_url(engine.url) as admin:
            for words in _read_commands(read_block("redis-rights")):
                assert admin.execute_command(*words) == b"OK"
                granted[words[2]] = {word[1:] for word in words if word.startswith("+")}
            for role, step in steps.items():
                admin.config_resetstat()
                options = {"lease": LONG, "max_dead": 10, "dead_lifetime": 1000}
                anyio.run(step, RedisBroker(self._url(engine, role), **options))
                used[role] = _list_calls(admin)
        ask_commands(self._url(engine, "operator"))
        assert used == granted
        sender = RedisBroker(self._url(engine, "sender"))
        with pytest.raises(redis.exceptions.ResponseError, match=_REFUSED):
            anyio.run(take_a_message, sender)
        with redis.Redis.from_url(engine.url) as admin:
            admin.execute_command("ACL", "SETUSER", "sender", "-xadd")
        with pytest.raises(BrokerUnavailableError, match="denies the broker access, or") as caught:
            anyio.run(send, sender)
        assert not caught.value.will_pass

    def _url(self, engine: RedisEngine, role: str) -> str:
        return f"{engine.url}?username={role}&password=secret-of-{role}"


def _read_commands(text: str) -> list[list[str]]:
    """Return the words of each command of a shell, without its name."""
    return [shlex.split(line)[2:] for line in text.replace("\\\n", "").splitlines() if line]


def _list_calls(admin: Any) -> set[str]:
    """Return the commands that were given, those in scripts among them."""
    statistics = admin.info("commandstats")
    called = {name.removeprefix("cmdstat_") for name, fact in statistics.items() if fact["calls"]}
    return called - _FREE - {"config|resetstat", "info"}


class TestNats:
    """Users of NATS."""

    def test_rights(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        configuration = tmp_path / "nats.conf"
        configuration.write_text(block := read_block("nats-rights"))
        for role in ROLES:
            monkeypatch.setenv(f"{role.upper()}_PASSWORD", f"secret-of-{role}")
        with NatsEngine("--jetstream", "-V", "-c", str(configuration)) as engine:

            def make(role: str, **options: Any) -> NatsBroker:
                url = engine.url.replace("//", f"//{role}:secret-of-{role}@")
                return NatsBroker(url, lease=LONG, max_dead=10, **options)

            used = dict.fromkeys(ROLES, "")
            for role, step, lifetime in (
                ("sender", open_and_close, None),
                ("worker", open_and_close, 1000.0),
                ("sender", send, None),
                ("worker", work, 1000.0),
                ("operator", operate, None),
            ):
                before = len(engine.read_log())
                anyio.run(step, make(role, dead_lifetime=lifetime, timeout=PATIENCE))
                used[role] += engine.read_log()[before:]
            ask_commands(f"{make('operator')._connection._servers[0]}")
            with pytest.raises(nats.errors.TimeoutError):
                anyio.run(take_a_message, make("sender", timeout=0.5))
        for role, log in used.items():
            assert "Violation" not in log
            [user] = re.findall(rf"user: {role}\b.*?subscribe", block, re.DOTALL)
            for subject in re.findall(r'"(.*?)"', user):
                pattern = re.escape(subject).replace(r"\*", r"[^\s.]+").replace(">", r"\S+")
                assert re.search(rf"PUB {pattern}[ \]]", log), f"{role} has {subject} for nothing"


async def open_and_close(broker: Any) -> None:
    """Do what everybody does."""
    async with broker:
        pass


class TestTls:
    """An authority of one's own."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> dict[str, str]:
        """Write the certificates of an authority, and of a server that it vouches for."""
        files = {name: str(tmp_path / f"{name}.pem") for name in ("ca", "other", "cert", "key")}
        authority = trustme.CA()
        authority.cert_pem.write_to_path(files["ca"])
        trustme.CA().cert_pem.write_to_path(files["other"])
        server = authority.issue_cert("127.0.0.1")
        server.cert_chain_pems[0].write_to_path(files["cert"])
        server.private_key_pem.write_to_path(files["key"])
        return files

    def test_nats(self, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        options = ("--tls", "--tlscert", files["cert"], "--tlskey", files["key"])
        with NatsEngine("--jetstream", *options) as engine:
            monkeypatch.setattr(connection, "PATIENCE", 3.0)
            monkeypatch.setenv("NATS_URL", engine.url)
            self._assert_trust("nats_over_tls", files, monkeypatch)

    def test_redis(self, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        options = ("--tls-cert-file", files["cert"], "--tls-key-file", files["key"])
        options += ("--tls-ca-cert-file", files["ca"], "--tls-auth-clients", "no")
        port = str(free_port())
        with RedisEngine("--tls-port", port, *options):
            monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
            monkeypatch.setenv("REDIS_PORT", port)
            self._assert_trust("redis_over_tls", files, monkeypatch)

    def _assert_trust(
        self, name: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Make sure that a function of the page makes a broker that trusts the right authority."""
        namespace = run_block("tls")
        monkeypatch.setenv("CA_FILE", files["ca"])
        anyio.run(send, namespace[name]())
        monkeypatch.setenv("CA_FILE", files["other"])
        with pytest.raises(BrokerUnavailableError, match=r"(?i)certificate.verify.failed"):
            anyio.run(send, namespace[name]())


class TestNames:
    """What others that read the engines have to know."""

    def test_redis(self) -> None:
        with RedisEngine() as engine, redis.Redis.from_url(engine.url) as client:
            anyio.run(self._use, RedisBroker(engine.url))
            [stream] = re.findall(r'stream: "(.*)"', read_block("keda"))
            assert client.xlen(stream) == 3

    def test_nats(self) -> None:
        names = dict(re.findall(r"(stream|consumer): ([\w-]+)\n", read_block("keda")))
        with NatsEngine() as engine:
            anyio.run(self._use, NatsBroker(engine.url))

            async def ask() -> int | None:
                client = await nats.connect(engine.url)
                info = await client.jetstream().consumer_info(names["stream"], names["consumer"])
                await client.close()
                return info.num_pending

            assert anyio.run(ask) == 1

    async def _use(self, broker: Any) -> None:
        """Leave one message that waits, one on loan, and one that is to be tried again."""
        async with broker, broker.subscribe("mail") as subscription:
            for _ in range(4):
                await broker.send("mail", {"type": "x"})
            await (await receive_next(subscription)).ack()
            await (await receive_next(subscription)).retry(3600)
            await receive_next(subscription)
