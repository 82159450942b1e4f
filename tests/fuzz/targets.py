"""What is fuzzed: each target makes something of bytes, and asserts what has to hold of it.

The bytes choose pieces and lengths, so that a fuzzer that changes a byte changes one decision.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from asgi_routes import (
    ChannelNameRouter,
    HostRouter,
    ImproperlyConfigured,
    Match,
    MethodRouter,
    NoMatch,
    NoReverseMatch,
    NotFound,
    ProtocolTypeRouter,
    SubprotocolRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
    reverse,
    route_path,
)
from asgi_routes.engine import LinearMatcher
from asgi_routes.inspection import debug_page, explain
from tests.fuzz.trees import hold_trees
from tests.laws.asking import ask

PIECES = [
    *("users/", "<int:id>", "<a>", "<", ">", ":", "{id:d}", "{a}", "{", "}", "{{", "/", "-", "."),
    *("^", "$", r"(\d+)", "(?P<x>", ")", "[", "]", "*", "+?", "|", "\\", " ", "\n", "(", "(?:"),
    *("<path:p>", "<itn:x>", "{x:zz}", "{}", "{0}", "!r", "%", "é", "(?i)", "a", "<slug:s>", "\0"),
    *(
        "<uuid:u>",
        "{d:ti}",
        "{w:w}",
        "{2}",
        r"\b",
        r"\1",
        "(?=a)",
        "a{3}",
        "<b>-<c>",
        "//",
        "\ud800",
    ),
]
TEXTS = [
    *("kept/", "layer/", "bare/"),
    *("users/", "7", "a", "/", "//", "-7", "\n", "%2F", "\0", "\ud800", "x", "-", ".", "٣", "é"),
    *("0f0f0f0f-1234-4abc-8def-0123456789ab", "2026-11-21", "\udc2f", " ", "9" * 4400, "..", "*"),
    *("in/", "nested/", "mount/", "router/", "only/", "m/", "f/", "end", "/end"),
]
VALUES: list[Any] = [
    *("", "a", "a/b", "é", "7", "-1", "\n", "\ud800", "%2F", "//x", 7, -1, 0, True, None, 5.0),
    *(b"x", [], {}, object(), float("nan"), 10**30, "x" * 300),
]


class Reader:
    """Reads decisions from bytes; where they are at their end, each is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, most: int) -> int:
        """Return a number from 0 to one below."""
        value = self._data[self._at] if self._at < len(self._data) else 0
        self._at += 1
        return value % most

    def choice(self, values: Sequence[Any]) -> Any:
        """Return one of some values."""
        return values[self.number(len(values))]

    def text(self, pieces: Sequence[str], most: int = 8) -> str:
        """Return a text of some pieces."""
        return "".join(self.choice(pieces) for _ in range(self.number(most)))


async def app(scope: Any, receive: Any, send: Any) -> None: ...


def passing(inner: Any) -> Any:
    """Return a middleware that does nothing."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)

    return call


class Wrapping:
    """A wrapper that somebody has written, around a router."""

    def __init__(self, inner: Any) -> None:
        self.app = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def options(read: Reader) -> dict[str, Any]:
    """Return options of a router; where nothing is left to be read, none."""
    return {
        "slashes": read.choice([None, "strict", "redirect", "both"]),
        "encoded_slashes": read.choice([None, "decode", "preserve", "reject"]),
        "root_path": read.choice(["auto", "in_path", "stripped"]),
        "middleware": read.choice([[], [passing]]),
        "regex": read.choice(["re", "re", "re2"]),
        **read.choice([{}, {"default": app}, {"default": None}, {"default": NotFound(page=app)}]),
    }


def options_of(read: Reader, write: Callable[..., Any]) -> dict[str, Any]:
    """Return options of a declaration; where nothing is left to be read, none."""
    given: dict[str, Any] = {"middleware": read.choice([[], [passing]])}
    if write is mount:
        at_prefix = read.choice(["serve", "redirect", "miss"])
        return {**given, "at_prefix": at_prefix, "isolate": read.choice([True, False])}
    methods = read.choice([None, ["GET"], ["POST"], ["OPTIONS", "PUT"], []])
    return {**given, "methods": methods, "kwargs": read.choice([None, {"n": 1}, {"m": [2]}])}


NESTED = URLRouter([path("<int:n>/", app), path("a", app), re_path("^u", app), path("", app)])
LED_TO = [
    *(app, app, NESTED, MethodRouter({"GET": app})),
    include([path("<n>", app), path("a/", app, methods=["PUT"]), mount("users", app)]),
    URLRouter(
        [path("a/", app, methods=["POST"]), path("<m>", NESTED)], slashes="both", default=app
    ),
    HostRouter({"<h>.ex.test": NESTED, "ex.test": app}, default=NESTED),
    ProtocolTypeRouter({"http": MethodRouter({"POST": NESTED, "GET": app})}),
    Wrapping(URLRouter([path("7", app), mount("a", NESTED, at_prefix="miss")], slashes="redirect")),
]


def routes(data: bytes) -> None:
    """A route is refused with our error, or matches without an exception, as the definition does."""
    read = Reader(data)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        declared = []
        for _ in range(1 + read.number(6)):
            write: Callable[..., Any] = read.choice([path, re_path, format_path, mount])
            target = read.choice(LED_TO)
            try:
                declared.append(write(read.text(PIECES), target, **options_of(read, write)))
            except ImproperlyConfigured as mistake:
                str(mistake)
        try:
            router = URLRouter(declared, **options(read))
        except ImproperlyConfigured as mistake:  # Several rows together, or what RE2 refuses.
            str(mistake)
            return
    # What was warned about may take its time on a long text; all else has to be quick.
    most = 16 if warned else 5000
    for _ in range(1 + read.number(4)):
        text = read.text(TEXTS)[:most]
        linear = LinearMatcher(router._table.rows)(text)
        compiled = router.matcher(text)
        assert (linear is None) is (compiled is None), text
        if linear is not None and compiled is not None:
            assert linear[0].index == compiled[0].index
            assert linear[3] == compiled[3]
        scope = {"type": "http", "path": text, "method": read.choice(["GET", "POST", "OPTIONS"])}
        scope |= read.choice([{}, {"raw_path": b"/users%2F7"}, {"root_path": "/users"}])
        scope["headers"] = [(b"host", read.choice([b"ex.test", b"a.ex.test", b"x"]))]
        hold_answer(router, scope | read.choice([{}, {"asgi": {}}]))


def hold_answer(router: Any, scope: dict[str, Any]) -> None:
    """Assert that a router answers as it says, twice, and that an explanation can be shown."""
    found = router.match(scope)
    assert isinstance(found, Match | NoMatch)
    assert repr(router.match(scope)) == repr(found)
    said = explain(router, scope, closest=1)
    assert bool(said) is bool(found) or said.default or said.through, said
    answer = ask(router, dict(scope), [])
    assert answer.error in (None, "NoRouteFound"), answer
    if not found:
        assert answer.status in (None, found.status), answer


URLS = [
    path("users/<int:id>/", app, name="user"),
    path("<a>-<b>/", app, name="two"),
    path("<path:p>/end", app, name="path"),
    re_path(r"^(\d+)/(?:x/)?$", app, name="regex"),
    re_path(r"^(?P<x>\w+)?/(?P=x)$", app, name="back"),
    format_path("f/{n:d}/{d:ti}", app, name="format"),
    path("m/", MethodRouter({"GET": app, "POST": app})),
    path("only/", app, methods=["PUT"]),
    path("in/<x>/", include(([path("<y>", app, name="inner")], "app"), namespace="n")),
    path("nested/<z>/", URLRouter([path("<int:id>", app, name="nested")])),
    mount("mount/<t>", app, name="mount", strip=True, at_prefix="redirect"),
    mount("router", URLRouter([path("<slug:s>/", app, name="mounted")])),
    path("kept/", URLRouter([path("<k>/", app)], encoded_slashes="preserve", slashes="both")),
    path("layer/", include([path("<l>", app)], middleware=[passing]), name="layer"),
    mount("bare/<t>", app, at_prefix="miss", middleware=[passing]),
]
ROUTERS = [
    ProtocolTypeRouter(
        {
            "http": HostRouter({"<sub>.ex.test": router, "ex.test": router, "[::1]": router}),
            "websocket": URLRouter([path("<r>", SubprotocolRouter({"a": app}))]),
            "channel": ChannelNameRouter({"a": app, "b-*": app}),
        }
    )
    for router in (
        URLRouter(URLS),
        URLRouter(URLS, slashes="redirect", encoded_slashes="preserve"),
        URLRouter(URLS, slashes="both", encoded_slashes="reject", root_path="in_path"),
        URLRouter(URLS, slashes="both", encoded_slashes="preserve", root_path="stripped"),
        URLRouter(URLS, slashes="redirect", middleware=[passing], default=app),
        URLRouter([path("", URLRouter(URLS, slashes="both")), mount("root", NESTED)]),
        URLRouter(URLS, default=debug_page, slashes="redirect", middleware=[passing]),
        Wrapping(URLRouter([path("", Wrapping(URLRouter(URLS))), *URLS], default=debug_page)),
    )
]
ACCEPTED = [b"text/html", b"application/json", b"", b"\xff"]
ODD: list[Any] = [
    [(b"host", 7)],
    [b"host"],
    None,
    "",
    b"",
    7,
    [],
    {},
    (),
    object(),
    "\ud800",
    b"\xff",
    "/",
    "x" * 70000,
]


def requests(data: bytes) -> None:
    """Whatever a scope holds, it is a match or a miss, and a guard sees the path that is routed."""
    read = Reader(data)
    scope: dict[str, Any] = {
        "type": read.choice(["http", "http", "http", "websocket", "channel", "x", None]),
        "path": "/" * read.number(3) + read.text(TEXTS),
        "method": read.choice(["GET", "POST", "PUT", "get", "", None]),
        "headers": [(b"host", read.choice([b"a.ex.test", b"ex.test", b"[::1]:8", b"x", b"a/b@c"]))],
    }
    scope["raw_path"] = read.choice([scope["path"].encode("utf-8", "replace"), None, b"/a%2Fb"])
    scope["root_path"] = read.choice(["", "", "/root", "/", "users", None, scope["path"][:5]])
    for _ in range(read.number(4)):
        key = read.choice([*scope, "path_remaining", "url_route", "path_params", "subprotocols"])
        if key in ("url_route", "path_params"):
            continue  # Nobody but a router writes these.
        scope[key] = read.choice(ODD)
    router = read.choice(ROUTERS)
    if isinstance(scope["headers"], list):
        scope["headers"] = [*scope["headers"], (b"accept", read.choice(ACCEPTED))]
    before = dict(scope)
    found = router.match(scope)
    assert isinstance(found, Match | NoMatch)
    assert scope.keys() == before.keys()
    assert route_path(scope).startswith("/")
    if isinstance(found, NoMatch) and found.location is not None:
        assert found.location.startswith("/")
        assert not found.location.startswith("//")
        assert found.location.isascii()
        assert found.location.isprintable()
    if scope["type"] in ("http", "websocket"):
        answer = ask(router, dict(scope), [])
        # Nobody but a router of Channels hands on this key without any of ours; it expects its own error.
        of_channels = ["Resolver404"] if "path_remaining" in scope else []
        assert answer.error in (None, "NoRouteFound", *of_channels), answer


REVERSING = URLRouter(URLS)
NAMED = [
    *(["user", "id"], ["two", "a", "b"], ["path", "p"], ["regex"], ["back", "x"]),
    *(["format", "n", "d"], ["n:inner", "x", "y"], ["app:inner", "x", "y"]),
    *(["nested", "z", "id"], ["mount", "t", "path"], ["mounted", "s"]),
    *(["nobody"], ["n:nobody"], [":"], [""], ["a:b:c"], ["\ud800"]),
]
KEYS = ["id", "a", "b", "p", "x", "y", "z", "t", "s", "n", "d", "path"]


def reversing(data: bytes) -> None:
    """A URL is text that leads nowhere else, or there is an error that says why."""
    read = Reader(data)
    name, *keys = read.choice(NAMED)
    values = [read.choice(VALUES) for _ in range(read.number(4))]
    own = [*keys, *(read.choice(KEYS) for _ in values)]
    kwargs = dict(zip(own, values, strict=False))
    asked = {"args": values} if read.number(2) else {"kwargs": kwargs}
    root_path = read.choice(["", "/r", "r", "//r", "/"])
    inside = REVERSING.match({"type": "http", "path": "/in/1/2", "root_path": root_path})
    assert isinstance(inside, Match)
    for write in (REVERSING.reverse, lambda *a, **k: reverse(inside.scope, *a, **k)):
        try:
            url = write(name, **asked)
        except NoReverseMatch as error:
            str(error)
            continue
        assert url.startswith("/")
        assert not url.startswith("//")
        assert url.isascii()
        assert url.isprintable()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "routes": routes,
    "requests": requests,
    "reversing": reversing,
    "trees": hold_trees,
}
