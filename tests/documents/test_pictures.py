"""The pictures of the site show what is so."""

import re
from html import unescape
from typing import Any

import pytest

from asgi_routes import URLRouter, mount, path
from docs import pictures
from tests.documents.reading import ROOT, blocks


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_picture(name: str) -> None:
    """It is the one that would be made today."""
    assert (pictures.STATIC / name).read_text() == pictures.PICTURES[name]()


def test_the_picture_of_the_command_line() -> None:
    """It shows what the page shows, which is run."""
    drawn = re.sub(
        r"<style>.*?</style>|<[^>]*>", "", (pictures.STATIC / "command-line.svg").read_text()
    )
    text = "".join(unescape(drawn).split())
    page = blocks(ROOT / "docs" / "reference" / "command-line.rst")
    consoles = [block.code for block in page if block.language == "console"]
    shown = "\n".join(code for code in consoles if "app:app" in code).splitlines()
    lines = [line for line in shown if "$?" not in line and not line.isdigit()]
    assert [line for line in lines if "".join(line.split()) not in text] == []
    assert len(lines) > 20


def test_the_picture_of_the_search() -> None:
    """The application that is called is the one that it says."""

    def make(name: str) -> Any:
        async def app(*_: object) -> None: ...

        app.__name__ = name
        return app

    names: dict[str, Any] = {"path": path, "mount": mount}
    names |= {name: make(name) for name in ("home", "items", "user", "show", "legacy")}
    inner, outer = ([row.declared for row in pictures.SEARCHED if row.depth == n] for n in (1, 0))
    names["api"] = URLRouter([eval(declared, names) for declared in inner])  # noqa: S307
    router = URLRouter([eval(declared, names) for declared in outer])  # noqa: S307
    (found,) = (row for row in pictures.SEARCHED if row.is_found)
    assert found.said == f"matches: {router.match('/api/users/7/').app.__name__} is called"
