"""``asgi-routes check``: what it prints, and its exit codes."""

import json

from tests.cli.test_commands import run

APP = "tests.inspection.check.faulty"
FILE = "tests/inspection/check/faulty.py"
DEAD = f"""\
R101 error: /users/<int:id>/
    {FILE}:9: it can never be reached: routes before it match every path that it matches
    {FILE}:8: /users/<name>/
    for example: /users/1/
"""
LEADING = f"""\
R203 warning: //lead
    {FILE}:12: the path is matched without its leading slash: this matches '//…' only
"""
OVERLAP = f"""\
R102 info: /<c>/b
    {FILE}:11: it matches some of the paths of a route before it, which gets them
    {FILE}:10: /a/<b>
    for example: /a/b
"""


def test_findings() -> None:
    """Every finding with both lines and a path that proves it; exit code 1."""
    assert run("check", APP, code=1) == LEADING + DEAD + "2 findings\n"
    assert run("check", APP, "--all", code=1) == LEADING + DEAD + OVERLAP + "3 findings\n"


def test_silence() -> None:
    """By a comment, or by an option; then the exit code is 0."""
    assert run("check", APP, "--silenced", code=1).count("R101") == 2
    assert run("check", APP, "--ignore", "R203", code=1) == DEAD + "1 finding\n"
    assert run("check", APP, "--ignore", "R203", "--ignore", "R101") == "0 findings\n"
    assert "no such finding: R999" in run("check", APP, "--ignore", "R999", code=2)


def test_as_json() -> None:
    """The same as data."""
    findings = json.loads(run("check", APP, "--json", code=1))
    assert findings[1] == {
        "id": "R101",
        "level": "error",
        "message": "it can never be reached: routes before it match every path that it matches",
        "routes": [
            {"template": "/users/<int:id>/", "declared": f"{FILE}:9"},
            {"template": "/users/<name>/", "declared": f"{FILE}:8"},
        ],
        "witness": "/users/1/",
    }


def test_information_alone_is_no_failure() -> None:
    """Only errors and warnings are."""
    assert run("check", "tests.inspection.sample:application", "--all").endswith("1 finding\n")
