"""The command ``migrate`` on small copies of real projects, with Channels' routers and with ours."""

import json
import sys
from types import ModuleType
from typing import Any

import channels.routing
import django.urls
import pytest
from click.testing import CliRunner
from django.test.utils import override_settings

from asgi_routes import (
    Converters,
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


def test_what_channels_does_not_have_is_left_out() -> None:
    """It is named, with a number where the list has one."""
    mine = Converters({"even": Even()})
    router = URLRouter(
        [
            path("a/", include([path("b/", app)])),
            format_path("c/{n:d}/", app),
            mount("m", app),
            path("<even:n>/", app, converters=mine),
            path("n/", URLRouter([re_path(r"^(?:x|y)/(\d{2,})-[ab]+$", app)])),
        ]
    )
    found = compare(ProtocolTypeRouter({"websocket": router}))
    assert found is not None
    assert found.left_out == (
        "'a/': include() is refused by Channels (11)",
        "'c/{n:d}/': mount(), format_path() and methods= are ours alone",
        "'m': mount(), format_path() and methods= are ours alone",
    )
    assert found.alike
    assert found.is_explained
    assert not any(name.startswith("migration") for name in django.urls.converters.get_converters())


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
    assert "not listed  0" in shown.output
    printed = json.loads(invoke(monkeypatch, CHANNELS, "--json").output)
    assert [13] in [one["numbers"] for one in printed["differences"]]


def test_what_is_not_listed_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences.Explanations, "of", lambda *_: None)
    shown = invoke(monkeypatch, CHANNELS)
    assert shown.exit_code == 1
    assert "NOT LISTED" in shown.output


@pytest.mark.parametrize("app", [NotFound(), 5, None])
def test_without_a_router_there_is_nothing_to_ask(
    monkeypatch: pytest.MonkeyPatch, app: Any
) -> None:
    shown = invoke(monkeypatch, app)
    assert shown.exit_code == 2
    assert "leads to no router" in shown.output


def test_without_channels_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("asgi_routes.migration"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "channels.routing", None)
    shown = invoke(monkeypatch, URLRouter([]))
    assert shown.exit_code == 2
    assert "both Channels and Django have to be installed" in shown.output
