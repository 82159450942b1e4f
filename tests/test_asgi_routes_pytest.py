"""The plugin, in a pytest of its own."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]

TESTS = """
import pytest

pytestmark = pytest.mark.anyio


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["root_path"].encode()})


async def test_answer(asgi_client):
    client = asgi_client(app, root_path="/api", timeout=1)
    assert (await client.get("/api/")).text == "/api"


async def test_message(asgi_client):
    async def silent(scope, receive, send): ...

    await asgi_client(silent).get("/")
"""


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python where no plugin loads itself, so that it is this module that is tested."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_fixture(tmp_path: Path) -> None:
    """It makes clients, on both event loops; a failure is told as the client tells it."""
    (tmp_path / "test_it.py").write_text(TESTS)
    plugins = ["-p", "asgi_routes_pytest", "-p", "anyio", "-p", "no:cacheprovider"]
    done = run("-m", "pytest", "-q", "-W", "error", *plugins, "test_it.py", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed, 2 passed" in done.stdout
    assert "AssertionError: GET /: the application returned without a response" in done.stdout
    listed = run("-m", "pytest", *plugins, "--fixtures", "test_it.py", cwd=tmp_path).stdout
    assert "asgi_client" in listed
    assert "Return a factory" in listed


def test_it_costs_nothing_to_have(tmp_path: Path) -> None:
    """Nothing is loaded but the plugin itself, not even the package, before a test wants it."""
    code = "import pytest, sys; before = {*sys.modules}; import asgi_routes_pytest; "
    code += "print(*{*sys.modules} - before)"
    loaded = run("-c", code, cwd=tmp_path)
    assert loaded.stdout.split() == ["asgi_routes_pytest"], loaded.stderr


def test_it_is_installed_with_the_package() -> None:
    """The wheel and the entry point name the module that is here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"] == {"asgi_routes": "asgi_routes_pytest"}
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert all((ROOT / name).exists() for name in shipped)
    assert "asgi_routes_pytest.py" in shipped
