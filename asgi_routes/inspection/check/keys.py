"""Keys of routers that no scope has: types, hosts and channels.

Rule: a key is called unreachable only if its router leads to another key, or to none, for whatever
comes to it; what a wrapper or a mount may have made of the scope on the way comes to it, too.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import translate
from typing import Any

from asgi_routes.apps import Kind, Visit, is_searched, kind_of, walk
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
    """Yield the keys that are never reached, wherever their routers stand."""
    dead: dict[int, dict[str, Finding]] = {}
    for visit in walk(app):
        if _goes_by(visit.router, ProtocolTypeRouter):
            found = _check_types(visit)
        elif _goes_by(visit.router, HostRouter) or _goes_by(visit.router, ChannelNameRouter):
            found = _Keys(visit).check()
        else:
            continue
        through = list_through(visit)
        known = dead.setdefault(
            id(visit.router), {key: replace(one, through=through) for key, one in found.items()}
        )
        for key in known.keys() - found.keys():  # In one place, it is reached.
            del known[key]
    for findings in dead.values():
        yield from findings.values()


def _goes_by(router: Any, kind: type[Any]) -> bool:
    """Tell whether a router is of a kind, and searched as that kind is."""
    return (
        isinstance(router, kind) and is_searched(router) and type(router).branches is kind.branches
    )


def _list_around(visit: Visit, kind: type[Any]) -> Iterator[Visit]:
    """Yield the visits on the way whose router of a kind has led here, with an unchanged scope."""
    while visit.outer is not None and _passes_unchanged(visit) and is_searched(visit.outer.router):
        if _goes_by(visit.outer.router, kind):
            yield visit
        visit = visit.outer


def _passes_unchanged(visit: Visit) -> bool:
    """Tell whether a router is asked by the router around it, and not called by something else."""
    route = getattr(visit.child, "route", None)
    is_mounted = route is not None and route.mounting is not None
    return kind_of(visit.app) is Kind.ROUTER and not is_mounted


def _check_types(visit: Visit) -> dict[str, Finding]:
    router = visit.router
    found: dict[str, Finding] = {}
    for around in _list_around(visit, ProtocolTypeRouter):
        assert around.outer is not None
        others = around.outer.router.application_mapping
        key = around.child.key
        for own in router.application_mapping:
            is_other = own in others if around.child.is_default else own != key
            if is_other:
                why = f"a ProtocolTypeRouter around it leads here for {key!r} only"
                if around.child.is_default:
                    why = "a ProtocolTypeRouter around it has an application for it"
                found[own] = _report(router, own, f"it can never be reached: {why}")
    return found


def _report(
    router: Any, key: str, message: str, *others: str, witness: str | None = None
) -> Finding:
    subjects = (_make_subject(router, key), *(_make_subject(router, other) for other in others))
    return Finding("R101", message, subjects, witness)


def _make_subject(router: Any, key: str) -> Subject:
    return Subject(f"{type(router).__name__} {key!r}", router.declared)


class _Keys:
    """The keys of a router, as languages."""

    def __init__(self, visit: Visit) -> None:
        self._router = visit.router
        self._is_host = isinstance(visit.router, HostRouter)
        self._languages: list[Language | Undecided] = []
        self._wanted: list[int] = [self._add(_ANY_HOST if self._is_host else _ANYTHING)]
        self._unwanted: list[int] = []
        kind: type[Any] = HostRouter if self._is_host else ChannelNameRouter
        for around in _list_around(visit, kind):
            assert around.outer is not None
            self._narrow(around.outer.router, around.child)
        self._own = {key: self._add(pattern) for key, pattern in _list_patterns(self._router)}

    def _add(self, pattern: Pattern) -> int:
        row: Row[Any] = Row(len(self._languages), (Step(pattern, Mode.ENDPOINT, {}),), None)
        self._languages.append(read_language(row))
        return row.index

    def _narrow(self, router: Any, child: Any) -> None:
        """Take account of what a router around leads here for; what is not understood, for all."""
        for key, pattern in _list_patterns(router):
            index = self._add(pattern)
            if key == child.key and not child.is_default:
                if isinstance(self._languages[index], Language):
                    self._wanted.append(index)
                return
            if isinstance(self._languages[index], Language):
                self._unwanted.append(index)

    def check(self) -> dict[str, Finding]:
        """Return a finding for each key that is never reached, or of which that is not known."""
        known = {i: one for i, one in enumerate(self._languages) if isinstance(one, Language)}
        places = {index: place for place, index in enumerate(known)}
        comparison = Comparison([*known.values()])
        wanted = [places[index] for index in self._wanted]
        earlier = [places[index] for index in self._unwanted]
        found = {}
        for key, index in self._own.items():
            language = self._languages[index]
            if isinstance(language, Undecided):
                found[key] = self._report_undecided(key, language)
                continue
            place = places[index]
            covering = comparison.find_covering([place, *wanted], earlier)
            if isinstance(covering, Undecided):
                found[key] = self._report_undecided(key, covering)
            elif covering is not None:
                example = comparison.find_path([place])
                names = {places[i]: other for other, i in self._own.items() if i in places}
                others = [names[one] for one in covering if one in names]
                found[key] = self._report_dead(key, others, example)
            earlier.append(place)
        return found

    def _report_undecided(self, key: str, why: Undecided) -> Finding:
        said = f"whether it can be reached cannot be decided: {why.reason}"
        return Finding("R103", said, (_make_subject(self._router, key),))

    def _report_dead(self, key: str, others: list[str], example: Any) -> Finding:
        what = "hosts" if self._is_host else "channels"
        message = f"it can never be reached: keys before it lead on for all {what} that it matches"
        if not others:
            message = f"it can never be reached: no {what[:-1]} that comes here is of its form"
        shown = example if isinstance(example, str) else None
        if shown is not None and self._is_host:
            shown = shown.replace("/", ".")
        return _report(self._router, key, message, *others, witness=shown)


def _list_patterns(router: Any) -> list[tuple[str, Pattern]]:
    """Return the keys of a router, each as a pattern, in the order in which they are tried."""
    if isinstance(router, HostRouter):
        patterns = {key: router.host_patterns[key] for key in router.application_mapping}
        plain = {key: one for key, one in patterns.items() if labels_of(key) is not None}
        return sorted(plain.items(), key=lambda item: not item[1].is_literal)
    keys = [(key, translate_glob(key)) for key in router.application_mapping]
    return sorted(keys, key=lambda item: bool(_is_glob(item[0])))


_is_glob = re.compile(r"[*?[]").search


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
