"""Tables of rows as languages: who hides whom, and what is said where it takes too much to know."""

import sys
from collections.abc import Callable, Sequence

import pytest

from asgi_routes.engine import LinearMatcher
from asgi_routes.inspection.check.languages import Undecided
from asgi_routes.inspection.check.relations import (
    Overlap,
    Reachable,
    Relations,
    Unknown,
    Unreachable,
)
from asgi_routes.regular import automata
from tests.inspection.check.languages import first_uncovered, language, witness
from tests.spec.rows import rows


def _within(index: int, path: str) -> Overlap:
    return Overlap(index, path, is_within=True)


def test_relations() -> None:
    """Who hides whom, who overlaps, and of whom it is not known."""
    table = rows("<int:a>", "^[ab]$", "<even:n>", "<slug:s>", "7", "a", r"^(.)\1", "<a>", "re:x^")
    why = Undecided("the converter of 'n' may refuse what its regex matches")
    back = Undecided("a back-reference")
    assert [*Relations(table)] == [
        Reachable(0, "1", (), ()),
        Reachable(1, "a", (), ()),
        Unknown(2, why),
        Reachable(3, "c", (_within(0, "1"), _within(1, "a")), ((2, why),)),
        Unreachable(4, (0,), "7"),
        Unreachable(5, (1,), "a"),
        Unknown(6, back),
        Reachable(
            7,
            "~",
            (_within(0, "1"), _within(1, "a"), _within(3, "c")),
            ((2, why), (6, back)),
        ),
        Unreachable(8, (), None),
    ]


def test_what_declines_takes_nothing() -> None:
    """A row that may decline hides none, but can be hidden."""
    table = rows("<a>", "a", "<path:p>", "b")
    relations = Relations(table, declines=lambda row: row.index in (0, 3))
    assert [type(one) for one in relations] == [Reachable, Reachable, Reachable, Unreachable]


def test_covering_among() -> None:
    """Which rows match all that another one matches; those not understood are passed over."""
    relations = Relations(rows("a", "<even:n>", "b", "^[ab]$", "<a>"))
    assert relations.find_covering(3, [0, 1, 2]) == (0, 2)
    assert relations.find_covering(3, [0, 1]) is None
    assert relations.find_covering(3, [4]) == (4,)
    assert isinstance(relations.find_covering(1, [0]), Undecided)


HOSTILE: dict[str, Callable[[], Sequence[str]]] = {
    "a long way back": lambda: ["^.*a.{1000}$", "^.*b.{1000}$"],
    "many ways at once": lambda: ["re:(a|b|c){1000}", "re:" + "a?" * 900 + "b"],
    "many rows together": lambda: [*(f"^.*a.{{{n}}}b$" for n in range(9)), "^.*$"],
    "nothing, for ever": lambda: [r"^a+\Ab", "a"],
    "many characters": lambda: [
        "^" + "".join(f"[{chr(start + n)}{chr(start + 999)}]" for n in range(50))
        for start in range(0x4E00, 0x9000, 1000)
    ],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tables_are_answered(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would take too much to decide is said to be so, and what is said of others is right.

    A tenth of what is taken for a table otherwise is too much here.
    """
    monkeypatch.setattr(automata, "_MOST_FOR_ONE", automata._MOST_FOR_ONE // 10)
    table = rows(*HOSTILE[name]())
    linear = LinearMatcher(table)
    reasons = set()
    for relation in Relations(table):
        match relation:
            case Unknown(why=why):
                reasons.add(why.reason)
            case Reachable(path=path, unknown=unknown):
                reasons |= {why.reason for _, why in unknown}
                hit = linear(path)
                assert hit is not None
                assert hit[0].index in {relation.index, *(index for index, _ in unknown)}
    assert reasons <= {"too large to decide"}


def test_the_limit_of_numbers_is_that_of_now() -> None:
    """A language stands for what Python makes a number of at this moment."""
    before = sys.get_int_max_str_digits()
    target = language("^[0-9]+$")
    try:
        sys.set_int_max_str_digits(700)
        assert first_uncovered(target, [language("<int:a>")]) == "1" * 701
        sys.set_int_max_str_digits(0)
        assert first_uncovered(target, [language("<int:a>")]) is None
    finally:
        sys.set_int_max_str_digits(before)


def test_a_slow_regex_confirms_no_long_path() -> None:
    """The matcher is not asked where it might be busy for ever."""
    known = language(r"^(?:\w+)+!$")
    assert known.matches("a!")
    assert known.matches("a" * 64) is None
    slow = Undecided("a regex would take too long to confirm it")
    assert witness(language(r"^(?:\w+)+a{30}$")) == slow
