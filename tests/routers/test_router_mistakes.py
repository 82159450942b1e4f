"""What routers refuse, to the letter, and what they lead to."""

import re
from collections.abc import Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest

from asgi_routes import (
    ChannelNameRouter,
    Child,
    Converters,
    HostRouter,
    ImproperlyConfigured,
    MethodRouter,
    NoRouteFound,
    NotFound,
    ProtocolTypeRouter,
    SubprotocolRouter,
    URLRouter,
    mount,
    not_found,
    path,
)
from tests.spec.driving import Wrapper, call, http, named

pytestmark = pytest.mark.anyio

A, B = named("A"), named("B")
OTHER = named("other")

KEYED: list[tuple[Any, str, str]] = [
    (ProtocolTypeRouter, "scope type", "http"),
    (ChannelNameRouter, "channel name", "thumbs"),
    (SubprotocolRouter, "subprotocol", "mqtt"),
    (HostRouter, "host", "example.com"),
    (MethodRouter, "method", "GET"),
]


@pytest.mark.parametrize(("router", "key", "example"), KEYED)
def test_what_is_no_mapping_of_applications(router: Any, key: str, example: str) -> None:
    """The router, the kind of its keys and the key itself are named; all mistakes come together."""
    name = router.__name__
    assert (
        mistake(lambda: router([A]))
        == f"{name} takes a dict from {key} to application, not [{A!r}]"
    )
    assert mistake(lambda: router({7: A})) == f"a {key} of {name} must be a str, not 7"
    assert (
        mistake(lambda: router({example.encode(): A}))
        == f"a {key} of {name} must be a str, not {example.encode()!r}\nhint: write {example!r}"
    )
    assert mistake(lambda: router({example: None})).startswith(f"{key} {example!r}: ")
    assert mistake(lambda: router({example: None, 7: A})).startswith(f"2 mistakes in {name}\n\n")


@pytest.mark.parametrize(("router", "key", "example"), KEYED)
async def test_default(router: Any, key: str, example: str) -> None:
    """A default is an application, serves what nothing else does, and is the last child."""
    text = mistake(lambda: router({example: A}, default="x"))
    assert text.startswith(f"default of {router.__name__}: ")
    found = router({example: A}, default=OTHER)
    scope = {"type": "none", "method": "NONE", "headers": [], "subprotocols": [], "channel": "none"}
    if router is not MethodRouter:  # A method that is not served is an answer, not a miss.
        assert (await call(found, scope)).returned[0] == "other"
    first, last = found.children()
    assert (first.key, first.app, first.lifespan) == (example, A, expected_lifespan(router))
    assert (last.key, last.app, last.lifespan) == ("default", OTHER, "auto")
    [only] = [child for child in router({example: A}).children() if child.app is A]
    assert only == first


def expected_lifespan(router: Any) -> str:
    """Endpoints take no part in a lifespan; whole applications do."""
    return "auto" if router in (ProtocolTypeRouter, HostRouter) else "off"


@pytest.mark.parametrize("router", [MethodRouter, ChannelNameRouter, SubprotocolRouter])
def test_routers_behind_keys_take_part_in_a_lifespan(router: Any) -> None:
    """An endpoint has nothing to start; a router may have, even behind middleware."""
    routers = URLRouter([]), Wrapper(URLRouter([]))
    apps = dict(zip(("GET", "PUT", "POST", "PATCH"), (A, *routers, Wrapper(A)), strict=True))
    policies = [child.lifespan for child in router(apps, default=None).children()]
    assert policies == ["off", "auto", "auto", "off"]


@pytest.mark.parametrize("router", [ProtocolTypeRouter, HostRouter, URLRouter])
@pytest.mark.parametrize(
    ("lifespan", "said"),
    [
        (7, "lifespan of {} cannot be called: 7"),
        (
            nullcontext(),
            (
                "lifespan of {} is a context manager, which can be entered once\n"
                "hint: pass the function that returns it"
            ),
        ),
    ],
)
def test_lifespans_that_are_none(router: Any, lifespan: Any, said: str) -> None:
    """A lifespan is a function that makes a context manager."""
    routes: Any = [] if router is URLRouter else {}
    assert mistake(lambda: router(routes, lifespan=lifespan)) == said.format(router.__name__)


@pytest.mark.parametrize("router", [ProtocolTypeRouter, HostRouter, URLRouter])
def test_a_lifespan_that_is_not_decorated(router: Any) -> None:
    """A generator alone is no context manager; decorated, it makes one."""

    async def lifespan(app: Any) -> Any:
        yield

    routes: Any = [] if router is URLRouter else {}
    assert mistake(lambda: router(routes, lifespan=lifespan)) == (
        f"lifespan of {router.__name__} is a generator, not a context manager\n"
        "hint: decorate it with contextlib.asynccontextmanager"
    )
    decorated = asynccontextmanager(lifespan)
    assert router(routes, lifespan=decorated).lifespan is decorated


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("*.a.test", "hint: write '<name>.a.test'"),
        ("http://a.test/", "hint: omit the scheme and the path"),
        ("A.test", "hint: hosts must be in lowercase"),
        ("a.test:80", "hint: omit the port and the trailing dot"),
        ("a.test.", "hint: omit the port and the trailing dot"),
        ("é.test", "hint: hosts are ASCII: write it as 'xn--…'"),
        ("a b", None),
        ("", None),
    ],
)
def test_hosts_that_could_not_match(key: str, said: str | None) -> None:
    """A host is refused when it is written, with what it should be."""
    text = f"{key!r} is not a host that could match"
    assert mistake(lambda: HostRouter({key: A})) == (text if said is None else f"{text}\n{said}")
    with pytest.raises(ImproperlyConfigured) as caught:
        HostRouter({key: A})
    assert caught.value.hint == (said and said.removeprefix("hint: "))


def test_several_hosts_are_refused_together() -> None:
    """A mistake in one host does not hide that in another."""
    text = mistake(lambda: HostRouter({"A": A, "<n:x>.test": A, "b": A, "<path:x>.test": A}))
    assert text.startswith("3 mistakes in HostRouter\n\n'A' is not a host")
    assert text.endswith(
        "a parameter of a host stays within one label\n"
        "    <path:x>.test\n"
        "    ~~~~~~~~\n"
        "hint: write one parameter for each label"
    )


async def test_hosts_with_converters_of_ones_own() -> None:
    """A registry holds for hosts as it does for paths; a dot inside of a parameter stays there."""

    class Letter:
        regex = "[a.c]"

        def to_python(self, value: str) -> str:
            return value.upper()

        def to_url(self, value: str) -> str:
            return value

    registry = Converters({"a.letter": Letter})
    router = HostRouter({"<a.letter:x>.test": A, "<y>.test": B}, converters=registry)
    match = router.match({"type": "http", "headers": [(b"host", b"a.test")]})
    assert match
    assert match.app is A
    assert match.scope["path_params"] == {"x": "A"}
    assert router.match({"type": "http", "headers": [(b"host", b"b.test")]}).app is B  # type: ignore[union-attr]


async def test_parameters_of_hosts_inside_of_paths() -> None:
    """What outer routes have found is kept, and what the host says is added."""
    inner = HostRouter({"<sub>.a.test": A})
    router = URLRouter([path("<int:id>/", inner)])
    scope = {"type": "http", "path": "/7/", "headers": [(b"host", b"x.a.test")]}
    found = router.match(scope)
    assert found
    assert found.scope["url_route"]["kwargs"] == {"id": 7, "sub": "x"}
    assert found.scope["path_params"] == {"id": 7, "sub": "x"}
    outer = {**scope, "url_route": {"args": (1,), "kwargs": {"k": 2}}, "path_params": {"k": 2}}
    found = inner.match(outer)
    assert found
    assert found.scope["url_route"] == {"args": (1,), "kwargs": {"k": 2, "sub": "x"}}
    assert found.scope["path_params"] == {"k": 2, "sub": "x"}


@pytest.mark.parametrize(
    ("router", "scope", "said"),
    [
        (
            ChannelNameRouter({"a": A}),
            {"type": "http"},
            (
                "No channel name in the scope (its type is 'http'); "
                "ChannelNameRouter only serves scopes of type 'channel'."
            ),
        ),
        (
            HostRouter({"a": A}),
            {"type": "mqtt"},
            "No single valid host in the scope (its type is 'mqtt').",
        ),
        (
            SubprotocolRouter({"a": A}),
            {"type": "websocket", "subprotocols": ("b",)},
            "No application configured for subprotocols ['b'].",
        ),
    ],
)
def test_misses_say_why(router: Any, scope: Any, said: str) -> None:
    """Which key was looked at, and what it was."""
    assert router.match(scope).reason == said


def test_misses_by_path_say_why() -> None:
    """What was looked for, as it was compared; a miss that knows a redirect, too."""
    router = URLRouter([path("a/", A)], slashes="redirect", encoded_slashes="reject")
    for scope, said in [
        (http("/b"), "No route found for path 'b'."),
        (http("/a"), "No route found for path 'a'."),
        (
            http("/a/b/", raw_path=b"/a%2Fb/"),
            "No route found for path 'a/b/': it contains an encoded slash.",
        ),
        (
            {"type": "mqtt"},
            "No 'path' in the scope (its type is 'mqtt') that could be matched.",
        ),
    ]:
        found = router.match(scope)
        assert not found
        assert found.reason == said  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"slashes": "redirects"},
            (
                "slashes must be one of 'strict', 'redirect', 'both', not 'redirects'\n"
                "hint: did you mean 'redirect'?"
            ),
        ),
        (
            {"encoded_slashes": 1},
            "encoded_slashes must be one of 'decode', 'preserve', 'reject', not 1",
        ),
    ],
)
def test_options_of_a_few_values(options: Any, said: str) -> None:
    """They are named, with what each could be."""
    assert mistake(lambda: URLRouter([], **options)) == said


async def test_misses_behind_a_router_say_why() -> None:
    """So does one that comes after something has matched, whichever way it went."""
    inner = URLRouter([path("<slug:x>/", A)])
    said = "No route found for path 'a/b/c'."
    for option in ("decode", "preserve"):
        router = URLRouter([mount("a/", inner)], encoded_slashes=option)
        found = router.match(http("/a/b/c"))
        assert not found
        assert found.reason == said  # type: ignore[union-attr]
        # Behind what cannot be looked into, the miss is known when it was called.
        hiding = URLRouter([path("a/", Wrapper(inner))], default=None, encoded_slashes=option)
        assert hiding.match(http("/a/b/c"))
        with pytest.raises(NoRouteFound) as caught:
            await call(hiding, http("/a/b/c"))
        assert str(caught.value) == said


def test_methods_are_refused_together() -> None:
    """A mistake in one method does not hide that in another."""
    text = mistake(lambda: MethodRouter({"get": A, "post": A}))
    assert text.startswith("2 mistakes in MethodRouter\n\n")
    plain = MethodRouter({"GET": A}, head=False, options=False)
    for method in ("HEAD", "OPTIONS"):
        found = plain.match({"type": "http", "method": method})
        assert not found
        assert found.allowed == {"GET"}  # type: ignore[union-attr]


@pytest.mark.parametrize("default", [not_found, NotFound(page=A), None])
@pytest.mark.parametrize("router", [URLRouter, ProtocolTypeRouter, HostRouter, MethodRouter])
def test_a_policy_is_nothing_that_a_router_leads_to(router: Any, default: Any) -> None:
    """It says how a miss looks; nothing of it has to start."""
    assert not [*router([] if router is URLRouter else {}, default=default).children()]


def test_children_of_routes() -> None:
    """A router by path leads to the applications of its routes, and to its default."""
    router = URLRouter([path("a/", A), path("b/", B)], default=OTHER)
    labels = [child.key for child in router.children()]
    assert labels == ["a/", "b/", "default"]
    assert all(isinstance(child, Child) for child in router.children())


def mistake(write: Callable[[], object]) -> str:
    """Return the text of the error, less where it was declared."""
    with pytest.raises(ImproperlyConfigured) as caught:
        write()
    return re.sub(r"\ndeclared at .*$", "", str(caught.value), flags=re.MULTILINE)
