"""Programs that the command line is asked about: right ones, wrong ones, and odd ones."""

PROGRAMS = {
    "below/inside.py": """\
from asgi_routes import URLRouter

app = URLRouter([])
""",
    "exits.py": "raise SystemExit(0)\n",
    "exits_as_click.py": "import click; raise click.exceptions.Exit(0)\n",
    "exits_with_text.py": 'import os; raise SystemExit(f"no {os.sep}")\n',
    "faulty.py": """\
from asgi_routes import URLRouter, path


async def page(scope, receive, send): ...


app = URLRouter([path("<name>/", page), path("a/", page)])
""",
    "interrupts.py": "raise KeyboardInterrupt\n",
    "maker.py": """\
from asgi_routes import URLRouter


def create_app():
    return URLRouter([])
""",
    "mistaken.py": """\
from asgi_routes import URLRouter, path

app = URLRouter([path("<nit:x>/", print)])
""",
    "mysite/__init__.py": "",
    "mysite/settings.py": "",
    "needs_django.py": """\
from django.conf import settings

settings.DEBUG
""",
    "nested.py": "import outer_and_inner.inner\n",
    "of_channels.py": """\
from channels.routing import URLRouter

app = URLRouter([])
""",
    "only.py": """\
from asgi_routes import URLRouter

routes = URLRouter([])
""",
    "outer_and_inner/__init__.py": "",
    "outer_and_inner/inner.py": "import nothing_of_this_name\n",
    "plain.py": """\
from pathlib import Path

PLACE = Path("x")
NUMBER = 7


async def app(scope, receive, send): ...


class Application:
    async def __call__(self, scope, receive, send): ...


instance = Application()
""",
    "prints.py": """\
import sys
from asgi_routes import URLRouter

print("x" * 3_000_000)
sys.stdout.write("no end of line")
app = URLRouter([])
""",
    "properties.py": """\
class Holder:
    @property
    def app(self):
        return self.missing


holder = Holder()
""",
    "raises.py": """\
'''Converters that `match` asks, and that do what they should not.'''

from asgi_routes import Converters, URLRouter, path


class Exits:
    regex = "exit"

    def to_python(self, text):
        raise SystemExit(0)

    def to_url(self, value):
        return value


class Fails(Exits):
    regex = "fail"

    def to_python(self, text):
        raise RuntimeError("out of order")


async def page(scope, receive, send): ...


mine = Converters({"exits": Exits, "fails": Fails})
app = URLRouter(
    [path("<exits:x>/", page, converters=mine), path("<fails:x>/", page, converters=mine)]
)
""",
    "several.py": """\
from asgi_routes import URLRouter

one, two = URLRouter([]), URLRouter([])
""",
    "shop/__init__.py": "",
    "shop/__main__.py": 'raise SystemExit("this is not to be run")\n',
    "shop/asgi.py": """\
from types import SimpleNamespace

from asgi_routes import (
    ChannelNameRouter,
    HostRouter,
    ProtocolTypeRouter,
    SubprotocolRouter,
    URLRouter,
    mount,
    path,
)


async def page(scope, receive, send): ...


async def own_page(scope, receive, send): ...


class Guard:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


http = URLRouter(
    [
        path("items/<int:id>/", page, name="item", methods=["GET"]),
        path("caf\\N{LATIN SMALL LETTER E WITH ACUTE}/", page),
        path("guarded/", Guard(URLRouter([path("inner/", page)]))),
        path("layered/", page, middleware=[Guard]),
        mount("static", page),
        mount("q", page, at_prefix="redirect"),
    ],
    slashes="redirect",
)
with_default = URLRouter([path("a/", page, methods=["GET"])], default=own_page)
hosts = HostRouter({"www.example.com": http})
application = Guard(
    ProtocolTypeRouter(
        {
            "http": http,
            "websocket": SubprotocolRouter({"chat": URLRouter([path("ws/<room>/", page)])}),
            "channel": ChannelNameRouter({"mail": page}),
        }
    )
)
space = SimpleNamespace(one=SimpleNamespace(two=http))


def create_app():
    return application


def create_with(name):
    return application


async def create_later():
    return application


def create_nothing():
    return None


def create_badly():
    raise RuntimeError("no database")


def functional(app):
    async def call(scope, receive, send):
        await app(scope, receive, send)

    return call


hidden = functional(http)
""",
    "threads.py": """\
import threading
import time

from asgi_routes import URLRouter

threading.Thread(target=time.sleep, args=(600,)).start()
app = URLRouter([])
""",
    "unfinished.py": """\
from asgi_routes import URLRouter

app = URLRouter([
""",
    "with-dash.py": """\
from asgi_routes import URLRouter

app = URLRouter([])
""",
}
