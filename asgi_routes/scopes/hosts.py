"""The host that a client asks for."""

import re

from asgi_routes.types import Scope

LABEL = r"[a-z0-9_-]+"
"""What stands between the dots of a host, in lower case."""

_HOST = re.compile(
    rf"(?P<host>{LABEL}(?:\.{LABEL})*|\[[0-9a-f:.]+\])\.?(?P<port>:[0-9]*)?", re.IGNORECASE
)


def parse_host(text: str) -> str | None:
    """Return a host without its port and a dot at its end; None where it is not valid.

    >>> parse_host("Example.com.:8000"), parse_host("[::1]"), parse_host("a..b")
    ('example.com', '[::1]', None)
    """
    found = _HOST.fullmatch(text)
    return None if found is None else found["host"].lower()


def labels_of(host: str) -> str | None:
    """Return the labels of a host, with slashes for dots; None for an address in brackets.

    >>> labels_of("www.example.com"), labels_of("[::ffff:1.2.3.4]")
    ('www/example/com', None)
    """
    return None if host[:1] == "[" else host.replace(".", "/")


def host_of(scope: Scope) -> str | None:
    """Return the host that a client asks for, or None where there is not exactly one valid one.

    >>> host_of({"headers": [(b"host", b"[::1]:8000")]})
    '[::1]'
    >>> host_of({"headers": [(b"host", b"a"), (b"host", b"b")]}) is None
    True
    """
    found = _find(scope)
    return None if found is None else found["host"].lower()


def port_of(scope: Scope) -> str:
    """Return the port that a client asks for, with its colon; empty where it names none.

    >>> port_of({"headers": [(b"host", b"[::1]:8000")]})
    ':8000'
    """
    found = _find(scope)
    port: str = "" if found is None else found["port"] or ""
    return "" if port == ":" else port


def host_header_of(scope: Scope) -> str | None:
    """Return the one ``Host`` header, as the client wrote it, or None."""
    try:
        hosts = [value for name, value in scope.get("headers") or () if name == b"host"]
    except (TypeError, ValueError):  # They are no pairs.
        return None
    if len(hosts) != 1 or not isinstance(hosts[0], bytes):
        return None
    return hosts[0].decode("latin-1")


def _find(scope: Scope) -> re.Match[str] | None:
    text = host_header_of(scope)
    return None if text is None else _HOST.fullmatch(text)
