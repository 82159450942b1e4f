"""How an application is put under its prefix.

In: the options of a mount. Out: a value. The rule kept here: it is data; `scopes` says what comes of it.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from asgi_routes.types import LifespanPolicy

AtPrefix: TypeAlias = Literal["serve", "redirect", "miss"]
"""What happens to a request for the very prefix, without a slash behind it."""


@dataclass(frozen=True, slots=True)
class Mounting:
    """How an application is put under its prefix; `mount` says what each means."""

    strip: bool = False
    isolate: bool = True
    at_prefix: AtPrefix = "serve"
    lifespan: LifespanPolicy = "auto"
