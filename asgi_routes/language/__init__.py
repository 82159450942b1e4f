"""The paths that routes match, as languages.

Which route hides which is decided here, over all paths there are; no path has to be guessed. Whatever
cannot be decided is `Undecided`, with the reason.
"""

from asgi_routes.language.comparison import Comparison, Found
from asgi_routes.language.languages import Language, Undecided, language_of
from asgi_routes.language.tables import (
    Overlap,
    Reachable,
    Relation,
    Relations,
    Unknown,
    Unreachable,
)

__all__ = (
    "Comparison",
    "Found",
    "Language",
    "Overlap",
    "Reachable",
    "Relation",
    "Relations",
    "Undecided",
    "Unknown",
    "Unreachable",
    "language_of",
)
