"""What is allowed, but can hardly have been meant: decided here, for warnings and for ``check``.

Rule: what a message states is certain, and nothing is called to find it out. Whether it was meant
is for the reader to judge, who silences it by a comment on its line.
"""

from asgi_routes.suspicions.applications import suspect_app, suspect_lifespan
from asgi_routes.suspicions.hidden_routers import suspect_closure, suspect_hidden_router
from asgi_routes.suspicions.keys import suspect_methods, suspect_types
from asgi_routes.suspicions.suspicion import Suspicion, is_silenced, warn_of
from asgi_routes.suspicions.texts import suspect_text

__all__ = (
    "Suspicion",
    "is_silenced",
    "suspect_app",
    "suspect_closure",
    "suspect_hidden_router",
    "suspect_lifespan",
    "suspect_methods",
    "suspect_text",
    "suspect_types",
    "warn_of",
)
