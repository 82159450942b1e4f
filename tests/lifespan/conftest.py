"""What the tests of the lifespan share."""

import pytest


@pytest.fixture
def log() -> list[str]:
    """Return what the applications write down."""
    return []
