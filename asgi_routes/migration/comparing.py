"""Both sides, asked for all that an application declares, and for what is near to it."""

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import django.conf
import django.urls.converters
from channels.routing import ChannelNameRouter as TheirChannels

from asgi_routes.errors import SlowRegexWarning, SuspiciousRouteWarning, show
from asgi_routes.migration.agreements import Notes
from asgi_routes.migration.differences import Explanations
from asgi_routes.migration.examples import list_near
from asgi_routes.migration.rules import Rule
from asgi_routes.migration.sides import Asked, Called, OurSide, TheirSide, call, call_channel
from asgi_routes.migration.tables import (
    Declared,
    Read,
    Table,
    methods_of,
    read_application,
    take_method,
)
from asgi_routes.routers import ChannelNameRouter

_ROOT = "/root"
_RAISED = "raises ValueError"
_MISSED = "1 a miss is answered"


class Difference(NamedTuple):
    """Something that Channels' routers and ours do not do alike.

    Attributes:
        asked: the scope type and what was asked for; the first of those that differ in this way.
        channels: what Channels does.
        ours: what ours does.
        numbers: in the documented list of what differs on purpose; empty where it has none.
        rules: what it is, in words.
        times: how many were asked that differ in this way.
    """

    asked: str
    channels: str
    ours: str
    numbers: tuple[int, ...]
    rules: tuple[str, ...]
    times: int = 1


class Comparison(NamedTuple):
    """What came of it.

    Attributes:
        asked: how many scopes both sides were asked for.
        alike: of how many of them the very same was called, with the same parameters.
        differences: all else.
        left_out: what Channels has no counterpart for, so that it was not compared.
    """

    asked: int
    alike: int
    differences: tuple[Difference, ...]
    left_out: tuple[str, ...]

    @property
    def is_explained(self) -> bool:
        """Whether every difference is one of the documented list."""
        return all(one.numbers for one in self.differences)


def compare(app: Any) -> Comparison | None:
    """Compare what Channels' routers and ours make of an application's declarations.

    Nothing of the application is called.

    Args:
        app: built of the routers of Channels, or of ours.

    Returns:
        What differs; None where no router is found.
    """
    settings = django.conf.settings
    if not settings.configured and not os.environ.get("DJANGO_SETTINGS_MODULE"):
        settings.configure()
    read = read_application(app)
    if read is None:
        return None
    found: dict[tuple[str, ...], Difference] = {}
    others = [*_compare_types(read)]
    asked, alike = len(others), 0
    with _registered(read):
        for difference in _compare_all(read):
            asked += 1
            if difference is None:
                alike += 1
                continue
            key = difference.rules or (difference.asked,)
            first = found.get(key, difference._replace(times=0))
            found[key] = first._replace(times=first.times + 1)
    left_out = tuple(dict.fromkeys(read.left_out))
    return Comparison(asked, alike, (*others, *found.values()), left_out)


def _compare_all(read: Read) -> Iterator[Difference | None]:
    for table in read.tables:
        yield from _compare_table(read, table)
    if read.channels is not None:
        yield from _compare_channels(read.channels)


@contextlib.contextmanager
def _registered(read: Read) -> Iterator[None]:
    """Let Django know the converters that the tables name, while they are compared."""
    known = django.urls.converters.REGISTERED_CONVERTERS
    kept: Any = django.urls.converters.get_converters
    known.update(read.registered)
    kept.cache_clear()
    try:
        yield
    finally:
        for name in read.registered:
            del known[name]
        kept.cache_clear()


def _compare_types(read: Read) -> Iterator[Difference]:
    """Yield what differs before any path is looked at."""
    types = read.types
    if types is None or "lifespan" not in types:
        said = ("13 a lifespan is answered",)
        yield Difference("lifespan", _RAISED, "is answered", (13,), said)
    for kind, answer in (("http", "answers 404"), ("websocket", "is denied")):
        if types is not None and kind not in types:
            yield Difference(kind, _RAISED, answer, (1,), (_MISSED,))


def _compare_table(read: Read, table: Table) -> Iterator[Difference | None]:
    """Yield what differs of each path that is asked for; None where nothing does."""
    kind, _, option, routes = table
    our = OurSide(read.converters, option)
    with warnings.catch_warnings():
        # They were given where the user has declared the routes.
        warnings.simplefilter("ignore", (SlowRegexWarning, SuspiciousRouteWarning))
        our_router = our.router(our.routes(routes))
    explanations = Explanations(routes, option)
    for method in _list_methods(routes) if kind in ("", "http") else (None,):
        their = TheirSide(Notes())
        their_router = their.router(their.routes(take_method(routes, method)))
        for path in dict.fromkeys(_list_asked(routes)):
            asked = path._replace(kind=kind or "http", method=method)
            theirs, ours = call(their_router, asked), call(our_router, asked)
            if theirs == ours and ours is not None:
                yield None
            elif ours is theirs:
                shown = _show(table, asked)
                yield Difference(shown, _RAISED, "is answered as a miss", (1,), (_MISSED,))
            else:
                rules = explanations.of(asked, ours) or ()
                yield _make_difference(read, _show(table, asked), (theirs, ours), rules)


def _list_methods(table: tuple[Declared, ...]) -> Iterator[str | None]:
    """Yield the methods that routes name, and one that none does; None where they name none."""
    methods = methods_of(table)
    if not methods:
        yield None
        return
    yield from sorted(methods)
    yield "PROPFIND" if "PROPFIND" not in methods else "MKCOL"


def _compare_channels(names: tuple[str, ...]) -> Iterator[Difference | None]:
    """Yield what differs of each channel, and of names that are near to it."""
    for name in dict.fromkeys(near for one in names for near in (one, one + "x", one.upper())):
        theirs = call_channel(TheirChannels, names, name)
        ours = call_channel(ChannelNameRouter, names, name)
        said = (theirs or "raises ValueError", ours or "raises NoRouteFound")
        yield None if theirs == ours else Difference(f"channel {name!r}", *said, (), ())


def _make_difference(
    read: Read, shown: str, answers: tuple[Called | None, Called | None], rules: tuple[Rule, ...]
) -> Difference:
    channels, ours = (_tell(read, answer) for answer in answers)
    numbers = tuple(dict.fromkeys(rule.item for rule in rules))
    return Difference(shown, channels, ours, numbers, tuple(rule.value for rule in rules))


def _show(table: Table, asked: Asked) -> str:
    below = f" below {asked.root_path!r}" if asked.root_path else ""
    place = f" in {table.place}" if table.place else ""
    method = f"{asked.method} " if asked.method else ""
    return f"{table.kind or 'path'} {method}{asked.path!r:.80}{below}{place}"


def _tell(read: Read, answer: Called | None) -> str:
    if answer is None:
        return "has no route"
    given = [*map(show, answer.args), *(f"{key}={show(value)}" for key, _, value in answer.kwargs)]
    return f"{read.names[answer.number]}({', '.join(given)})"


def _list_asked(table: tuple[Declared, ...]) -> Iterator[Asked]:
    """Yield what both sides are asked for: by hand, by a server, and below a root path."""
    for path in ("", *_list_paths(table)):
        for near in list_near("/" + path):
            yield Asked(near)
            yield Asked(near, is_served=True)
            if near[:1] == "/":
                yield Asked(_ROOT + near, _ROOT)
        yield Asked("/" + path, _ROOT)


def _list_paths(table: tuple[Declared, ...]) -> Iterator[str]:
    for route in table:
        for text in route.samples:
            yield text
            for inner in _list_paths(route.target.routes):
                yield text + inner
                if not text.endswith("/"):
                    yield f"{text}/{inner}"
