"""What a tree has to answer, found out without asgi_routes.

Where neither the design nor the decisions say what is right, nothing is said.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import unquote

from tests.laws.asking import Request
from tests.laws.regexes import Front, Prefix, Row, Table, table_of
from tests.laws.trees import App, Default, Included, Keyed, Page, Place, Target, Urls, walk

ENCODED = "\ue000"
"""Stands for a ``%2F`` that does not end a segment."""

_HOST = {"<t>.example": re.compile(r"(?P<t>[^.]+)\.example")}


class SilentError(Exception):
    """Nobody has said what is right here."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to come of a request.

    Attributes:
        status: of the answer; None: an error, because the policy is None.
        app: the application that serves, or answers a miss.
        scope: what the application has to see.
        allow: the methods, of a 405 or 204.
        path: of a redirect; as in a scope.
        rows: what has the path.
        is_mounted: whether the application is itself mounted.
        boundary: what the request was handed to when it was missed there; None: nothing.
    """

    status: int | None
    app: str | None = None
    scope: dict[str, Any] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    path: str | None = None
    rows: tuple[Row, ...] = ()
    is_mounted: bool = False
    boundary: Place | None = None


@dataclass(slots=True)
class Search:
    """A search in one table, for one request.

    Attributes:
        root: the root path.
        text: the path that is matched, from the slash after the root path on.
        path: as it is for a mounted application.
        policy: how a miss is answered.
        default: what the table that the search begins in has for a miss.
        outermost: that table.
        has_passed: whether a boundary was passed by, because it is there for other methods.
        allowed, having: the methods so far, and the rows that have the path.
    """

    request: Request
    root: str
    text: str
    path: str
    policy: Default = "unset"
    default: App | None = None
    outermost: Table | None = None
    has_passed: bool = False
    allowed: frozenset[str] = frozenset()
    having: tuple[Row, ...] = ()

    @property
    def is_http(self) -> bool:
        """Whether methods count."""
        return self.request.kind == "http"

    @property
    def is_options(self) -> bool:
        """Whether the client asks for the methods."""
        return self.is_http and self.request.method == "OPTIONS"

    def in_table(self, table: Table, text: str) -> Expected | None:
        """Return what serves a path, or where it is redirected to; None: nothing has it, or not the method."""
        for row in table.rows:
            found = self.in_row(row, text, table)
            if found is not None:
                return found
        return self.in_variants(table.rows, table, text)

    def in_row(self, row: Row, text: str, table: Table) -> Expected | None:
        """Return what a row makes of a path as it is."""
        found = row.regex.fullmatch(text)
        if found is None or not self.is_guarded(row):
            return None
        if row.own is not None:
            return self.in_default(row, found, table)
        if row.is_mount or row.table is not None:
            return self.in_boundary(row, found)
        return self.taken(row, found)

    def in_boundary(self, row: Row, found: re.Match[str]) -> Expected | None:
        """Return what is behind a boundary: nobody else answers what is below it."""
        text = found.string
        if row.front.methods and not self.is_http:
            return None  # What goes by method has nothing for a websocket.
        is_asked = not row.front.methods or self.request.method in methods_of(row)
        if not is_asked and (row.table is not None or row.at_prefix != "serve"):
            if self.is_options:
                raise SilentError("whether a boundary for other methods has the path")
            self.has_passed = True
            return None
        if row.at_prefix != "serve" and is_bare(found):
            if row.at_prefix == "miss" or not self.is_http:
                return None
            if self.is_options and self.allowed:
                raise SilentError("a preflight at the prefix of a mount")
            return Expected(308, path=self.root + text + "/", rows=(row,))
        if row.table is None:
            return self.taken(row, found)
        if self.is_options and self.allowed:
            raise SilentError("whether the methods behind a boundary are in the union")
        served = self.in_table(row.table, text)
        return served or replace(self.missed(row.table), boundary=row.front.places[-1])

    def taken(self, row: Row, found: re.Match[str]) -> Expected | None:
        """Return a hit, or None where the row does not take the method."""
        methods = methods_of(row)
        if not methods:
            if self.is_options and self.allowed:
                return None
            return self.hit(row, found)
        if not self.is_http:
            return None
        if self.request.method in methods:
            return self.hit(row, found)
        self.allowed |= methods | {"OPTIONS"}
        self.having += (row,)
        return None

    def in_default(self, row: Row, found: re.Match[str], table: Table) -> Expected | None:
        """Return what an application as default serves: what no route of its own router has."""
        assert row.own is not None
        text = found.string
        if row.front.methods and not self.is_http:
            return None
        if row.front.methods and self.request.method not in methods_of(row):
            raise SilentError("a default behind other methods")
        if self.allowed and self.is_options:
            return None
        if any(self.has_path(one, text) for one in row.own):
            return None
        if self.allowed and table is not self.outermost:
            raise SilentError(
                "methods that are known, and the default of a router behind a boundary"
            )
        before = self.allowed
        variant = self.in_variants(row.own, table, text)
        if variant is None and self.allowed != before:
            raise SilentError("a default, and another spelling that has other methods")
        return variant or self.hit(row, found)

    def has_path(self, row: Row, text: str) -> bool:
        """Tell whether a row has a path, for whatever method."""
        found = row.regex.fullmatch(text)
        if found is None or not self.is_guarded(row) or row.own is not None:
            return False
        if row.at_prefix != "serve" and is_bare(found):
            return False
        return self.is_http or not methods_of(row)

    def in_variants(self, rows: Any, table: Table, text: str) -> Expected | None:
        """Return what becomes of a path with a slash more or less, where a router says so."""
        start = table.start.match(text)
        other = other_slash(text[start.end() :]) if start else None
        if start is None or other is None:
            return None
        other = text[: start.end()] + other
        was_known = bool(self.allowed)
        for row in rows:
            found = row.regex.fullmatch(other)
            if found is None or row.own is not None or not self.is_guarded(row):
                continue
            if row.at_prefix != "serve" and row.front.slashes != "strict":
                raise SilentError("the prefix of a mount, in another spelling")
            if (row.is_mount or row.table is not None) and found["rest"]:
                continue  # A boundary that has text left is not asked again.
            if row.front.slashes == "both":
                if self.is_options and was_known and not methods_of(row):
                    raise SilentError("OPTIONS, known, and the other spelling takes all methods")
                served = self.in_row(row, other, table)
            elif row.front.slashes == "redirect" and self.is_http:
                served = self.redirected(row, found)
            else:
                continue
            if served is not None:
                return served
        return None

    def redirected(self, row: Row, found: re.Match[str]) -> Expected | None:
        """Return a redirect to another spelling, where that has a route for the method."""
        if row.table is not None:
            raise SilentError("whether a redirect may lead to a boundary that has to be asked")
        if self.is_options and self.allowed:
            raise SilentError("a redirect, or 204")
        methods = methods_of(row)
        if methods and self.request.method not in methods | {"OPTIONS"}:
            return None
        return Expected(308, path=self.root + found.string, rows=(row,))

    def missed(self, table: Table | None) -> Expected:
        """Return the answer to a miss; in no table, to a key that nobody has."""
        if self.has_passed:
            raise SilentError("whether a router of other methods behind a boundary is asked")
        if self.allowed:
            status = 204 if self.is_options else 405
            if self.policy == "raises":
                return Expected(None, rows=self.having)
            return Expected(status, allow=self.allowed, rows=self.having)
        if self.default is not None and table is self.outermost:  # It is not inherited.
            return Expected(101 if self.request.kind == "websocket" else 200, self.default.name)
        if self.policy == "raises":
            return Expected(None)
        page = self.policy.app.name if isinstance(self.policy, Page) and self.is_http else None
        return Expected(404, page)

    def is_guarded(self, row: Row) -> bool:
        """Tell whether the scope has all the keys that lead to a row."""
        return all(key_for(self.request, kind, keys) == key for kind, keys, key in row.front.guards)

    def hit(self, row: Row, found: re.Match[str]) -> Expected:
        """Return what the application has to see."""
        kwargs: dict[str, Any] = {}
        for kind, keys, key in row.front.guards:
            kwargs |= dict(host_parameters(self.request, kind, keys, key))
        for group, name, is_int in row.front.names:
            text = found[group].replace(ENCODED, "/")
            kwargs[name] = int(text) if is_int else text
        scope: dict[str, Any] = {"path_params": kwargs, "root_path": self.request.root_path}
        if row.front.mount is not None:
            if self.request.path[:1] != "/":
                raise SilentError("the root path in a scope whose path has no slash in front")
            front = found.string[: found.start(row.front.mount)].removesuffix("/")
            scope["root_path"] = self.root + front.replace(ENCODED, "/")
            scope["path"] = self.path
        if row.own is not None and not kwargs:
            del scope["path_params"]  # Perhaps no route has been passed at all.
        if row.own is None:
            scope["url_route"] = {"args": (), "kwargs": kwargs}
        if not row.is_mount and row.own is None:
            scope["path_remaining"] = found["rest"].replace(ENCODED, "/")
        status = 101 if self.request.kind == "websocket" else 200
        return Expected(status, row.app, scope, rows=(row,), is_mounted=row.is_mount)


def is_bare(found: re.Match[str]) -> bool:
    """Tell whether a path is the prefix of a mount, without a slash behind it."""
    return not found["rest"] and not found.string.endswith("/")


def methods_of(row: Row) -> frozenset[str]:
    """Return the methods of a row; none: it takes all."""
    methods = frozenset(row.front.methods)
    return methods | {"HEAD"} if "GET" in methods else methods


def other_slash(text: str) -> str | None:
    """Return a text with a slash more or less at its end, or None where there is no other."""
    if not text.endswith("/"):
        return text + "/" if text else None
    shorter = text[:-1]
    return shorter if shorter and not shorter.endswith("/") else None


def key_for(request: Request, kind: str, keys: tuple[str, ...]) -> str | None:
    """Return the key by which a keyed router leads a request on, or None."""
    match kind:
        case "type":
            return request.kind if request.kind in keys else None
        case "host":
            if request.host in keys:
                return request.host
            return next((k for k in keys if k in _HOST and _HOST[k].fullmatch(request.host)), None)
        case "subprotocol":
            offered = request.subprotocols if request.kind == "websocket" else ()
            return next((one for one in offered if one in keys), None)
    raise AssertionError(kind)


def host_parameters(
    request: Request, kind: str, keys: tuple[str, ...], key: str | None
) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a host."""
    del keys
    if kind == "host" and key in _HOST and (found := _HOST[key].fullmatch(request.host)):
        yield from found.groupdict().items()


class Lead(NamedTuple):
    """The router by path that a request is led to first, and what answers its misses."""

    table: Table
    reading: Urls
    policy: Default
    default: App | None


class Oracle:
    """Knows what a tree has to answer."""

    def __init__(self, tree: Urls | Keyed) -> None:
        self.tree = tree
        self.tables: dict[str, Table] = {}
        self.prefixes: list[Prefix] = []
        front = Front(prefixes=self.prefixes)
        if isinstance(tree, Urls) or tree.kind == "method":
            self.tables[""] = table_of(tree, front)
            return
        keys = tuple(key for key, _ in tree.targets)
        for key, inner in tree.targets:
            assert isinstance(inner, Urls)
            below = replace(front, guards=((tree.kind, keys, key),))
            self.tables[key] = table_of(inner, below, (key,))

    def answer(self, request: Request) -> Expected:
        """Return what has to come of a request.

        Raises:
            SilentError: nobody has said.
        """
        lead = self._led(request)
        if lead is None:
            if request.path[:1] != "/":
                raise SilentError("a default for keys, and a target that is no path")
            policy, default = split(self.tree.default)
            return Search(request, "", "", "", policy, default).missed(None)
        table, reading, policy, default = lead
        read = text_of(reading, request)
        search = Search(request, *(read or ("", "", "")), policy, default, table)
        if read is None and request.path[:1] != "/":
            if policy == "raises" or isinstance(policy, Page):
                raise SilentError("a policy, and a target that is no path")
            return Expected(404)
        found = None if read is None else search.in_table(table, search.text)
        if found is not None and found.status == 308:
            if request.path[:1] != "/":
                raise SilentError("a redirect, and a path that has no slash in front")
            if policy == "raises":
                return Expected(None, rows=found.rows)
        return found or search.missed(table)

    def is_miss_below(self, place: Place, request: Request) -> bool | None:
        """Tell whether a miss is answered below a place; None: nobody has said.

        The place of a miss is the declaration that reaches furthest. That is certain where all that
        have their part of the path are above or below one another.
        """
        lead = self._led(request)
        read = None if lead is None else text_of(lead.reading, request)
        if lead is None or read is None or _is_by_method(self.tree):
            return None
        having = [
            one
            for one in self.prefixes
            if (found := one.regex.fullmatch(read[1]))
            and not (one.at_prefix != "serve" and is_bare(found))
            and all(key_for(request, kind, keys) == key for kind, keys, key in one.front.guards)
        ]
        reached = {one for prefix in having for one in self._reached(prefix, request)}
        if isinstance(self.tree, Keyed):
            keys = tuple(key for key, _ in self.tree.targets)
            reached.add((key_for(request, self.tree.kind, keys),))
        if place not in reached:
            return False
        others = [one.place for one in having]
        return True if all(is_in_line(one, place) for one in others) else None

    def _reached(self, prefix: Prefix, request: Request) -> Iterator[Place]:
        """Yield all places that a request reaches behind a prefix that has its part of the path."""
        yield prefix.place
        nodes = {spot.place: spot.node for spot in walk(self.tree)}
        place: Place = (*prefix.place, "to")
        while isinstance(node := nodes.get(place), Urls | Included | Keyed):
            yield place
            if not isinstance(node, Keyed):
                return
            if node.kind == "method":
                raise SilentError("which of two routers by method answers a miss")
            key = key_for(request, node.kind, tuple(key for key, _ in node.targets))
            if key is None:
                return
            place = (*place, key)

    def _led(self, request: Request) -> Lead | None:
        tree = self.tree
        policy, default = split(tree.default)
        if isinstance(tree, Urls):
            return Lead(self.tables[""], tree, policy, default)
        if tree.kind == "method":
            reading = _first(tree)
            if {_options(inner) for _, inner in tree.targets} != {_options(reading)}:
                raise SilentError("two routers that read a path differently, or answer misses")
            if default is not None or reading.default != "unset":
                raise SilentError("a default for methods")
            return Lead(self.tables[""], reading, policy, None)
        key = key_for(request, tree.kind, tuple(self.tables))
        if key is None:
            return None
        inner = dict(tree.targets)[key]
        assert isinstance(inner, Urls)
        own, default = split(inner.default)
        return Lead(self.tables[key], inner, policy if own == "unset" else own, default)


def split(default: Default) -> tuple[Default, App | None]:
    """Return the policy of a router, and the application that it has as default."""
    return ("unset", default) if isinstance(default, App) else (default, None)


def _is_by_method(node: Target) -> bool:
    return isinstance(node, Keyed) and node.kind == "method"


def is_in_line(one: Place, other: Place) -> bool:
    """Tell whether one place is above or below another, or the same."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _first(tree: Keyed) -> Urls:
    inner = tree.targets[0][1]
    assert isinstance(inner, Urls)
    return inner


def _options(node: Target) -> tuple[Any, ...]:
    assert isinstance(node, Urls)
    return node.root_path, node.encoded_slashes, node.default


def text_of(tree: Urls, request: Request) -> tuple[str, str, str] | None:
    """Return the root path in front, the text that is matched, and the path with its root path."""
    raw, policy = request.path, tree.encoded_slashes or "decode"
    if policy == "reject" and "%2f" in raw.lower():
        return None
    path = text = unquote(raw)
    if policy == "preserve":
        text = ENCODED.join(map(unquote, re.split("%2[fF]", raw)))
    if text[:1] != "/":
        if request.has_asgi:
            return None
        if request.root_path:
            raise SilentError("a root path, and a path without a slash")
        return "", "/" + text, path
    root = request.root_path.rstrip("/")
    is_inside = bool(root) and (text + "/").startswith(root + "/")
    if is_inside and tree.root_path != "stripped":
        return root, text[len(root) :] or "/", path
    if root and tree.root_path == "in_path":
        return None
    return root, text, root + path
