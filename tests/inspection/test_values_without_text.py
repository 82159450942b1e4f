"""What shows a parameter does so in a sentence, where Python writes no text of its value.

A path may have a number in hexadecimal digits that has more than 4,300 decimal ones; and what a route
hands on may be anything.
"""

import copy
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from asgi_routes import (
    Converters,
    Match,
    NoReverseMatch,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    mount,
    path,
    re_path,
    reverse,
)
from asgi_routes.inspection import debug_page, explain
from asgi_routes.testing import Client, assert_no_route, assert_routes
from tests.cli.asking import ask_all


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """Answer with nothing."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def view(_request: Any) -> Any:
    return PlainTextResponse("")


class Hexadecimal:
    """A converter that somebody has written."""

    regex = "[0-9a-f]+"

    def to_python(self, value: str) -> list[int]:
        return [int(value, 16)]

    def to_url(self, value: list[int]) -> str:
        return f"{value[0]:x}"


class Odd:
    """A value that cannot be shown, nor copied."""

    def __repr__(self) -> str:
        raise RuntimeError

    def __reduce__(self) -> str:
        raise TypeError


OWN = Converters({"hex": Hexadecimal})
STARLETTE = Starlette(
    routes=[Route("/{y}/", view), Mount("/deep", routes=[Route("/{y}/", view)])],
)
APP = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                format_path("x/{n:x}/", serve, name="x"),
                format_path("o/{n:o}/", serve, name="o"),
                format_path("b/{n:b}/", serve, name="b"),
                format_path("d/{n:d}/", serve, name="d"),
                path("own/<hex:n>/", serve, name="own", converters=OWN),
                path("odd/", serve, {"lock": threading.Lock(), "odd": Odd(), "pairs": {(1, 2): 3}}),
                format_path("in/{n:x}/", URLRouter([path("<a>/", serve), mount("m", STARLETTE)])),
                mount("at/<hex:n>", STARLETTE, converters=OWN),
                re_path(r"^re/(?P<n>\d+)/$", serve),
            ],
            default=debug_page,
        )
    }
)
LONG = "a number of more than 4,300 digits"
PATHS = {
    f"/x/{'f' * 4000}/": LONG,
    f"/o/{'7' * 5000}/": LONG,
    f"/b/{'1' * 15000}/": LONG,
    f"/d/0x{'f' * 4000}/": LONG,
    f"/own/{'f' * 4000}/": f"[{LONG}]",
    f"/in/{'f' * 4000}/a/": LONG,
    "/odd/": "a value of type Odd",
}
NESTED = [
    "/in/{}/m/a/",
    "/in/{}/m/deep/a/",
    "/in/{}/m/deep/",
    "/at/{}/a/",
    "/at/{}/deep/a/",
    "/at/{}/deep/",
]
IDS = [one[:4].strip("/") for one in PATHS]


def scope_of(asked: str) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": asked, "root_path": "", "headers": []}


SHOWING: dict[str, Callable[[str], str]] = {
    "repr(match)": lambda asked: repr(APP.match(scope_of(asked))),
    "repr(explanation)": lambda asked: repr(explain(APP, scope_of(asked))),
    "assert_no_route": lambda asked: _message_of(partial(assert_no_route, APP, "GET", asked)),
    "assert_routes": lambda asked: _message_of(
        partial(assert_routes, APP, "GET", asked, kwargs={"n": 1})
    ),
}


def _message_of(assertion: Callable[[], Any]) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion()
    return str(caught.value)


@pytest.mark.parametrize("showing", SHOWING)
@pytest.mark.parametrize(("asked", "shown"), PATHS.items(), ids=IDS)
def test_what_shows_a_value(asked: str, shown: str, showing: str) -> None:
    assert f": {shown}" in SHOWING[showing](asked) or f", {shown})" in SHOWING[showing](asked)


PROGRAM = """\
from threading import Lock
from asgi_routes import URLRouter, format_path

async def serve(scope, receive, send): ...

app = URLRouter([format_path("{n:x}/", serve, {"lock": Lock(), "pairs": {(1, 2): 3}, "nan": float("nan")})])
"""


def test_the_command_shows_it(tmp_path: Path) -> None:
    """As a line, and as JSON, whose values are texts where it has none."""
    (tmp_path / "program.py").write_text(PROGRAM)
    question = ("match", "program:app", f"/{'f' * 4000}/")
    plain, as_json = ask_all([question, (*question, "--json")], tmp_path)
    assert (plain.code, as_json.code) == (0, 0), (plain.err, as_json.err)
    for shown in (LONG, "<unlocked _thread.lock object at 0x", "{(1, 2): 3}", "nan"):
        assert shown in plain.out
        assert f'"{shown}' in as_json.out


@pytest.mark.parametrize("template", NESTED)
def test_what_is_served_behind_it(template: str) -> None:
    """A mounted framework answers, or misses, as below any other prefix."""
    statuses = [
        anyio.run(partial(Client(APP).get, template.format(number))).status
        for number in ("7", "f" * 4000)
    ]
    assert statuses[0] == statuses[1]


@pytest.mark.parametrize("name", ["x", "o", "b", "own"])
def test_what_leads_back(name: str) -> None:
    """A value in the digits of its own base has a URL."""
    asked = next(one for one in PATHS if one.startswith(f"/{name}/"))
    found = APP.match(scope_of(asked))
    assert isinstance(found, Match)
    values = copy.deepcopy(found.scope["url_route"]["kwargs"])
    assert reverse(found.scope, name, kwargs=values) == asked


def test_what_does_not() -> None:
    """Decimal digits of so many are never matched, so there is no URL with them."""
    with pytest.raises(NoReverseMatch, match=f"{LONG} is no d for 'n'"):
        APP.application_mapping["http"].reverse("d", n=16**4000)
