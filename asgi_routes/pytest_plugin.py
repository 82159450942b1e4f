"""What pytest offers to the tests of everybody who has this package installed.

In: nothing. Out: one fixture. The rule kept here: pytest imports this module in every run of everybody, so it
imports nothing that is not there already; a test that uses the fixture pays for it.
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
