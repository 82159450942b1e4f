"""A broker on NATS JetStream; see `asgi_routes.worker.nats.broker`."""

try:
    import nats  # noqa: F401 - an extra; say so where it is missing
except ModuleNotFoundError:
    raise ImportError("NatsBroker needs nats-py: pip install 'asgi-routes[nats]'") from None

from asgi_routes.worker.nats.broker import NatsBroker

__all__ = ("NatsBroker",)
