"""What of an application changes with the routers: Channels' and ours, side by side.

This room alone imports Django and Channels, and is imported where both are there.
"""

from asgi_routes.migration.comparing import Comparison, Difference, compare

__all__ = ("Comparison", "Difference", "compare")
