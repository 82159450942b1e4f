"""How one pattern splits a path: the texts of its parameters, and what is left.

Rules: the answer is that of Django's one regular expression, greedy and leftmost. Where parameters
are runs of characters of a class, it takes time linear in the length of the path, because
`Splitter` does without backtracking: from the right it finds once where each piece could begin,
and from the left each parameter takes the longest run after which the next piece can begin.
Nothing is converted before the whole path has matched.
"""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from asgi_routes.engine.regexes import Compile
from asgi_routes.engine.rows import Mode
from asgi_routes.patterns import Literal, Node, Parameter, Pattern

Texts: TypeAlias = Sequence[str | None]
"""The text of each parameter, in order."""

Split: TypeAlias = Callable[[str], tuple[Texts, str] | None]
"""From a path to the text of each parameter and what is left of the path; None for no match."""

Convert: TypeAlias = Callable[[Texts], tuple[tuple[Any, ...], dict[str, Any]]]
"""From the texts to positional and named parameters; `ValueError` for no match."""

_END = {Mode.ENDPOINT: r"\Z", Mode.PREFIX: "", Mode.LEVEL: "", Mode.MOUNT: r"(?=/|\Z)"}
_CHARS = r"\[\^?\]?(?:\\.|[^\\\]])*\]|\\[dDwWsS]|\\[^0-9A-Za-z]|\.|[^\\\[\](){}.*+?^$|]"
_REPEATED = re.compile(
    rf"(?P<chars>{_CHARS})"
    r"(?:(?P<sign>[+*?])|\{(?P<least>\d+)(?P<comma>,(?P<most>\d*))?\})?(?![+*?{])",
    re.DOTALL,
)
_MOST_REPEATS = 1024
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


@dataclass(frozen=True, slots=True)
class Text:
    """A literal."""

    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """A parameter of characters of one class, at least and at most so many of them."""

    chars: str
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A parameter that always has the same number of characters."""

    regex: str
    width: int


Piece: TypeAlias = Text | Run | Fixed


def read_pieces(nodes: Iterable[Node]) -> list[Piece] | None:
    """Return the nodes as pieces, or None if there is one that only ``re`` can match."""
    pieces: list[Piece] = []
    for node in nodes:
        piece: Piece | None = None
        if isinstance(node, Literal):
            piece = Text(node.text)
        elif isinstance(node, Parameter):
            piece = read_piece(node.regex)
        if piece is None:
            return None
        pieces.append(piece)
    return pieces


@functools.lru_cache
def read_piece(regex: str) -> Piece | None:
    """Return the piece that a parameter's regex takes, or None if it is more than one run.

    >>> read_piece("[^/]+"), read_piece("[0-9]{4}")
    (Run(chars='[^/]', least=1, most=None), Fixed(regex='[0-9]{4}', width=4))
    >>> read_piece("a|b")
    """
    counted = _read_tokens(regex)
    if counted and all(least == most for _, least, most in counted):
        return Fixed(regex, sum(least for _, least, _ in counted))
    if counted is None or len(counted) != 1 or (counted[0][2] or 0) > _MOST_REPEATS:
        return None
    return Run(*counted[0])


@functools.lru_cache
def is_within_segment(regex: str) -> bool:
    """Tell whether a parameter is a run of characters of which none is a slash.

    >>> is_within_segment("[0-9]+"), is_within_segment(".+"), is_within_segment("a|b")
    (True, False, False)
    """
    if read_piece(regex) is None:
        return False
    return not any(re.match(chars, "/") for chars, _, _ in _read_tokens(regex) or ())


def _read_tokens(regex: str) -> list[tuple[str, int, int | None]] | None:
    """Return the classes of characters of a regex and their counts; None if it has more in it."""
    counted: list[tuple[str, int, int | None]] = []
    position = 0
    while position < len(regex):
        found = _REPEATED.match(regex, position)
        if found is None:
            return None
        position = found.end()
        counted.append((found["chars"], *_read_counts(found)))
    return counted


def _read_counts(found: re.Match[str]) -> tuple[int, int | None]:
    match found["sign"]:
        case "+":
            return 1, None
        case "*":
            return 0, None
        case "?":
            return 0, 1
    if found["least"] is None:
        return 1, 1
    least = int(found["least"])
    if found["comma"] is None:
        return least, least
    return least, int(found["most"]) if found["most"] else None


def is_ambiguous(pieces: Sequence[Piece]) -> bool:
    """Tell whether a backtracking regex could take more than linear time over these pieces.

    It cannot where every run ends at a character that is not of its class, nor where there is one
    run that does not, and no other run behind it.
    """
    for index, piece in enumerate(pieces):
        if not isinstance(piece, Run):
            continue
        behind = pieces[index + 1 :]
        if not any(isinstance(other, Run) for other in behind):
            return False
        if not isinstance(behind[0], Text) or re.match(piece.chars, behind[0].text):
            return True
    return False


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
        self._tables = {
            chars: _Membership(chars) for piece in pieces for chars in self._list_classes(piece)
        }
        self._tables["/"] = _Membership("/")
        self._runs = {
            piece.chars: re.compile(f"(?:{piece.chars})*")
            for piece in pieces
            if isinstance(piece, Run)
        }
        self._fixed = {
            piece.regex: re.compile(f"(?={piece.regex})")
            for piece in pieces
            if isinstance(piece, Fixed)
        }

    @staticmethod
    def _list_classes(piece: Piece) -> list[str]:
        match piece:
            case Text(text=text):
                return [re.escape(char) for char in text]
            case Run(chars=chars):
                return [chars]
            case Fixed():
                return []
            case _:
                assert_never(piece)

    def __call__(self, path: str) -> tuple[list[str], str] | None:
        """Return the text of each parameter and what is left of the path, or None."""
        starts = self._find_starts(path)
        if starts is None:
            return None
        texts: list[str] = []
        position = 0
        for piece, next_starts in zip(self._pieces, starts[1:], strict=True):
            match piece:
                case Text(text=text):
                    position += len(text)
                    continue
                case Fixed(width=width):
                    end = position + width
                case Run():
                    end = self._find_longest(path, position, piece, next_starts)
            texts.append(path[position:end])
            position = end
        return texts, path[position:]

    def _find_longest(self, path: str, position: int, run: Run, next_starts: int) -> int:
        found = self._runs[run.chars].match(path, position)
        assert found is not None
        end = found.end() if run.most is None else min(found.end(), position + run.most)
        # The rightmost start that is not right of the end is the lowest bit from there up.
        reachable = next_starts >> (len(path) - end)
        return end - ((reachable & -reachable).bit_length() - 1)

    def _find_starts(self, path: str) -> list[int] | None:
        """Return for each piece, and for the end, where it could begin; None if nowhere."""
        starts = [self._find_ends(path)]
        for piece in reversed(self._pieces):
            match piece:
                case Text(text=text):
                    here = self._go_before_text(path, text, starts[-1])
                case Fixed():
                    here = self._go_before_fixed(path, piece, starts[-1])
                case Run():
                    here = self._go_before_run(path, piece, starts[-1])
            if not here:
                return None
            starts.append(here)
        starts.reverse()
        return starts if starts[0] >> len(path) & 1 else None

    def _find_ends(self, path: str) -> int:
        match self._mode:
            case Mode.ENDPOINT:
                return 1
            case Mode.PREFIX | Mode.LEVEL:  # The pieces do not say what may follow.
                return (1 << (len(path) + 1)) - 1
            case Mode.MOUNT:
                return self._find_members(path, "/") | 1
            case _:
                assert_never(self._mode)

    def _find_members(self, path: str, chars: str) -> int:
        return int(path.translate(self._tables[chars]) + "0", 2)

    def _go_before_text(self, path: str, text: str, ends: int) -> int:
        size = len(path)
        if ends & (ends - 1) == 0:
            at = size - (ends.bit_length() - 1) - len(text)
            return ends << len(text) if at >= 0 and path.startswith(text, at) else 0
        here = ends << len(text)
        if path.count(text) > _FEW:
            for offset, char in enumerate(text):
                here &= self._find_members(path, re.escape(char)) << offset
            return here
        found, at = 0, path.find(text)
        while at >= 0:
            found |= 1 << (size - at)
            at = path.find(text, at + 1)
        return here & found

    def _go_before_fixed(self, path: str, piece: Fixed, ends: int) -> int:
        found = bytearray(b"0" * (len(path) + 1))
        for match in self._fixed[piece.regex].finditer(path):
            found[match.start()] = ord("1")
        return (ends << piece.width) & int(bytes(found), 2)

    def _go_before_run(self, path: str, run: Run, ends: int) -> int:
        members = self._find_members(path, run.chars)
        if run.most is not None:
            return _repeat(ends, members, run.least, run.most)
        here = ends
        for _ in range(run.least):
            here = here << 1 & members
        # One addition carries every start to the left end of its run of members.
        first = here << 1 & members
        return here | (((members + first) ^ members) | first) & members


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
