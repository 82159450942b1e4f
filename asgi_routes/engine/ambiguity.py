"""Whether a backtracking regex could take more than linear time over some pieces.

Rule: only what certainly cannot is left to ``re``.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from asgi_routes.engine.pieces import Chain, Choice, Fixed, Loop, Piece, Run, Text

_FEW = 16
_MOST_WAYS = 64
_OTHERS = "\u00b2\u00e9\u0663\u00a0\u2028\u4e2d\u0301\u20ac\x85"
"""Characters outside of ASCII: a word's, a digit, a space, and none of these."""

_NOWHERE = frozenset("/")
"""What may follow the last piece: nothing, or the next segment."""


@dataclass(slots=True)
class _Behind:
    """What is behind a place, and how often a regex might come to it.

    Attributes:
        first: the characters that it may begin with.
        has_runs: whether it can be long.
        ways: how many ways lead through it.
    """

    first: frozenset[str]
    has_runs: bool
    ways: int


class _AmbiguousError(Exception):
    """Somewhere a regex can go back far, and has far to go again."""


def is_ambiguous(pieces: Sequence[Piece]) -> bool:
    """Tell whether a backtracking regex could take more than linear time over these pieces.

    It cannot where every run ends at a character that is not of its class, nor where there is one
    run that does not, and no other run behind it.
    """
    try:
        _go_before(Chain(tuple(pieces)), _Behind(_NOWHERE, has_runs=False, ways=1))
    except _AmbiguousError:
        return True
    return False


def _go_before(piece: Piece, behind: _Behind) -> _Behind:
    match piece:
        case Text(text=text):
            return _Behind(frozenset(text[0]), behind.has_runs, behind.ways) if text else behind
        case Fixed(regex=regex):
            return _Behind(_list_first(regex), behind.has_runs, behind.ways)
        case Chain(pieces=pieces):
            for one in reversed(pieces):
                behind = _go_before(one, behind)
            return behind
        case Choice(pieces=pieces):
            return _go_before_choice(pieces, behind)
        case Loop(piece=one):
            inner = _go_before(one, behind)
            return _go_before_run(inner.first, Run("", 0, None), behind)
        case Run(chars=chars):
            return _go_before_run(_list_members(chars), piece, behind)


def _go_before_run(members: frozenset[str], run: Run, behind: _Behind) -> _Behind:
    many = run.most is None or run.most - run.least > _FEW
    ways = behind.ways
    if members & behind.first:
        if many and behind.has_runs:
            raise _AmbiguousError
        if not many and run.most is not None:
            ways = _multiply(ways, run.most - run.least + 1)
    first = members if run.least else members | behind.first
    return _Behind(first, behind.has_runs or many, ways)


def _go_before_choice(pieces: Sequence[Piece], behind: _Behind) -> _Behind:
    choices = [_go_before(piece, behind) for piece in pieces]
    first: frozenset[str] = frozenset().union(*(choice.first for choice in choices))
    ways = max(
        sum(choice.ways for choice in choices if char in choice.first) for char in first or "/"
    )
    return _Behind(first, any(choice.has_runs for choice in choices), _multiply(ways, 1))


def _multiply(ways: int, more: int) -> int:
    if ways * more > _MOST_WAYS:
        raise _AmbiguousError
    return ways * more


@functools.lru_cache
def _list_members(chars: str) -> frozenset[str]:
    """Return the characters of a class, of those that tell it from others."""
    is_member = re.compile(chars).match
    named = {*map(chr, range(128)), *_OTHERS, *chars}
    return frozenset(char for char in named if is_member(char))


@functools.lru_cache
def _list_first(regex: str) -> frozenset[str]:
    """Return the characters that a regex of a fixed width may begin with: more, where unknown."""
    found = re.match(r"\[\^?\]?(?:\\.|[^\\\]])*\]|\\.|[^(\\\[]", regex, re.DOTALL)
    return _list_members(found[0] if found else r"[\s\S]")
