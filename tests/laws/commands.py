"""The command line, asked about an application that stands in no file.

Nothing is asked but the command.
"""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from types import ModuleType
from typing import Any

from asgi_routes.cli.commands import command
from asgi_routes.cli.questions import run_command
from tests.laws.asking import Request

_MODULE = "an_application_of_the_laws"


def run(app: Any, subcommand: str, *arguments: str) -> tuple[int, Any]:
    """Return the exit code of a subcommand, and what it prints as JSON."""
    module = ModuleType(_MODULE)
    module.app = app  # type: ignore[attr-defined]
    sys.modules[_MODULE] = module
    try:
        with redirect_stdout(StringIO()) as printed:
            code = run_command(command, [subcommand, f"{_MODULE}:app", "--json", *arguments])
    finally:
        del sys.modules[_MODULE]
    assert code in (0, 1)
    return code, json.loads(printed.getvalue())


def matched(app: Any, request: Request) -> tuple[int, Any]:
    """Return what ``asgi-routes match`` says of a request."""
    if request.kind == "channel":
        return run(app, "match", "--channel", request.path)
    options = ["--websocket"] if request.kind == "websocket" else ["--method", request.method]
    options += ["--header", f"host: {request.host}", "--root-path", request.root_path]
    if request.subprotocols:
        options += ["--header", f"sec-websocket-protocol: {', '.join(request.subprotocols)}"]
    return run(app, "match", request.path, *options)


def found(app: Any) -> list[dict[str, Any]]:
    """Return what ``asgi-routes check`` finds, all of it."""
    findings: list[dict[str, Any]] = run(app, "check", "--all")[1]["findings"]
    return findings
