"""What the fuzzer has found worth keeping, replayed, and some bytes that nobody has chosen."""

import random

import pytest

from tests.fuzz.corpus import inputs
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_corpus(name: str) -> None:
    """Every input that once led somewhere new leads there without a failure."""
    kept = inputs(name)
    assert len(kept) > 20
    for data in kept:
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("seed", range(2))
def test_any_bytes(name: str, seed: int) -> None:
    """So do bytes at random."""
    chosen = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(400):
        TARGETS[name](chosen.randbytes(chosen.randint(0, 48)))
