"""URLs lead back: what is matched has a URL, and whoever asks for it gets the same route and values.

The client is one that follows the URL standard: ada-url, which servers and browsers use.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_routes import (
    Converters,
    HostRouter,
    Include,
    NoReverseMatch,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
    reverse,
)
from tests.laws.shares import lawful


class Reversed:
    """A converter whose values are not its texts."""

    regex = "[a-c.]+"

    def to_python(self, value: str) -> str:
        return value[::-1]

    def to_url(self, value: str) -> str:
        return value[::-1]


MINE = Converters({"back": Reversed})
TEXTS = st.one_of(
    st.text("ab/.%?#é \\;:@&=+~\t", min_size=1, max_size=5),
    st.sampled_from(["7", "0", ".", "..", "...", "a/b", "%2e", "12", "é", "a-b", "abc"]),
)
HOSTS = ("one.example", "<tenant>.example", "[::1]", "<a>.<b>.test")
SHAPES = ("leaf", "leaf", "include", "namespace", "nested", "mount", "types")


async def app(scope: Any, receive: Any, send: Any) -> None: ...


@dataclass
class Tables:
    """Makes tables, in which every parameter and every route has a name of its own."""

    draw: Any
    numbers: int = 0

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def leaf(self) -> Any:
        number = self.number()
        name = "shared" if self.draw(st.integers(0, 4)) == 0 else f"n{number}"
        p, q = f"p{number}", f"q{number}"
        choices = [
            path(f"f{number}/<int:{p}>/", app, name=name),
            path(f"f{number}/<{p}>", app, name=name),
            path(f"f{number}/<slug:{p}>-<{q}>/", app, name=name),
            path(f"f{number}/<path:{p}>", app, name=name),
            path(f"f{number}/<back:{p}>/", app, name=name, converters=MINE),
            format_path(f"f{number}/{{{p}}}", app, name=name),
            re_path(rf"^f{number}/(?P<{p}>[^/]+)/$", app, name=name),
            re_path(rf"^f{number}/(?P<{p}>[a-c]+)(?:-(?P<{q}>\d+))?$", app, name=name),
            path(f"f{number}", app, name=name),
        ]
        return self.draw(st.sampled_from(choices))

    def routes(self, depth: int) -> list[Any]:
        return [self.route(depth) for _ in range(self.draw(st.integers(1, 3)))]

    def route(self, depth: int) -> Any:
        shape = self.draw(st.sampled_from(SHAPES)) if depth else "leaf"
        if shape == "leaf":
            return self.leaf()
        number = self.number()
        prefix = self.draw(st.sampled_from([f"d{number}/", f"d{number}/<e{number}>/"]))
        inner = self.routes(depth - 1)
        match shape:
            case "include":
                return path(prefix, include(inner))
            case "namespace":
                return path(prefix, include((inner, "app"), namespace=f"s{number}"))
            case "mount":
                return mount(prefix, URLRouter(inner))
            case "types":
                return path(prefix, ProtocolTypeRouter({"http": URLRouter(inner)}))
        return path(prefix, URLRouter(inner))

    def router(self) -> Any:
        encoded: Any = self.draw(st.sampled_from(["decode", "decode", "preserve"]))
        if self.draw(st.booleans()):
            return URLRouter(self.routes(3), encoded_slashes=encoded)
        hosts = {host: URLRouter(self.routes(2), encoded_slashes=encoded) for host in HOSTS}
        return HostRouter(hosts)


def requested(url: str) -> dict[str, Any]:
    """Return the scope that a server makes of what a client asks for."""
    parsed = ada_url.URL(url, base="http://one.example:8000/somewhere")
    return scope_of(parsed.host, parsed.pathname)


def scope_of(host: str, raw_path: str) -> dict[str, Any]:
    """Return the scope that a server makes of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "GET",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "headers": [(b"host", host.encode())],
    }


def drawn(draw: Any, router: Any) -> dict[str, Any]:
    """Return a request for something in a router, as it was declared."""
    host = "one.example"
    if isinstance(router, HostRouter):
        key = draw(st.sampled_from(HOSTS))
        host = key.replace("<tenant>", "acme").replace("<a>", "x").replace("<b>", "y-1")
        router = dict(zip(HOSTS, (child.app for child in router.children()), strict=True))[key]
    template = draw(st.sampled_from([*paths_of(router)]))
    parts = template.split("\0")
    path_ = parts[0] + "".join(quote(draw(TEXTS), safe="") + part for part in parts[1:])
    if draw(st.booleans()):  # Some clients ask for a path as it is.
        return scope_of(f"{host}:8000", f"/{path_}")
    return requested(f"//{host}:8000/{path_}")


def paths_of(router: URLRouter, before: str = "") -> Any:
    """Yield the paths of a router, with NUL for every parameter."""
    for route in router.declarations:
        yield from _paths_of(route, before)


def _paths_of(route: Any, before: str) -> Any:
    shown = "".join(
        getattr(node, "text", None) or ("\0" if hasattr(node, "name") else "")
        for node in route.pattern.nodes
    )
    here = before + shown
    target = route.target
    if isinstance(target, Include):
        for inner in target.routes:
            yield from _paths_of(inner, here)
    elif target is app:
        yield here
    else:
        if isinstance(target, ProtocolTypeRouter):
            target = next(iter(target.children())).app
        yield from paths_of(target, here if here.endswith("/") else here + "/")


def names_of(router: Any, wanted: str) -> list[str]:
    """Return every name, with its namespaces, that ends in one."""
    return [name for name in router.find_names().names() if name.rpartition(":")[2] == wanted]


COUNTS: Counter[str] = Counter()


def hold(router: Any, scope: dict[str, Any]) -> None:
    """Assert that what serves a scope has a URL that leads back, or that there is none for a reason."""
    found = router.match(scope)
    COUNTS["misses"] += not found
    if not found:
        return
    params, name = found.scope["path_params"], found.scope["route"].name
    told = scope["raw_path"], scope["headers"], found.scope["route"].path, params
    wanted = name.rpartition(":")[2]
    for ask in (router.reverse, lambda *a, **k: reverse(found.scope, *a, **k)):
        urls, reasons = [], []
        for full in names_of(router, wanted):
            try:
                urls.append(ask(full, kwargs=params))
            except NoReverseMatch as error:
                reasons.append(str(error))
        leads_back = [url for url in urls if returned(router, url, scope) == (found.app, params)]
        if leads_back:
            COUNTS["lead back"] += 1
            continue
        assert not {".", ".."}.isdisjoint(found.scope["path"].split("/")), (*told, urls, reasons)
        assert not urls, (*told, urls)
        assert any("clients remove a segment" in reason for reason in reasons), (*told, reasons)
        COUNTS["no URL"] += 1


def returned(router: Any, url: str, scope: dict[str, Any]) -> tuple[Any, Any]:
    """Return what serves a URL, and with which parameters, when a client follows it from where it is."""
    again = requested(url)
    if not url.startswith("//"):
        again["headers"] = scope["headers"]
    found = router.match(again)
    return (found.app, found.scope["path_params"]) if found else (None, None)


def test_what_is_matched_leads_back() -> None:
    COUNTS.clear()

    @lawful(40)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        router = Tables(data.draw).router()
        for _ in range(6):
            hold(router, drawn(data.draw, router))

    law()
    print(dict(COUNTS))
    assert COUNTS["lead back"] > COUNTS["misses"], COUNTS
    assert COUNTS["no URL"], COUNTS


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"n": "."}, "clients remove a segment '.' from URLs"),
        ({"n": ".."}, "clients remove a segment '..' from URLs"),
        ({"n": None}, "None is no str for 'n'"),
        ({"n": b"a"}, "b'a' is no str for 'n'"),
        ({"n": ["a"]}, "['a'] is no str for 'n'"),
        ({"n": ""}, "'' is no str for 'n'"),
        ({"n": 10**5000}, "a number of more than 4,300 digits is no str for 'n'"),
        ({"n": "\ud800"}, "cannot be written in UTF-8"),
        ({}, "missing 'n'"),
        ({"n": "a", "m": 1}, "it does not take 'm'"),
    ],
)
def test_what_has_no_url(kwargs: Any, reason: str) -> None:
    """The reason stands behind the template and the place of the route."""
    router = URLRouter([mount("m", URLRouter([path("<n>/", app, name="n")]))])
    with pytest.raises(NoReverseMatch) as caught:
        HostRouter({"one.example": router}).reverse("n", kwargs=kwargs)
    assert caught.value.reasons[0].startswith(f"//one.example/m/<n>/ ({__file__[-30:]}"[:22])
    assert caught.value.reasons[0].endswith(reason)


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        (path("<int:n>/", app, name="n"), "a number of more than 4,300 digits is no int for 'n'"),
        (format_path("{n:d}/", app, name="n"), "a number of more than 4,300 digits is no d for"),
        (format_path("{n:.2f}/", app, name="n"), "a number of more than 4,300 digits is no .2f"),
        (re_path(r"^(?P<n>\d+)/$", app, name="n"), "a number of more than 4,300 digits is no text"),
        (path("a/", app, {"n": 10**5000}, name="n"), "'n' is always a number of more than"),
    ],
)
def test_numbers_too_long_to_be_written_are_called_so(route: Any, reason: str) -> None:
    """Python writes no number of so many digits, and none is an exception of Python's."""
    router = URLRouter([route])
    with pytest.raises(NoReverseMatch) as caught:
        router.reverse("n", n=10**4999 if "always" not in reason else 3)
    assert reason in caught.value.reasons[0]


def test_what_a_path_may_not_have_is_not_written() -> None:
    """A text of more digits than a path may have for a number would lead nowhere."""
    router = URLRouter([path("<int:n>/", app, name="n"), path("s/<s>/", app, name="s")])
    digits = "7" * 4300
    assert router.match(router.reverse("n", n=digits))
    assert router.match(router.reverse("s", s=digits + "7"))
    with pytest.raises(NoReverseMatch, match="'n' has more digits than a path can have"):
        router.reverse("n", n=digits + "7")
    with pytest.raises(ValueError, match=r"the query cannot be written: \{'a': a number of more"):
        router.reverse("n", n=1, query={"a": 10**5000})
