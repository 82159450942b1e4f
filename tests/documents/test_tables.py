"""The tables of options and loggers are those of the code."""

import inspect
import re
from typing import Any

import asgi_routes
from asgi_routes.cli.commands import command
from tests.documents.reading import ROOT
from tests.documents.tables import read_table

ROUTERS = (
    *("URLRouter", "ProtocolTypeRouter", "HostRouter", "MethodRouter", "SubprotocolRouter"),
    "ChannelNameRouter",
)
FUNCTIONS = ("path", "re_path", "format_path", "include", "mount")
SUBJECTS = {"app", "route", "routes", "prefix", "mapping", "arg"}
"""Parameters that are no options: what a declaration is about."""


def options_of(name: str) -> dict[str, Any]:
    """Return the options that a function or a constructor takes, with their defaults."""
    found = inspect.signature(getattr(asgi_routes, name)).parameters.values()
    return {one.name: one.default for one in found if one.name not in SUBJECTS}


def told_in(document: str, everything: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return for each function or router its options as a page has them, with their defaults."""
    told: dict[str, dict[str, str]] = {name: {} for name in everything}
    for option, of, default, _ in read_table(document, "option", "of", "default").rows:
        for name in everything if of == "all" else of.split(", "):
            told[name][option.strip("`")] = default.strip("`").replace('"', "'")
    return told


def shown(default: Any) -> str:
    """Return a default as it is written; a private object stands for what was not given."""
    is_private = type(default) not in (str, bool, tuple, type(None))
    return "not" if is_private else repr(default)


def check(document: str, everything: tuple[str, ...]) -> None:
    told = told_in(document, everything)
    for name in everything:
        own = {option: shown(default) for option, default in options_of(name).items()}
        said = {
            option: "not" if default.startswith("not ") else default
            for option, default in told[name].items()
        }
        assert said == own, name


def test_options_of_routers() -> None:
    check("docs/reference/routers.rst", ROUTERS)


def test_options_of_routes() -> None:
    check("docs/reference/routes.rst", FUNCTIONS)


def test_loggers() -> None:
    sources = (file.read_text() for file in sorted((ROOT / "asgi_routes").rglob("*.py")))
    used = {name for text in sources for name in re.findall(r'getLogger\("([\w.]+)"\)', text)}
    rows = read_table("docs/reference/logging.rst", "logger").rows
    assert {row[0].strip("`") for row in rows} == used


def test_subcommands() -> None:
    """Each has its place on the page; its options are made from the code."""
    page = (ROOT / "docs" / "reference" / "command-line.rst").read_text()
    assert {name for name in command.commands if f"``{name}``" not in page} <= {"schema"}
