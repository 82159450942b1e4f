"""Routing by the host that a client asks for."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from asgi_routes.converters import Converters, registered_converters
from asgi_routes.dispatch import Router, answer_of
from asgi_routes.engine import LinearMatcher, Matcher, Mode, Row, Step, compiled, is_within_segment
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.lifespan import LifespanContext
from asgi_routes.matches import Child, Match, NoMatch
from asgi_routes.not_found import not_found
from asgi_routes.patterns import Pattern, parse_path
from asgi_routes.routers.keyed import (
    checked_default,
    checked_lifespan,
    checked_mapping,
    default_child,
)
from asgi_routes.routers.reversing import Reversing
from asgi_routes.types import App, ChildScope, Scope

_LABEL = r"[a-z0-9_-]+"
_HOST = re.compile(
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])\.?(?::[0-9]*)?", re.IGNORECASE
)
_PARAMETER = re.compile(r"<[^>]*>")


class HostRouter(Reversing, Router):
    """Serves each host with an application of its own.

    What counts is the one ``Host`` header of the request, in lower case, without its port and without
    a dot at its end. A request without one, with several, or with one that is no host is a miss
    (RFC 9112, 3.2). Nothing is read from ``X-Forwarded-Host``: any client can send that; a proxy's
    word is for a middleware that knows the proxy.

    Args:
        mapping: from host to application; it is copied. A key may hold parameters in the syntax of
            `path`, each within one label: ``<sub>.example.com``, ``v<int:version>.example.com``. An
            exact host goes first, then the others in order. The parameters come with those of the
            path.
        default: the application for every other host; None raises `NoRouteFound`.
        lifespan: called with the router; returns an async context manager around the lifespan of all
            that the router leads to. What it yields is state, or None.
        converters: the registry to look converters up in, instead of the global one.

    Raises:
        ImproperlyConfigured: a key is no host, or a value is not an application.

    >>> async def shop(scope, receive, send): ...
    >>> router = HostRouter({"<tenant>.example.com": shop})
    >>> found = router.match({"type": "http", "headers": [(b"host", b"Acme.example.com:8000")]})
    >>> found.scope["path_params"]
    {'tenant': 'acme'}
    >>> router.match({"type": "http", "headers": [(b"host", b"a.b.example.com")]})
    NoMatch("No application configured for host 'a.b.example.com'.")
    """

    follows_routers = True

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = not_found,
        lifespan: LifespanContext | None = None,
        converters: Converters | None = None,
    ) -> None:
        Reversing.__init__(self)
        self._apps = checked_mapping(mapping, "HostRouter", "host")
        self.enclose(self._apps.values())
        self.default = checked_default(default, "HostRouter")
        self.lifespan = checked_lifespan(lifespan, "HostRouter")
        registry = registered_converters() if converters is None else converters
        self._exact: dict[str, Callable[[Any], Match | NoMatch]] = {}
        rows: list[Row[Callable[[Any], Match | NoMatch]]] = []
        self.host_patterns: dict[str, Pattern] = {}
        mistakes = []
        for key, app in self._apps.items():
            try:
                pattern = _parsed(key, registry)
            except ImproperlyConfigured as mistake:
                mistakes.append(mistake)
                continue
            self.host_patterns[key] = pattern
            if pattern.is_literal:
                self._exact[key] = answer_of(app)
            else:
                step = Step(pattern, Mode.ENDPOINT, {})
                rows.append(Row(len(rows), (step,), answer_of(app)))
        raise_together(mistakes, "HostRouter")
        # The labels of a host are to the dots what the segments of a path are to the slashes.
        self._matcher: Matcher[Callable[[Any], Match | NoMatch]]
        self._matcher = compiled(rows, LinearMatcher(rows)).matcher

    def match(self, scope: Scope) -> Match | NoMatch:
        """Return what serves the scope's host; its path is not looked at."""
        host = host_of(scope)
        if host is None:
            return NoMatch(
                f"No single valid host in the scope (its type is {scope.get('type')!r})."
            )
        answer = self._exact.get(host)
        if answer is not None:
            return answer(scope)
        hit = self._matcher(host.replace(".", "/"))
        if hit is None:
            return NoMatch(f"No application configured for host {host!r}.")
        return hit[0].target(_with_parameters(scope, hit[2]))

    def child_scope(self, scope: Scope) -> Scope:
        """Return the scope with the parameters of its host, for what the host leads to."""
        host = host_of(scope) or ""
        hit = None if host in self._exact else self._matcher(host.replace(".", "/"))
        return scope if hit is None else _with_parameters(scope, hit[2])

    def children(self) -> Iterator[Child]:
        for host, app in self._apps.items():
            yield Child(host, app)
        yield from default_child(self.default)


def _with_parameters(scope: Scope, kwargs: Mapping[str, Any]) -> ChildScope:
    outer = scope.get("url_route") or {}
    child = dict(scope)
    child["url_route"] = {
        "args": outer.get("args", ()),
        "kwargs": {**outer.get("kwargs", {}), **kwargs},
    }
    child["path_params"] = {**(scope.get("path_params") or {}), **kwargs}
    return child


def host_of(scope: Scope) -> str | None:
    """Return the host that a client asks for, or None where there is not exactly one valid one.

    >>> host_of({"headers": [(b"host", b"[::1]:8000")]})
    '[::1]'
    >>> host_of({"headers": [(b"host", b"a"), (b"host", b"b")]}) is None
    True
    """
    try:
        hosts = [value for name, value in scope.get("headers") or () if name == b"host"]
    except (TypeError, ValueError):  # They are no pairs.
        return None
    if len(hosts) != 1 or not isinstance(hosts[0], bytes):
        return None
    found = _HOST.fullmatch(hosts[0].decode("latin-1"))
    return found["host"].lower() if found else None


def _parsed(key: str, converters: Converters) -> Pattern:
    """Return the pattern of a host, with slashes for dots: so each parameter is a label."""
    if mistake := _mistake_in_host(key):
        raise mistake
    try:
        slashed = _PARAMETER.sub(lambda found: found[0].replace(".", "\0"), key).replace(".", "/")
        pattern = parse_path(slashed.replace("\0", "."), converters)
    except ImproperlyConfigured as mistake:
        mistake.source = key
        raise
    for parameter in pattern.parameters:
        if not is_within_segment(parameter.regex):
            raise ImproperlyConfigured(
                "a parameter of a host stays within one label",
                source=key,
                span=parameter.span,
                hint="write one parameter for each label",
            )
    return pattern


def _mistake_in_host(key: str) -> ImproperlyConfigured | None:
    plain = _PARAMETER.sub("x", key)
    found = _HOST.fullmatch(plain)
    if found and found["host"] == plain and plain == plain.lower():
        return None
    hint = None
    if "*" in key:
        hint = f"write {key.replace('*', '<name>')!r}"
    elif "//" in key:
        hint = "leave the scheme and the path out"
    elif plain != plain.lower():
        hint = "hosts are compared in lower case"
    elif found:
        hint = "leave the port and a dot at the end out"
    elif not key.isascii():
        hint = "hosts are ASCII: write it as 'xn--…'"
    return ImproperlyConfigured(f"{key!r} is not a host that could match", hint=hint)
