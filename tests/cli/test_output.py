"""What becomes of the answer: in pipes, on terminals of any width, in any encoding, and for shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.asking import ask, clean_environment
from tests.forking import PATIENCE, ROOT

APP = "tests.inspection.sample:application"
SHOW = f"{sys.executable} -m asgi_routes show {APP}"
MATCH = f"{sys.executable} -m asgi_routes match {APP}"


def run(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],  # noqa: S607 - whichever bash there is
        cwd=ROOT,
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{SHOW} | head -1", 0),
        (f"{MATCH} /nope | :", 1),
        (f"{SHOW} >&-", 0),
        (f"{SHOW} > /dev/full", 2),
        (f"{SHOW}x 2>&1 | :", 2),
    ],
)
def test_the_exit_code_is_that_of_the_answer(line: str, code: int) -> None:
    """Whoever reads it, or stops reading; but an answer that cannot be written is none."""
    done = run(line)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_narrow_terminals_get_a_list() -> None:
    """Below 70 columns; no line is filled up, and there are no colours where none are wanted."""
    terminal = {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    wide = ask("show", APP, COLUMNS="120", **terminal).out
    narrow = ask("show", APP, COLUMNS="69", **terminal).out
    assert wide.splitlines()[0].split()[:2] == ["path", "methods"]
    assert narrow.startswith("http\n  www.example.com\n    /home/\n      application  tests.")
    for text in (wide, narrow):
        assert "\x1b" not in text
        assert all(line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_encodings_that_lack_characters(encoding: str) -> None:
    done = run(f"{MATCH} ws://a/ws/%E2%82%AC", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert r"parameter room" "\t" r"'\u20ac' (str)" in done.stdout
    assert "ProtocolTypeRouter 'websocket' -> URLRouter" in done.stdout


_IN_BASH = """
eval "$(asgi-routes)"
unset _ASGI_ROUTES_COMPLETE
COMP_WORDS=(asgi-routes ma) COMP_CWORD=1
_asgi_routes_completion asgi-routes
echo "${COMPREPLY[*]}"
"""
_IN_ZSH = 'compdef() { print -r -- "$@" }; eval "$(asgi-routes)"'
_IN_FISH = "asgi-routes | source; complete --do-complete 'asgi-routes ma'"


@pytest.mark.parametrize(
    ("shell", "line", "said"),
    [
        ("bash", _IN_BASH, "match"),
        ("zsh", _IN_ZSH, "_asgi_routes_completion asgi-routes"),
        ("fish", _IN_FISH, "match"),
    ],
)
def test_completion(shell: str, line: str, said: str, tmp_path: Path) -> None:
    """The script is run in the shell itself."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"there is no {shell}")
    command = tmp_path / "asgi-routes"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m asgi_routes "$@"\n')
    command.chmod(0o755)
    paths = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    more = {"PATH": paths, "PYTHONPATH": str(ROOT), "_ASGI_ROUTES_COMPLETE": f"{shell}_source"}
    done = subprocess.run(
        [found, "-c", line],
        env={**clean_environment(), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert said in done.stdout, done
