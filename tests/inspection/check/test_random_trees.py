"""What is said to be unreachable, beside every short path and method, on trees of every kind.

``CHECK_TREES`` says how many trees; the test's own number is for every day.
"""

import itertools
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

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
from asgi_routes.apps import router_behind, unwrap
from asgi_routes.engine import LinearMatcher
from asgi_routes.errors import Place
from asgi_routes.inspection.check import check
from asgi_routes.inspection.check.checked_tables import find_tables
from asgi_routes.routes import (
    Route,
)
from tests.spec.driving import Wrapper, named

TREES = int(os.environ.get("CHECK_TREES", "24"))
CHUNKS = 4
DEPTH = 2
PATHS = ["".join(chars) for size in range(5) for chars in itertools.product("ab/", repeat=size)]
REQUESTS = [
    *({"type": "http", "method": method} for method in ("GET", "HEAD", "PUT", "OPTIONS", "X")),
    {"type": "websocket"},
    {"type": "x"},
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


class Rewriter(Wrapper):
    """A wrapper that hands on another scope, and is a middleware as well."""

    def __init__(self, app: Any, change: "Change") -> None:
        super().__init__(app)
        self.change = change

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self.app(self.change(scope), receive, send)


class Change(NamedTuple):
    """What becomes of a scope, if it has the key."""

    key: str
    value: Any
    is_anew: bool

    def __call__(self, scope: Any) -> Any:
        """Return a scope with another value; anew, as if no router had seen it."""
        kept = dict(scope)
        if self.is_anew:
            kept = {key: value for key, value in scope.items() if key not in ADDED}
        if self.key not in kept:
            return kept
        more = {"method": "GET"} if self.value == "http" else {}
        return more | kept | {self.key: self.value}


ADDED = ("route", "path_remaining", "url_route", "path_params")


class Trees:
    """Makes random trees, in which each declaration has a line of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self.has_slashes = self.random.random() < 0.5
        self.has_encoded = self.random.random() < 0.2
        self.has_methods = self.random.random() < 0.6
        self.has_hosts = False
        self.has_rewriters = self.random.random() < 0.5
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
        options: dict[str, Any]
        kind = self.random.random()
        if kind < 0.12:
            text = self.text()
            # A prefix that may end in a slash has no bare one to redirect from.
            at_prefix = "serve" if "<path:" in text else self.at_prefix()
            options = {"at_prefix": at_prefix, "middleware": self.middleware()}
            made = mount(text, self.mounted(depth), **options)
        else:
            target, has_methods = self.target(depth)
            options = {"middleware": self.middleware()}
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
        router = self.keyed(depth) if kind > 0.9 else self.router(depth - 1)
        return router if kind < 0.7 else self.wrapped(router)

    def wrapped(self, router: Any) -> Any:
        """Return a router with something around it."""
        return Rewriter(router, self.change()) if self.has_rewriters else Wrapper(router)

    def middleware(self) -> list[Any]:
        """Return what a declaration has as its middleware."""
        if not self.has_rewriters or self.random.random() < 0.7:
            return []
        return [partial(Rewriter, change=self.change())]

    def change(self) -> Change:
        """Return what a wrapper makes of a scope."""
        key, values = self.random.choice(CHANGES)
        return Change(key, self.random.choice(values), self.random.random() < 0.5)

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
            return (self.wrapped(router) if kind < 0.74 else router), True
        return self.keyed(depth), True

    def by_method(self, depth: int) -> Any:
        apps: dict[str, Any] = {
            method: self.mounted(depth) if self.random.random() < 0.2 else named("app")
            for method in self.random.sample(["GET", "PUT", "OPTIONS"], self.random.randint(1, 2))
        }
        options = {"default": named("default")} if self.random.random() < 0.3 else {}
        return MethodRouter(apps, **options)

    def keyed(self, depth: int) -> Any:
        """Return a router by type or by host, on a line of its own."""
        kinds = ["http", "websocket", "x"]
        keys = kinds if self.random.random() < 0.5 else HOST_KEYS
        number = self.random.randint(1, 3)
        apps = {key: self.behind_key(depth) for key in self.random.sample(keys, number)}
        default = {"default": self.behind_key(depth)} if self.random.random() < 0.5 else {}
        made: Any = ProtocolTypeRouter(apps, **default) if keys is kinds else None
        if made is None:
            self.has_hosts = True
            made = HostRouter(apps, **default)
        made.declared = Place(FILE, next(self.lines))
        return made

    def behind_key(self, depth: int) -> Any:
        kind = self.random.random()
        if depth < 1 or kind < 0.2:
            return named("app")
        router = self.keyed(depth - 1) if kind < 0.5 else self.router(depth - 1)
        return self.wrapped(router) if kind > 0.8 else router


class KeyedTrees(Trees):
    """Makes trees of routers by keys, with little between them but what changes types and hosts."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.has_rewriters, self.has_encoded = self.random.random() < 0.7, False

    def router(self, depth: int, kind: type[URLRouter] = URLRouter) -> URLRouter:
        methods = {"methods": ["GET"]} if self.random.random() < 0.5 else {}
        target = self.behind_key(depth)
        middleware = self.middleware()
        made = [
            mount("", target, middleware=middleware)
            if self.random.random() < 0.3
            else path("", target, middleware=middleware, **methods),
            path("", named("app")),
        ]
        return kind([replace(one, declared=Place(FILE, next(self.lines))) for one in made])

    def behind_key(self, depth: int) -> Any:
        kind = self.random.random()
        if depth < 1 or kind < 0.1:
            return named("app")
        router = self.keyed(depth - 1) if kind < 0.8 else self.router(depth - 1)
        return self.wrapped(router) if self.random.random() < 0.3 else router

    def change(self) -> Change:
        key, values = self.random.choice(CHANGES[-2:])
        return Change(key, self.random.choice(values), self.random.random() < 0.5)


CHANGES: list[tuple[str, list[Any]]] = [
    ("path", ["/a", "/a/b", "/b/", "/"]),
    ("path_remaining", ["a", "b/", "", "a/b"]),
    ("method", ["PUT", "GET"]),
    ("type", ["http", "websocket", "x"]),
    ("headers", [[(b"host", host)] for host in (b"a.example", b"c", b"1.c")]),
]
HOST_KEYS = ["a.example", "<t>.example", "<u>.example", "<int:n>.c", "<v>.c", "<w>", "b", "1.c"]
HOSTS = [b"a.example", b"b.example", b"1.c", b"x.c", b"b", b"c"]
Reached: TypeAlias = tuple[int, str]
"""The line of a declaration, or that of a router and one of its keys."""


def served(router: Any, scope: dict[str, Any], depth: int = 0) -> Iterator[Reached]:
    """Yield what a scope reaches on its way, behind wrappers, too."""
    found = router.match(scope)
    for hop in found.hops:
        if hop.key:
            yield line_of(hop.router), hop.key
    if not isinstance(found, Match):
        if found.location is not None:
            yield from ((one.declared.line, "") for hop in found.hops for one in hop.declarations)
        return
    yield from ((one.declared.line, "") for one in found.declarations)
    behind = router_behind(found.endpoint)
    if behind is None or depth > DEEPEST:
        return
    handed = found.scope
    for layer in dict.fromkeys(layer for hop in found.hops for layer in hop.layers):
        for make in layer.callables:
            handed = make.keywords["change"](handed)
    for wrapper in unwrap(found.endpoint):
        if isinstance(wrapper, Rewriter):
            handed = wrapper.change(handed)
    yield from served(behind, handed, depth + 1)
    # A wrapper may hand on a scope of its own.
    anew = {key: value for key, value in handed.items() if key != "route"}
    yield from served(behind, anew, depth + 1)


DEEPEST = 6


def line_of(router: Any) -> int:
    return router.declared.line if router.declared.file == FILE else 0


def scopes(text: str, *, has_encoded: bool, has_hosts: bool) -> Iterator[dict[str, Any]]:
    """Yield scopes of every kind for a path."""
    raw = [text.encode()]
    if has_encoded and "/" in text:
        raw += [text.replace("/", "%2F").encode(), text.replace("/", "%2F", 1).encode()]
        raw.append(b"%2F".join(text.encode().rsplit(b"/", 1)))
    for request in REQUESTS:
        for raw_path in raw:
            for host in HOSTS if has_hosts else (b"b",):
                yield {
                    **request,
                    "path": "/" + text,
                    "raw_path": b"/" + raw_path,
                    "headers": [(b"host", host)],
                }


def reached_in(router: Any, paths: list[str], **kinds: bool) -> set[Reached]:
    """Return the declarations and keys that some scope reaches."""
    return {
        one for text in paths for scope in scopes(text, **kinds) for one in served(router, scope)
    }


def read_subject(finding: Any) -> Reached:
    """Return what a finding is about."""
    subject = finding.subjects[0]
    key = re.search("Router '(.*)'$", subject.template)
    return subject.declared.line, key[1] if key else ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_that_is_reached_is_said_to_be_unreachable(chunk: int) -> None:
    """No scope comes to a declaration that is said to be unreachable; many are said to be so."""
    counts: Counter[str] = Counter()
    for number in range(TREES // CHUNKS):
        make = Trees(chunk * 1_000_000 + number)
        router = make.router(DEPTH) if number % 3 else make.keyed(DEPTH)
        findings = check(router, silenced=True)
        dead = {*map(read_subject, (one for one in findings if one.id == "R101"))}
        paths = PATHS[: len(PATHS) // 4] if make.has_hosts else PATHS
        alive = reached_in(router, paths, has_encoded=make.has_encoded, has_hosts=make.has_hosts)
        assert not dead & alive, (chunk, number, [one for one in findings if one.id == "R101"])
        for finding in findings:
            check_witness(router, finding)
        if isinstance(router, URLRouter):
            rows = next(find_tables(router)).rows
            ends = {(row.target.route.declared.line, "") for row in rows}
            counts += Counter(ends=len(ends), dead=len(dead & ends), unreached=len(ends - alive))
    print(counts)
    assert counts["dead"] > counts["unreached"] / 3


@pytest.mark.filterwarnings("ignore")
def test_no_key_that_is_reached_is_said_to_be_unreachable() -> None:
    """The same of types and hosts in one another, some behind what changes them."""
    keys: Counter[str] = Counter()
    for number in range(TREES):
        make = KeyedTrees(number)
        router = make.keyed(3)
        # What a key around excludes may come where something in between changes it.
        ids = ("R101",) if make.has_rewriters else ("R101", "R218")
        dead = {read_subject(one) for one in check(router, silenced=True) if one.id in ids}
        alive = reached_in(router, [""], has_encoded=False, has_hosts=True)
        assert not dead & alive, (number, dead & alive)
        keys += Counter(dead=len(dead), alive=len(alive))
    print(keys)
    assert keys["dead"] > TREES / 2


def check_witness(router: Any, finding: Any) -> None:
    """Hold the path that is shown against the rows: the first that is named matches, and another."""
    if finding.id not in ("R101", "R102") or finding.witness is None:
        return
    if read_subject(finding)[1]:
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
