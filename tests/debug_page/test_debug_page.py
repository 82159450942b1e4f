"""The page that a miss is answered with where one asks for it."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from asgi_routes import (
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    mount,
    not_found,
    path,
)
from asgi_routes.inspection import debug_page, inspect
from asgi_routes.inspection.debugging import list_rows
from asgi_routes.testing import Client, WebSocketDenied
from tests.inspection.sample import app, nested, shop

pytestmark = pytest.mark.anyio

ROUTES = [
    path("users/<int:id>/", app, name="user"),
    path("methods/", MethodRouter({"GET": app})),
    path("api/", nested),
]
HTML = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
HOSTILE = "/<script>alert(1)</script>/\"'&%0A%00%ff\u202e"


class Parsed(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "action", "url")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


async def test_html() -> None:
    """It says what came closest, and has every route in it."""
    response = await Client(URLRouter(ROUTES, default=debug_page)).get("/users/abc/", headers=HTML)
    assert (response.status, response.headers["content-type"]) == (404, "text/html; charset=utf-8")
    page = Parsed(response.text)
    assert "'abc' is not an int" in page.texts
    for text in ("/users/<int:id>/", "/methods/", "/api/v/<slug:s>", "user"):
        assert text in page.texts
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("target", [HOSTILE, "/users/%3Cimg%20src=x%20onerror=alert(1)%3E/"])
async def test_nothing_of_a_client_is_markup(target: str) -> None:
    """Whatever the path, the page has the same tags, and asks nobody for anything."""
    client = Client(URLRouter(ROUTES, default=debug_page))
    harmless = Parsed((await client.get("/users/abc/", headers=HTML)).text)
    response = await client.get(target, headers=HTML)
    page = Parsed(response.text)
    kept = [
        tag for tag in page.tags if tag not in ("h2", "table", "thead", "tbody", "tr", "th", "td")
    ]
    assert kept == [tag for tag in harmless.tags if tag in kept]
    assert page.tags.count("script") == 1
    assert page.links == []
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


async def test_text_and_json() -> None:
    """By Accept; text where nothing is said."""
    client = Client(URLRouter(ROUTES, default=debug_page))
    response = await client.get("/users/abc/")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    first, reason, heading, near = response.text.splitlines()
    assert (first, heading) == ("404: GET /users/abc/", "closest:")
    assert reason == "No route found for path 'users/abc/'."
    assert near.startswith("    /users/<int:id>/  'abc' is not an int  (tests/debug_page/")
    response = await client.get("/users/a%0Ab/", headers={"accept": "application/json"})
    found = json.loads(response.text)
    assert (found["status"], found["path"]) == (404, "/users/a\nb/")
    assert found["near"][0]["reason"] == "'a\\nb' is not an int"
    assert "\n" not in (await client.get("/users/a%0Ab/")).text.splitlines()[0]


async def test_only_the_body_differs() -> None:
    """Status, Allow, HEAD and OPTIONS are those of any miss; so are other protocols."""
    client, plain = (
        Client(URLRouter(ROUTES, default=default)) for default in (debug_page, not_found)
    )
    for method in ("GET", "PUT", "HEAD", "OPTIONS"):
        for target in ("/methods/", "/nowhere"):
            if method in ("GET", "HEAD") and target == "/methods/":
                continue  # It is served.
            one, other = await client.request(method, target), await plain.request(method, target)
            assert one.status == other.status
            assert one.headers.get("allow") == other.headers.get("allow")
    with pytest.raises(WebSocketDenied) as caught:
        async with client.websocket("/nowhere"):
            pass
    assert caught.value.status == 404


async def test_inside_a_protocol_router() -> None:
    """It is a default of the router's own, so it answers there too, 405 included."""
    router = ProtocolTypeRouter({"http": URLRouter(ROUTES, default=debug_page)})
    response = await Client(router).put("/methods/", headers=HTML)
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert "only GET, HEAD" in Parsed(response.text).texts
    async with Client(router).lifespan() as state:
        assert state == {}


async def test_a_wrong_method_is_no_wrong_path() -> None:
    """405 says so, in each form, and what is allowed."""
    client = Client(URLRouter(ROUTES, default=debug_page))
    page = Parsed((await client.put("/methods/", headers=HTML)).text)
    text = (await client.put("/methods/")).text
    plain = json.loads((await client.put("/methods/", headers={"accept": "application/json"})).text)
    said = "The path has a route, but none for PUT."
    assert "405 Method Not Allowed" in page.texts
    assert {"GET, HEAD, OPTIONS", said} <= {*page.texts}
    assert text.splitlines()[:3] == ["405: PUT /methods/", said, "allowed: GET, HEAD, OPTIONS"]
    assert (plain["reason"], plain["allowed"]) == (said, ["GET", "HEAD", "OPTIONS"])
    for one in (*page.texts, text, str(plain)):
        assert "No route found" not in one


async def test_what_each_route_is() -> None:
    """A row for each method, a prefix for a mount, a protocol or host where one is asked for."""
    urls = URLRouter(
        [
            path("m/", MethodRouter({"GET": app, "PUT": shop}, default=nested), name="m"),
            path("p/", app, methods=["POST"]),
            mount("static", shop),
            mount("inner", nested),
            path("h/", HostRouter({"a.example": app})),
            path("old/", URLRouter([], default=shop)),
            mount("", app),
        ],
        default=debug_page,
    )
    router = ProtocolTypeRouter({"http": urls, "websocket": HostRouter({"b.example": nested})})
    sample = "tests.inspection.sample"
    assert [row[:4] for row in list_rows(inspect(router))] == [
        ("/m/", "GET", "m", f"{sample}:app"),
        ("/m/", "PUT", "m", f"{sample}:shop"),
        ("/m/v/<slug:s>", "", "nested", f"{sample}:app"),
        ("/p/", "POST", "", f"{sample}:app"),
        ("/static/…", "", "", f"{sample}:shop"),
        ("/inner/v/<slug:s>", "", "nested", f"{sample}:app"),
        ("/h/ (a.example)", "", "", f"{sample}:app"),
        ("/old/ (default)", "", "", f"{sample}:shop"),
        ("/…", "", "", f"{sample}:app"),
        ("/v/<slug:s> (websocket b.example)", "", "nested", f"{sample}:app"),
    ]
    plain = URLRouter([path("m/", urls)], default=debug_page)
    shown = Parsed((await Client(plain).get("/nowhere", headers=HTML)).text)
    assert {"/m/m/", "PUT", "/m/static/…"} <= {*shown.texts}


async def test_off_by_default() -> None:
    """Nobody sees the routes of others."""
    assert (await Client(URLRouter(ROUTES)).get("/users/abc/", headers=HTML)).text == "Not Found"
