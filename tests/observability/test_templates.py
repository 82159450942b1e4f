"""The whole template is seen, whatever stands between the router that is called and the one that has the route.

For a hit, and for what is known of a miss: a method that is wrong, a slash that is missing, OPTIONS. Of a path that
nobody has, no template is seen, lest every scanner be counted under the prefix of some router.
"""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from examples.metrics import Metrics
from tests.observability.layouts import (
    FRAMEWORKS,
    ITEM_CASES,
    LAYOUTS,
    NO_ROOM,
    ROOM,
    channels,
)
from tests.observability.sdks import OLDER, Case, Telemetry, counted, opened, reported

pytestmark = pytest.mark.anyio

SEEN: dict[str, tuple[Callable[[], Any], Case]] = {
    **{
        f"{layout}: {name}": (make, case)
        for layout, make in LAYOUTS.items()
        for name, case in ITEM_CASES.items()
    },
    **FRAMEWORKS,
    "channels: websocket": (channels, ROOM),
    "channels: websocket 404": (channels, NO_ROOM),
}
each = pytest.mark.parametrize(("make", "case"), SEEN.values(), ids=SEEN)


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only, for which these libraries are made."""
    return "asyncio"


@each
async def test_opentelemetry(make: Callable[[], Any], case: Case) -> None:
    """The ``http.target`` of the metrics is the template; a websocket has no metrics."""
    telemetry = Telemetry(make())
    assert await opened(telemetry.app, case) == case.status
    expected = [case.path_format] if case.kind == "http" else []
    assert telemetry.measured(*OLDER) == expected


@each
async def test_sentry(make: Callable[[], Any], case: Case, sentry: Any) -> None:
    """The transaction is the template as it was declared, and nothing else is reported."""
    found = await reported(sentry, make(), case, transaction_style="url")
    name = (case.path, "route") if case.path else (case.url, "url")
    # By default Sentry makes no transaction of OPTIONS.
    assert found == ([] if case.method == "OPTIONS" else [("transaction", *name)])


@each
async def test_prometheus(make: Callable[[], Any], case: Case) -> None:
    """The label is the template."""
    registry = CollectorRegistry()
    await opened(Metrics(make(), registry), case)
    method = case.method if case.kind == "http" else "WEBSOCKET"
    label = case.path_format or "(no route)"
    assert counted(registry) == {(method, str(case.status), label): 1}
