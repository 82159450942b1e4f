"""The command line, asked about an application that stands in no file.

Nothing is asked but the command.
"""

import json
import sys
from types import ModuleType
from typing import Any

from click.testing import CliRunner

from asgi_routes.cli.commands import command
from tests.laws.asking import Request

_MODULE = "an_application_of_the_laws"


def run(app: Any, subcommand: str, *arguments: str) -> tuple[int, Any]:
    """Return the exit code of a subcommand, and what it prints as JSON."""
    module = ModuleType(_MODULE)
    module.app = app  # type: ignore[attr-defined]
    sys.modules[_MODULE] = module
    try:
        done = CliRunner().invoke(command, [subcommand, f"{_MODULE}:app", "--json", *arguments])
    finally:
        del sys.modules[_MODULE]
    assert done.exit_code in (0, 1), (done.output, done.exception)
    return done.exit_code, json.loads(done.stdout)


def matched(app: Any, request: Request) -> tuple[int, Any]:
    """Return what ``asgi-routes match`` says of a request."""
    options = ["--websocket"] if request.kind == "websocket" else ["--method", request.method]
    return run(app, "match", request.path, *options, "--header", f"host: {request.host}")


def found(app: Any) -> list[dict[str, Any]]:
    """Return what ``asgi-routes check`` finds, all of it."""
    findings: list[dict[str, Any]] = run(app, "check", "--all")[1]
    return findings
