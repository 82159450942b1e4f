"""The smallest case of each rule: what Channels answers, what ours does, and that no other rule says so."""

import re
from pathlib import Path

import pytest

from asgi_routes.migration.differences import Explanations
from asgi_routes.migration.rules import Rule
from asgi_routes.migration.tables import Declared, Target
from tests.parity.sides import Asked, Notes, TheirSide, call, our_side

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-channels.rst"


def to(text: str, number: int = 0) -> Declared:
    """Return a route to an application."""
    return Declared("path", text, (), Target("leaf", number), None)


def below(text: str, *routes: Declared, kind: str = "router") -> Declared:
    """Return a route to a router."""
    return Declared("path", text, (), Target(kind, 0, routes), None)


USERS = to("users/")
CASES = {
    Rule.WRAPPED_IS_PREFIX: ([below("api/", USERS, kind="wrapped")], Asked("/api/users/"), None, 0),
    Rule.WRAPPED_ENDS: (
        [below("api/", USERS, kind="marked"), to("api/new/", 1)],
        Asked("/api/new/"),
        1,
        None,
    ),
    Rule.ROOT_PATH_SLASH: ([to("")], Asked("/root", "/root/"), None, 0),
    Rule.ROOT_PATH_SEGMENT: ([to("foo/")], Asked("/rootfoo/", "/root"), 0, None),
    Rule.ROOT_PATH_STRIPPED: ([to("users/")], Asked("/users/", "/root"), None, 0),
    Rule.ONE_SLASH: ([to("admin/")], Asked("//admin/"), 0, None),
    Rule.NO_SECOND_SLASH: ([below("api/", USERS)], Asked("/api//users/"), 0, None),
    Rule.SLASH_BETWEEN: ([below("api", USERS)], Asked("/apiusers/"), 0, None),
    Rule.MORE_BEHIND_SLASH: ([below("api", to(""))], Asked("/api/"), 0, None),
    Rule.INCLUDE: ([below("a", USERS, kind="include")], Asked("/a/users/"), 0, None),
    Rule.TARGET_IS_PATH: ([to("admin/")], Asked("admin/", is_served=True), 0, None),
}


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.name.lower())
def test_rule(rule: Rule) -> None:
    """The rule explains its case, and all the others together do not."""
    option = "auto" if rule is Rule.ROOT_PATH_STRIPPED else "in_path"
    routes, asked, their_number, our_number = CASES[rule]
    table = tuple(routes)
    their, our = TheirSide(Notes()), our_side(option)
    theirs = call(their.router(their.routes(table)), asked)
    ours = call(our.router(our.routes(table)), asked)
    assert (theirs and theirs.number) == their_number
    assert (ours and ours.number) == our_number
    explanations = Explanations(table, option)
    assert explanations.expected(asked) == (ours, frozenset({rule}))
    assert explanations.of(asked, ours) == (rule,)
    others = [other for other in Rule if other != rule]
    assert explanations.agreeing(*others).call(asked)[0] == theirs


def test_a_rule_explains_nothing_else() -> None:
    """A wrong answer is not explained by a rule that applies."""
    explanations = Explanations((to("admin/"), to("<path:rest>", 1)))
    expected, applied = explanations.expected(Asked("//admin/"))
    assert expected is not None
    assert (expected.number, applied) == (1, frozenset({Rule.ONE_SLASH}))
    assert explanations.of(Asked("//admin/"), None) is None
    assert explanations.of(Asked("//admin/"), expected._replace(number=2)) is None


def test_the_page_has_the_numbers() -> None:
    """Each rule is part of an item of the list."""
    listed = PAGE.read_text().partition("What differs, on purpose\n====")[2]
    numbers = {int(number) for number in re.findall(r"^(\d+)\. ", listed, re.MULTILINE)}
    assert {rule.item for rule in Rule} <= numbers
