"""What the tests of the SDKs share."""

from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk

from tests.observability.sdks import Kept


@pytest.fixture
def sentry() -> Iterator[Any]:
    """Return a client for one test. It has no integrations: they would change other frameworks."""
    client = sentry_sdk.Client(
        dsn="https://key@sentry.invalid/1",
        transport=Kept(),
        traces_sample_rate=1.0,
        default_integrations=False,
        auto_session_tracking=False,
    )
    yield client
    client.close()
