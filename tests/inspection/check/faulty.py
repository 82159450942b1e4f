"""Routes with faults, for the command line to find."""

import warnings

from asgi_routes import SuspiciousRouteWarning, URLRouter, path
from tests.inspection.sample import app as leaf
from tests.spec.driving import Wrapper

with warnings.catch_warnings(action="ignore", category=SuspiciousRouteWarning):
    app = URLRouter(
        [
            path("users/<name>/", leaf, name="user"),
            path("users/<int:id>/", leaf),
            path("a/<b>", leaf),
            path("<c>/b", leaf),
            path("/lead", leaf),
            path("users/me/", leaf),  # asgi-routes: ignore[R101]
        ]
    )
wrapped = Wrapper(app)
