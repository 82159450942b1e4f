"""The table "who answers what": each cell is what real routers do."""

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

from asgi_routes import Route, URLRouter, mount, path
from asgi_routes.testing import Client
from tests.documents.tables import read_table

TABLE = read_table("docs/reference/answers.rst", "declaration")


async def answer(scope: Any, receive: Any, send: Any, *, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


class Layer:
    """Marks every response."""

    def __init__(self, app: Any, mark: bytes = b"wrapper") -> None:
        self.app, self.mark = app, mark

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-by", self.mark)]}
            await send(message)

        await self.app(scope, receive, send_marked)


def closure(app: Any) -> Any:
    async def call(scope: Any, receive: Any, send: Any) -> None:
        await Layer(app)(scope, receive, send)

    return call


MIDDLEWARE = [partial(Layer, mark=b"middleware")]
DECLARATIONS: dict[str, Callable[[Any], Route]] = {
    'path("api/", router)': lambda router: path("api/", router),
    'path("api/", router, middleware=[Layer])': lambda router: path(
        "api/", router, middleware=MIDDLEWARE
    ),
    'path("api/", Layer(router))': lambda router: path("api/", Layer(router)),
    'path("api/", closure(router))': lambda router: path("api/", closure(router)),
    'mount("api", router)': lambda router: mount("api", router),
    'mount("api", router, middleware=[Layer])': lambda router: mount(
        "api", router, middleware=MIDDLEWARE
    ),
    'mount("api", Layer(router))': lambda router: mount("api", Layer(router)),
    'mount("api", closure(router))': lambda router: mount("api", closure(router)),
}


async def ask(routes: list[Route], method: str, target: str) -> str:
    """Return who answers, in the words of the table."""
    response = await Client(URLRouter(routes)).request(method, target)
    who = response.text if response.status == 200 else str(response.status)
    by = response.headers.get("x-by")
    return f"{by} → {who}" if by else who


async def describe(declare: Callable[[Any], Route], method: str, target: str) -> str:
    """Return what stands in a cell: who answers with a later route, and who without one."""
    router = URLRouter([path("items/", partial(answer, body=b"route"), methods=["GET"])])
    methods = ["OPTIONS"] if method == "OPTIONS" else None
    later = path("api/<path:rest>", partial(answer, body=b"later"), methods=methods)
    alone = await ask([declare(router)], method, target)
    if await ask([declare(router), later], method, target) != "later":
        return alone
    return f"later route{' for OPTIONS' if methods else ''}, else {alone}"


def test_every_declaration_is_there() -> None:
    assert [row[0].strip("`") for row in TABLE.rows] == list(DECLARATIONS)


@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row[0].strip("`"))
def test_who_answers(row: list[str]) -> None:
    declare = DECLARATIONS[row[0].strip("`")]
    for question, told in zip(TABLE.head[1:], row[1:], strict=True):
        assert anyio.run(describe, declare, *question.strip("`").split()) == told, question
