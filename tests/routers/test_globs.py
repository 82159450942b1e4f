"""Globs by index beside globs that are tried one by one."""

import random
from fnmatch import fnmatchcase

import pytest

from asgi_routes.routers.globs import Globs

PIECES = ["a", "b", "ab", "*", "?", "[ab]", "[!a]", "[", "]", "[]a]", "[a*]", "\n", "A", ""]


@pytest.mark.parametrize("seed", range(60))
def test_the_first_that_matches_is_found(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    globs = ["".join(draw.choices(PIECES, k=draw.randint(0, 5))) for _ in range(draw.randint(1, 9))]
    found = Globs([(glob, number) for number, glob in enumerate(globs)])
    for _ in range(200):
        text = "".join(draw.choices("ab]*A[\n-", k=draw.randint(0, 5)))
        expected = (number for number, glob in enumerate(globs) if fnmatchcase(text, glob))
        assert found.find(text) == next(expected, None), (globs, text)


def test_ends_share_a_lookup() -> None:
    """Of a thousand globs that begin differently, only those that might match are tried."""
    globs = Globs([(f"job{number}-*", number) for number in range(1000)])
    assert [globs.find(f"job{number}-x") for number in range(1000)] == [*range(1000)]
    assert len(globs._by_lengths) == 3
