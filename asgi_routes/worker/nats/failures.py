"""What the errors of nats-py mean, as sentences that name the server.

Rule: whoever sends knows the errors of the contract, and need not know those of a client.
"""

from nats import errors
from nats.js.errors import APIError

from asgi_routes.worker.contract import BrokerFullError, BrokerUnavailableError

_NO_ROOM = frozenset({10002, 10023, 10028, 10047, 10077})
"""No quota of the account, no resources, no memory, no storage, and a bound of the stream."""


def explain(
    error: Exception, address: str, channel: str
) -> BrokerFullError | BrokerUnavailableError | None:
    """Return the error of the contract for one of the client, or None where it is none."""
    if isinstance(error, APIError):
        if error.err_code in _NO_ROOM:
            return BrokerFullError(channel)
        said = error.description or f"code {error.err_code}"
        return BrokerUnavailableError(f"{address} refuses: {said}", will_pass=error.code == 503)  # noqa: PLR2004 - HTTP's
    if isinstance(error, TimeoutError | errors.NoRespondersError):
        return BrokerUnavailableError(
            f"{address} did not answer in time: it is unavailable, or this user has no permission"
        )
    if isinstance(error, errors.Error | OSError):
        return BrokerUnavailableError(f"{address} cannot be reached: {error}")
    return None
