"""What the package offers, and what it costs to import it."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from functools import partial
from typing import Any

import pytest

import asgi_routes
from asgi_routes import (
    ChannelNameRouter,
    HostRouter,
    ImproperlyConfigured,
    Include,
    NoReverseMatch,
    NoRouteFound,
    ProtocolTypeRouter,
    Route,
    RoutingError,
    URLRouter,
    include,
    path,
    reverse,
)
from asgi_routes.errors import ImproperlyConfiguredGroup
from asgi_routes.inspection import explain

NAMES = (
    "ChannelNameRouter",
    "Child",
    "Converter",
    "Converters",
    "HostRouter",
    "ImproperlyConfigured",
    "Include",
    "Lifespan",
    "LifespanError",
    "Match",
    "MethodRouter",
    "NoMatch",
    "NoReverseMatch",
    "NoRouteFound",
    "NotFound",
    "ProtocolTypeRouter",
    "Route",
    "Router",
    "RoutingError",
    "SlowRegexWarning",
    "SubprotocolRouter",
    "SuspiciousRouteWarning",
    "URLRouter",
    "format_path",
    "include",
    "mount",
    "not_found",
    "path",
    "re_path",
    "register_converter",
    "reverse",
    "route_path",
    "url",
)
HEAVY = {
    "django",
    "channels",
    "hypercorn",
    "asyncio",
    "anyio",
    "trio",
    "parse",
    "asgiref",
    "click",
    "rich",
}


def test_names() -> None:
    """The public names are these."""
    assert asgi_routes.__all__ == NAMES
    for name in NAMES:
        assert inspect.getdoc(getattr(asgi_routes, name))


MODULES = [
    module.name
    for module in pkgutil.walk_packages(asgi_routes.__path__, "asgi_routes.")
    if not module.name.rpartition(".")[2].startswith("_")
]


@pytest.mark.parametrize("name", MODULES)
def test_everything_public_is_documented(name: str) -> None:
    """Every public class and function has a docstring."""
    module = importlib.import_module(name)
    assert module.__doc__
    for key, value in vars(module).items():
        is_ours = getattr(value, "__module__", None) == name and not key.startswith("_")
        if is_ours and (inspect.isclass(value) or inspect.isfunction(value)):
            assert value.__doc__, f"{name}.{key}"


async def app(scope: Any, receive: Any, send: Any) -> None: ...


def test_what_tools_and_tests_read() -> None:
    """What Channels' routers and Django's routes show has the same names, and short texts."""
    route = path("users/<int:id>/", view=app, kwargs={"kind": 1}, name="user")
    assert (route.callback, route.default_args, str(route.pattern)) == (
        app,
        {"kind": 1},
        "users/<int:id>/",
    )
    included = path("a/", include(([route], "shop")))
    assert (included.callback, repr(included)) == (None, "<Route 'a/'>")
    assert repr(included.target) == "<Include of 1 route namespace='shop'>"
    router = URLRouter(routes=[route])
    assert router.routes == (route,)
    assert (repr(route), repr(router)) == (
        "<Route 'users/<int:id>/' name='user'>",
        "<URLRouter of 1 route>",
    )
    types = ProtocolTypeRouter(application_mapping={"http": router})
    assert types.application_mapping == {"http": router}
    assert repr(types) == "<ProtocolTypeRouter of 'http'>"
    channels = ChannelNameRouter(application_mapping=dict.fromkeys("abcdef", app))
    assert repr(channels) == "<ChannelNameRouter of 'a', 'b', 'c', 'd', 2 more>"
    with pytest.raises(TypeError):
        types.application_mapping["http"] = app  # type: ignore[index]


def test_a_path_stands_for_a_scope() -> None:
    """And parameters for their dict."""
    router = URLRouter([path("users/<int:id>/", app, name="user", methods=["GET"])])
    types = ProtocolTypeRouter({"http": HostRouter({"a.example": router})})
    found = router.match("/users/7/?page=2")
    assert found
    assert (found.app, found.scope["path_params"]) == (app, {"id": 7})
    assert types.match("http://a.example/users/7/")
    assert not types.match("/users/7/")
    sockets = ProtocolTypeRouter({"websocket": URLRouter([path("<name>/", app, name="chat")])})
    assert sockets.match("ws://a.example/b/")
    assert not sockets.match("https://a.example/b/")
    assert sockets.reverse("chat", name="c") == "/c/"
    assert explain(types, "http://a.example/users/7/").kwargs == (("id", 7),)
    assert explain(router, "/users/x/").near[0].reason == "'x' is not an int"
    for nothing in (None, 5, b"/b/"):
        for method in (router.match, partial(explain, router)):
            with pytest.raises(TypeError, match="takes a scope, a path or a URL, not"):
                method(nothing)
    assert router.reverse("user", id=8) == reverse(found.scope, "user", id=8) == "/users/8/"
    for ask in (router.reverse, partial(reverse, found.scope)):
        with pytest.raises(NoReverseMatch, match="it does not take 'querry'"):
            ask("user", id=8, querry={})
        with pytest.raises(ValueError, match="id is passed twice"):
            ask("user", kwargs={"id": 8}, id=8)
        with pytest.raises(ValueError, match="positional or named"):
            ask("user", [8], id=8)


def test_lists_of_routes_can_be_annotated() -> None:
    """A name for what was ``list[URLPattern | URLResolver]``."""
    routes: list[Route] = [path("", app)]
    routes += [path("a/", include([]))]
    assert all(isinstance(route, Route) for route in routes)
    assert isinstance(routes[1].target, Include)


class Forgetful(URLRouter):
    def __init__(self, routes: Any) -> None:
        pass


class Setting(URLRouter):
    def __init__(self, routes: Any) -> None:
        self.routes = routes


class Mapped(ProtocolTypeRouter):
    def __init__(self, mapping: Any) -> None:
        self.application_mapping = mapping


class Calling(Forgetful):
    def __init__(self, routes: Any) -> None:
        URLRouter.__init__(self, routes)
        self.mine = 1


def test_a_subclass_that_does_not_call_super_is_told() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Forgetful.__init__\(\) does not call super"):
        Forgetful([])
    with pytest.raises(ImproperlyConfigured, match="routes of Setting cannot be set"):
        Setting([])
    with pytest.raises(ImproperlyConfigured, match="application_mapping of Mapped cannot be set"):
        Mapped({})
    assert Calling([]).mine == 1


def test_errors() -> None:
    """Every error derives from RoutingError, and from what a caller would expect."""
    assert issubclass(ImproperlyConfigured, RoutingError)
    assert issubclass(ImproperlyConfiguredGroup, ImproperlyConfigured)
    assert issubclass(ImproperlyConfiguredGroup, ExceptionGroup)
    assert issubclass(NoRouteFound, RoutingError)
    assert issubclass(NoRouteFound, ValueError)
    assert issubclass(NoRouteFound, LookupError)


def loaded_by(code: str) -> set[str]:
    """Return the packages that are loaded after running code in a fresh interpreter."""
    code += "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


BY_SHAPE = """
from types import SimpleNamespace as Shape
from asgi_routes import URLRouter, ProtocolTypeRouter, path, url, include
async def app(scope, receive, send): ...
class Consumer:
    def __init__(self, scope): ...
    async def __call__(self, receive, send): ...
class Number:
    regex, to_python, to_url = "[0-9]+", int, str
text = Shape(_route="a/<n:number>/", converters={"number": Number()})
route = Shape(pattern=text, callback=app, default_args={}, name="a")
more = Shape(pattern=Shape(_regex="^b/", converters={}), urlconf_name=[route], default_kwargs={})
more.__dict__.update(app_name="b", namespace="b", url_patterns=[route])
router = URLRouter([route, more, url("^c/$", Consumer)])
types = ProtocolTypeRouter({"http": router})
assert types.match("/a/7/") and types.match("/b/a/7/") and types.match("/c/")
assert not types.match({"type": "http", "path": "/x", "path_remaining": "x"})
assert router.reverse("b:a", number=7) == "/b/a/7/"
"""


def test_what_others_declare_is_read_without_them() -> None:
    """By its shape: neither Django nor Channels is imported for it."""
    assert not loaded_by(f"exec({BY_SHAPE!r})") & {"django", "channels"}


def test_import_is_light() -> None:
    """No server, no event loop, no framework; `parse` only where a field has a specification."""
    assert not loaded_by("import asgi_routes") & HEAVY
    write = "from asgi_routes import format_path as f; f('{x}', lambda s, r, d: None)"
    assert not loaded_by(write) & HEAVY
    assert loaded_by(write.replace("{x}", "{x:d}")) & HEAVY == {"parse"}


def test_automata_wait_for_a_regex() -> None:
    """A table without regexes starts without what tells the slow ones."""
    routes = "from asgi_routes import URLRouter, path; URLRouter([path('<int:id>/', print)])"
    code = f"{routes}; import sys; sys.exit('asgi_routes.regular.slowness' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
