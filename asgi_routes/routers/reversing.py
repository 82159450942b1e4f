"""URLs from names, asked of a router or of a scope.

A URL that is given leads back, through the very patterns, to the same texts; where none can be given,
each route of that name says why. In a scope, the outermost router by path is asked first, and then
the routers around it.
"""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote, urlencode
from weakref import WeakSet

from asgi_routes.apps import make_visit, visit_children
from asgi_routes.engine import Mode, make_split
from asgi_routes.errors import NoReverseMatch
from asgi_routes.patterns import Form, IrreversibleError, Slot, list_forms
from asgi_routes.routers.names import SEPARATOR, NamedPath, Names, Part, find_named_paths
from asgi_routes.scopes import (
    ChildRoute,
    root_path_of,
)
from asgi_routes.types import Scope

Arguments: TypeAlias = Sequence[Any] | None
Keywords: TypeAlias = Mapping[str, Any] | None
Query: TypeAlias = Mapping[str, Any] | Sequence[tuple[str, Any]] | None
_SAFE = "!$&'()*+,;=/~:@"
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_OPEN = "\1"
"""Keeps the place for the slash that stands behind the prefix of a router, if more follows."""
_PATH = "path"
"""Below a named mount, the argument that names the rest."""
_split = functools.lru_cache(maxsize=4096)(make_split)
_ENCLOSING = Lock()
"""Held while a router learns what is around it: two threads must not each forget the other's."""


class Reversing:
    """A router whose routes can be asked for by their names."""

    def __init__(self) -> None:
        self.enclosing: Iterable[Reversing] = WeakSet()

    def reverse(
        self,
        name: str,
        args: Arguments = None,
        kwargs: Keywords = None,
        *,
        query: Query = None,
        fragment: str | None = None,
        root_path: str = "",
    ) -> str:
        """Return the URL of a route.

        Of several routes of one name the last declared one that takes the arguments is meant. A
        mounted application is named by its mount; ``path=…`` is what follows.

        Args:
            name: with its namespaces, ``shop:item``.
            args: the parameters by position, or
            kwargs: by name, those of all prefixes included.
            query: a mapping, or pairs, to be quoted; a list is a parameter more than once.
            fragment: to be quoted, too.
            root_path: where the router is.

        Returns:
            A path, or ``//host/path`` where a `HostRouter` is on the way.

        Raises:
            NoReverseMatch: nothing bears the name, or the arguments fit none of its routes.
            ValueError: there are positional and named arguments.

        >>> from asgi_routes import URLRouter, path
        >>> async def user(scope, receive, send): ...
        >>> router = URLRouter([path("users/<int:id>/", user, name="user")])
        >>> router.reverse("user", kwargs={"id": 7}, query={"page": 2})
        '/users/7/?page=2'
        >>> router.reverse("user", ["seven"])
        Traceback (most recent call last):
          ...
        asgi_routes.errors.NoReverseMatch: no URL for 'user' with arguments ('seven',)
            /users/<int:id>/ (...): 'seven' is no int for 'id'
        """
        url = build_url(_names_in(self), name, args, kwargs)
        return write_url(url, root_path, query=query, fragment=fragment)

    def enclose(self, apps: Any) -> None:
        """Let the routers that applications lead to know that this one is around them."""
        todo = [make_visit(app) for app in apps]
        while todo:
            visit = todo.pop()
            if isinstance(visit.router, Reversing):
                # Another set: threads that answer requests go through the one that is there.
                with _ENCLOSING:
                    visit.router.enclosing = WeakSet((*visit.router.enclosing, self))
            else:
                todo += visit_children(visit)


def reverse(
    scope: Scope,
    name: str,
    args: Arguments = None,
    kwargs: Keywords = None,
    *,
    query: Query = None,
    fragment: str | None = None,
) -> str:
    """Return the URL of a route, as seen from an application that a router serves.

    The name is looked up in the outermost router by path, and then in the routers around it, so that an
    http application can ask for a websocket. Below the ``root_path`` of the scope, or that of the
    outermost router where the application is mounted. In a namespace, an application's own name means
    the instance that one is in, as Django's ``current_app``.

    Args:
        scope: the child scope that the application was called with.
        name: with its namespaces, ``shop:item``.
        args: the parameters by position, or
        kwargs: by name.
        query: a mapping, or pairs, to be quoted; a list is a parameter more than once.
        fragment: to be quoted, too.

    Raises:
        NoReverseMatch: nothing bears the name, the arguments fit none of its routes, or the scope has
            not passed a router.
        ValueError: there are positional and named arguments.

    >>> from asgi_routes import URLRouter, path
    >>> async def user(scope, receive, send): ...
    >>> router = URLRouter([path("users/<int:id>/", user, name="user")])
    >>> scope = {"type": "http", "path": "/api/users/7/", "root_path": "/api"}
    >>> reverse(router.match(scope).scope, "user", [8])
    '/api/users/8/'
    """
    route = scope.get("route")
    origin = route.origin() if isinstance(route, ChildRoute) and route.origin else None
    if origin is None:
        raise NoReverseMatch(
            f"no URL for {name!r}: this scope has not passed a router",
            name,
            hint="give reverse() the scope that the application was called with",
        )
    assert isinstance(route, ChildRoute)
    current = (route.name or "").split(SEPARATOR)[:-1]
    root_path = root_path_of(scope) if route.root_path is None else route.root_path
    error: NoReverseMatch | None = None
    for router in _outwards(origin):
        try:
            url = build_url(_names_in(router), name, args, kwargs, current)
        except NoReverseMatch as missing:
            error = missing  # The outermost router knows all the names there are.
            if missing.reasons:
                break
        else:
            return write_url(url, root_path, query=query, fragment=fragment)
    assert error is not None
    raise error


def _outwards(router: Reversing) -> Iterator[Reversing]:
    seen = [router]
    for one in seen:
        yield one
        seen += [outer for outer in one.enclosing if outer not in seen]


def _names_in(router: Reversing) -> Names:
    names = getattr(router, "route_names", None)
    return names() if names is not None else Names(nested=[((), router)])  # type: ignore[list-item]


class MisfitError(ValueError):
    """The arguments do not fit one route; the message says why."""


class URL(NamedTuple):
    """What a way and its arguments make.

    Attributes:
        host: the host, where one of the routers goes by it, or None.
        path: without a slash in front, not quoted.
    """

    host: str | None
    path: str


def build_url(
    names: Names, name: str, args: Arguments, kwargs: Keywords, current: Sequence[str] = ()
) -> URL:
    """Return the URL for a name.

    Raises:
        NoReverseMatch: nothing bears the name, or the arguments fit none of its routes.
        ValueError: there are positional and named arguments.
    """
    if args and kwargs:
        raise ValueError("give positional or named arguments, not both")
    reasons = []
    for way in find_named_paths(names, name, current):
        try:
            return _write(way, tuple(args or ()), dict(kwargs or {}))
        except MisfitError as misfit:
            shown = "/" + "".join(leg.pattern.source for leg in way if not leg.is_host)
            reasons.append(f"{shown} ({way[-1].declared}): {misfit}")
    given = (
        f"arguments {tuple(args)!r}" if args else f"{dict(kwargs)!r}" if kwargs else "no arguments"
    )
    raise NoReverseMatch(f"no URL for {name!r} with {given}", name, reasons)


def write_url(
    url: URL, root_path: str = "", *, query: Query = None, fragment: str | None = None
) -> str:
    """Return a URL as text, quoted as Django does.

    >>> write_url(URL(None, "a b/é"), "/root", query={"q": [1, 2]}, fragment="x y")
    '/root/a%20b/%C3%A9?q=1&q=2#x%20y'
    >>> write_url(URL(None, "a"), "no-slash")
    '/no-slash/a'
    >>> write_url(URL(None, "/evil.example"))
    '/%2Fevil.example'
    """
    root = "/" + root_path.removeprefix("/") if root_path else ""
    path = quote(f"{root}/{url.path}".encode("utf-8", "surrogatepass"), safe=_SAFE)
    if path.startswith("//"):
        path = "/%2F" + path[2:]
    text = path if url.host is None else f"//{url.host}{path}"
    if query:
        text += "?" + urlencode(query, doseq=True)
    return text if fragment is None else f"{text}#{quote(fragment, safe=_SAFE + '?')}"


def _write(way: NamedPath, args: tuple[Any, ...], kwargs: dict[str, Any]) -> URL:
    rest = None
    if way[-1].mode is Mode.MOUNT and _PATH in kwargs and not _takes(way, _PATH):
        rest = str(kwargs.pop(_PATH)).removeprefix("/")
    try:
        choices = [list_forms(leg.pattern) for leg in way]
    except IrreversibleError as error:
        raise MisfitError(f"it cannot be reversed: {error}") from None
    misfit: MisfitError | None = None
    for forms in itertools.product(*choices):
        try:
            url = _fill(way, forms, _assign(way, forms, args, kwargs))
        except MisfitError as error:
            misfit = misfit or error
            continue
        if rest is not None:
            url = URL(url.host, f"{url.path}/{rest}" if url.path else rest)
        return url
    raise misfit or MisfitError("it has no form")


def _takes(way: NamedPath, name: str) -> bool:
    return any(parameter.name == name for leg in way for parameter in leg.pattern.parameters)


def _assign(
    way: NamedPath, forms: Sequence[Form], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[tuple[int, str | int], Any]:
    """Return the value of each slot, by the number of its leg and its key."""
    slots = list(
        dict.fromkeys(
            (number, part.key)
            for number, form in enumerate(forms)
            for part in form
            if isinstance(part, Slot)
        )
    )
    if args:
        if len(args) != len(slots):
            raise MisfitError(f"it takes {len(slots)} arguments, not {len(args)}")
        return dict(zip(slots, args, strict=True))
    defaults: dict[str, Any] = {}
    for leg in way:
        defaults |= leg.kwargs
    keys = {key for _, key in slots}
    if any(isinstance(key, int) for key in keys):
        raise MisfitError(f"it takes {len(slots)} arguments, by position")
    if missing := keys - kwargs.keys() - defaults.keys():
        raise MisfitError(f"missing {_list_keys(missing)}")
    if unknown := kwargs.keys() - keys - defaults.keys():
        raise MisfitError(f"it does not take {_list_keys(unknown)}")
    for key, value in defaults.items():
        if key not in keys and kwargs.get(key, value) != value:
            raise MisfitError(f"{key!r} is always {value!r}, not {kwargs[key]!r}")
    values = defaults | kwargs
    return {(number, key): values[str(key)] for number, key in slots}


def _list_keys(keys: Iterable[object]) -> str:
    return ", ".join(sorted(map(repr, keys)))


def _fill(way: NamedPath, forms: Sequence[Form], values: dict[tuple[int, str | int], Any]) -> URL:
    """Return the texts of all legs, put together and checked."""
    texts: list[str] = []
    slots: list[dict[str | int, str]] = []
    for number, form in enumerate(forms):
        own = {
            part.key: _text(part, values[number, part.key])
            for part in form
            if isinstance(part, Slot)
        }
        slots.append(own)
        texts.append("".join(part if isinstance(part, str) else own[part.key] for part in form))
    hosts = [text for leg, text in zip(way, texts, strict=True) if leg.is_host]
    path = ""
    for leg, text in zip(way, texts, strict=True):
        if not leg.is_host:
            path = _join(path, text, leg)
    path = path.removesuffix(_OPEN)
    _check(way, slots, hosts, path.removesuffix("\0"))
    host = hosts[-1].replace("/", ".") if hosts else None
    return URL(host, path.replace("\0", "/") if not path.endswith("\0") else path[:-1])


def _join(path: str, text: str, leg: Part) -> str:
    # Below a mount, a slash stands before whatever follows; NUL keeps the place for it.
    path = path.replace("\0", "/")
    if path.endswith(_OPEN):
        path = path[:-1] + ("/" + text if text else "")
    else:
        path += text
    if leg.mode is Mode.LEVEL and text and not text.endswith("/") and leg.pattern.syntax != "regex":
        return path + _OPEN
    return path + "\0" if leg.mode is Mode.MOUNT and path else path


def _text(slot: Slot, value: Any) -> str:
    try:
        text = str(value) if slot.converter is None else str(slot.converter.to_url(value))
    except (ValueError, TypeError):
        raise MisfitError(f"{value!r} is no {slot.kind} for {slot.key!r}") from None
    if slot.regex is not None and not re.fullmatch(slot.regex, text):
        raise MisfitError(f"{value!r} is no {slot.kind} for {slot.key!r}")
    return text


def _check(
    way: NamedPath, slots: Sequence[dict[str | int, str]], hosts: Sequence[str], path: str
) -> None:
    """Raise where the texts do not lead back to the same parameters."""
    rest = path.replace("\0", "/")
    remaining_hosts = list(hosts)
    is_mounted = False
    for leg, own in zip(way, slots, strict=True):
        if leg.is_host:
            text = remaining_hosts.pop(0).replace(".", "/")
            if not _HOST.fullmatch(text.replace("/", ".")):
                raise MisfitError(f"{text.replace('/', '.')!r} is not a host")
        else:
            text = rest[1:] if leg.is_level and is_mounted and rest[:1] == "/" else rest
        found = _split(leg.pattern, leg.mode)(text)
        if found is None:
            raise MisfitError(f"{text!r} does not match it")
        captured, left = found
        if not leg.is_host:
            rest, is_mounted = left, leg.mode is Mode.MOUNT
        if leg.pattern.syntax == "regex":
            group = re.compile(leg.pattern.regex, leg.pattern.flags).groupindex
            expected = {group[key] if isinstance(key, str) else key: own[key] for key in own}
            is_same = all(captured[number - 1] == one for number, one in expected.items())
        else:
            is_same = list(captured) == list(own.values())
        if not is_same:
            raise MisfitError(f"{text!r} leads to other arguments")
