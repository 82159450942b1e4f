"""How the languages of a few rows relate: the questions that the tests ask of a `Comparison`."""

from collections.abc import Sequence

from asgi_routes.inspection.check.comparison import Comparison, Found
from asgi_routes.inspection.check.languages import Language, Undecided, read_language
from tests.spec.rows import row


def language(*written: str) -> Language:
    """Return the language of a row."""
    found = read_language(row(*written))
    assert isinstance(found, Language)
    return found


def witness(language: Language) -> Found:
    """Return a short path of a language; None if it has none."""
    return Comparison([language]).find_path([0])


def common(one: Language, other: Language) -> Found:
    """Return a short path that both match; None if there is none."""
    return Comparison([one, other]).find_path([0, 1])


def first_uncovered(target: Language, earlier: Sequence[Language]) -> Found:
    """Return a short path that the target matches and none of the earlier ones does.

    None is said only where the earlier ones together match every path of the target.
    """
    comparison = Comparison([target, *earlier])
    return comparison.find_path([0], _overlapping(comparison, len(earlier)))


def covering(target: Language, earlier: Sequence[Language]) -> tuple[int, ...] | Undecided | None:
    """Return the indexes of a few earlier ones that match every path of the target together.

    None of them can be left out; where the target matches nothing, there are none. The answer is
    None where all of them together do not match every path.
    """
    comparison = Comparison([target, *earlier])
    found = comparison.find_covering([0], _overlapping(comparison, len(earlier)))
    return tuple(index - 1 for index in found) if isinstance(found, tuple) else found


def _overlapping(comparison: Comparison, count: int) -> list[int]:
    """Return those that may match what the first one matches."""
    return [index for index in range(1, count + 1) if comparison.find_path([0, index]) is not None]
