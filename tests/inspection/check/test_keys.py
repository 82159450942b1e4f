"""Keys that no scope has: types, hosts and channels, beside the routers themselves."""

import itertools
import os
import random
from collections import Counter
from typing import Any

import pytest

from asgi_routes import (
    ChannelNameRouter,
    Converters,
    HostRouter,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    mount,
    path,
)
from asgi_routes.inspection.check import check
from asgi_routes.patterns.converters import TextConverter
from tests.inspection.sample import app
from tests.spec.driving import Wrapper

ROUTES = URLRouter([path("x", app)])
GET = URLRouter([path("x", app, methods=["GET"])])


REGEXES = {"upper": "[A-Z]+", "two": "www|api", "www": "www"}
CONVERTERS = Converters({name: TextConverter(regex) for name, regex in REGEXES.items()})


def hosts(*keys: str, **options: Any) -> HostRouter:
    return HostRouter(dict.fromkeys(keys, app), converters=CONVERTERS, **options)


def channels(*keys: str) -> ChannelNameRouter:
    return ChannelNameRouter(dict.fromkeys(keys, app))


@pytest.mark.parametrize(
    ("router", "expected"),
    [
        # Hosts: an exact one goes first, then the others in order.
        (hosts("<a>.example.com", "<b>.example.com"), [("<b>.example.com", "b.example.com")]),
        (hosts("<a>.example.com", "www.example.com"), []),
        (hosts("<int:a>.example.com", "<b>.example.com"), []),
        (hosts("<b>.example.com", "v<int:a>.example.com"), [("v<int:a>.example.com", None)]),
        (hosts("<a>.example.com", "<b>.<c>.example.com", "<d>.com", "<e>.org"), []),
        (hosts("<a>", "<b>.c", "b<d>.c", "<e>-<f>"), [("b<d>.c", None), ("<e>-<f>", None)]),
        (hosts("<two:a>.c", "<www:b>.c"), [("<www:b>.c", "www.c")]),
        (hosts("www.c", "api.c", "<two:a>.c"), [("<two:a>.c", None)]),
        (hosts("www.c", "<two:a>.c"), []),
        (hosts("<upper:a>.example.com"), [("<upper:a>.example.com", None)]),
        (hosts("[::1]", "<a>", default=app), []),
        # Channels: an exact name goes first, then the globs in order.
        (channels("mail-*", "mail-x-*"), [("mail-x-*", None)]),
        (channels("mail-*", "mail-x"), []),
        (channels("mail-x-*", "mail-*", "*"), []),
        (channels("*", "mail-?"), [("mail-?", None)]),
        (channels("a", "b", "[ab]", "[a-c]"), [("[ab]", "a")]),
        (channels("[!a]", "b?", "[!ab]?", "[b-z]"), [("[b-z]", None)]),
        (channels("*.*", "(a+)+.b", "[a-", "[]]"), []),
        (channels("*(*", "a(b*"), [("a(b*", None)]),
    ],
    ids=lambda value: repr(value)[:80],
)
def test_keys(router: Any, expected: list[Any]) -> None:
    """What no scope leads to is found, with an example of what was meant to."""
    findings = check(router)
    assert [one.id for one in findings] == ["R101"] * len(expected)
    for finding, (key, witness) in zip(findings, expected, strict=True):
        assert finding.subjects[0].template.endswith(f"Router {key!r}")
        assert finding.subjects[0].declared.file == __file__
        assert witness is None or finding.witness == witness


HTTP_IN_HTTP = ProtocolTypeRouter({"http": app, "websocket": app})


@pytest.mark.parametrize(
    ("router", "expected"),
    [
        (HostRouter({"a.c": hosts("a.c", "b.c")}), ["b.c"]),
        (HostRouter({"<t>.c": hosts("a.c", "b.d", "<x>.c")}), ["b.d"]),
        (HostRouter({"<int:n>.c": hosts("1.c", "a.c", "<t>.c", "<t>.d")}), ["a.c", "<t>.d"]),
        (HostRouter({"a.c": app}, default=hosts("a.c", "b.c")), ["a.c"]),
        (HostRouter({"a.c": Wrapper(hosts("a.c", "b.c"))}), ["b.c"]),
        (HostRouter({"a.c": URLRouter([path("", hosts("b.c"))])}), ["b.c"]),
        (HostRouter({"a.c": URLRouter([mount("", hosts("a.c", "<t>.c"))])}), []),
        (ProtocolTypeRouter({"http": HTTP_IN_HTTP}), ["websocket"]),
        (ProtocolTypeRouter({"http": app}, default=HTTP_IN_HTTP), ["http"]),
        (ProtocolTypeRouter({"http": Wrapper(HTTP_IN_HTTP)}), ["websocket"]),
        (ChannelNameRouter({"mail-*": channels("mail-a", "sms", "*-b", "ma*")}), ["sms"]),
    ],
    ids=lambda value: repr(value)[:80],
)
def test_keys_in_one_another(router: Any, expected: list[str]) -> None:
    """What a key excludes cannot come to one below it, unless something between changes it."""
    findings = check(router)
    assert {one.id for one in findings} <= {"R218"}
    assert [one.subjects[0].template.split()[1] for one in findings] == [*map(repr, expected)]


def test_a_router_in_two_places() -> None:
    """A key that is reached in one of them is reached."""
    inner = hosts("a.c", "b.c")
    assert check(HostRouter({"a.c": inner, "b.c": inner})) == []
    (finding,) = check(HostRouter({"a.c": inner, "c.c": inner}))
    assert finding.subjects[0].template == "HostRouter 'b.c'"


def test_what_is_not_known_is_said() -> None:
    """A converter may refuse; then nothing is said of the keys behind it."""

    class Refusing(TextConverter):
        def to_python(self, value: str) -> str:
            raise ValueError(value)

    registry = Converters({"no": Refusing("[a-z]+"), "never": Refusing("[A-Z]+")})
    keys = dict.fromkeys(["<no:a>.c", "<b>.c", "<no:a>.d", "<no:c>.c", "<never:a>.e"], app)
    findings = check(HostRouter(keys, converters=registry))
    assert [(one.id, one.subjects[0].template.split()[1]) for one in findings] == [
        ("R103", "'<no:a>.c'"),
        ("R103", "'<no:a>.d'"),
        # What it refuses besides would not be reached either.
        ("R101", "'<no:c>.c'"),
        ("R101", "'<never:a>.e'"),
    ]
    assert [one.witness for one in findings] == [None] * 4


def test_methods_without_http() -> None:
    """Only http has methods."""
    by_method = URLRouter([path("a", MethodRouter({"GET": app}))])
    for below in (
        GET,
        by_method,
        HostRouter({"a": GET}),
        Wrapper(GET),
        URLRouter([mount("a", GET)]),
    ):
        (finding,) = check(ProtocolTypeRouter({"websocket": below}))
        assert (finding.id, finding.subjects[0].declared.file) == ("R218", __file__)
    assert check(ProtocolTypeRouter({"http": GET}, default=GET)) == []


PIECES = ["a", "b", "*", "?", "[ab]", "[!a]", "", "**"]
TEXTS = ["".join(chars) for size in range(5) for chars in itertools.product("abc", repeat=size)]


GLOBS = int(os.environ.get("CHECK_GLOBS", "40"))


def test_random_globs() -> None:
    """No key that is said to be dead has a channel, and of those without one most are found."""
    counts: Counter[str] = Counter()
    make = random.Random(1)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(GLOBS):
        keys = {"".join(make.choices(PIECES, k=make.randint(1, 4))) for _ in range(4)}
        router = channels(*sorted(keys, key=lambda key: make.random()))
        dead = {
            key for key in keys for one in check(router) if repr(key) in one.subjects[0].template
        }
        matches = (router.match({"type": "channel", "channel": text}) for text in TEXTS)
        alive = {found.hops[0].key for found in matches if found}
        assert not dead & alive
        counts += Counter(dead=len(dead), unreached=len(keys - alive))
    assert counts["dead"] > counts["unreached"] / 2
    assert counts["dead"] > GLOBS / 4
