"""One lifespan for many applications, and for every router."""

from asgi_routes.lifespan.application import Lifespan
from asgi_routes.lifespan.participants import (
    SETTLED,
    STATELESS,
    UNSTARTED,
    WITH_STATE,
    LifespanContext,
    add_state,
    expect_start,
    policy_of_endpoint,
    warn_if_never_started,
)

__all__ = (
    "SETTLED",
    "STATELESS",
    "UNSTARTED",
    "WITH_STATE",
    "Lifespan",
    "LifespanContext",
    "add_state",
    "expect_start",
    "policy_of_endpoint",
    "warn_if_never_started",
)
