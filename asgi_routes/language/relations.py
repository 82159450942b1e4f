"""How the languages of a few rows relate.

In: languages. Out: a path that shows what was asked for, None where there is none, or why it cannot be
told. The rule kept here: nothing wrong is ever said.
"""

from collections.abc import Sequence

from asgi_routes.language.comparison import Comparison, Found
from asgi_routes.language.languages import Language, Undecided


def witness(language: Language) -> Found:
    """Return a short path of a language; None if it has none.

    >>> from asgi_routes.language import language_of
    >>> from asgi_routes.engine import Mode, Row, Step
    >>> from asgi_routes.patterns import parse_regex
    >>> def of(regex):
    ...     return language_of(Row(0, (Step(parse_regex(regex), Mode.ENDPOINT, {}),), None))
    >>> witness(of(r"^users/(?P<name>[^/]+)/$")), witness(of("a^b"))
    ('users/x/', None)
    """
    return Comparison([language]).path([0])


def common(one: Language, other: Language) -> Found:
    """Return a short path that both match; None if there is none."""
    return Comparison([one, other]).path([0, 1])


def first_uncovered(target: Language, earlier: Sequence[Language]) -> Found:
    """Return a short path that the target matches and none of the earlier ones does.

    None is said only where the earlier ones together match every path of the target.
    """
    comparison = Comparison([target, *earlier])
    return comparison.path([0], _overlapping(comparison, len(earlier)))


def covering(target: Language, earlier: Sequence[Language]) -> tuple[int, ...] | Undecided | None:
    """Return the indexes of a few earlier ones that match every path of the target together.

    None of them can be left out; where the target matches nothing, there are none. The answer is
    None where all of them together do not match every path.
    """
    comparison = Comparison([target, *earlier])
    found = comparison.covering(0, _overlapping(comparison, len(earlier)))
    return tuple(index - 1 for index in found) if isinstance(found, tuple) else found


def _overlapping(comparison: Comparison, count: int) -> list[int]:
    """Return those that may match what the first one matches."""
    return [index for index in range(1, count + 1) if comparison.path([0, index]) is not None]
