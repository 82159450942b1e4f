"""OpenTelemetry, Sentry and Prometheus find the template of the route in the received scope.

What each of them does with it:

- OpenTelemetry names the span before it calls the application, so by default the name is the path as
  sent, and neither the span nor the metrics of the stable conventions have an ``http.route``.
  `span_details` below is the hook that a user writes: it asks the router, which calls nobody. The
  ``http.target`` of the older metrics is computed afterwards, from ``path_format``, without a hook.
  A websocket has a span, but no metrics.
- Sentry names the transaction again once the application has returned, and each error when it is
  raised. With ``transaction_style="url"`` it takes ``path``. By default it looks for ``endpoint``,
  which is a function of a framework's; there is none here, so the URL remains.
- Prometheus has no middleware of its own. The one in the example takes ``path_format``.
"""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from asgi_routes import URLRouter, mount, path, re_path
from examples import metrics
from tests.frameworks.client import get
from tests.observability.sdks import OLDER, STABLE, Case, Telemetry, connect, counted, reported
from tests.spec.driving import hidden

pytestmark = pytest.mark.anyio


CASES = {
    "parameter": Case("http", "/users/7/", 200, "/users/<int:id>/", "/users/{id}/"),
    "nested": Case(
        *("http", "/api/shops/acme/items/7/", 200),
        "/api/shops/<slug:shop>/items/<int:item>/",
        "/api/shops/{shop}/items/{item}/",
    ),
    "mount": Case("http", "/files/a/b.txt", 200, "/files", "/files"),
    "websocket": Case("websocket", "/rooms/lobby/", 101, "/rooms/<slug:room>/", "/rooms/{room}/"),
    "404": Case("http", "/nowhere/7/", 404),
    "404 in nested": Case("http", "/api/shops/acme/nowhere/", 404),
    "websocket 404": Case("websocket", "/nowhere/7/", 404),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only, for which these libraries are made."""
    return "asyncio"


async def fail(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("broken")


HIDDEN = URLRouter(
    [re_path("^a/(?P<a>[0-9]+)/", hidden(URLRouter([path("b/<int:b>/", metrics.answer("{b}"))])))]
)
"""A nested router behind a closure: that it has a route for a path shows only when it is called."""


def span_details(scope: Any, router: Any = metrics.router) -> tuple[str, dict[str, str]]:
    """Name the span by the route: the smallest hook for OpenTelemetry."""
    found = router.match(scope)
    kind = scope.get("method", "websocket")
    route = found.scope.get("route") if found else None
    if route is None:
        return kind, {}
    return f"{kind} {route.path_format}", {"http.route": route.path_format}


@each_case
async def test_opentelemetry_by_default(case: Case) -> None:
    """The span is named before the application runs: by the path. Older metrics have the template."""
    telemetry = Telemetry(metrics.router)
    await connect(telemetry.app, case.kind, case.target)
    method = "GET" if case.kind == "http" else "HTTP"
    assert telemetry.span.name == f"{method} {case.target}"
    assert "http.route" not in telemetry.span.attributes
    assert telemetry.measured(*OLDER) == ([case.path_format] if case.kind == "http" else [])
    assert telemetry.measured(*STABLE) == ([None] if case.kind == "http" else [])


@each_case
async def test_opentelemetry_with_a_hook(case: Case) -> None:
    """A hook that asks the router names the span by the template over all levels."""
    telemetry = Telemetry(metrics.router, default_span_details=span_details)
    await connect(telemetry.app, case.kind, case.target)
    kind = "GET" if case.kind == "http" else "websocket"
    assert telemetry.span.name == (f"{kind} {case.path_format}" if case.path_format else kind)
    assert telemetry.span.attributes.get("http.route") == case.path_format
    expected = [case.path_format] if case.kind == "http" else []
    assert telemetry.measured(*OLDER) == expected
    assert telemetry.measured(*STABLE) == expected


async def test_opentelemetry_below_a_root_path() -> None:
    """The server's root path stands before the template once; that of a mount is part of it."""
    telemetry = Telemetry(URLRouter([mount("<slug:shop>", metrics.shop)]))
    await connect(telemetry.app, "http", "/root/acme/items/7/", root_path="/root")
    assert telemetry.measured(*OLDER) == ["/root/{shop}/items/{item}/"]


async def test_opentelemetry_behind_a_closure() -> None:
    """Asking calls nobody, so the hook sees the prefix; older metrics have it all."""
    telemetry = Telemetry(HIDDEN, default_span_details=lambda scope: span_details(scope, HIDDEN))
    await connect(telemetry.app, "http", "/a/1/b/2/")
    assert telemetry.span.name == "GET /a/{a}/"
    assert telemetry.measured(*OLDER) == ["/a/{a}/b/{b}/"]
    assert telemetry.measured(*STABLE) == ["/a/{a}/"]


@each_case
async def test_sentry(case: Case, sentry: Any) -> None:
    """The transaction is the template as declared over all levels; of a miss, it is the URL."""
    name = (case.path, "route") if case.path else (case.url, "url")
    found = await reported(sentry, metrics.router, case, transaction_style="url")
    assert found == [("transaction", *name)]


@each_case
async def test_sentry_by_default(case: Case, sentry: Any) -> None:
    """The default style looks for an endpoint of a framework's: there is none."""
    assert await reported(sentry, metrics.router, case) == [("transaction", case.url, "url")]


async def test_sentry_error(sentry: Any) -> None:
    """An error is reported under the template, as its transaction is."""
    broken = URLRouter([path("a/<int:a>/", URLRouter([path("b/<int:b>/", fail)]))])
    with pytest.raises(RuntimeError, match="broken"):
        await reported(sentry, broken, Case("http", "/a/1/b/2/", 500), transaction_style="url")
    name = ("/a/<int:a>/b/<int:b>/", "route")
    assert sentry.transport.sent == [("event", *name), ("transaction", *name)]


async def test_sentry_behind_a_closure(sentry: Any) -> None:
    """The transaction is named afterwards, so it is the whole template, a regex as it was written."""
    case = Case("http", "/a/1/b/2/", 200)
    found = await reported(sentry, HIDDEN, case, transaction_style="url")
    assert found == [("transaction", "/^a/(?P<a>[0-9]+)/b/<int:b>/", "route")]


@each_case
async def test_prometheus(case: Case) -> None:
    """The label is the template over all levels; all misses have one label together."""
    registry = CollectorRegistry()
    app = metrics.Metrics(metrics.router, registry)
    for target in (case.target, case.target.replace("7", "8")):
        await connect(app, case.kind, target)
    method = "GET" if case.kind == "http" else "WEBSOCKET"
    label = case.path_format or "(no route)"
    assert counted(registry) == {(method, str(case.status), label): 2}


async def test_prometheus_errors_and_odd_methods() -> None:
    """What fails is counted with its route; what a client makes up is no label."""
    registry = CollectorRegistry()
    app = metrics.Metrics(URLRouter([path("<int:id>/", fail)]), registry)
    for method in ("GET", "SCAN-1", "SCAN-2"):
        with pytest.raises(RuntimeError):
            await connect(app, "http", "/7/", method=method)
    assert counted(registry) == {("GET", "500", "/{id}/"): 1, ("(other)", "500", "/{id}/"): 2}


async def test_prometheus_behind_a_closure() -> None:
    """The label is read afterwards, so it is the whole template."""
    registry = CollectorRegistry()
    await connect(metrics.Metrics(HIDDEN, registry), "http", "/a/1/b/2/")
    assert counted(registry) == {("GET", "200", "/a/{a}/b/{b}/"): 1}


async def test_prometheus_metrics_are_served() -> None:
    """The example shows its own metrics below the mount, and counts that request as well."""
    await get(metrics.app, "/users/7/")
    for _ in range(2):
        response = await get(metrics.app, "/metrics")
        assert response.status == 200
    assert 'requests_total{method="GET",route="/users/{id}/",status="200"}' in response.text
    assert 'requests_total{method="GET",route="/metrics",status="200"}' in response.text
