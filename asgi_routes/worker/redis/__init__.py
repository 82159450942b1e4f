"""A broker on the streams of Redis; see `asgi_routes.worker.redis.broker`."""

try:
    import redis  # noqa: F401 - an extra; say so where it is missing
except ModuleNotFoundError:
    raise ImportError("RedisBroker needs redis-py: pip install 'asgi-routes[redis]'") from None

from asgi_routes.worker.redis.broker import RedisBroker

__all__ = ("RedisBroker",)
