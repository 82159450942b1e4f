"""Random rows over a few characters, as dense as can be: of every syntax, in every mode, of several steps.

They are written over ``a``, ``1``, ``/`` and newlines, so that all paths of a few characters can be tried.
"""

import itertools
import random
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from asgi_routes.engine import LinearMatcher, Mode, Row, Step
from asgi_routes.patterns import Pattern, parse_format, parse_path, parse_regex
from asgi_routes.patterns.converters import Converters, TextConverter

TEXTS = {
    "either": "a|1/a",
    "maybe": "[a1]*",
    "two": "[a/]{2}",
    "lazy": "a+?",
    "line": "^1|a$",
    "groups": "(a|(1)(a)?)+?",
}
CONVERTERS = Converters({name: TextConverter(regex) for name, regex in TEXTS.items()})
_NAMES = ["", "int:", "slug:", "path:", "str:", *(f"{name}:" for name in TEXTS)]
_NAME_WEIGHTS = [8, 6, 3, 3, 1, *([1] * len(TEXTS))]
_FORMATS = ["{x}", "a/{x}", "{x}/{y}", "{x:path}", "{x:int}/", "{x:slug}1", "a{x:path}/", "{{a"]
_CHARS = ["a", "1", "/", r"\n", "a", "1", "/", "A"]
_CLASSES = [".", r"\w", r"\d", r"\s", "[^/]", "[a1]", "[^a]", r"[/\n]", r"\W", "[^/]"]
_PLACES = ["^", "$", r"\A", r"\Z", r"\b", r"\B"]
_GROUPS = ["({})", "(?:{})", "(?:{})", "(?i:{})", "(?s:{})", "(?m:{})", "(?a:{})"]
_REPEATS = ["*", "+", "?", "{2}", "{0,2}", "{1,3}", "{2,}"]
_FLAGS = ("(?i)", "(?s)", "(?m)", "(?x)", "(?a)", "(?im)")

_NUMBERS = [
    *("<int:N>", "<int:N>/", "<int:N>1", "1<int:N>", "<int:N>1<bN>", "<int:N><int:mN>", "<bN>"),
    *("<int:N>/<int:mN>", "<path:N>/<int:mN>", "<bN><int:N>", "a", "11", "<slug:N>1<int:mN>", "/"),
]
_PARAMETER = re.compile(r"<(\w*:)?(\w+)>")
_OF_SEGMENTS = [r"<slug:\2>", r"<int:\2>", r"<lazy:\2>", "a", "1", "a1"]
_NARROWER = {
    None: _OF_SEGMENTS,
    "str:": _OF_SEGMENTS,
    "slug:": [r"<int:\2>", r"<lazy:\2>", "a1"],
    "path:": [*_OF_SEGMENTS, r"<two:\2>", "a/1", r"<slug:\2>/<path:\2x>"],
    "int:": ["1", "11"],
}
"""What may stand in the place of a parameter so that nothing more is matched."""


class Rows:
    """Makes random rows."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret

    def row(self, index: int) -> Row[Any]:
        """Return a row of one to three steps."""
        count = self.random.choices([1, 2, 3], [6, 3, 1])[0]
        last = self.random.choices([*Mode], [7, 2, 2, 2])[0]
        befores = self.random.choices([Mode.PREFIX, Mode.LEVEL], [2, 3], k=count - 1)
        return _row(
            index,
            [
                (self.pattern(is_prefix=mode is not Mode.ENDPOINT), mode)
                for mode in (*befores, last)
            ],
        )

    def numbers(self, index: int) -> Row[Any]:
        """Return a row of one or two steps with numbers in every place."""
        texts = [self.random.choice(_NUMBERS).replace("N", f"n{n}") for n in range(2)]
        last = self.random.choice([Mode.ENDPOINT, Mode.ENDPOINT, Mode.MOUNT, Mode.LEVEL])
        modes = [self.random.choice([Mode.PREFIX, Mode.LEVEL]), last][-self.random.randint(1, 2) :]
        patterns = [parse_path(text, CONVERTERS) for text in texts]
        return _row(index, [*zip(patterns, modes, strict=False)])

    def pattern(self, *, is_prefix: bool) -> Pattern:
        """Return a pattern of any syntax."""
        kind = self.random.random()
        if kind < 0.5:
            return parse_regex(self.regex())
        if kind < 0.6:
            return parse_format(self.random.choice(_FORMATS), CONVERTERS)
        return parse_path(self.path(is_prefix=is_prefix), CONVERTERS)

    def path(self, *, is_prefix: bool) -> str:
        """Return a text of `path`."""
        segments = [self._segment(number) for number in range(self.random.randint(0, 3))]
        end = "/" if segments and self.random.random() < (0.6 if is_prefix else 0.3) else ""
        return "/".join(segments) + end

    def _segment(self, number: int) -> str:
        parameter = f"<{self.random.choices(_NAMES, _NAME_WEIGHTS)[0]}p{number}>"
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice(["a", "1", "a1", "", "\n"])
        if kind < 0.8:
            return parameter
        return self.random.choice(["a{}", "{}1", "{}1<q{}>", "{}<int:q{}>"]).format(
            parameter, number
        )

    def regex(self) -> str:
        """Return a regex with groups, alternatives, repeats of both kinds, and anchors anywhere."""
        start = self.random.choices(["", "^", r"\A"], [4, 6, 1])[0]
        end = self.random.choices(["", "$", r"\Z"], [6, 4, 1])[0]
        flags = self.random.choice(_FLAGS) if self.random.random() < 0.15 else ""
        return flags + start + self._alternatives(2) + end

    def _alternatives(self, depth: int) -> str:
        count = 2 if self.random.random() < 0.25 else 1
        return "|".join(
            "".join(self._item(depth) for _ in range(self.random.randint(0 if count > 1 else 1, 3)))
            for _ in range(count)
        )

    def _item(self, depth: int) -> str:
        kind = self.random.random()
        if kind < 0.1:
            return self.random.choice(_PLACES)
        if kind < 0.5:
            item = self.random.choice(_CHARS)
        elif kind < 0.75 or not depth:
            item = self.random.choice(_CLASSES)
        else:
            item = self.random.choice(_GROUPS).format(self._alternatives(depth - 1))
        if self.random.random() < 0.3:
            item += self.random.choice(_REPEATS) + self.random.choice(["", "", "?"])
        return item

    def shadow(self, rows: list[Row[Any]]) -> tuple[list[Row[Any]], Row[Any]] | None:
        """Return one or two of the rows, and one that matches no path that they do not match."""
        one, other = self.random.choice(rows), self.random.choice(rows)
        kind = self.random.randrange(5)
        if kind == 0:
            return _together([one, other], _either(one, other))
        kinds = [self._narrower, _longer, _as_regex, replace]
        return _together([one], kinds[kind - 1](one))

    def _narrower(self, row: Row[Any]) -> Row[Any] | None:
        """Return the row with something else in the place of a parameter in its last step."""
        *before, last = row.steps
        source = last.pattern.source
        if last.pattern.syntax != "path" or last.mode is not Mode.ENDPOINT:
            return None
        parameters = [one for one in _PARAMETER.finditer(source) if one[1] in _NARROWER]
        # Where a number ends at another parameter, what follows decides whether it is too long.
        if not parameters or ("int" in source and ("><" in source or "1<" in source)):
            return None
        chosen = self.random.choice(parameters)
        text = chosen.expand(self.random.choice(_NARROWER[chosen[1]]))
        pattern = parse_path(source[: chosen.start()] + text + source[chosen.end() :], CONVERTERS)
        return replace(row, steps=(*before, replace(last, pattern=pattern)))


def _row(index: int, patterns: list[tuple[Pattern, Mode]]) -> Row[Any]:
    """Return a row in which a nested router begins wherever one may."""
    before = [None, *(mode for _, mode in patterns)]
    steps = [
        Step(pattern, mode, {}, is_level=before[number] is Mode.LEVEL)
        for number, (pattern, mode) in enumerate(patterns)
    ]
    return Row(index, tuple(steps), None)


def _together(
    rows: list[Row[Any]], shadow: Row[Any] | None
) -> tuple[list[Row[Any]], Row[Any]] | None:
    return None if shadow is None else (rows, shadow)


def _either(one: Row[Any], other: Row[Any]) -> Row[Any] | None:
    """Return a regex row that matches what one of two regex rows does."""
    (step, *more), (another, *others) = one.steps, other.steps
    sources = [step.pattern.source, another.pattern.source]
    if more or others or {step.pattern.syntax, another.pattern.syntax} != {"regex"}:
        return None
    if step.mode is not another.mode or any(source.startswith(_FLAGS) for source in sources):
        return None
    are_full = {source.endswith("$") for source in sources}
    if len(are_full) > 1:
        return None
    text = f"(?:{'|'.join(sources)}){'$' if True in are_full else ''}"
    return Row(0, (replace(step, pattern=parse_regex(text)),), None)


def _longer(row: Row[Any]) -> Row[Any] | None:
    """Return the row with something more behind it."""
    mode = row.steps[-1].mode
    if mode not in (Mode.PREFIX, Mode.LEVEL):
        return None
    is_level = mode is Mode.LEVEL
    more = Step(parse_path("<p>/", CONVERTERS), Mode.ENDPOINT, {}, is_level=is_level)
    return replace(row, steps=(*row.steps, more))


def _as_regex(row: Row[Any]) -> Row[Any] | None:
    """Return a path as a regex; numbers apart, of which a path has none that are too long."""
    (step, *more) = row.steps
    if more or step.pattern.syntax == "regex" or "int" in step.pattern.source:
        return None
    if step.mode is not Mode.ENDPOINT:
        return None
    unnamed = re.sub(r"\?P<\w+>", "", step.pattern.regex)
    pattern = parse_regex(rf"^{unnamed}\Z")
    return replace(row, steps=(replace(step, pattern=pattern),))


def every_path(chars: str, longest: int) -> list[str]:
    """Return all paths of some characters, up to a length."""
    return [
        "".join(path)
        for size in range(longest + 1)
        for path in itertools.product(chars, repeat=size)
    ]


def matched(row: Row[Any], paths: Iterable[str]) -> set[str]:
    """Return those of the paths that a row matches."""
    follow = LinearMatcher([row]).follow(row)
    return {path for path in paths if follow(path) is not None}


def written(row: Row[Any]) -> str:
    """Return a row as a line that says all of it."""
    return " ".join(
        f"{'level ' if step.is_level else ''}{step.pattern.syntax} {step.pattern.source!r} "
        f"({step.mode.value})"
        for step in row.steps
    )
