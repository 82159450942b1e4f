"""What the errors of redis-py mean, as sentences that name the server.

Rule: whoever sends knows the errors of the contract, and need not know those of a client.
"""

from typing import Any

from redis import exceptions

from asgi_routes.worker.contract import BrokerFullError, BrokerUnavailableError

_NO_ROOM = ("OOM ", "used memory > 'maxmemory'")
_NO_DISK = "MISCONF"
_REFUSED = (
    "NOAUTH",
    "already authenticated",
    "Authentication required",
    "WRONGPASS",
    "invalid username-password",
    "NOPERM",
    "no permissions",
    "The user executing the script can't",
)


def name_address(client: Any) -> str:
    """Return where the server of a client is, without anything that is secret."""
    pool = getattr(client, "connection_pool", None)
    options = getattr(pool, "connection_kwargs", {})
    if path := options.get("path"):
        return f"Redis at {path}"
    if "host" in options:
        return f"Redis at {options['host']}:{options.get('port', 6379)}"
    return "Redis"


def explain(
    error: Exception, address: str, channel: str
) -> BrokerFullError | BrokerUnavailableError | None:
    """Return the error of the contract for one of the client, or None where it is none."""
    text = str(error)
    if any(map(text.__contains__, _NO_ROOM)):
        return BrokerFullError(channel)
    if isinstance(error, exceptions.AuthenticationError) or any(map(text.__contains__, _REFUSED)):
        what = f"denies the broker access, or a command that it needs: {text}"
        return BrokerUnavailableError(f"{address} {what}", will_pass=False)
    what = _tell_what(error, text)
    return BrokerUnavailableError(f"{address} {what}") if what else None


def _tell_what(error: Exception, text: str) -> str:
    if isinstance(error, exceptions.ReadOnlyError):
        return f"is a replica, which accepts no writes: {text}"
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return "did not answer in time"
    if isinstance(error, exceptions.ConnectionError | OSError):
        is_refused = "refused" in text or "Error 111 " in text
        return "refused the connection" if is_refused else f"cannot be reached: {text}"
    if isinstance(error, exceptions.ResponseError):
        return f"{'cannot write to its disk' if _NO_DISK in text else 'refuses'}: {text}"
    return ""
