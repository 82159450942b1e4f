"""What goes through which engine, and which of it a client can keep busy.

Rule: it says what `asgi_routes.engine.splitting` does, in every mode and every syntax.

The automata are imported when there is a regex to look at: most tables have none.
"""

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, Union

from asgi_routes.engine.pieces import read_piece
from asgi_routes.engine.regexes import Compile
from asgi_routes.engine.rows import Mode, Step
from asgi_routes.patterns import Pattern

if TYPE_CHECKING:
    from asgi_routes.regular.programs import Assertion
    from asgi_routes.regular.slowness import Slowness, Unknown

Engine: TypeAlias = Literal["table", "re", "re2"]
"""``table``: looked up and split in linear time; else an engine for regular expressions."""


class SlowRegex(NamedTuple):
    """A regex that can be kept busy, or of which that cannot be told.

    Attributes:
        regex: as it was written; for a path with converters, the regex of the whole path.
        why: how, or why not.
        advice: what to do about it; empty where it cannot be told.
    """

    regex: str
    why: Union["Slowness", "Unknown"]
    advice: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether it can be kept busy for sure."""
        return bool(self.advice)

    def __str__(self) -> str:
        from asgi_routes.regular.slowness import Unknown  # noqa: PLC0415

        if isinstance(self.why, Unknown):
            return f"cannot decide whether {self.regex!r} is vulnerable to ReDoS: {self.why.reason}"
        power = self.why.power
        time = f"time in proportion to n**{power}" if power else "time exponential in n"
        return (
            f"{self.regex!r} is vulnerable to ReDoS: matching {self.why} takes {time}; "
            f"{self.advice}"
        )


def find_engine(pattern: Pattern, compile_regex: Compile = re.compile) -> Engine:
    """Return what a pattern is matched by."""
    if pattern.syntax == "regex":
        return "re" if compile_regex is re.compile else "re2"
    is_split = all(read_piece(parameter.regex) for parameter in pattern.parameters)
    return "table" if is_split else "re"


def find_slow_regex(step: Step, compile_regex: Compile = re.compile) -> SlowRegex | None:
    r"""Return the regex of a step that a client can keep busy, or None.

    >>> from asgi_routes.patterns import parse_regex
    >>> found = find_slow_regex(Step(parse_regex(r"^(\w+)*$"), Mode.ENDPOINT, {}))
    >>> print(found.why)
    'x' * n + '-'
    >>> print(found.advice)
    use '^(\\w)*$', which matches the same strings, although its groups capture other strings, or use URLRouter(…, regex='re2')
    """
    pattern = step.pattern
    if find_engine(pattern, compile_regex) != "re":
        return None
    is_regex = pattern.syntax == "regex"
    return (_look_at_regex if is_regex else _look_at_path)(pattern, step.mode)


def _look_at_regex(pattern: Pattern, mode: Mode) -> SlowRegex | None:
    from asgi_routes.regular.programs import Assertion  # noqa: PLC0415
    from asgi_routes.regular.slowness import Slowness, find_slowness  # noqa: PLC0415

    # As it stands in the matcher: by the text, so that an escaped one counts as well.
    is_whole = mode is Mode.ENDPOINT and pattern.source.endswith("$")
    end = Assertion.END if is_whole else None
    why = find_slowness(pattern.regex, pattern.flags, is_searched=not is_whole, end=end)
    if not isinstance(why, Slowness):
        return None if why is None else SlowRegex(pattern.regex, why)
    advice = _advise(pattern.regex, pattern.flags) if is_whole else None
    advice = advice or "rewrite it"
    if _is_for_re2(pattern):
        advice += ", or use URLRouter(…, regex='re2')"
    return SlowRegex(pattern.regex, why, advice)


def _look_at_path(pattern: Pattern, mode: Mode) -> SlowRegex | None:
    from asgi_routes.regular.programs import Assertion  # noqa: PLC0415
    from asgi_routes.regular.slowness import Slowness, find_slowness  # noqa: PLC0415

    end = {Mode.ENDPOINT: Assertion.END, Mode.MOUNT: Assertion.SEGMENT_END}.get(mode)
    why = find_slowness(pattern.regex, is_searched=False, end=end)
    if not isinstance(why, Slowness):
        return None if why is None else SlowRegex(pattern.regex, why)
    advice = _advise_on_converters(pattern, end) or "rewrite the regexes of its converters"
    return SlowRegex(pattern.regex, why, advice)


def _advise(regex: str, flags: int = 0) -> str | None:
    """Return what to write instead of a regex that matches whole texts, if that can be told."""
    from asgi_routes.regular.rewriting import find_faster  # noqa: PLC0415

    faster = find_faster(regex, flags)
    if faster is None or not faster.regex.endswith("$"):
        return None
    groups = "" if faster.has_same_groups else ", although its groups capture other strings"
    return f"use {faster.regex!r}, which matches the same strings{groups}"


def _advise_on_converters(pattern: Pattern, end: "Assertion | None") -> str | None:
    """Return what to write instead of the regex of a converter, if that mends the whole."""
    from asgi_routes.regular.rewriting import find_faster  # noqa: PLC0415
    from asgi_routes.regular.slowness import find_slowness  # noqa: PLC0415

    for regex in dict.fromkeys(parameter.regex for parameter in pattern.parameters):
        faster = find_faster(regex)
        if faster is not None:
            mended = pattern.regex.replace(regex, faster.regex)
            if find_slowness(mended, is_searched=False, end=end) is None:
                return f"use {faster.regex!r} for the {regex!r} of a converter, which matches the same strings"
    return None


def _is_for_re2(pattern: Pattern) -> bool:
    # Few regexes are slow, and this makes tables of all characters.
    from asgi_routes.regular.re2_syntax import (  # noqa: PLC0415
        UntranslatableError,
        translate_regex,
    )

    try:
        translate_regex(pattern.regex, pattern.flags, is_full=False)
    except UntranslatableError:
        return False
    return True
