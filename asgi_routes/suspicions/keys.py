"""Methods and scope types that nobody knows."""

from collections.abc import Iterable, Iterator

from asgi_routes.errors import did_you_mean
from asgi_routes.suspicions.suspicion import Suspicion

_REGISTERED = (
    "ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE "
    "MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI "
    "PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK "
    "UPDATE UPDATEREDIRECTREF VERSION-CONTROL"
)
"""IANA's registry of HTTP methods."""

_OF_CACHES_AND_DEVICES = "BAN M-SEARCH NOTIFY PURGE REFRESH SOURCE SUBSCRIBE UNSUBSCRIBE"
_METHODS = frozenset(f"{_REGISTERED} {_OF_CACHES_AND_DEVICES}".split())

_USUAL = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_TYPES = ("http", "websocket", "lifespan", "channel")
"""The scope types of ASGI, and that of Channels' workers."""

_OTHER_NAMES = {"ws": "websocket", "wss": "websocket", "https": "http"}
_ALIKE = 0.8


def suspect_methods(methods: Iterable[str]) -> Iterator[Suspicion]:
    """Yield the methods that HTTP does not know.

    >>> [found.message for found in suspect_methods(["GET", "GTE", "PURGE"])]
    ["HTTP has no method 'GTE'; did you mean 'GET'?"]
    """
    for method in methods:
        if method not in _METHODS:
            said = f"HTTP has no method {method!r}"
            hint = did_you_mean(method, _USUAL) or did_you_mean(method, sorted(_METHODS))
            yield Suspicion("R212", f"{said}; {hint}" if hint else said)


def suspect_types(types: Iterable[str]) -> Iterator[Suspicion]:
    """Yield the scope types that are nearly one of ASGI's; any other one may be somebody's own.

    >>> [found.message for found in suspect_types(["http", "websockets", "mqtt"])]
    ["no server sends a scope of type 'websockets'; did you mean 'websocket'?"]
    """
    for kind in types:
        meant = None if kind in _TYPES else _find_meant(kind.strip().lower())
        if meant is not None:
            yield Suspicion(
                "R213", f"no server sends a scope of type {kind!r}; did you mean {meant!r}?"
            )


def _find_meant(kind: str) -> str | None:
    """Return the type of ASGI that is nearly of a name, or goes by it elsewhere."""
    import difflib  # noqa: PLC0415 - needed for others than ASGI's only

    near = difflib.get_close_matches(kind, _TYPES, n=1, cutoff=_ALIKE)
    return _OTHER_NAMES.get(kind) or next(iter(near), None)
