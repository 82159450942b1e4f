"""The linear matcher, which is the definition: every row in order, the first that matches wins."""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from asgi_routes.engine.exact import ExactMatch, exact_match
from asgi_routes.engine.rows import Hit, Row

Target = TypeVar("Target")


class LinearMatcher(Generic[Target]):
    """Tries the rows one by one."""

    def __init__(self, rows: Iterable[Row[Target]]) -> None:
        self.rows = tuple(rows)
        self._steps = [
            [(exact_match(step.pattern, step.mode), step.kwargs) for step in row.steps]
            for row in self.rows
        ]

    def __call__(self, path: str, start: int = 0, /) -> Hit[Target] | None:
        for index in range(start, len(self.rows)):
            found = _follow(self._steps[index], path)
            if found is not None:
                return Hit(self.rows[index], *found)
        return None


def _follow(
    steps: list[tuple[ExactMatch, Mapping[str, Any]]], path: str
) -> tuple[tuple[Any, ...], dict[str, Any], str] | None:
    levels: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    for match, defaults in steps:
        found = match(path)
        if found is None:
            return None
        path, args, kwargs = found
        levels.append((args, {**kwargs, **defaults}))
    args, kwargs = levels.pop()
    while levels:
        outer_args, outer_kwargs = levels.pop()
        kwargs = {**outer_kwargs, **kwargs}
        # Django: once anything is named, the positional parameters of the prefix are dropped.
        if not kwargs:
            args = outer_args + args
    return args, kwargs, path
