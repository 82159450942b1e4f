"""How one pattern splits a path: the texts of its parameters, and what is left.

Rules: the answer is that of Django's one regular expression, greedy and leftmost. Where parameters
are runs of characters of a class, it takes time linear in the length of the path, because
`Splitter` does without backtracking: from the right it finds once where each piece could begin,
and from the left each parameter takes the longest run after which the next piece can begin.
Nothing is converted before the whole path has matched.
"""

import functools
import re
from collections.abc import Callable, Sequence
from operator import or_
from typing import Any, TypeAlias, assert_never

from asgi_routes.engine.ambiguity import is_ambiguous
from asgi_routes.engine.pieces import (
    Chain,
    Choice,
    Fixed,
    Loop,
    Piece,
    Run,
    Text,
    read_piece,
    read_pieces,
)
from asgi_routes.engine.regexes import Compile
from asgi_routes.engine.rows import Mode
from asgi_routes.patterns import Literal, Pattern

Texts: TypeAlias = Sequence[str | None]
"""The text of each parameter, in order."""

Split: TypeAlias = Callable[[str], tuple[Texts, str] | None]
"""From a path to the text of each parameter and what is left of the path; None for no match."""

Convert: TypeAlias = Callable[[Texts], tuple[tuple[Any, ...], dict[str, Any]]]
"""From the texts to positional and named parameters; `ValueError` for no match."""

_END = {Mode.ENDPOINT: r"\Z", Mode.PREFIX: "", Mode.LEVEL: "", Mode.MOUNT: r"(?=/|\Z)"}
_FEW = 16
_REMEMBERED_CHARS = 4096


def make_split(pattern: Pattern, mode: Mode, compile_regex: Compile = re.compile) -> Split:
    """Return the function that splits a path by one pattern.

    ``compile_regex`` is for the patterns of `re_path`.

    >>> from asgi_routes.patterns.converters import get_registered_converters
    >>> from asgi_routes.patterns import parse_path
    >>> split = make_split(parse_path("n/<int:n>/", get_registered_converters()), Mode.PREFIX)
    >>> split("n/1/rest"), split("n/x/")
    ((['1'], 'rest'), None)
    """
    if mode is Mode.LEVEL:
        return _make_level_split(pattern, compile_regex)
    if pattern.syntax == "regex":
        return _make_search_split(pattern, mode, compile_regex)
    if pattern.is_literal:
        return _make_literal_split(pattern, mode)
    pieces = read_pieces(pattern.nodes)
    if pieces is not None and is_ambiguous(pieces):
        return Splitter(pieces, mode)
    return _make_regex_split(pattern, mode)


def _make_level_split(pattern: Pattern, compile_regex: Compile) -> Split:
    """Return the split that leaves what a nested router reads.

    A regex says itself what may follow it; any other text ends where a segment does.
    """
    split_prefix = make_split(pattern, Mode.PREFIX, compile_regex)
    is_regex = pattern.syntax == "regex"

    def split(path: str) -> tuple[Texts, str] | None:
        found = split_prefix(path)
        if found is None:
            return None
        texts, rest = found
        at = len(path) - len(rest)
        if not rest or not at or path[at - 1] == "/":
            return found
        if rest[0] != "/":
            return found if is_regex else None
        if len(rest) == 1 and not is_regex:
            return None
        return texts, rest[1:]

    return split


def make_convert(pattern: Pattern) -> Convert:
    """Return the function that makes parameters of the texts that were split off."""
    if pattern.syntax == "regex":
        return _make_group_convert(re.compile(pattern.regex, pattern.flags))
    parameters = [
        (parameter.name, parameter.converter.to_python)
        for parameter in pattern.parameters
        if parameter.name is not None and parameter.converter is not None
    ]

    def convert(texts: Texts) -> tuple[tuple[Any, ...], dict[str, Any]]:
        named = zip(parameters, texts, strict=True)
        return (), {name: to_python(text or "") for (name, to_python), text in named}

    return convert


def _make_group_convert(compiled: re.Pattern[str]) -> Convert:
    names = [*compiled.groupindex]
    if not names:
        return lambda texts: (tuple(texts), {})
    numbers = [*compiled.groupindex.values()]

    def convert(texts: Texts) -> tuple[tuple[Any, ...], dict[str, Any]]:
        found = {name: texts[number - 1] for name, number in zip(names, numbers, strict=True)}
        return (), {name: text for name, text in found.items() if text is not None}

    return convert


def _make_literal_split(pattern: Pattern, mode: Mode) -> Split:
    text = "".join(node.text for node in pattern.nodes if isinstance(node, Literal))
    size = len(text)

    def split(path: str) -> tuple[Texts, str] | None:
        if not path.startswith(text):
            return None
        rest = path[size:]
        if (
            rest
            and mode is not Mode.PREFIX
            and (mode is Mode.ENDPOINT or (text and rest[0] != "/"))
        ):
            return None
        return (), rest

    return split


def _make_regex_split(pattern: Pattern, mode: Mode) -> Split:
    compiled = re.compile(r"\A" + pattern.regex + _END[mode])
    names = [parameter.name or "" for parameter in pattern.parameters]

    def split(path: str) -> tuple[Texts, str] | None:
        found = compiled.match(path)
        return found and ([found[name] for name in names], path[found.end() :])

    return split


def _make_search_split(pattern: Pattern, mode: Mode, compile_regex: Compile) -> Split:
    compiled = compile_regex(pattern.regex, pattern.flags)
    # Django looks at the text, not at the meaning: an escaped "\$" at the end counts as well.
    is_full = mode is Mode.ENDPOINT and pattern.source.endswith("$")
    search = compiled.fullmatch if is_full else compiled.search

    def split(path: str) -> tuple[Texts, str] | None:
        found = search(path)
        return found and (found.groups(), path[found.end() :])

    return split


class _Membership(dict[int, str]):
    """A table for `str.translate`: ``1`` for characters of a class, ``0`` for all others."""

    def __init__(self, chars: str) -> None:
        super().__init__()
        self._is_member = re.compile(chars).match

    def __missing__(self, code: int) -> str:
        if len(self) >= _REMEMBERED_CHARS:  # A client must not fill the memory with them.
            self.clear()
        answer = self[code] = "1" if self._is_member(chr(code)) else "0"
        return answer


class Splitter:
    """Splits paths among the pieces of one pattern.

    Sets of positions are integers: position ``p`` of a path of length ``n`` is bit ``n - p``, so
    that going left in the path is shifting left in the integer.
    """

    def __init__(self, pieces: Sequence[Piece], mode: Mode) -> None:
        self._pieces = tuple(pieces)
        self._mode = mode

    def __call__(self, path: str) -> tuple[list[str], str] | None:
        """Return the text of each parameter and what is left of the path, or None."""
        places = _Places(path)
        starts = places.find_starts(self._pieces, self._find_ends(places))
        if not starts[0] >> len(path) & 1:
            return None
        texts: list[str] = []
        position = 0
        for piece, next_starts in zip(self._pieces, starts[1:], strict=True):
            end = places.go_over(piece, position, next_starts)
            if not isinstance(piece, Text):
                texts.append(path[position:end])
            position = end
        return texts, path[position:]

    def _find_ends(self, places: "_Places") -> int:
        match self._mode:
            case Mode.ENDPOINT:
                return 1
            case Mode.PREFIX | Mode.LEVEL:  # The pieces do not say what may follow.
                return (1 << (len(places.path) + 1)) - 1
            case Mode.MOUNT:
                return places.find_members("/") | 1
            case _:
                assert_never(self._mode)


class _Places:
    """The places of one path at which pieces can begin."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._members: dict[str, int] = {}

    def find_members(self, chars: str) -> int:
        """Return where a character of a class is."""
        found = self._members.get(chars)
        if found is None:
            found = int(self.path.translate(_make_membership(chars)) + "0", 2)
            self._members[chars] = found
        return found

    def find_starts(self, pieces: Sequence[Piece], ends: int) -> list[int]:
        """Return for each piece, and for the end, where it could begin; only 0 if nowhere."""
        starts = [ends]
        for piece in reversed(pieces):
            here = self.go_before(piece, starts[-1])
            if not here:
                return [0]
            starts.append(here)
        starts.reverse()
        return starts

    def go_before(self, piece: Piece, ends: int) -> int:
        """Return where a piece can begin that ends at one of some places."""
        match piece:
            case Text(text=text):
                return self._go_before_text(text, ends)
            case Fixed():
                return self._go_before_fixed(piece, ends)
            case Run():
                return self._go_before_run(piece, ends)
            case Chain(pieces=pieces):
                return self.find_starts(pieces, ends)[0]
            case Choice(pieces=pieces):
                return functools.reduce(or_, (self.go_before(one, ends) for one in pieces))
            case Loop():
                return self._go_before_loop(piece, ends)

    def go_over(self, piece: Piece, position: int, ends: int) -> int:
        """Return where a piece ends that begins at a place where it can."""
        match piece:
            case Text(text=text):
                return position + len(text)
            case Fixed(width=width):
                return position + width
            case Run():
                return self._go_over_run(piece, position, ends)
            case Chain(pieces=pieces):
                starts = self.find_starts(pieces, ends)
                for one, next_starts in zip(pieces, starts[1:], strict=True):
                    position = self.go_over(one, position, next_starts)
                return position
            case Choice(pieces=pieces):
                here = len(self.path) - position
                chosen = next(one for one in pieces if self.go_before(one, ends) >> here & 1)
                return self.go_over(chosen, position, ends)
            case Loop():
                return self._go_over_loop(piece, position, ends)

    def _go_over_run(self, run: Run, position: int, ends: int) -> int:
        size = len(self.path)
        if run.is_short:
            reachable = ends & ((1 << (size - position - run.least + 1)) - 1)
            # The leftmost end that is not left of the fewest characters is the highest bit.
            return size - (reachable.bit_length() - 1)
        found = _compile_run(run.chars).match(self.path, position)
        assert found is not None
        end = found.end() if run.most is None else min(found.end(), position + run.most)
        # The rightmost end that is not right of the most characters is the lowest bit.
        reachable = ends >> (size - end)
        return end - ((reachable & -reachable).bit_length() - 1)

    def _go_over_loop(self, loop: Loop, position: int, ends: int) -> int:
        again = self.go_before(loop.piece, self._go_before_loop(loop, ends))
        while again >> (len(self.path) - position) & 1:
            position += loop.width
        return position

    def _go_before_text(self, text: str, ends: int) -> int:
        path, size = self.path, len(self.path)
        if ends & (ends - 1) == 0:
            at = size - (ends.bit_length() - 1) - len(text)
            return ends << len(text) if at >= 0 and path.startswith(text, at) else 0
        here = ends << len(text)
        if path.count(text) > _FEW:
            for offset, char in enumerate(text):
                here &= self.find_members(re.escape(char)) << offset
            return here
        found, at = 0, path.find(text)
        while at >= 0:
            found |= 1 << (size - at)
            at = path.find(text, at + 1)
        return here & found

    def _go_before_fixed(self, piece: Fixed, ends: int) -> int:
        found = self._members.get(piece.regex)
        if found is None:
            places = bytearray(b"0" * (len(self.path) + 1))
            for match in _compile_ahead(piece.regex).finditer(self.path):
                places[match.start()] = ord("1")
            found = self._members[piece.regex] = int(bytes(places), 2)
        return (ends << piece.width) & found

    def _go_before_run(self, run: Run, ends: int) -> int:
        members = self.find_members(run.chars)
        if run.most is not None:
            return _repeat(ends, members, run.least, run.most)
        here = ends
        for _ in range(run.least):
            here = here << 1 & members
        # One addition carries every start to the left end of its run of members.
        first = here << 1 & members
        return here | (((members + first) ^ members) | first) & members

    def _go_before_loop(self, loop: Loop, ends: int) -> int:
        size = len(self.path)
        # Where the piece, then two, then four of them are: each time twice as far.
        width = loop.width
        many = self.go_before(loop.piece, (1 << (size + 1)) - 1)
        here = ends
        while many:
            here |= here << width & many
            many &= many << width
            width *= 2
        return here


def _repeat(ends: int, members: int, least: int, most: int) -> int:
    reached = ends if least == 0 else 0
    step = ends
    for count in range(1, most + 1):
        step = step << 1 & members
        if not step:
            break
        if count >= least:
            reached |= step
    return reached


@functools.cache
def _make_membership(chars: str) -> "_Membership":
    return _Membership(chars)


@functools.cache
def _compile_run(chars: str) -> re.Pattern[str]:
    return re.compile(f"(?:{chars})*")


@functools.cache
def _compile_ahead(regex: str) -> re.Pattern[str]:
    return re.compile(f"(?={regex})")


@functools.lru_cache(maxsize=4096)
def make_fits(regex: str) -> Callable[[str], object]:
    """Return what tells whether the whole of a text is what a parameter's regex takes."""
    piece = read_piece(regex)
    if piece is not None and is_ambiguous([piece]):
        return Splitter([piece], Mode.ENDPOINT)
    return re.compile(regex).fullmatch
