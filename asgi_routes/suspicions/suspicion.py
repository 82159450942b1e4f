"""A suspicion, the warning that it becomes, and the comment that silences it."""

import linecache
import re
import warnings
from collections.abc import Iterable
from typing import NamedTuple

from asgi_routes.errors import Place, SuspiciousRouteWarning

_SILENCE = re.compile(r"#\s*asgi-routes:\s*ignore(?:\[(?P<ids>[\w,\s]*)\])?")


class Suspicion(NamedTuple):
    """Something that can hardly have been meant.

    Attributes:
        id: of the finding that it is to ``asgi-routes check``.
        message: what it is, in one sentence.
    """

    id: str
    message: str


def is_silenced(place: Place, id_: str) -> bool:
    """Tell whether a line says ``# asgi-routes: ignore``, or so of one id.

    >>> is_silenced(Place(__file__, 1), "R203")
    False
    """
    found = _SILENCE.search(linecache.getline(place.file, place.line))
    if found is None:
        return False
    return found["ids"] is None or id_ in re.split(r"[,\s]+", found["ids"])


def warn_of(suspicions: Iterable[Suspicion], place: Place) -> None:
    """Warn of what was written at a line, unless the line silences it."""
    for id_, message in suspicions:
        if not is_silenced(place, id_):
            said = f"{message} ({id_})"
            warnings.warn_explicit(said, SuspiciousRouteWarning, place.file, place.line)
