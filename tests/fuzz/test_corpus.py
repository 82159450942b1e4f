"""What the fuzzer has found worth keeping, replayed, and some bytes that nobody has chosen."""

import os
import random

import pytest

from tests.fuzz.corpus import inputs
from tests.fuzz.targets import TARGETS

EVERY = int(os.environ.get("FUZZ_EVERY", "4"))
"""One of so many kept inputs is replayed; ``make fuzz`` begins with all of them."""
SMALL = [name for name in TARGETS if name != "trees"]
"""What some bytes are enough for; of the others, the laws ask at random."""


@pytest.mark.parametrize("name", TARGETS)
def test_corpus(name: str) -> None:
    """Every input that once led somewhere new leads there without a failure."""
    kept = inputs(name)
    assert len(kept) > 20
    for data in kept[:: EVERY if name in SMALL else 4 * EVERY]:
        TARGETS[name](data)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("seed", range(2))
def test_any_bytes(name: str, seed: int) -> None:
    """So do bytes at random."""
    chosen = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    for _ in range(500 // EVERY):
        TARGETS[name](chosen.randbytes(chosen.randint(0, 48)))
