"""What the browser test looks at: a router that explains its misses."""

from asgi_routes import URLRouter, path
from asgi_routes.inspection import debug_page
from tests.inspection.sample import app as leaf
from tests.inspection.sample import urls

app = URLRouter(
    [path("", urls), *(path(f"more/{n}/<int:id>/", leaf) for n in range(40))], default=debug_page
)
