"""Every example that is an application, under a real Hypercorn, with what its first lines tell to try."""

import re
from collections.abc import Iterator

import pytest

from tests.live.servers import ROOT, Server, WebSocket, ask, hypercorn

ACME = {"host": "acme.example.com"}
V2 = {"accept": "application/vnd.shop.v2+json"}
V3 = {"accept": "application/vnd.shop.v3+json"}
NAMES = ["starlette", "fastapi", "quart", "litestar"]
TRIES = {
    "own_router": [
        ("GET", "/items/7/", {}, 200, "item 7 of old"),
        ("GET", "/items/x/", {}, 200, "no version has x/"),
        ("GET", "/items/x/", V2, 200, "item x of today"),
        ("GET", "/items/x/", V3, 200, "no version has x/"),
        ("GET", "/nowhere", {}, 404, "Not Found"),
    ],
    "hosts_and_methods": [
        ("GET", "/", {"host": "www.example.com:8000"}, 200, "welcome"),
        ("GET", "/notes/", ACME, 200, "notes of acme"),
        ("POST", "/notes/", ACME, 201, "noted"),
        ("DELETE", "/notes/", ACME, 405, "Method Not Allowed"),
        ("GET", "/notes/7/", ACME, 200, "note 7 of acme"),
        ("DELETE", "/notes/7/", ACME, 200, "note 7 is gone"),
        ("PUT", "/notes/7/", ACME, 405, "Method Not Allowed"),
        ("OPTIONS", "/notes/7/", ACME, 204, ""),
        ("GET", "/notes", ACME, 308, ""),
        ("GET", "/", {"host": "example.com"}, 404, "Not Found"),
    ],
    "metrics": [
        ("GET", "/users/7/", {}, 200, "user 7"),
        ("GET", "/api/shops/acme/items/7/", {}, 200, "item 7 of acme"),
        ("GET", "/files/a.txt", {}, 200, "a file"),
        ("GET", "/nowhere/", {}, 404, "Not Found"),
    ],
    "inside_starlette": [
        ("GET", "/outer", {}, 200, "http://localhost/outer"),
        ("GET", "/routed/users/7/", {}, 200, "user 7"),
        ("GET", "/routed/users/x/", {}, 404, "Not Found"),
        (
            *("GET", "/routed/inner/link", {}, 200),
            "http://localhost/routed/inner/link knows its database",
        ),
    ],
    "inside_litestar": [
        ("GET", "/outer", {}, 200, "Litestar"),
        (
            *("GET", "/routed/users/7/", {}, 200),
            "after this comes /routed/users/8/, from a pool",
        ),
        ("GET", "/routed/users/7", {}, 404, "Not Found"),
    ],
    "with_packages": [
        ("GET", "/notices/7/", {}, 200, "notice of id=7"),
        ("GET", "/notices/in/2026-11/", {}, 200, "notice of month=(2026, 11), kind='monthly'"),
        ("GET", "/by/ada/", {}, 200, "notice of who='ada'"),
        ("GET", "/counted/all/", {}, 200, "notice of all"),
        ("GET", "/counted/none/", {}, 404, "Not Found"),
        ("GET", "/longpoll/", {}, 200, "news for somebody"),
    ],
    "wsgi": [
        *(
            ("GET", f"/{of}/hello/ada/", {}, 200, f"hello ada below /{of} at /{of}/hello/ada/")
            for of in ("flask", "django")
        ),
        ("GET", "/other/hello/ada/", {}, 404, "Not Found"),
    ],
    "mounted_frameworks": [
        *(
            ("GET", f"/{name}/hello/ada", {}, 200, f"hello ada at /{name}/hello/ada with a pool")
            for name in NAMES
        ),
        ("GET", "/django/hello/ada", {}, 200, "hello ada at /django/hello/ada"),
        ("GET", "/falcon/hello/ada", {}, 200, "hello ada at /hello/{name} below /falcon"),
        ("GET", "/other/hello/ada", {}, 404, "Not Found"),
    ],
}


@pytest.fixture(scope="module", params=TRIES)
def example(request: pytest.FixtureRequest) -> Iterator[tuple[str, Server]]:
    """Serve one example after the other."""
    with hypercorn(f"examples.{request.param}:app", "asyncio") as server:
        yield request.param, server
        assert server.stop() == 0
        assert not re.search(r"Traceback|ERROR|WARNING", server.log), server.log


def test_what_it_tells_to_try(example: tuple[str, Server]) -> None:
    """Each request gets its answer."""
    name, server = example
    for method, target, headers, status, text in TRIES[name]:
        response = ask(server, target, method, headers)
        body = response.body.decode().strip()
        assert (response.status, body) == (status, text), (method, target)
    told = (ROOT / "examples" / f"{name}.py").read_text()
    assert f"hypercorn examples.{name}:app" in told


def test_gateway() -> None:
    """Each framework serves its part; every answer has an id of its own, whoever made it."""
    key = {"x-api-key": "secret"}
    rows: list[tuple[str, dict[str, str], int, str]] = [
        ("/health/", {}, 200, "healthy\n"),
        ("/api/orders/7", {}, 401, "send your key as x-api-key\n"),
        ("/api/nowhere", {}, 401, "send your key as x-api-key\n"),
        ("/api/orders/7", key, 200, '{"order":"seven pencils","for":"ada"}'),
        ("/api/nowhere", key, 404, '{"detail":"Not Found"}'),
        ("/old/invoices/7", {}, 200, "invoice 7, at /old/invoices/7\n"),
        ("/about/", {}, 200, "about us, {}\n"),
        ("/nowhere/", {}, 404, "<h1>Not Found</h1>"),
    ]
    with hypercorn("examples.gateway:app", "asyncio") as server:
        answers = [ask(server, target, headers=headers) for target, headers, *_ in rows]
        ids = [answer.headers["x-request-id"] for answer in answers]
        assert len({*ids}) == len(rows)
        for (target, _, status, text), answer, id_ in zip(rows, answers, ids, strict=True):
            assert answer.status == status, target
            assert text.replace("{}", id_) in answer.body.decode(), target
        assert server.stop() == 0


def test_subprotocols() -> None:
    """The subprotocol that the client likes best decides which application greets it."""
    with hypercorn("examples.hosts_and_methods:app", "asyncio") as server:
        for offered, greeting in [
            (["graphql-ws", "graphql-transport-ws"], "the protocol of old"),
            (["graphql-transport-ws"], "the protocol of today"),
        ]:
            with WebSocket(server, "/graphql", subprotocols=offered) as client:
                accepted, message = [
                    event for _, event in zip(range(2), client.events(), strict=False)
                ]
                assert accepted.subprotocol == offered[0]  # type: ignore[attr-defined]
                assert message.data == greeting  # type: ignore[attr-defined]
