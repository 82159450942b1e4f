"""One lifespan for many applications, and for every router."""

from asgi_routes.lifespan.application import Lifespan
from asgi_routes.lifespan.never_started import (
    UNSTARTED,
    expect_start,
    warn_if_never_started,
)
from asgi_routes.lifespan.participants import LifespanContext, policy_of_endpoint
from asgi_routes.lifespan.states import STATELESS, WITH_STATE, with_state

__all__ = (
    "STATELESS",
    "UNSTARTED",
    "WITH_STATE",
    "Lifespan",
    "LifespanContext",
    "expect_start",
    "policy_of_endpoint",
    "warn_if_never_started",
    "with_state",
)
