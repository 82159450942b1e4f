"""What the tests of the lifespan share."""

import pytest

from asgi_routes.lifespan import session


@pytest.fixture
def log() -> list[str]:
    """Return what the applications write down."""
    return []


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take those that read on for what they are at once."""
    monkeypatch.setattr(session, "_READING_ON", {"auto": 0.05, "on": 0.05})
    monkeypatch.setattr(session, "_LAST_WORDS", 0.05)
