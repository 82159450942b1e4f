"""From what was typed to the application that it names.

Rule: what is not an application, or leads to no router where one is needed, is an error here, in one
line that says what to write instead; what somebody's module raises or exits with is told with their
own frames.
"""

import functools
import importlib
import inspect
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import click

from asgi_routes.apps import content_of_cell, innermost, router_behind, unwrap
from asgi_routes.callables import find_mistake_in_app
from asgi_routes.cli.failures import CannotAskError, calling_others
from asgi_routes.cli.standard_output import say_aside
from asgi_routes.errors import did_you_mean

ENVIRONMENT = "ASGI_ROUTES_APP"
_USUAL = ("app", "application")
_MAKES_APPS = re.compile(r"(create|make|get|build)_(asgi_)?app(lication)?")
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Named:
    """What was typed to name an application.

    Attributes:
        text: ``module:attribute`` or ``module``.
        is_factory: whether the attribute is called for the application.
        folder: where modules are looked for first.
    """

    text: str
    is_factory: bool
    folder: Path


def take_app_options(command: _Command) -> _Command:
    """Give a command the options that say how APP is found."""
    for option in (
        click.option("--factory", is_flag=True, help="Call APP to get the application."),
        click.option(
            "--app-dir",
            default=".",
            metavar="DIRECTORY",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Import APP from this directory; by default the working directory.",
        ),
    ):
        command = option(command)
    return command


def take_app(command: Callable[..., Any]) -> Any:
    """Give a command an argument APP, which it gets as ``app``, a `Named`."""

    @take_app_options
    @click.argument("text", metavar="APP", envvar=ENVIRONMENT)
    @functools.wraps(command)
    def call_with_app(text: str, *, factory: bool, app_dir: Path, **options: Any) -> Any:
        return command(Named(text, factory, app_dir), **options)

    return call_with_app


def load_router(named: Named) -> Any:
    """Return the application that was named, which is or wraps a router.

    Raises:
        CannotAskError: there is no such application, or no router in it.
    """
    app = load_app(named)
    if router_behind(app) is None:
        raise CannotAskError(f"{named.text!r} {_why_no_router(app)}")
    return app


def load_app(named: Named) -> Any:
    """Return the application that was named.

    Raises:
        CannotAskError: there is none.
    """
    text = named.text.strip()
    _refuse_file(text)
    module_name, _, attribute = text.partition(":")
    is_factory = named.is_factory or attribute.endswith("()")
    attribute = attribute.removesuffix("()")
    module = _import(module_name, text, named.folder)
    if not attribute:
        attribute = _choose(module, is_factory=is_factory)
        say_aside(f"APP is {module_name}:{attribute}")
    found = _get(module, attribute)
    name = f"{module_name}:{attribute}"
    if is_factory:
        found, name = _call(found, name), f"{name}()"
    _check(found, name, is_factory=is_factory)
    return found


def _refuse_file(text: str) -> None:
    """Make sure that what was typed is no path of a file.

    Raises:
        CannotAskError: it is; it says how the module is called.
    """
    found = re.fullmatch(r"(?P<path>(?:[A-Za-z]:[\\/])?[^:]*)(?::(?P<attribute>.*))?", text)
    if found is None:
        return
    path, attribute = found["path"], found["attribute"] or "app"
    if not re.search(r"[\\/]|\.py$", path):
        return
    *folders, last = re.split(r"[\\/]", path.removesuffix(".py").removesuffix("/"))
    module = last
    is_relative = not path.startswith(("/", "\\")) and ".." not in folders and ":" not in path
    inside = [folder for folder in folders if folder not in ("", ".")]
    advice = ""
    if inside and is_relative:
        module = ".".join([*inside, last])
    elif inside or ".." in folders:
        folder = path[: max(path.rfind("/"), path.rfind("\\"))]
        advice = f" with --app-dir {folder}"
    module = module.removesuffix(".__init__")
    raise CannotAskError(f"{text!r} is a file, not a module: write {module}:{attribute}{advice}")


def _import(name: str, text: str, folder: Path) -> ModuleType:
    """Import a module, also from a folder."""
    if not name or name.startswith("."):
        raise CannotAskError(f"{text!r} is not of the form module:attribute")
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    hint = functools.partial(_tell_django, folder=folder)
    with calling_others(f"module {name!r} cannot be imported", hint):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not _is_named(error, name):
                raise
    raise CannotAskError(_tell_missing(name, place))


def _is_named(error: ModuleNotFoundError, name: str) -> bool:
    """Tell whether it is the module itself that is missing, and not one that it imports."""
    if error.name is None or not (name + ".").startswith(error.name + "."):
        return False
    frame = error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code.co_filename
        is_import = code.startswith("<frozen ") or code == importlib.__file__
        if not is_import and code != __file__:
            return False
        frame = frame.tb_next
    return True


def _tell_missing(name: str, place: str) -> str:
    *outer, last = name.split(".")
    around = sys.modules.get(".".join(outer))
    if outer and around is not None and not hasattr(around, "__path__"):
        outer_name = ".".join(outer)
        return (
            f"no module named {name!r}: {outer_name!r} is not a package; write {outer_name}:{last}"
        )
    paths = [place] if around is None else [*around.__path__]
    wanted = last if around is not None else name.partition(".")[0]
    known = [found.name for found in pkgutil.iter_modules(paths)]
    hint = did_you_mean(wanted, known)
    said = f"no module named {name!r} in {', '.join(paths)}, nor on sys.path"
    return f"{said}; {hint}" if hint else said


def _tell_django(error: BaseException, *, folder: Path) -> str | None:
    """Return what Django wants to be told first, or None."""
    kind = (type(error).__module__, type(error).__name__)
    if kind == ("django.core.exceptions", "AppRegistryNotReady"):
        return "call django.setup() first, or name the module that does, such as mysite.asgi"
    is_unset = kind == ("django.core.exceptions", "ImproperlyConfigured") and (
        "settings are not configured" in str(error)
    )
    if not is_unset or os.environ.get("DJANGO_SETTINGS_MODULE"):
        return None
    found = sorted(folder.glob("*/settings.py"))
    example = f"{found[0].parent.name}.settings" if len(found) == 1 else "mysite.settings"
    return f"set DJANGO_SETTINGS_MODULE, for example DJANGO_SETTINGS_MODULE={example}"


def _choose(module: ModuleType, *, is_factory: bool) -> str:
    """Return the attribute that is meant where none is named."""
    held = vars(module)
    usual = [name for name in _USUAL if not isinstance(held.get(name, module), ModuleType)]
    if is_factory and usual:
        return usual[0]
    for suits in (_leads_to_router, lambda app: find_mistake_in_app(app) is None):
        for name in usual:
            if suits(held[name]):
                return name
    routers = {id(one): name for name, one in held.items() if _leads_to_router(one)}
    if len(routers) == 1:
        return next(iter(routers.values()))
    if routers:
        several = ", ".join(f"{module.__name__}:{name}" for name in routers.values())
        raise CannotAskError(
            f"module {module.__name__!r} has several routers: choose one of {several}"
        )
    if usual:
        return usual[0]
    said = f"module {module.__name__!r} ({_file_of(module)}) has neither 'app' nor 'application'"
    factory = next(filter(_MAKES_APPS.fullmatch, held), None)
    hint = f": write {module.__name__}:{factory} --factory" if factory else ", and no router"
    raise CannotAskError(said + hint)


def _leads_to_router(app: Any) -> bool:
    is_value = not isinstance(app, (type, ModuleType))
    return is_value and callable(app) and router_behind(app) is not None


def _file_of(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or "built in")


def _get(module: ModuleType, attribute: str) -> Any:
    found: Any = module
    for name in attribute.split("."):
        held = found
        with calling_others(f"{attribute!r} cannot be read"):
            try:
                found = getattr(held, name)
                continue
            except AttributeError as error:
                if error.obj is not held or error.name != name:
                    raise
        hint = did_you_mean(name, getattr(held, "__dict__", ()))
        said = f"module {module.__name__!r} ({_file_of(module)}) has no {attribute!r}"
        raise CannotAskError(f"{said}; {hint}" if hint else said)
    return found


def _call(factory: Any, name: str) -> Any:
    if not callable(factory):
        raise CannotAskError(f"{name!r} is not a factory but {_describe(factory)}")
    missing = ", ".join(_required(factory))
    if missing:
        raise CannotAskError(f"{name!r} is called without arguments, but requires {missing}")
    if inspect.iscoroutinefunction(factory):
        raise CannotAskError(
            f"{name!r} is a coroutine function: a factory must be a plain function"
        )
    with calling_others(f"{name!r} cannot be called"):
        return factory()


def _required(function: Any) -> Iterator[str]:
    """Yield the arguments that a function cannot do without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return
    for one in parameters:
        is_open = one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        if one.default is one.empty and not is_open:
            yield one.name


def _check(app: Any, name: str, *, is_factory: bool) -> None:
    """Make sure that something can be an application.

    Raises:
        CannotAskError: it cannot.
    """
    if inspect.iscoroutine(app):
        app.close()
        raise CannotAskError(f"{name!r} is a coroutine: a factory must be a plain function")
    if not callable(app):
        raise CannotAskError(f"{name!r} is not an ASGI application but {_describe(app)}")
    mistake = find_mistake_in_app(app)
    if mistake is None:
        return
    message, hint = mistake
    if isinstance(app, FunctionType) and not is_factory and not [*_required(app)]:
        hint = "use --factory if it returns one"
    said = f"{name!r} is not an ASGI application: {message}"
    raise CannotAskError(f"{said}; {hint}" if hint else said)


def _describe(value: Any) -> str:
    if isinstance(value, ModuleType):
        return f"the module {value.__name__!r}"
    return "None" if value is None else f"an instance of {type(value).__qualname__}"


def _why_no_router(app: Any) -> str:
    """Return why an application cannot be asked about its routes."""
    inner = innermost(app)
    if type(inner).__module__ == "channels.routing":
        return "holds a router of Channels, not of asgi_routes: use asgi-routes migrate"
    if any(_closes_over_router(one) for one in unwrap(app)):
        return "is a function that closes over its router: decorate it with functools.wraps(router)"
    return f"holds no router: it is {_describe(app)}"


def _closes_over_router(app: object) -> bool:
    cells = app.__closure__ if isinstance(app, FunctionType) else None
    held = map(content_of_cell, cells or ())
    return any(callable(one) and router_behind(one) is not None for one in held)
