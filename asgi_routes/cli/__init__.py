"""The command ``asgi-routes``: what an application serves, and why; and its worker.

Exit codes: 0, what was asked for is so (a match, no finding); 1, it is not; 2, it could not be
asked (no such application, a wrong option). ``worker`` has one more: 3, the application did not
start or stop.
"""

import sys
from collections.abc import Sequence

_HINT = "the command line needs click and rich: pip install 'asgi-routes[cli]'"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command, and exit."""
    try:
        from asgi_routes.cli.commands import command  # noqa: PLC0415 - click and rich are an extra
        from asgi_routes.cli.questions import exit_with, run_command  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.stderr.write(_HINT + "\n")
        sys.exit(2)
    exit_with(run_command(command, arguments))
