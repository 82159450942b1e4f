"""One lifespan for many applications, and for every router."""

from asgi_routes.lifespan.application import Lifespan
from asgi_routes.lifespan.participants import LifespanContext, policy_of_endpoint
from asgi_routes.lifespan.states import WITH_STATE, with_state

__all__ = ("WITH_STATE", "Lifespan", "LifespanContext", "policy_of_endpoint", "with_state")
