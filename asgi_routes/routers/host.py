"""Routing by the host that a client asks for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from asgi_routes.dispatch import (
    NOTHING,
    Branch,
    Child,
    Chosen,
    Key,
    Level,
    Search,
)
from asgi_routes.engine import (
    LinearMatcher,
    Matcher,
    Mode,
    Row,
    Step,
    compile_rows,
    is_within_segment,
)
from asgi_routes.errors import ImproperlyConfigured, raise_together
from asgi_routes.lifespan import LifespanContext
from asgi_routes.middleware import Middleware
from asgi_routes.patterns import Pattern, parse_path
from asgi_routes.patterns.converters import Converters, get_registered_converters
from asgi_routes.routers.names import Part
from asgi_routes.routers.reversing import Reversing
from asgi_routes.routers.searched import (
    KeyedRouter,
    SearchedRouter,
    check_mapping,
    yield_default_child,
)
from asgi_routes.routers.url import URLRouter
from asgi_routes.scopes import UNSET
from asgi_routes.scopes.hosts import host_header_of, host_of, labels_of, parse_host
from asgi_routes.types import App, Scope

_PARAMETER = re.compile(r"<[^>]*>")


class HostRouter(Reversing, KeyedRouter):
    """Routes by the ``Host`` header: each host has an application of its own.

    The host is the single ``Host`` header of the request, in lower case, without port and trailing
    dot. A request without one, with several, or with an invalid one is a miss (RFC 9112, 3.2).
    ``X-Forwarded-Host`` is ignored: any client can send it; reading it is up to a middleware that
    knows the proxy.

    Args:
        mapping: from host to application; it is copied. A key may have parameters in the syntax of
            `path`, each within one label: ``<sub>.example.com``, ``v<int:version>.example.com``. An
            exact host comes first, then the others in order. The parameters are added to those of
            the path. An IPv6 address in brackets is one host without labels.
        default: the application for every other host, or how to answer a miss (`not_found`, None).
        lifespan: called with the router; returns an async context manager that is entered around
            the lifespan of everything the router leads to. It yields state, or None.
        converters: the registry to look converters up in, instead of the global one.
        middleware: see `path`.

    Raises:
        ImproperlyConfigured: a key is not a host, or a value is not an application.

    >>> async def shop(scope, receive, send): ...
    >>> router = HostRouter({"<tenant>.example.com": shop})
    >>> found = router.match({"type": "http", "headers": [(b"host", b"Acme.example.com:8000")]})
    >>> found.scope["path_params"]
    {'tenant': 'acme'}
    >>> router.match({"type": "http", "headers": [(b"host", b"a.b.example.com")]})
    NoMatch("No application configured for host 'a.b.example.com'.")
    """

    def __init__(
        self,
        mapping: Mapping[str, App],
        *,
        default: App | None = UNSET,
        lifespan: LifespanContext | None = None,
        converters: Converters | None = None,
        middleware: Middleware = (),
    ) -> None:
        Reversing.__init__(self)
        self._apps = check_mapping(mapping, "HostRouter", "host", URLRouter)
        self.enclose(self._apps.values())
        SearchedRouter.__init__(self, default, middleware)
        self.set_lifespan(lifespan)
        self._converters = converters
        registry = get_registered_converters() if converters is None else converters
        self._exact: dict[str, Key] = {}
        rows: list[Row[Key]] = []
        self.host_patterns: dict[str, Pattern] = {}
        self.host_parts: dict[str, Part] = {}
        mistakes = []
        for key, app in self._apps.items():
            try:
                pattern = _parse(key, registry)
            except ImproperlyConfigured as mistake:
                mistakes.append(mistake)
                continue
            self.host_patterns[key] = pattern
            host = Key(key, app)
            self.host_parts[key] = Part(pattern, Mode.ENDPOINT, {}, host)
            if pattern.is_literal:
                self._exact[key] = host
            else:
                rows.append(Row(len(rows), (Step(pattern, Mode.ENDPOINT, {}),), host))
        raise_together(mistakes, "HostRouter")
        # The labels of a host are to the dots what the segments of a path are to the slashes.
        self._matcher: Matcher[Key]
        self._matcher = compile_rows(rows, LinearMatcher(rows)).matcher
        self.warn_of_suspicions()

    def find_key(self, scope: Scope) -> Chosen | None:
        """Return what serves the scope's host; its path is not looked at."""
        text = host_header_of(scope)
        if text is None:
            return None
        key = self._exact.get(text)  # As a rule, it is the very key.
        if key is not None:
            return key, NOTHING
        host = parse_host(text)
        key = None if host is None else self._exact.get(host)
        if key is not None or host is None:
            return None if key is None else (key, NOTHING)
        labels = labels_of(host)
        hit = None if labels is None else self._matcher(labels)
        return None if hit is None else (hit[0].target, ((), hit[2]))

    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        scope = level.scope
        host = host_of(scope)
        if host is None:
            kind = scope.get("type")
            reason = f"No single valid host in the scope (its type is {kind!r})."
            yield from search.lead_nowhere(level, reason)
            return
        yield from self.lead_on(level, search, self.find_key(scope), "host", host)

    def _arguments(self) -> dict[str, Any]:
        own = {"lifespan": self.lifespan, "converters": self._converters}
        return super()._arguments() | own | {"mapping": self._apps}

    def children(self) -> Iterator[Child]:
        for host, app in self._apps.items():
            yield Child(host, app)
        yield from yield_default_child(self.default)


def _parse(key: str, converters: Converters) -> Pattern:
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
    found = parse_host(plain)
    if found == plain:
        return None
    hint = None
    if "*" in key:
        hint = f"write {key.replace('*', '<name>')!r}"
    elif "{" in key:
        hint = f"write {key.replace('{', '<').replace('}', '>')!r}"
    elif "//" in key:
        hint = "omit the scheme and the path"
    elif plain != plain.lower():
        hint = "hosts must be in lowercase"
    elif found:
        hint = "omit the port and the trailing dot"
    elif not key.isascii():
        hint = "hosts are ASCII: write it as 'xn--…'"
    return ImproperlyConfigured(f"{key!r} is not a host that could match", hint=hint)
