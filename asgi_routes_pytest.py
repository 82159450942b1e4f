"""The pytest plugin of asgi_routes: the fixture ``asgi_client``.

Rule: pytest imports this module in every run wherever the package is installed, so it imports
nothing but pytest. It stands beside the package because a module inside would import the package
first; only a test that uses the fixture pays for that.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from asgi_routes.testing import Client


@pytest.fixture
def asgi_client() -> "type[Client]":
    """Return a factory: ``asgi_client(app, **options)`` makes a client.

    The options are those of `asgi_routes.testing.Client`::

        async def test_users(asgi_client):
            assert (await asgi_client(app).get("/users/")).status == 200
    """
    from asgi_routes.testing import Client  # noqa: PLC0415 - see above

    return Client
