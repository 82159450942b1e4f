"""Keys of routers that nothing comes to: types, hosts and channels, as languages.

Rule: a key is called unreachable only for what its own router does; what a wrapper may have made of
the scope on the way comes to it, too. That a key around it excludes it is said as such.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import translate
from typing import Any

from asgi_routes.apps import Visit, is_searched, walk
from asgi_routes.engine import Mode, Row, Step
from asgi_routes.inspection.check.comparison import Comparison
from asgi_routes.inspection.check.findings import Finding, Subject, list_through
from asgi_routes.inspection.check.languages import Language, Undecided, read_language
from asgi_routes.patterns import Pattern, parse_regex
from asgi_routes.routers import ChannelNameRouter, HostRouter, ProtocolTypeRouter
from asgi_routes.scopes.hosts import LABEL, labels_of

_ANY_HOST = parse_regex(rf"^{LABEL}(?:/{LABEL})*\Z")
_ANYTHING = parse_regex(r"(?s)^.*\Z")
_GLOB = re.compile(r"\*+|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_GLOBS = {"*": ".*", "?": "."}


def check_keys(app: Any) -> Iterator[Finding]:
    """Yield the keys that nothing comes to, wherever their routers stand."""
    seen: set[int] = set()
    excluded: dict[int, dict[str, Finding]] = {}
    for visit in walk(app):
        router = visit.router
        is_by_text = _goes_by(router, HostRouter) or _goes_by(router, ChannelNameRouter)
        if is_by_text and id(router) not in seen:
            seen.add(id(router))
            for finding in _Keys(router).check():
                yield replace(finding, through=list_through(visit))
        if is_by_text or _goes_by(router, ProtocolTypeRouter):
            found = {key: _report_excluded(visit, key, by) for key, by in _list_excluded(visit)}
            known = excluded.setdefault(id(router), found)
            for key in known.keys() - found.keys():  # In one place, it is not.
                del known[key]
    for findings in excluded.values():
        yield from findings.values()


def _goes_by(router: Any, kind: type[Any]) -> bool:
    """Tell whether a router is of a kind, and searched as that kind is."""
    return (
        isinstance(router, kind) and is_searched(router) and type(router).branches is kind.branches
    )


def _make_subject(router: Any, key: str) -> Subject:
    return Subject(f"{type(router).__name__} {key!r}", router.declared)


# What stands around a key.


def _list_excluded(visit: Visit) -> Iterator[tuple[str, Visit]]:
    """Yield the keys of a router that those around it exclude, each with the one that does."""
    router = visit.router
    kinds = (ProtocolTypeRouter, HostRouter, ChannelNameRouter)
    kind = next(kind for kind in kinds if isinstance(router, kind))
    is_by_text = kind is not ProtocolTypeRouter
    around = visit
    while around.outer is not None and is_searched(around.outer.router):
        if _goes_by(around.outer.router, kind):
            excludes = _excludes_text if is_by_text else _excludes_type
            for key in router.application_mapping:
                if excludes(around.outer.router, around.child, router, key):
                    yield key, around
        around = around.outer


def _excludes_type(outer: Any, child: Any, _router: Any, key: str) -> bool:
    return key in outer.application_mapping if child.is_default else key != child.key


def _excludes_text(outer: Any, child: Any, router: Any, key: str) -> bool:
    """Tell whether no text that one router leads on has a key of another."""
    keys = _Keys(outer)
    own = dict(_list_patterns(router)).get(key)
    return own is not None and keys.excludes(None if child.is_default else child.key, own)


def _report_excluded(visit: Visit, key: str, around: Visit) -> Finding:
    assert around.outer is not None
    outer, child = around.outer.router, around.child
    by = f"{child.key!r}" if not child.is_default else "the default, which is for other keys"
    message = (
        f"it stands below {by} of a {type(outer).__name__}, which never leads on what it is for"
    )
    subjects = _make_subject(visit.router, key), _make_subject(outer, child.key)
    return Finding("R218", message, subjects, through=list_through(visit))


# The keys of one router.


class _Keys:
    """The keys of a router, as languages."""

    def __init__(self, router: Any) -> None:
        self._router = router
        self._is_host = isinstance(router, HostRouter)
        self._languages: list[Language | Undecided] = []
        self._universe = self._add(_ANY_HOST if self._is_host else _ANYTHING)
        patterns = _list_patterns(router)
        self._own = {key: self._add(pattern) for key, pattern in patterns}
        # A converter may refuse: then the key matches these at most.
        self._widest = {key: self._add(pattern, is_widest=True) for key, pattern in patterns}

    def _add(self, pattern: Pattern, *, is_widest: bool = False) -> int:
        row: Row[Any] = Row(len(self._languages), (Step(pattern, Mode.ENDPOINT, {}),), None)
        self._languages.append(read_language(row, is_widest=is_widest))
        return row.index

    def _compare(self) -> tuple[Comparison, dict[int, int]]:
        """Return a comparison of what is known, and where it has each."""
        known = {i: one for i, one in enumerate(self._languages) if isinstance(one, Language)}
        return Comparison([*known.values()]), {index: at for at, index in enumerate(known)}

    def check(self) -> Iterator[Finding]:
        """Yield a finding for each key that is never reached, or of which that is not known."""
        comparison, places = self._compare()
        if self._universe not in places:  # This Python does not show how it reads a regex.
            return
        names = {places[index]: key for key, index in self._own.items() if index in places}
        earlier: list[int] = []
        for key, index in self._own.items():
            place = places.get(index)
            widest = places.get(self._widest[key]) if place is None else place
            covering: tuple[int, ...] | Undecided | None = None
            if widest is not None:
                covering = comparison.find_covering([widest, places[self._universe]], earlier)
            if isinstance(covering, tuple):
                example = None if place is None else comparison.find_path([place])
                yield self._report_dead(key, [names[one] for one in covering], example)
            elif place is None:
                yield self._report_undecided(key, self._languages[index])
            elif covering is not None:
                yield self._report_undecided(key, covering)
            if place is not None:
                earlier.append(place)

    def excludes(self, key: str | None, other: Pattern) -> bool:
        """Tell whether nothing that a key leads on, None for the default, has a form."""
        index = self._add(other)
        comparison, places = self._compare()
        if index not in places or self._universe not in places:
            return False
        wanted, unwanted = [places[self._universe], places[index]], []
        for own, at in self._own.items():
            if own == key:
                wanted += [places[at]] if at in places else []
                break
            unwanted += [places[at]] if at in places else []
        # What is excluded for another reason is told without what stands around.
        is_possible = isinstance(comparison.find_path(wanted[:2]), str)
        return is_possible and comparison.find_path(wanted, unwanted) is None

    def _report_undecided(self, key: str, why: Any) -> Finding:
        said = f"cannot decide whether it can be reached: {why.reason}"
        return Finding("R103", said, (_make_subject(self._router, key),))

    def _report_dead(self, key: str, others: list[str], example: Any) -> Finding:
        what = "hosts" if self._is_host else "channels"
        message = f"it can never be reached: earlier keys match all {what} that it matches"
        if not others:
            message = f"it can never be reached: no {what[:-1]} has its form"
        shown = example if isinstance(example, str) else None
        if shown is not None and self._is_host:
            shown = shown.replace("/", ".")
        subjects = (_make_subject(self._router, one) for one in (key, *others))
        return Finding("R101", message, tuple(subjects), shown)


def _list_patterns(router: Any) -> list[tuple[str, Pattern]]:
    """Return the keys of a router, each as a pattern, in the order in which they are tried."""
    if isinstance(router, HostRouter):
        patterns = {key: router.host_patterns[key] for key in router.application_mapping}
        plain = {key: one for key, one in patterns.items() if labels_of(key) is not None}
        return sorted(plain.items(), key=lambda item: not item[1].is_literal)
    keys = [(key, translate_glob(key)) for key in router.application_mapping]
    return sorted(keys, key=lambda item: bool(_find_special(item[0])))


_find_special = re.compile(r"[*?[]").search


def translate_glob(glob: str) -> Pattern:
    r"""Return a glob as the pattern of a regular expression, which has no group of any kind.

    >>> translate_glob("mail-*-[a-c]").source
    '(?s)^mail\\-.*\\-[a-c]\\Z'
    """
    parts = [_GLOBS.get(part[0]) or _translate_piece(part) for part in _GLOB.findall(glob)]
    return parse_regex(rf"(?s)^{''.join(parts)}\Z")


def _translate_piece(part: str) -> str:
    if len(part) == 1:
        return re.escape(part)
    return translate(part).removeprefix("(?s:").rpartition(")")[0]
