"""Requests of the client, and their answers."""

import json
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from asgi_routes.testing import (
    Client,
    Headers,
)
from tests.testing.served import ROUTER
from tests.testing.wrong import ACCEPT, BODY, MORE, START, sending, swallowing

pytestmark = pytest.mark.anyio


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with everything that a request has."""
    events = [await receive()]
    while events[-1]["more_body"]:
        events.append(await receive())
    seen = {key: str(value) for key, value in scope.items()}
    seen["events"] = [[event["body"].decode(), event["more_body"]] for event in events]
    headers = [(b"Content-Type", b"application/json"), [b"x", b"1"], (b"X", b"2")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    text = json.dumps(seen).encode()
    await send({"type": "http.response.body", "body": text[:9], "more_body": True})
    await send({"type": "http.response.body", "more_body": True})
    await send({"type": "http.response.body", "body": text[9:]})
    assert await receive() == {"type": "http.disconnect"}
    assert await receive() == {"type": "http.disconnect"}


async def test_a_request() -> None:
    """The scope is what a server makes, and the answer is put together."""
    client = Client(echo, root_path="/api", headers={"Accept": "a/b", "X-Y": "1"}, state={"n": 1})
    response = await client.get("/api/caf%C3%A9/é?a=%20&b=é", headers=[("x-y", b"2")])
    assert response.status == 201
    assert dict(response.headers) == {"content-type": "application/json", "x": "1, 2"}
    assert response.headers.get_all("X") == ["1", "2"]
    assert "X" in response.headers
    assert "y" not in response.headers
    assert len(response.headers) == 2
    assert response.headers.raw[0] == (b"Content-Type", b"application/json")
    assert response.text == response.body.decode()
    assert response.json() == {
        "asgi": "{'version': '3.0', 'spec_version': '2.5'}",
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": "/api/café/é",
        "raw_path": "b'/api/caf%C3%A9/%C3%A9'",
        "query_string": "b'a=%20&b=%C3%A9'",
        "root_path": "/api",
        "headers": "[(b'host', b'testserver'), (b'accept', b'a/b'), (b'x-y', b'2')]",
        "client": "('127.0.0.1', 50000)",
        "server": "('127.0.0.1', 80)",
        "extensions": "{}",
        "state": "{'n': 1}",
        "events": [["", False]],
    }


@pytest.mark.parametrize(
    ("body", "events", "headers"),
    [
        (b"", [["", False]], ""),
        (b"ab", [["ab", False]], "(b'content-length', b'2')"),
        (
            [b"a", b"b"],
            [["a", True], ["b", True], ["", False]],
            "(b'transfer-encoding', b'chunked')",
        ),
        ((b"c" for _ in "x"), [["c", True], ["", False]], "(b'transfer-encoding', b'chunked')"),
        ([], [["", False]], "(b'transfer-encoding', b'chunked')"),
    ],
)
async def test_request_bodies(body: Any, events: Any, headers: str) -> None:
    """One message for bytes, one for each part of a stream, and one for its end."""
    # The same case runs on both event loops, and a generator only once.
    body = body if isinstance(body, bytes | list) else (b"c" for _ in "x")
    seen = (await Client(echo).post("/", body=body)).json()
    assert seen["events"] == events
    assert seen["headers"] == f"[(b'host', b'testserver'){', ' + headers if headers else ''}]"
    assert "state" not in seen
    assert (await Client(echo).put("/", body=b"x")).json()["method"] == "PUT"


async def test_bodies_that_are_none() -> None:
    """Text is a mistake of the test."""
    with pytest.raises(
        TypeError, match="a request body must be bytes, or an iterable of bytes, not 'x'"
    ):
        await Client(echo).post("/", body="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a part of a request body must be bytes, not 'x'"):
        await Client(echo).post("/", body=["x"])  # type: ignore[list-item]


async def test_parts_are_taken_as_they_are_read() -> None:
    """An upload that the application does not read is not made."""
    taken = []

    def parts() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield b"x"

    await Client(sending(START, BODY)).post("/", body=parts())
    assert taken == [0]


@pytest.mark.parametrize("method", ["get", "head", "options", "delete", "post", "put"])
async def test_methods(method: str) -> None:
    """The shortcuts; a server keeps the body of an answer to HEAD to itself."""
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["method"])
        await sending(START, BODY)(scope, receive, send)

    response = await getattr(Client(app), method)("/", headers={"a": "b"})
    assert seen == [method.upper()]
    assert response.body == (b"" if method == "head" else b"ok")
    assert (await Client(app).request("PATCH", "/")).text == "ok"
    assert (await Client(app).options("*")).status == 200


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (None, "é".encode(), "é"),
        (b"text/plain", "é".encode(), "é"),
        (b"text/plain; charset=latin-1", b"\xe9", "é"),
        (b'text/html; a="b;c"; Charset="UTF-16"', "é".encode("utf-16"), "é"),
    ],
)
async def test_text(content_type: bytes | None, body: bytes, text: str) -> None:
    """The charset is that of the content type."""
    headers = [(b"content-type", content_type)] if content_type else []
    app = sending({**START, "headers": headers}, {**BODY, "body": body})
    assert (await Client(app).get("/")).text == text


WRONG_ANSWERS = [
    ((), "returned without a response"),
    (
        (START,),
        (
            "returned in the middle of its response: the last 'http.response.body' has more_body=True, "
            "or is missing"
        ),
    ),
    (
        (START, MORE),
        (
            "returned in the middle of its response: the last 'http.response.body' has more_body=True, "
            "or is missing"
        ),
    ),
    ((BODY,), "sent 'http.response.body' where 'http.response.start' belongs"),
    ((START, START), "sent 'http.response.start' where 'http.response.body' belongs"),
    ((START, BODY, BODY), "sent 'http.response.body' after the end of its response"),
    ((START, BODY, START), "sent 'http.response.start' after the end of its response"),
    ((ACCEPT,), "sent 'websocket.accept' where 'http.response.start' belongs"),
    ((None,), "sent None, which is not a message: it has no type"),
    (({"status": 200},), "sent {'status': 200}, which is not a message: it has no type"),
    (({"type": 5},), "sent {'type': 5}, which is not a message: it has no type"),
    (
        ({**START, "status": "200"},),
        "sent 'http.response.start' with the status '200', which is not an int",
    ),
    (
        ({**START, "headers": [("a", "b")]},),
        "sent 'http.response.start' with the header ('a', 'b'), which is not a pair of bytes",
    ),
    (
        ({**START, "headers": [b"ab"]},),
        "sent 'http.response.start' with the header b'ab', which is not a pair of bytes",
    ),
    (
        (START, {**BODY, "body": "ok"}),
        "sent 'http.response.body' with the body 'ok', which is not bytes",
    ),
]


@pytest.mark.parametrize(("messages", "wrong"), WRONG_ANSWERS)
async def test_wrong_answers(messages: Any, wrong: str) -> None:
    """The error names the message, whether the application swallows it or not."""
    for app in (sending(*messages), swallowing(*messages)):
        with pytest.raises(AssertionError) as caught:
            await Client(app).get("/a?b")
        assert str(caught.value) == f"GET /a?b: the application {wrong}"


@pytest.mark.parametrize("messages", [(), (START,), (START, BODY)])
async def test_what_the_application_raises(messages: Any) -> None:
    """It comes through as it is, before the answer and after it."""
    with pytest.raises(KeyError, match="boom"):
        await Client(sending(*messages, then="raise")).get("/")


@pytest.mark.parametrize(
    ("messages", "then", "missing"),
    [
        ((), "stay", "started its response within 0.05 s"),
        ((), "read", "started its response within 0.05 s; it waits in receive()"),
        ((START, MORE), "stay", "completed its response within 0.05 s"),
        ((START, BODY), "stay", "returned after its response within 0.05 s"),
        ((START, BODY), "read", "returned after its response within 0.05 s"),
    ],
)
async def test_requests_that_take_too_long(messages: Any, then: str, missing: str) -> None:
    """The error says what was waited for, and the application is cancelled."""
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await sending(*messages, then=then)(scope, receive, send)
        finally:
            ended.append(True)

    with pytest.raises(TimeoutError) as caught:
        await Client(app, timeout=0.05).get("/")
    assert str(caught.value) == f"GET /: the application has not {missing}"
    assert ended == [True]


async def test_an_answer_without_an_end() -> None:
    """Who only ever sends does not keep the timeout from coming."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        while True:
            await send(MORE)

    with pytest.raises(TimeoutError, match=r"has not completed its response within 0\.05 s$"):
        await Client(app, timeout=0.05).get("/")


async def test_an_application_that_has_stopped_reading() -> None:
    """Only one that waits for a message when the time is up is said to."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with anyio.move_on_after(0.01):
            await receive()
        await anyio.sleep_forever()

    with pytest.raises(TimeoutError, match=r"has not started its response within 0\.2 s$"):
        await Client(app, timeout=0.2).get("/")


async def test_a_mistake_goes_before_a_timeout() -> None:
    """It is the reason for it, most of the time."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await swallowing(BODY)(scope, receive, send)
        await anyio.sleep_forever()

    with pytest.raises(AssertionError, match=r"sent 'http\.response\.body' where"):
        await Client(app, timeout=0.05).get("/")


async def test_no_timeout() -> None:
    """None is for ever."""
    client = Client(sending(START, BODY), timeout=None)
    assert (await client.get("/")).status == 200


async def test_an_application_with_tasks() -> None:
    """One that listens for the end beside its answer hears of it when the answer is complete."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"

        async def listen() -> None:
            assert (await receive())["type"] == "http.disconnect"

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await anyio.lowlevel.checkpoint()
            await send(START)
            await send(BODY)

    assert (await Client(app).get("/")).text == "ok"


async def test_routers() -> None:
    """What routers answer by themselves, with their redirect."""
    client = Client(ROUTER)
    assert (await client.get("/nowhere")).status == 404
    refused = await client.put("/users/7/")
    assert (refused.status, refused.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS")
    assert (await client.get("/users/7?a=1")).headers["location"] == "/users/7/?a=1"


def test_headers() -> None:
    """A mapping."""
    assert Headers([(b"A", b"1")]) == {"a": "1"}
    assert Headers([(b"A", b"1")]).get_all("b") == []
    with pytest.raises(KeyError, match="B"):
        Headers()["B"]
