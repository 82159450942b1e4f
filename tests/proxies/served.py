"""What the servers behind the proxies serve; it configures Django, so no test imports it."""

import logging

from tests.proxies.layouts import Everybody, Guard

for name in ("asgi_routes", "django.request", "falcon"):
    logging.getLogger(name).disabled = True  # Nearly all that is asked for is a miss.

everybody = Everybody()
guarded = Guard(everybody)
