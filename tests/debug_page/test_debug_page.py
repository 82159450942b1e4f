"""The page that a miss is answered with where one asks for it."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from asgi_routes import MethodRouter, ProtocolTypeRouter, URLRouter, not_found, path
from asgi_routes.inspection import debug_page
from asgi_routes.testing import Client, WebSocketDenied
from tests.inspection.sample import app, nested

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


async def test_off_by_default() -> None:
    """Nobody sees the routes of others."""
    assert (await Client(URLRouter(ROUTES)).get("/users/abc/", headers=HTML)).text == "Not Found"
