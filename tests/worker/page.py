"""The page about workers in production, as far as tests read from it."""

import re
import textwrap
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "workers-in-production.rst"


def read_block(name: str) -> str:
    """Return the code of the block that has a name."""
    found = re.search(
        rf"\.\. code-block:: \w+\n   :name: {name}\n\n((?:   .*\n|\n)+)", PAGE.read_text()
    )
    assert found, f"the page has no block {name!r}"
    return textwrap.dedent(found[1])


def run_block(name: str) -> dict[str, Any]:
    """Return what a block of Python defines."""
    namespace: dict[str, Any] = {}
    exec(read_block(name), namespace)  # noqa: S102 - the page is ours
    return namespace
