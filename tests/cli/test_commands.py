"""The command line: what it prints, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.asking import ask
from tests.forking import ROOT
from tests.inspection import sample

APP = "tests.inspection.sample:application"
FAULTY = "tests.inspection.check.faulty"
FILE = "tests/inspection/check/faulty.py"
DEAD = f"""\
R101 error: /users/<int:id>/
    {FILE}:13: it can never be reached: earlier routes match every path that it matches
    {FILE}:12: /users/<name>/
    for example: /users/1/
"""
LEADING = f"""\
R203 warning: //lead
    {FILE}:16: '/lead' starts with a slash, but paths are matched without their leading \
slash: it only matches '//…', unless it follows the prefix of an include()
"""
OVERLAP = f"""\
R102 info: /<c>/b
    {FILE}:15: it matches some paths of an earlier route, which takes precedence
    {FILE}:14: /a/<b>
    for example: /a/b
"""


def line_of(text: str) -> str:
    """Return where a route of the sample was written."""
    lines = Path(sample.__file__).read_text().splitlines()
    number = next(number for number, line in enumerate(lines, 1) if f'"{text}"' in line)
    return f"tests/inspection/sample.py:{number}"


def run(*arguments: str, code: int = 0, **environment: str) -> str:
    """Return what the command prints in a pipe, or why it could not be asked."""
    told = ask(*arguments, **environment)
    assert told.code == code, told
    return told.out if told.code != 2 else told.err


def test_show() -> None:
    """Every route, in order, nested as it is; in a pipe a plain line for each, with tabs."""
    lines = run("show", APP).splitlines()
    assert lines[0].split() == ["path", "methods", "name", "application", "engine", "declared"]
    assert [line.split("\t")[0] for line in lines if not line.startswith(" ")] == [
        "path",
        "http",
        "websocket",
        "channel",
    ]
    (user,) = [line for line in lines if "/users/<int:id>/\t" in line]
    assert user.split("\t") == [
        "    /users/<int:id>/",
        "",
        "user",
        "tests.inspection.sample:app",
        "table",
        f"{line_of('users/<int:id>/')}",
    ]
    assert "\x1b" not in "".join(lines)
    assert {line.count("\t") for line in lines} == {5}


def test_show_as_json() -> None:
    """The whole tree."""
    tree = json.loads(run("show", APP, "--json"))
    assert tree["router"] == "ProtocolTypeRouter"
    assert [child["key"] for child in tree["children"]] == ["http", "websocket", "channel"]


MATCHES = [
    (
        ["http://acme.example.com/users/7/?q=1"],
        (
            "/users/<int:id>/\n"
            "name\tuser\n"
            "application\ttests.inspection.sample:app\n"
            f"declared\t{line_of('users/<int:id>/')}\n"
            "parameter t\t'acme' (str)\n"
            "parameter id\t7 (int)\n"
            "way\tProtocolTypeRouter 'http' → HostRouter '<t>.example.com' → "
            "URLRouter 'users/<int:id>/'\n"
        ),
    ),
    (
        ["/ws/a%20b", "--websocket"],
        (
            "/ws/<room>\n"
            "name\troom\n"
            "application\ttests.inspection.sample:app\n"
            f"declared\t{line_of('ws/<room>')}\n"
            "parameter room\t'a b' (str)\n"
            "way\tProtocolTypeRouter 'websocket' → URLRouter 'ws/<room>'\n"
        ),
    ),
]
HOST = "way\tProtocolTypeRouter 'http' → HostRouter"
MISSES = [
    (
        ["http://a.example.com/users/abc/"],
        (
            "404 Not Found: No route found for path 'users/abc/'.\n"
            f"{HOST} '<t>.example.com' → URLRouter\n"
            "closest:\n"
            "path\twhat is missing\tname\tdeclared\n"
            f"/users/<int:id>/\t'abc' is not an int\tuser\t{line_of('users/<int:id>/')}\n"
        ),
    ),
    (
        ["/notes/", "-H", "host: a.example.com", "-X", "PUT"],
        (
            "405 Method Not Allowed: Path 'notes/' has no route for method 'PUT'.\n"
            "Allow\tOPTIONS, POST\n"
            f"{HOST} '<t>.example.com' → URLRouter 'notes/'\n"
            "closest:\n"
            "path\twhat is missing\tname\tdeclared\n"
            f"/notes/\tonly POST\t\t{line_of('notes/')}\n"
        ),
    ),
    (
        ["/home/"],
        (
            "404 Not Found: No application configured for host 'localhost'.\n"
            f"{HOST}\n"
            "closest:\n"
            "path\twhat is missing\tname\tdeclared\n"
            f"/home/\tanother host: www.example.com\t\t{line_of('home/')}\n"
        ),
    ),
    (
        ["/far/away%0A/x", "-H", "host: a.example.com"],
        (
            "404 Not Found: No route found for path 'far/away\\n/x'.\n"
            f"{HOST} '<t>.example.com' → URLRouter\n"
        ),
    ),
]


@pytest.mark.parametrize(("arguments", "text"), MATCHES, ids=lambda value: str(value)[:30])
def test_match(arguments: list[str], text: str) -> None:
    """What serves a URL, and on which way."""
    assert run("match", APP, *arguments) == text


@pytest.mark.parametrize(("arguments", "text"), MISSES, ids=lambda value: str(value)[:30])
def test_miss(arguments: list[str], text: str) -> None:
    """What came closest, and what each lacks; exit code 1."""
    assert run("match", APP, *arguments, code=1) == text


def test_match_as_json() -> None:
    """All that is known, as data."""
    found = json.loads(run("match", APP, "http://a.example.com/users/7/", "--json"))
    assert found["match"] is True
    assert (found["kwargs"], found["types"]) == ({"t": "a", "id": 7}, {"t": "str", "id": "int"})
    missed = json.loads(run("match", APP, "/nowhere", "--json", "--closest", "0", code=1))
    assert (missed["match"], missed["near"]) == (False, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "tests.inspection.sampel:application"], "no module named"),
        (["show", "tests.inspection.sample:aplication"], "did you mean 'application'?"),
        (["show", ":app"], "not of the form"),
        (["match", "tests.inspection.sample:app", "/"], "holds no router"),
        (["match", APP, "/", "-H", "host"], "a header must have the form 'name: value'"),
        (["match", APP], "Missing argument"),
        (["shwo", APP], "No such command"),
    ],
)
def test_what_cannot_be_asked(arguments: list[str], said: str) -> None:
    """Exit code 2, and one line that says why."""
    assert said in run(*arguments, code=2)


def test_without_the_extra() -> None:
    """One line says what is missing."""
    code = "import sys; sys.modules['click'] = None; from asgi_routes.cli import main; main([])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "the command line needs click and rich: pip install 'asgi-routes[cli]'\n"
    )


def test_on_a_terminal() -> None:
    """There it is a table in colours."""
    from rich.console import Console  # noqa: PLC0415 - only here

    assert Console(force_terminal=True).is_terminal
    text = run("show", APP, FORCE_COLOR="1", COLUMNS="200")
    assert "\x1b[" in text
    assert "/users/<int:id>/" in text


def test_findings() -> None:
    """Every finding with both lines and a path that proves it; exit code 1."""
    assert run("check", FAULTY, code=1) == LEADING + DEAD + "2 findings\n"
    assert run("check", FAULTY, "--all", code=1) == LEADING + DEAD + OVERLAP + "3 findings\n"


def test_silence() -> None:
    """By a comment, or by an option; then the exit code is 0."""
    assert run("check", FAULTY, "--silenced", code=1).count("R101") == 2
    assert run("check", FAULTY, "--ignore", "R203", code=1) == DEAD + "1 finding\n"
    assert run("check", FAULTY, "--ignore", "R203", "--ignore", "R101") == "0 findings\n"
    assert "no finding has the id 'R999'" in run("check", FAULTY, "--ignore", "R999", code=2)


def test_selection() -> None:
    """By ids, or by how several begin; what is asked for by name is shown, information or not."""
    assert run("check", FAULTY, "--select", "R1,R2", "--ignore", "R1", code=1) == (
        LEADING + "1 finding\n"
    )
    assert run("check", FAULTY, "--select", "R102") == OVERLAP + "1 finding\n"
    assert run("check", FAULTY, "--ignore", "R1,R203") == "0 findings\n"
    assert "no finding has the id 'x'" in run("check", FAULTY, "--select", "R101,x", code=2)


def test_through() -> None:
    """What stands around the routes by hand is named, in text and in JSON."""
    wrapped = "tests.inspection.check.faulty:wrapped"
    assert run("check", wrapped, "--select", "R101", code=1) == (
        f"{DEAD}    through: tests.spec.driving:Wrapper (not called; may do otherwise)\n1 finding\n"
    )
    (finding,) = json.loads(run("check", wrapped, "--select", "R101", "--json", code=1))["findings"]
    assert finding["through"] == ["tests.spec.driving:Wrapper"]


def test_the_hook() -> None:
    """The definition for pre-commit names the command, which imports the application by itself."""
    lines = (ROOT / ".pre-commit-hooks.yaml").read_text().splitlines()
    assert "  entry: asgi-routes check" in lines
    assert "  pass_filenames: false" in lines
    assert any(line.startswith("  language: system") for line in lines)


def test_findings_as_json() -> None:
    """The same as data."""
    findings = json.loads(run("check", FAULTY, "--json", code=1))["findings"]
    assert findings[1] == {
        "id": "R101",
        "level": "error",
        "message": "it can never be reached: earlier routes match every path that it matches",
        "routes": [
            {"template": "/users/<int:id>/", "declared": f"{FILE}:13"},
            {"template": "/users/<name>/", "declared": f"{FILE}:12"},
        ],
        "witness": "/users/1/",
        "through": [],
    }


def test_information_alone_is_no_failure() -> None:
    """Only errors and warnings are."""
    assert run("check", "tests.inspection.sample:partly", "--all").endswith("1 finding\n")
