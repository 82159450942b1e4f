"""A miss is no error: whoever watches a nested router from within sees its answer, and no exception.

What watches is put where users put it: around the router by hand, below a path or a mount, and by ``middleware=``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from opentelemetry.trace import StatusCode
from sentry_sdk.integrations.asgi import SentryAsgiMiddleware
from starlette.middleware.errors import ServerErrorMiddleware

from asgi_routes import ProtocolTypeRouter, URLRouter, mount, path
from tests.observability.layouts import items
from tests.observability.sdks import Case, Telemetry, opened, reporting_to

pytestmark = pytest.mark.anyio

CASES = {
    "200": Case("http", "/api/items/7/", 200),
    "404": Case("http", "/api/nowhere/", 404),
    "404 of a value": Case("http", "/api/items/x/", 404),
    "404 of nothing": Case("http", "/api/", 404),
    "405": Case("http", "/api/items/7/", 405, method="PUT"),
    "308": Case("http", "/api/items/7", 308),
    "websocket 404": Case("websocket", "/api/nowhere/", 404),
}
IN_SENTRYS_WORDS = {200: "ok", 308: "ok", 404: "not_found", 405: "invalid_argument"}

PLACES: dict[str, Callable[[Any], Any]] = {
    "around all": lambda watch: watch(URLRouter([path("api/", items())])),
    "around all, nested twice": lambda watch: watch(
        URLRouter([path("", URLRouter([path("api/", items())]))])
    ),
    "path": lambda watch: URLRouter([path("api/", watch(items()))]),
    "path, below a type": lambda watch: ProtocolTypeRouter(
        dict.fromkeys(("http", "websocket"), URLRouter([path("api/", watch(items()))]))
    ),
    "mount": lambda watch: URLRouter([mount("api", watch(items()))]),
    "middleware= of a path": lambda watch: URLRouter([path("api/", items(), middleware=[watch])]),
    "middleware= of a router": lambda watch: URLRouter([path("api/", items(middleware=[watch]))]),
    "middleware= of all": lambda watch: URLRouter([path("api/", items())], middleware=[watch]),
    "middleware= of a mount": lambda watch: URLRouter([mount("api", items(), middleware=[watch])]),
}
each_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only, for which these libraries are made."""
    return "asyncio"


@each_place
@each_case
async def test_opentelemetry(place: Callable[[Any], Any], case: Case) -> None:
    """The span has the status of the answer, no exception, and is no error."""
    made: list[Telemetry] = []

    def watch(app: Any) -> Any:
        made.append(Telemetry(app))
        return made[0].app

    assert await opened(place(watch), case) == case.status
    (telemetry,) = made
    assert telemetry.span.status.status_code is StatusCode.UNSET
    assert [event.name for event in telemetry.span.events] == []
    if case.kind == "http":
        assert telemetry.span.attributes["http.response.status_code"] == case.status


@each_place
@each_case
async def test_sentry(place: Callable[[Any], Any], case: Case, sentry: Any) -> None:
    """No error is reported, and the transaction has the status of the answer."""
    with reporting_to(sentry):
        app = place(partial(SentryAsgiMiddleware, transaction_style="url"))
        assert await opened(app, case) == case.status
    kept = sentry.transport
    assert [kind for kind, *_ in kept.sent] == ["transaction"]
    if case.kind == "http":
        assert kept.statuses == [IN_SENTRYS_WORDS[case.status]]


@each_place
@each_case
async def test_error_pages(place: Callable[[Any], Any], case: Case) -> None:
    """What makes a page of every exception sees none, so a miss stays what it is."""
    assert await opened(place(ServerErrorMiddleware), case) == case.status
