"""``python -m asgi_routes`` is the command ``asgi-routes``."""

from asgi_routes.cli import main

main()
