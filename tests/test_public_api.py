"""What the package offers, and what it costs to import it."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from typing import Any

import pytest

import asgi_routes
from asgi_routes import (
    ChannelNameRouter,
    ImproperlyConfigured,
    NoRouteFound,
    ProtocolTypeRouter,
    RoutingError,
    URLRouter,
)
from asgi_routes.errors import ImproperlyConfiguredGroup

NAMES = (
    "ChannelNameRouter",
    "Child",
    "Converter",
    "Converters",
    "HostRouter",
    "ImproperlyConfigured",
    "Lifespan",
    "LifespanError",
    "Match",
    "MethodRouter",
    "NoMatch",
    "NoReverseMatch",
    "NoRouteFound",
    "NotFound",
    "ProtocolTypeRouter",
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


@pytest.mark.parametrize(
    "router", [URLRouter([]), ProtocolTypeRouter({}), ChannelNameRouter({})], ids=type
)
def test_no_attribute_is_named_routes(router: Any) -> None:
    """A Starlette around a router takes the items of ``routes`` for routes of its own."""
    assert not hasattr(router, "routes")


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


def test_import_is_light() -> None:
    """No server, no event loop, no framework; `parse` only where a field has a specification."""
    assert not loaded_by("import asgi_routes") & HEAVY
    write = "from asgi_routes import format_path as f; f('{x}', lambda s, r, d: None)"
    assert not loaded_by(write) & HEAVY
    assert loaded_by(write.replace("{x}", "{x:d}")) & HEAVY == {"parse"}
