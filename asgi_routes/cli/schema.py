"""The shape of what ``--json`` prints, for whoever reads it.

Rule: `VERSION` goes up with every change that a reader could notice.
"""

from importlib.resources import files

import click

from asgi_routes.cli.questions import Question
from asgi_routes.cli.standard_output import say

VERSION = 1
"""Of the schema; every JSON that is printed has it as ``version``."""


@click.command(cls=Question)
def schema() -> None:
    """Print the JSON Schema of the output of --json."""
    say((files("asgi_routes.cli") / "schema.json").read_text("utf-8").rstrip("\n"))
