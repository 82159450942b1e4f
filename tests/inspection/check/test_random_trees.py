"""What is said to be unreachable, beside every short path and method, on trees of every kind.

``CHECK_TREES`` says how many trees; the test's own number is for every day.
"""

import itertools
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from asgi_routes import (
    HostRouter,
    Match,
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    include,
    mount,
    path,
    re_path,
)
from asgi_routes.apps import router_behind
from asgi_routes.engine import LinearMatcher
from asgi_routes.errors import Place
from asgi_routes.inspection.check import check
from asgi_routes.inspection.check.checked_tables import find_tables
from asgi_routes.routes import (
    Route,
)
from tests.spec.driving import Wrapper, named

TREES = int(os.environ.get("CHECK_TREES", "96"))
CHUNKS = 8
DEPTH = 2
PATHS = ["".join(chars) for size in range(6) for chars in itertools.product("ab/", repeat=size)]
REQUESTS = [
    *({"type": "http", "method": method} for method in ("GET", "HEAD", "PUT", "OPTIONS", "X")),
    {"type": "websocket"},
]
TEXTS = ["a", "b", "a/", "b/", "a/b", "", "<x>", "<x>/", "<path:x>", "a/<x>", "ab", "a<x>", "/"]
WEIGHTS = [8, 4, 8, 4, 4, 3, 4, 3, 1, 2, 1, 1, 1]
REGEXES = ["^a", "^a/", "^(a|b)/?$", "", "b", "^[ab]*", "^a$", "^(?P<x>a*)/"]
METHODS = [["GET"], ["PUT"], ["GET", "PUT"], ["OPTIONS"], ["GET", "OPTIONS"]]
FILE = "tree.py"


class Guard(URLRouter):
    """A router that is called, and never passed by."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await super().__call__(scope, receive, send)


class Trees:
    """Makes random trees, in which each declaration has a line of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self.has_slashes = self.random.random() < 0.5
        self.has_encoded = self.random.random() < 0.2
        self.has_methods = self.random.random() < 0.6
        self.has_hosts = False
        self.lines = itertools.count(1)

    def router(self, depth: int, kind: type[URLRouter] = URLRouter) -> URLRouter:
        """Return a router by path, with options."""
        options: dict[str, Any] = {}
        if self.has_slashes and self.random.random() < 0.6:
            options["slashes"] = self.random.choice(["both", "both", "redirect", "strict"])
        if self.has_encoded and self.random.random() < 0.4:
            options["encoded_slashes"] = self.random.choice(["preserve", "reject", "decode"])
        if self.random.random() < 0.15:
            options["default"] = named("default")
        return kind(self.routes(depth), **options)

    def routes(self, depth: int) -> list[Route]:
        """Return routes, each on its own line."""
        most = 6 if depth == DEPTH else 3
        return [self.route(depth) for _ in range(self.random.randint(1, most))]

    def route(self, depth: int) -> Route:
        """Return one route."""
        kind = self.random.random()
        if kind < 0.12:
            made = mount(self.text(), self.mounted(depth), at_prefix=self.at_prefix())
        else:
            target, has_methods = self.target(depth)
            options: dict[str, Any] = {}
            if has_methods and self.has_methods and self.random.random() < 0.35:
                options["methods"] = self.random.choice(METHODS)
            if kind < 0.25:
                made = re_path(self.random.choice(REGEXES), target, **options)
            else:
                made = path(self.text(), target, **options)
        return replace(made, declared=Place(FILE, next(self.lines)))

    def text(self) -> str:
        return self.random.choices(TEXTS, WEIGHTS)[0]

    def at_prefix(self) -> Any:
        return self.random.choice(["serve", "serve", "miss", "redirect"])

    def mounted(self, depth: int) -> Any:
        kind = self.random.random()
        if not depth or kind < 0.4:
            return named("app")
        router = self.router(depth - 1)
        return router if kind < 0.7 else Wrapper(router)

    def target(self, depth: int) -> tuple[Any, bool]:
        """Return what a route leads to, and whether the route may have methods."""
        kind = self.random.random()
        if self.has_methods and kind < 0.1:
            return self.by_method(depth), True
        if not depth or kind < 0.5:
            return named("app"), True
        if kind < 0.6:
            return include(self.routes(depth - 1)), False
        if kind < 0.94:
            router = self.router(depth - 1, Guard if kind < 0.64 else URLRouter)
            return (Wrapper(router) if kind < 0.74 else router), True
        return self.keyed(depth), True

    def by_method(self, depth: int) -> Any:
        apps: dict[str, Any] = {
            method: self.mounted(depth) if self.random.random() < 0.2 else named("app")
            for method in self.random.sample(["GET", "PUT", "OPTIONS"], self.random.randint(1, 2))
        }
        options = {"default": named("default")} if self.random.random() < 0.3 else {}
        return MethodRouter(apps, **options)

    def keyed(self, depth: int) -> Any:
        router = self.router(depth - 1)
        if self.random.random() < 0.5:
            return ProtocolTypeRouter({"http": router, "websocket": self.router(depth - 1)})
        self.has_hosts = True
        return HostRouter({"a.example": router}, default=self.router(depth - 1))


def served(router: Any, scope: dict[str, Any]) -> Iterator[Any]:
    """Yield the declarations on the way of a scope, behind wrappers, too."""
    found = router.match(scope)
    if not isinstance(found, Match):
        if found.location is not None:
            yield from (one for hop in found.hops for one in hop.declarations)
        return
    yield from found.declarations
    behind = router_behind(found.endpoint)
    if behind is not None:
        yield from served(behind, found.scope)
        # A wrapper may hand on a scope of its own.
        anew = {key: value for key, value in found.scope.items() if key != "route"}
        yield from served(behind, anew)


def scopes(text: str, *, has_encoded: bool, has_hosts: bool) -> Iterator[dict[str, Any]]:
    """Yield scopes of every kind for a path."""
    raw = [text.encode()]
    if has_encoded and "/" in text:
        raw += [text.replace("/", "%2F").encode(), text.replace("/", "%2F", 1).encode()]
        raw.append(b"%2F".join(text.encode().rsplit(b"/", 1)))
    for request in REQUESTS:
        for raw_path in raw:
            for host in (b"a.example", b"b") if has_hosts else (b"b",):
                yield {
                    **request,
                    "path": "/" + text,
                    "raw_path": b"/" + raw_path,
                    "headers": [(b"host", host)],
                }


def reached_in(router: Any, **kinds: bool) -> set[int]:
    """Return the lines of the declarations that some scope reaches."""
    return {
        route.declared.line
        for text in PATHS
        for scope in scopes(text, **kinds)
        for route in served(router, scope)
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_that_is_reached_is_said_to_be_unreachable(chunk: int) -> None:
    """No scope comes to a declaration that is said to be unreachable; many are said to be so."""
    counts: Counter[str] = Counter()
    for number in range(TREES // CHUNKS):
        make = Trees(chunk * 1_000_000 + number)
        router = make.router(DEPTH)
        findings = check(router, silenced=True)
        dead = {one.subjects[0].declared.line for one in findings if one.id == "R101"}
        alive = reached_in(router, has_encoded=make.has_encoded, has_hosts=make.has_hosts)
        assert not dead & alive, (chunk, number, [one for one in findings if one.id == "R101"])
        for finding in findings:
            check_witness(router, finding)
        ends = {row.target.route.declared.line for row in next(find_tables(router)).rows}
        counts += Counter(ends=len(ends), dead=len(dead & ends), unreached=len(ends - alive))
    print(counts)
    assert counts["dead"] > counts["unreached"] / 3


def check_witness(router: Any, finding: Any) -> None:
    """Hold the path that is shown against the rows: the first that is named matches, and another."""
    if finding.id not in ("R101", "R102") or finding.witness is None:
        return
    lines = [one.declared.line for one in finding.subjects]
    for table in find_tables(router):
        rows = [row for row in table.rows if row.target.route.declared.line in lines]
        if len(rows) < len(lines):
            continue
        text = finding.witness.removeprefix("/")
        matching = {
            row.target.route.declared.line
            for row in rows
            if LinearMatcher([row]).follow(row)(text) is not None
        }
        assert lines[0] in matching
        assert matching & {*lines[1:]}
