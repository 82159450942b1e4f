"""What runs the pages finds what is wrong in one."""

from pathlib import Path
from textwrap import indent

import pytest

from tests.documents.reading import ROOT, blocks
from tests.documents.running import run_page

APP = """\
from asgi_routes import URLRouter, path

async def user(scope, receive, send): ...

app = URLRouter([path("users/<int:id>/", user, name="user")])
"""
SHOWN = """\
$ asgi-routes match app:app /users/x/
404 Not Found: No route found for path 'users/x/'.
way  URLRouter
closest:
path              what is missing      name  declared
/users/<int:id>/  'x' is not an int    user  app.py:5
"""


def code_block(code: str, language: str = "python", *options: str) -> str:
    """Return a block as a page has it."""
    head = "".join(f"   {option}\n" for option in options)
    return f".. code-block:: {language}\n{head}\n{indent(code, '   ')}\n\n"


APP_BLOCK = code_block(APP, "python", ":caption: app.py")
RIGHT = {
    "a doctest": code_block(">>> 1 + 1\n2"),
    "a doctest in the text": ">>> 1 + 1\n2\n",
    "one namespace": code_block("x = 1") + code_block(">>> x\n1"),
    "a file": APP_BLOCK + code_block("import app\nassert app.app.match('/users/7/')"),
    "a test": code_block("async def test_it(asgi_client):\n    assert asgi_client"),
    "a fragment": code_block("import nothing_of_this_name", "python", ":class: fragment"),
    "commands": code_block(
        "$ make demo\n$ pip install 'asgi-routes[cli,nats]'  # two\n"
        "$ asgi-routes match shop:app /a --method PUT | head\n"
        "$ asgi-routes dead list --broker \\\n    memory:\n$ hypercorn examples.quickstart:app",
        "console",
    ),
    "an answer": APP_BLOCK + code_block(SHOWN, "console"),
    "an exit code": APP_BLOCK
    + code_block("$ asgi-routes match app:app /users/7/\n$ echo $?\n0", "console"),
    "Sphinx": ".. toctree::\n   :glob:\n\n   *\n\n.. seealso:: :doc:`this <that>`\n",
}
WRONG = {
    "a doctest": code_block(">>> 1 + 1\n3"),
    "a doctest in the text": ">>> 1 + 1\n3\n",
    "a block in a directive": ".. versionadded:: 1\n\n"
    + indent(code_block("raise OSError"), "   "),
    "another's namespace": code_block("document"),
    "a test": code_block("def test_it():\n    assert 0"),
    "a fragment": code_block("def f(:", "python", ":class: fragment"),
    "a target of make": code_block("$ make nonsense", "console"),
    "an extra": code_block("$ pip install asgi-routes[nonsense]", "console"),
    "a subcommand": code_block("$ asgi-routes nonsense", "console"),
    "an option": code_block("$ asgi-routes match shop:app /a --nonsense", "console"),
    "an example": code_block("$ hypercorn examples.nonsense:app", "console"),
    "an answer": APP_BLOCK + code_block(SHOWN.replace("an int", "a text"), "console"),
    "an exit code": APP_BLOCK
    + code_block("$ asgi-routes match app:app /users/x/\n$ echo $?\n0", "console"),
}


def write(text: str, folder: Path) -> Path:
    """Write a page."""
    page = folder / "page.rst"
    page.write_text(text)
    return page


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_right(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(write(text, tmp_path), tmp_path, monkeypatch)


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_wrong(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = write(text, tmp_path)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - any will do: the twins above raise none
        run_page(page, tmp_path, monkeypatch)


def test_the_blocks_are_found() -> None:
    """None is passed over because docutils does not know a directive around it."""
    for document in (ROOT / "README.rst", ROOT / "CONTRIBUTING.rst"):
        written = document.read_text().count("code-block:: python")
        assert len([one for one in blocks(document) if one.language == "python"]) == written
