"""What the servers behind the proxies serve; it configures Django, so no test imports it."""

from tests.proxies.layouts import Everybody

everybody = Everybody()
