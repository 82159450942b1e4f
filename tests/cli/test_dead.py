"""``asgi-routes dead``: what became of messages that nobody could handle, on a real server."""

import json
from collections.abc import Iterator

import anyio
import pytest

from asgi_routes.worker.nats.broker import NatsBroker
from tests.cli.test_commands import run
from tests.cli.test_working import wait_for
from tests.live.servers import PATIENCE, started
from tests.worker.engines import NatsEngine


@pytest.fixture
def url() -> Iterator[str]:
    """Return the URL of a broker with two dead letters."""

    async def kill_two(url: str) -> None:
        async with NatsBroker(url) as broker:
            for message_id, message in [
                ("a", {"type": "bad", "data": b"GIF"}),
                ("b", {"type": ""}),
            ]:
                if message["type"]:
                    await broker.send("mail", message, id=message_id)
                else:
                    await broker.put("mail", b"no \xff JSON", message_id, {})
                async with broker.subscribe("mail") as subscription:
                    delivery = await subscription.receive(30)
                    assert delivery is not None
                    await delivery.dead_letter(f"{message_id} is\nbad")

    with NatsEngine() as engine:
        anyio.run(kill_two, engine.url)
        yield engine.url


def test_list(url: str) -> None:
    """A line for each, the oldest first."""
    head, *rows = run("dead", "list", "--broker", url).splitlines()
    assert head.split("\t") == ["id", "channel", "attempts", "given up", "reason"]
    assert [row.split("\t")[:3] for row in rows] == [["a", "mail", "1"], ["b", "mail", "1"]]
    assert rows[0].endswith("a is\\nbad")
    assert len(run("dead", "list", "--broker", url, "--channel", "none").splitlines()) == 1


def test_list_as_json(url: str) -> None:
    """All there is to know; what is no message is shown as it stands in the broker."""
    one, other = json.loads(run("dead", "list", "--json", ASGI_ROUTES_BROKER=url))["letters"]
    assert one.pop("at").endswith("+00:00")
    assert one.pop("place") == "1"
    assert one == {
        "id": "a",
        "channel": "mail",
        "reason": "a is\nbad",
        "attempts": 1,
        "headers": {},
        "message": {"type": "bad", "data": {"__asgi_bytes__": "R0lG"}},
        "data": None,
    }
    assert (other["message"], other["data"]) == (None, "no \\xff JSON")


def test_pages_and_filters(url: str) -> None:
    """Page by page, by reason, by age; and how many there are."""
    ask = ("dead", "list", "--json", "--broker", url)

    def ids(*options: str) -> list[str]:
        return [letter["id"] for letter in json.loads(run(*ask, *options))["letters"]]

    [first] = json.loads(run(*ask, "--limit", "1"))["letters"]
    assert ids("--after", first["place"]) == ["b"]
    assert ids("--reason", "b is") == ["b"]
    assert ids("--since", "2001-01-01") == ["a", "b"]
    assert ids("--until", "2001-01-01T00:00:00") == []
    assert "is not the place of a dead letter" in run(*ask, "--after", "x", code=2)
    counted = json.loads(run("dead", "count", "--json", "--broker", url))
    assert counted == {"version": 1, "channels": {"mail": 2}}
    status = ["worker", "tests.cli.worked:app", "--status", "--json", "--broker", url]
    depth = json.loads(run(*status))["channels"]["mail"]
    assert depth == {"waiting": 0, "on_loan": 0, "later": None, "dead": 2}


def test_drop_and_replay(url: str) -> None:
    """Those with an id, or all there are; an id that none has is a failure."""
    broker = ("--broker", url)
    assert run("dead", "drop", "a", "c", *broker, code=1) == "id\tdrop\na\t1\nc\t0\n"
    replayed = json.loads(run("dead", "replay", "--all", "--json", *broker))
    assert replayed == {"version": 1, "letters": {"b": 1}}
    assert json.loads(run("dead", "list", "--json", *broker))["letters"] == []
    # What was replayed is a message again, and dies again.
    with started("asgi_routes", "worker", "tests.cli.worked:app", *broker) as process:
        wait_for(process, "dead, channel 'mail', message b, attempt 1; it cannot be decoded")
        assert process.stop() == 0
    [letter] = json.loads(run("dead", "list", "--json", *broker))["letters"]
    assert letter["id"] == "b"


def test_no_broker() -> None:
    """One that is not there is said to be away; the question could not be asked."""
    with NatsEngine() as engine:
        away = engine.url
    for command in (["worker", "tests.cli.worked:app", "--wait", "0"], ["dead", "list"]):
        with started("asgi_routes", *command, "--broker", away) as process:
            assert process.process.wait(PATIENCE) == 2
            assert "Error: the broker cannot be opened: " in process.log
