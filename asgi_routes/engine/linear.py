"""The linear matcher, which defines what a table of routes means.

Rule: the rows are tried in order, each by its own patterns alone. Every faster matcher is held
against this one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from asgi_routes.engine.regexes import Compile
from asgi_routes.engine.rows import Hit, Row
from asgi_routes.engine.splitting import Convert, Split, Texts, make_convert, make_split

Target = TypeVar("Target")

_PreparedStep: TypeAlias = tuple[Split, Convert, Mapping[str, Any], bool]
_Parameters: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]


class LinearMatcher(Generic[Target]):
    """Tries the rows one by one.

    Attributes:
        rows: in order.
        make_follow: returns a matcher for one row, which knows of no other.

    >>> LinearMatcher([])("any/path")
    """

    def __init__(self, rows: Sequence[Row[Target]], compile_regex: Compile = re.compile) -> None:
        self.rows = rows
        self.make_follow = partial(_follow, compile_regex=compile_regex)
        self._compile_regex = compile_regex
        self._follow: dict[int, Callable[[str], Hit[Target] | None]] = {}

    def __call__(self, path: str) -> Hit[Target] | None:
        """Return the first row that matches the path, or None."""
        for row in self.rows:
            hit = self.follow(row)(path)
            if hit is not None:
                return hit
        return None

    def follow(self, row: Row[Target]) -> Callable[[str], Hit[Target] | None]:
        """Return the matcher for one row; it is made when it is first asked for."""
        follow = self._follow.get(row.index)
        if follow is None:
            follow = self._follow[row.index] = self.make_follow(row)
        return follow

    def could_match(self, row: Row[Target], path: str) -> bool:
        """Tell whether a row matches a path as long as no converter refuses."""
        return _split(_prepare(row, self._compile_regex), path) is not None


def _follow(row: Row[Target], compile_regex: Compile) -> Callable[[str], Hit[Target] | None]:
    prepared: list[_PreparedStep] = []

    def follow(path: str) -> Hit[Target] | None:
        if not prepared:  # Not before a path comes: it may compile a regex.
            prepared[:] = _prepare(row, compile_regex)
        found = _split(prepared, path)
        if found is None:
            return None
        texts, rest = found
        try:
            parameters = [
                _add_defaults(convert(text), defaults)
                for (_, convert, defaults, _), text in zip(prepared, texts, strict=True)
            ]
        except ValueError:
            return None
        args, kwargs = _merge(parameters, [is_level for *_, is_level in prepared])
        return row, args, kwargs, rest

    return follow


def _prepare(row: Row[Any], compile_regex: Compile) -> list[_PreparedStep]:
    return [
        (
            make_split(step.pattern, step.mode, compile_regex),
            make_convert(step.pattern),
            step.kwargs,
            step.is_level,
        )
        for step in row.steps
    ]


def _split(steps: list[_PreparedStep], path: str) -> tuple[list[Texts], str] | None:
    """Return the texts of each step's parameters, and what is left."""
    split_off = []
    for split, _, _, _ in steps:
        found = split(path)
        if found is None:
            return None
        texts, path = found
        split_off.append(texts)
    return split_off, path


def _add_defaults(parameters: _Parameters, defaults: Mapping[str, Any]) -> _Parameters:
    args, kwargs = parameters
    return args, {**kwargs, **defaults}


def _merge(parameters: list[_Parameters], are_levels: list[bool]) -> _Parameters:
    """Merge the parameters of all steps, the innermost last.

    Within a level Django's rule holds: once anything is named, the positional parameters of the
    prefixes are dropped. From level to level Channels' does: both are kept.
    """
    args, kwargs = parameters.pop()
    inner: _Parameters = (), {}
    for is_level in reversed(are_levels[1:]):
        outer_args, outer_kwargs = parameters.pop()
        if is_level:
            inner = args + inner[0], {**kwargs, **inner[1]}
            args, kwargs = outer_args, outer_kwargs
        else:
            kwargs = {**outer_kwargs, **kwargs}
            args = args if kwargs else outer_args + args
    return args + inner[0], {**kwargs, **inner[1]}
