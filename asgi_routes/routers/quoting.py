"""URLs as text: quoted, with a query and a fragment."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote, urlencode

from asgi_routes.errors import show
from asgi_routes.scopes import ENCODED_SLASH

Query: TypeAlias = Mapping[str, Any] | Sequence[tuple[str, Any]] | None

_SAFE = "!$&'()*+,;=/~:@"
_is_plain = re.compile(rf"[a-zA-Z0-9_.\-{re.escape(_SAFE)}]*").fullmatch
"""Tells whether quoting leaves a text as it is, which costs more than to ask."""
_QUOTED_SLASH = quote(ENCODED_SLASH.encode("utf-8", "surrogatepass"))


class URL(NamedTuple):
    """What a way and its arguments make.

    Attributes:
        host: the host, where one of the routers goes by it, or None.
        path: without a slash in front, not quoted, with `ENCODED_SLASH` for ``%2F``.
    """

    host: str | None
    path: str


def write_url(
    url: URL,
    root_path: str = "",
    *,
    query: Query = None,
    fragment: str | None = None,
    port: str = "",
) -> str:
    """Return a URL as text, quoted as Django does.

    >>> write_url(URL(None, "a b/é"), "/root/", query={"q": [1, 2], "r": []}, fragment="x y")
    '/root/a%20b/%C3%A9?q=1&q=2#x%20y'
    >>> write_url(URL(None, "a"), "no-slash")
    '/no-slash/a'
    >>> write_url(URL("one.example", "/evil.example"), port=":8000")
    '//one.example:8000/%2Fevil.example'
    """
    root = root_path.strip("/")
    path = f"/{root}/{url.path}" if root else f"/{url.path}"
    if not _is_plain(path):
        whole = path
        path = quote(whole.encode("utf-8", "surrogatepass"), safe=_SAFE)
        if ENCODED_SLASH in whole:
            path = path.replace(_QUOTED_SLASH, "%2F")
    if path.startswith("//"):
        path = "/%2F" + path[2:]
    text = path if url.host is None else f"//{url.host}{port}{path}"
    if query and (encoded := _encode(query)):
        text += "?" + encoded
    return text if fragment is None else f"{text}#{quote(fragment, safe=_SAFE + '?')}"


def _encode(query: Any) -> str:
    try:
        return urlencode([*_pairs(query)], doseq=True)
    except ValueError:
        raise ValueError(f"the query cannot be written: {show(dict(_pairs(query)))}") from None


def _pairs(query: Any) -> Iterable[tuple[str, Any]]:
    """Return the pairs of a query; of a multi-dict, with all values of a key."""
    if hasattr(query, "multi_items"):  # Starlette's.
        return query.multi_items()  # type: ignore[no-any-return]
    if hasattr(query, "lists"):  # Django's and Werkzeug's.
        return query.lists()  # type: ignore[no-any-return]
    return query.items() if isinstance(query, Mapping) else query
