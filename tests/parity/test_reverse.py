"""Random names and arguments through Django's ``reverse()``, and through ours."""

import os
import re
import uuid
from collections import Counter
from typing import Any
from urllib.parse import unquote

import pytest
from django.urls import NoReverseMatch as DjangoNoReverseMatch
from django.urls import Resolver404, clear_url_caches, get_resolver, resolvers
from django.urls import include as django_include
from django.urls import path as django_path
from django.urls import re_path as django_re_path
from django.urls import reverse as django_reverse

import asgi_routes
from asgi_routes import NoReverseMatch, URLRouter, include
from asgi_routes.routers.quoting import write_url
from asgi_routes.routers.reversing import find_url
from tests.parity.cases import REGEXES, Generator
from tests.parity.sides import OURS, Even, leaf

pytestmark = pytest.mark.filterwarnings("ignore::asgi_routes.SlowRegexWarning")
CALLS = int(os.environ.get("PARITY_CASES", "4000"))
CHUNKS = 4
CALLS_PER_TABLE = 25
NAMES = ["a", "b", "c", "d"]
ODD = ["", "a/b", "é", "a b", "-1", -1, 0, "٣", "%2F", "?x#y", None, True, 5.0, "..", "//", "A\n"]
MORE_REGEXES = [
    r"^(?P<x>\d+)(?:/(?P<y>\w+))?/$",
    r"^[ab]c\d/(?P<x>.)$",
    r"^a{2}b+c?(\d)$",
    r"^(?P<x>a)-(?P=x)/$",
    r"^(?:a|b)/(?P<x>\d)$",
    r"^(?:ab|c)/(?P<x>\d)$",
    r"^[^/]+/(\d+)$",
]


class Tables(Generator):
    """Makes tables with names: pairs of both sides' routes, and what can be asked for."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.asked: list[tuple[str, list[str | None]]] = []

    def both(self, depth: int = 2, prefix: str = "", outer: tuple[Any, ...] = ()) -> Any:
        """Return Django's routes and ours."""
        theirs, ours = [], []
        for _ in range(self.random.randint(1, 6)):
            text, function, parameters = self.declared(is_prefix=depth > 0)
            way = [*outer, *parameters]
            if depth and self.random.random() < 0.35:
                namespace = self.random.choice([None, None, "n", "m", "k"])
                below = f"{prefix}{namespace}:" if namespace else prefix
                inner = self.both(depth - 1, below, tuple(way))
                app = self.random.choice(["app", namespace]) if namespace else None
                their = (
                    django_include((inner[0], app), namespace) if app else django_include(inner[0])
                )
                our = include((inner[1], app), namespace) if app else include(inner[1])
                if app:
                    self.asked.append((f"{prefix}{app}:{self.random.choice(NAMES)}", way))
            else:
                name = self.random.choice([*NAMES, None])
                their = our = leaf(self.leaves)
                self.leaves += 1
                self.asked.append((f"{prefix}{name}", way))
            kwargs = {"d": 1} if self.random.random() < 0.15 else None
            end = None if depth and isinstance(our, type(include([]))) else name
            if function == "path":
                theirs.append(django_path(text, their, kwargs, end))
                ours.append(asgi_routes.path(text, our, kwargs, end, converters=OURS))
            else:
                theirs.append(django_re_path(text, their, kwargs, end))
                ours.append(asgi_routes.re_path(text, our, kwargs, end))
        return theirs, ours

    def declared(self, *, is_prefix: bool) -> tuple[str, str, list[str | None]]:
        """Return a route text, its function, and the names of its parameters."""
        if self.random.random() < 0.3:
            text = self.random.choice([*(text for text, _ in REGEXES), *MORE_REGEXES])
            compiled = re.compile(text)
            return text, "re_path", [*compiled.groupindex] or [None] * compiled.groups
        text, _ = self.text(is_prefix=is_prefix)
        return (
            text,
            "path",
            [p.name for p in asgi_routes.path(text, leaf(0), converters=OURS).pattern.parameters],
        )

    def call(self) -> tuple[str, list[Any], dict[str, Any], str | None]:
        """Return a name, arguments of one of the two kinds, and the application that one is in."""
        name, parameters = self.random.choice(self.asked)
        values = [self.value() for _ in parameters]
        if self.random.random() < 0.1:
            name = name.rpartition(":")[0] + ":" + self.random.choice(NAMES)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        if self.random.random() < 0.5:
            args = values + ([self.value()] if self.random.random() < 0.1 else [])
        else:
            kwargs = {key or "x": value for key, value in zip(parameters, values, strict=True)}
            if kwargs and self.random.random() < 0.1:
                del kwargs[self.random.choice([*kwargs])]
            if self.random.random() < 0.15:
                kwargs[self.random.choice(["d", "x", "zz"])] = self.random.choice([1, 2])
        current = self.random.choice([None, None, "n", "m", "n:m", "k"])
        return name.removeprefix(":"), args, kwargs, current

    def value(self) -> Any:
        if self.random.random() < 0.25:
            return self.random.choice(ODD)
        fit = ["a", "b", "1", 7, "12", "a-b", 4, "ab", uuid.UUID(int=5), "x.y"]
        return self.random.choice(fit)


def theirs_and_ours(
    urlconf: Any, router: URLRouter, asked: tuple[str, list[Any], dict[str, Any], str | None]
) -> tuple[Any, Any]:
    """Return what each side gives: a URL, or its exception."""
    name, args, kwargs, current = asked
    their: Any
    our: Any
    try:
        their = django_reverse(name, urlconf, args, kwargs, current_app=current)
    except Exception as error:  # noqa: BLE001 - Django's table may be poisoned by one route
        their = error
    url, misfits = find_url([router], name, args, kwargs, (current or "").split(":"))
    our = NoReverseMatch(str(misfits), name) if url is None else write_url(url)
    return their, our


def explained(their: Any, our: Any, urlconf: Any, asked: Any) -> str | None:
    """Return why the sides differ, or None."""
    if not isinstance(their, str | DjangoNoReverseMatch):
        return f"Django's own {type(their).__name__}: one route, or a percent sign, breaks it"
    if isinstance(their, str) and not isinstance(our, str) and (why := refusal(their, asked)):
        return why
    given = our if isinstance(our, str) else their
    try:
        match: Any = get_resolver(urlconf).resolve(unquote(str(given)))
    except Resolver404:
        is_refused = given is our and refused(str(given), urlconf)
        why = "a converter refuses what ours was given" if is_refused else None
        return "Django's URL does not resolve" if given is their else why
    _, args, kwargs, _ = asked
    found = {key: str(value) for key, value in match.captured_kwargs.items()}
    is_back = [*map(str, match.args or found.values())] == [*map(str, args)]
    if kwargs:
        is_back = found == {key: str(kwargs[key]) for key in kwargs.keys() - match.extra_kwargs}
    if given is our:  # Another route may stand before it.
        return "a URL that Django did not find, and resolves" if is_back or args else "shadowed"
    if match.url_name != asked[0].rpartition(":")[2]:
        return "Django's URL leads to another route"
    return None if is_back else "Django's URL leads to other arguments than were given"


def refusal(their: str, asked: Any) -> str | None:
    """Return why a URL that Django gives would lead elsewhere, or to another value."""
    if not {".", ".."}.isdisjoint(unquote(their).split("/")):
        return "clients remove a segment '.' or '..' off Django's URL"
    return "None is no text" if None in (*asked[1], *asked[2].values()) else None


def refused(url: str, urlconf: Any) -> bool:
    """Tell whether a URL would resolve if no converter refused what its regex lets through.

    Values are given as they are: neither side asks ``to_python`` for a URL.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Even, "refuses", False)
        try:
            get_resolver(urlconf).resolve(unquote(url))
        except Resolver404:
            return False
    return True


def leads_back(router: URLRouter, url: str, asked: Any) -> bool:
    """Tell whether a URL matches a route of that name; its parameters are those that were asked."""
    found = router.match({"type": "http", "path": unquote(url)})
    if (
        not found
        or (found.scope["route"].name or "").rpartition(":")[2] != asked[0].rpartition(":")[2]
    ):
        return False  # Another route stands before it.
    _, args, kwargs, _ = asked
    called = found.scope["url_route"]
    texts = {str(value) for value in [*called["args"], *called["kwargs"].values()]}
    given = {str(value) for value in [*args, *kwargs.values()]}
    return {text.lstrip("0") for text in given} <= {text.lstrip("0") for text in texts}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_reverse(chunk: int, record_property: Any) -> None:
    """The same URL comes out, or none does."""
    counts: Counter[str] = Counter()
    for number in range(CALLS // CHUNKS // CALLS_PER_TABLE + 1):
        make = Tables(chunk * 1_000_000 + number)
        theirs, ours = make.both()
        urlconf, router = tuple(theirs), URLRouter(ours)
        for _ in range(CALLS_PER_TABLE):
            asked = make.call()
            their, our = theirs_and_ours(urlconf, router, asked)
            counts["calls"] += 1
            counts["URLs"] += isinstance(our, str)
            if isinstance(our, str):
                counts["led back"] += leads_back(router, our, asked)
            if isinstance(their, DjangoNoReverseMatch) and isinstance(our, NoReverseMatch):
                continue
            if their != our:
                reason = explained(their, our, urlconf, asked)
                assert reason, f"{asked}\ntheirs {their!r}\nours   {our!r}\n" + "\n".join(
                    f"{route.pattern.source!r} {route.name!r} {route.target!r}" for route in ours
                )
                counts[reason] += 1
        clear_url_caches()
        # Django writes the converters of outer routes into what it keeps of the texts of inner ones.
        resolvers._route_to_regex.cache_clear()  # type: ignore[attr-defined]
    record_property("counts", dict(counts))
    print(dict(counts))
    assert counts["URLs"] > counts["calls"] / 5
    assert counts["led back"] > counts["URLs"] * 0.7
