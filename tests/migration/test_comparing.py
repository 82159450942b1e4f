"""The command ``migrate`` on small copies of real projects, with Channels' routers and with ours."""

import json
import re
import sys
from types import ModuleType
from typing import Any

import channels.routing
import django.urls
import pytest
from click.testing import CliRunner
from django.test.utils import override_settings

from asgi_routes import (
    ChannelNameRouter,
    Converters,
    HostRouter,
    MethodRouter,
    NotFound,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
)
from asgi_routes.cli.commands import command
from asgi_routes.migration import compare, differences
from asgi_routes.migration.examples import list_examples
from tests.parity.projects import PROJECTS
from tests.parity.sides import Even
from tests.parity.test_projects import OURS, THEIRS


async def app(scope: Any, receive: Any, send: Any) -> None: ...


class Hand:
    """A middleware that hands everything on."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.inner(scope, receive, send)


@pytest.fixture(scope="module", autouse=True)
def _settings() -> Any:
    with override_settings(
        ALLOWED_HOSTS=[".example.org"],
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
    ):
        yield


@pytest.mark.parametrize("name", PROJECTS)
def test_projects(name: str) -> None:
    """Everything that differs is listed; and it is the same, whichever routers a project has."""
    theirs, ours = (compare(PROJECTS[name].build(kit)) for kit in (THEIRS, OURS))
    assert theirs is not None
    assert theirs == ours
    assert theirs.is_explained, theirs
    assert theirs.alike
    rules = {rule for one in theirs.differences for rule in one.rules}
    differing = {word for line in PROJECTS[name].answers.split("\n") for word in line.split()[4:]}
    assert differing <= {rule.split()[0] for rule in rules}


MINE = Converters({"even": Even()})
INNER = URLRouter([path("x/<int:n>/", app), path("", app)])
WRITTEN_OTHERWISE: dict[str, tuple[list[Any], set[str]]] = {
    "include": (
        [
            path("a/", include([path("b/", app), re_path(r"^c/(\d+)/$", app)])),
            re_path(r"^q/(\w)/", include([path("<int:n>/", app), path("", app)])),
            path(
                "n",
                include([path("/m/", include([path("<x>", INNER)]))]),  # asgi-routes: ignore[R203]
            ),
        ],
        {"9a", "11"},
    ),
    "format_path": (
        [
            format_path("c/{n:d}/{s}-{t:.2f}/", app),
            format_path("{day:%Y-%m-%d}-{slug}", app),
            format_path("r/{v}", INNER, {"kind": 1}),
        ],
        {"9a", "9b", "9d"},
    ),
    "mount": ([mount("m", app), mount("<int:k>/r", INNER), path("m/b/", app)], {"9a", "9b", "9c"}),
    "methods": (
        [
            path("a/", app, methods=["GET", "PUT"]),
            path("a/", app, methods=["POST"]),
            path("b/", app),
            path("n/", URLRouter([path("x/", app, methods=["DELETE"]), path("x/", app)])),
        ],
        {"9a", "9b"},
    ),
    "converters": ([path("<even:n>/", app, converters=MINE)], {"9a"}),
    "compiled": ([re_path(re.compile("^a/(?P<n>x)$", re.IGNORECASE), app)], {"9a"}),
    "middleware": ([path("a/", INNER, middleware=[Hand]), path("a/y/", app)], {"9a", "9b"}),
    "nested": ([path("n/", URLRouter([re_path(r"^(?:x|y)/(\d{2,})-[ab]+$", app)]))], {"9a", "9b"}),
}


@pytest.mark.parametrize("kind", ["websocket", "http"])
@pytest.mark.parametrize("name", WRITTEN_OTHERWISE)
def test_what_channels_writes_otherwise_is_asked(name: str, kind: str) -> None:
    """Each in the words that Channels and Django have for it; what differs has a number."""
    routes, rules = WRITTEN_OTHERWISE[name]
    found = compare(ProtocolTypeRouter({kind: URLRouter(routes)}))
    assert found is not None
    assert found.left_out == ()
    assert found.alike >= len(routes) or (name, kind) == ("methods", "websocket")
    assert found.is_explained, found
    numbers = {rule.split()[0] for one in found.differences for rule in one.rules}
    assert numbers - {"1", "13", "15", "4c"} == rules
    assert not any(name.startswith("migration") for name in django.urls.converters.get_converters())


@pytest.mark.parametrize("option", ["auto", "in_path", "stripped"])
def test_the_root_path_is_read_as_the_router_says(option: Any) -> None:
    found = compare(URLRouter([path("a/", app)], root_path=option))
    assert found is not None
    assert found.is_explained, found
    differs = "4c the root path may have been stripped" in {
        rule for one in found.differences for rule in one.rules
    }
    assert differs is (option != "in_path")


def test_what_channels_does_not_have_is_left_out() -> None:
    """It is named, once."""
    router = URLRouter(
        [
            mount("m", app, at_prefix="redirect"),
            format_path("<{n:d}>", app),
            path("h/", HostRouter({"a.test": INNER})),
            path("a/", app),
        ],
        default=app,
        slashes="both",
        encoded_slashes="preserve",
    )
    router.replace([*router.routes, path("again/", router)])
    channels = ChannelNameRouter({"mail": app, "mail-*": app})
    types: Any = {"websocket": router, "http": MethodRouter({"GET": router}), "channel": channels}
    found = compare(ProtocolTypeRouter(types))
    assert found is not None
    assert found.left_out == (
        "an application as default= is ours alone",
        "what slashes='both' adds is ours alone",
        "what encoded_slashes='preserve' adds is ours alone",
        "'m': mount(at_prefix='redirect') is ours alone",
        "'<{n:d}>': Django's path() cannot have a < or > of its own",
        "'h/': a HostRouter below a path is ours alone",
        "a router that contains itself",
        "'http': a MethodRouter is ours alone",
        "'mail-*': globs are ours alone",
    )
    assert found.alike
    assert found.is_explained


def test_channels_are_asked() -> None:
    """Those that have an application, and names that are near; both raise for these."""
    channels = ChannelNameRouter({"mail": app, "resize": app})
    found = compare(channels)
    assert found is not None
    assert (found.alike, found.is_explained) == (6, True)


@pytest.mark.parametrize(
    "route",
    [
        path("", app),
        path("a/<int:n>/<slug:s>/<uuid:u>/<path:p>", app),
        re_path(r"^a/(?P<n>[0-9]{4})/(?:b|c)?$", app),
        re_path(r"^(\w+)\.(?i:X)[^/]+/\d\s\S", app),
        re_path("", app),
    ],
    ids=lambda route: route.pattern.source,
)
def test_examples(route: Any) -> None:
    """What is said to match does."""
    router = URLRouter([route])
    texts = [*list_examples(route.pattern)]
    assert texts
    assert all(router.match({"path": "/" + text}) for text in texts), texts


def invoke(monkeypatch: pytest.MonkeyPatch, app: Any, *options: str) -> Any:
    module = ModuleType("migrated")
    module.__dict__["app"] = app
    monkeypatch.setitem(sys.modules, "migrated", module)
    return CliRunner().invoke(command, ["migrate", "migrated:app", *options])


CHANNELS: Any = channels.routing.URLRouter([django.urls.path("a/", app)])  # type: ignore[arg-type]


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = invoke(monkeypatch, CHANNELS)
    assert shown.exit_code == 0, shown.output
    assert "9a one slash at the top" in shown.output
    assert "not listed\t0" in shown.output
    printed = json.loads(invoke(monkeypatch, CHANNELS, "--json").output)
    assert [13] in [one["numbers"] for one in printed["differences"]]


def test_what_is_not_listed_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences.Explanations, "of", lambda *_: None)
    shown = invoke(monkeypatch, CHANNELS)
    assert shown.exit_code == 1
    assert "NOT LISTED" in shown.output


@pytest.mark.parametrize(
    "app", [HostRouter({"a.test": INNER}), URLRouter([path("h/", MethodRouter({"GET": INNER}))])]
)
def test_what_cannot_be_asked_of_channels_is_no_success(
    monkeypatch: pytest.MonkeyPatch, app: Any
) -> None:
    shown = invoke(monkeypatch, app)
    assert shown.exit_code == 2
    assert "can be asked of Channels: " in shown.output
    assert "Router" in shown.output


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (NotFound(), "leads to no router"),
        (5, "is not an ASGI application"),
        (None, "is not an ASGI application"),
    ],
)
def test_without_a_router_there_is_nothing_to_ask(
    monkeypatch: pytest.MonkeyPatch, app: Any, said: str
) -> None:
    shown = invoke(monkeypatch, app)
    assert shown.exit_code == 2
    assert said in shown.output


def test_without_channels_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("asgi_routes.migration"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "channels.routing", None)
    shown = invoke(monkeypatch, URLRouter([]))
    assert shown.exit_code == 2
    assert "Channels and Django must be installed" in shown.output
