r"""Regular expressions of Python in the syntax of RE2, which then means the same.

Every set of characters is written out, by the code points that Python's own ``re`` takes: classes
such as ``\w``, upper and lower case, and ``.`` are another set in RE2.

Rule: the same texts match, with the same groups and the same end, or the regex is refused.
"""

import functools
import re
from collections import Counter
from typing import Any

from asgi_routes.regular.characters import CharSet, read_set
from asgi_routes.regular.parsing import UnreadableError, read_items, walk_items
from asgi_routes.regular.programs import REFUSED, combine_flags

_MOST_REPEATS = 1000
_HAS_RE = "regex='re' has it"
_EMPTY = (
    "a repeat of something that may be empty",
    "let every round take a character, as in (?:a+b?)*, or use regex='re'",
)
_MANY = (f"a repeat of more than {_MOST_REPEATS}", "write one that has no end, or use regex='re'")
_ASSERTIONS = {
    "AT_END": (
        "a $ that does not stand at the end",
        r"\Z is the very end; $ is also before a newline that stands there",
    ),
    "AT_BOUNDARY": (
        r"a \b between any letters",
        r"RE2's \b knows those of ASCII alone, as Python's does with re.ASCII, or (?a) in front",
    ),
    # RE2 finds it between the bytes of one character, and Python not always in an empty text.
    "AT_NON_BOUNDARY": (r"a \B", "say which characters may stand there"),
}
_OF_TEXTS = {"AT_BEGINNING": r"\A", "AT_BEGINNING_STRING": r"\A", "AT_END_STRING": r"\z"}
_OF_LINES = {"AT_BEGINNING": "(?m:^)", "AT_END": "(?m:$)"}
_REPEATS = {"MAX_REPEAT": "REPEAT", "MIN_REPEAT": "REPEAT"}
_TOKENS = re.compile(
    r"""
    (?P<GROUPREF> \\[1-9][0-9]? (?![0-9]) | \(\?P= )
  | (?P<AT_BOUNDARY> \\b )
  | (?P<AT_NON_BOUNDARY> \\B )
  | \\.
  | \[ \^? \]? (?: \\. | [^\\\]] )* \]
  | (?P<GROUPREF_EXISTS> \(\?\( )
  | (?P<ASSERT> \(\?<?= )
  | (?P<ASSERT_NOT> \(\?<?! )
  | (?P<ATOMIC_GROUP> \(\?> )
  | (?P<inner> \( (?: \?P?<\w+> | \?[a-zA-Z-]*: | \?[a-zA-Z]+\) )? | \(\?\# [^)]* \) )
  | (?P<POSSESSIVE_REPEAT> (?: [*+?] | \{ (?: [0-9]+,?[0-9]* | ,[0-9]* ) \} ) \+ )
  | (?P<REPEAT> (?: [*+?] | \{ (?: [0-9]+,?[0-9]* | ,[0-9]* ) \} ) \?? )
  | (?P<AT_END> \$ )
    """,
    re.VERBOSE | re.DOTALL,
)
"""What may be refused, by the names of Python's parser, and what it could be mistaken for."""


class UntranslatableError(ValueError):
    """A regular expression has no equal in RE2.

    Attributes:
        span: where what has none stands, or None if that is not known.
        hint: what to write instead, or None.
    """

    def __init__(self, why: str, span: tuple[int, int] | None, hint: str | None) -> None:
        super().__init__(why)
        self.span = span
        self.hint = hint


@functools.lru_cache(maxsize=128)
def translate_regex(regex: str, flags: int, *, is_full: bool) -> tuple[str, tuple[int, ...]]:
    r"""Return a regex in the syntax of RE2, and the groups in it that are not in the regex.

    Such a group holds the newline before which ``$`` has matched: where it has taken part, what is
    said of the end has to be said of its start.

    Args:
        regex: in Python's syntax.
        flags: those of ``re``.
        is_full: whether the whole of a text has to match.

    >>> translate_regex("a/[0-9]", 0, is_full=False)
    ('a\\x{2f}[0-9]', ())
    >>> translate_regex("a$", 0, is_full=False), translate_regex("a$", 0, is_full=True)
    (('a(?:\\z|(\\n)\\z)', (1,)), ('a\\z', ()))

    Raises:
        UntranslatableError: it has no equal in RE2.
    """
    try:
        items, flags = read_items(regex, flags)
        translator = _Translator(is_full=is_full)
        try:
            return translator.translate(items, flags, is_end=True), tuple(translator.added)
        except _RefusedError as refused:
            span = _find_span(regex, flags, items, refused.kind, translator.seen[refused.kind])
            raise UntranslatableError(refused.why, span, refused.hint) from None
    except UnreadableError as error:
        raise UntranslatableError(str(error), None, None) from None
    except RecursionError:
        raise UntranslatableError("it is nested too deeply", None, None) from None


class _RefusedError(Exception):
    """An item has no equal in RE2.

    Attributes:
        kind: of the item, as `_TOKENS` names it.
        why: what it is.
        hint: what to write instead.
    """

    def __init__(self, kind: str, why: str, hint: str) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why
        self.hint = hint


class _Translator:
    """Writes parsed items, from left to right.

    Attributes:
        added: the groups that are not in the regex.
        seen: how many items of each kind have been read, to tell where one stands.
    """

    def __init__(self, *, is_full: bool) -> None:
        self.added: list[int] = []
        self.seen: Counter[str] = Counter()
        self._is_full = is_full
        self._groups = 0

    def translate(self, items: Any, flags: int, *, is_end: bool) -> str:
        """Return items as text; ``is_end`` where nothing follows them in the whole regex."""
        written = []
        ends = [is_end]
        for name, argument in reversed(items[1:]):
            # Behind a "$", only another one says no more than the first.
            ends.append(ends[-1] and (_name_kind(str(name), argument) == "AT_END"))
        for (name, argument), is_last in zip(items, reversed(ends), strict=False):
            written.append(self._translate_item(str(name), argument, flags, is_last))
        return "".join(written)

    def _translate_item(self, name: str, argument: Any, flags: int, is_end: bool) -> str:  # noqa: FBT001
        match name:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return _write_set(read_set(name, argument, flags))
            case "AT":
                return self._translate_assertion(str(argument), flags, is_end=is_end)
            case "SUBPATTERN":
                number, added, removed, inner = argument
                self._groups += number is not None
                text = self.translate(inner, combine_flags(flags, added, removed), is_end=is_end)
                return f"(?:{text})" if number is None else f"({text})"
            case "BRANCH":
                choices = [self.translate(one, flags, is_end=is_end) for one in argument[1]]
                return f"(?:{'|'.join(choices)})"
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._translate_repeat(name, argument, flags, is_end=is_end)
        self.seen[name] += 1
        raise _RefusedError(name, REFUSED.get(name, f"{name.lower()} in a regex"), _HAS_RE)

    def _translate_assertion(self, name: str, flags: int, *, is_end: bool) -> str:
        self.seen[name] += 1
        written = _OF_TEXTS.get(name)
        if flags & re.MULTILINE:
            written = _OF_LINES.get(name, written)
        if name == "AT_BOUNDARY" and flags & re.ASCII:
            written = r"\b"
        if written is None and name == "AT_END" and is_end:
            written = self._write_end()
        if written is None:
            raise _RefusedError(name, *_ASSERTIONS[name])
        return written

    def _write_end(self) -> str:
        if self._is_full:
            return r"\z"
        self._groups += 1
        self.added.append(self._groups)
        return r"(?:\z|(\n)\z)"

    def _translate_repeat(self, name: str, argument: Any, flags: int, *, is_end: bool) -> str:
        least, most, inner = argument
        # Behind an end there is no other round.
        text = self.translate(inner, flags, is_end=is_end and most == 1)
        self.seen["REPEAT"] += 1
        is_open = repr(most) == "MAXREPEAT"  # It is a number whose repr is a name.
        if most > 1 and inner.getwidth()[0] == 0:
            raise _RefusedError("REPEAT", *_EMPTY)
        if least > _MOST_REPEATS or (most > _MOST_REPEATS and not is_open):
            raise _RefusedError("REPEAT", *_MANY)
        return f"(?:{text}){{{least},{'' if is_open else most}}}{'?' * (name == 'MIN_REPEAT')}"


def _write_set(chars: CharSet) -> str:
    r"""Return the set of characters as RE2 writes it.

    >>> _write_set(((48, 57), (95, 95))), _write_set(())
    ('[0-9\\x{5f}]', '[^\\x{0}-\\x{10ffff}]')
    """
    if not chars:
        return r"[^\x{0}-\x{10ffff}]"
    ranges = [
        _write_code(first) + f"-{_write_code(last)}" * (first < last) for first, last in chars
    ]
    [(first, last), *more] = chars
    return ranges[0] if first == last and not more else f"[{''.join(ranges)}]"


def _write_code(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and char.isalnum() else f"\\x{{{code:x}}}"


def _name_kind(name: str, argument: Any) -> str:
    """Return the name that `_TOKENS` has for a kind of item."""
    return str(argument) if name == "AT" else _REPEATS.get(name, name)


def _find_span(
    regex: str, flags: int, items: Any, kind: str, number: int
) -> tuple[int, int] | None:
    """Return where the item of a kind with a number stands; None where that cannot be told.

    The parser does not say it, and puts together what branches have in common.
    """
    written = sum(_name_kind(*item) == kind for item in walk_items(items))
    found = [one.span() for one in _TOKENS.finditer(regex) if one.lastgroup == kind]
    if flags & re.VERBOSE or len(found) != written:
        return None
    return found[number - 1]
