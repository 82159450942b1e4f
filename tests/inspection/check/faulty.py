"""Routes with faults, for the command line to find."""

from asgi_routes import URLRouter, path
from tests.inspection.sample import app as leaf

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
