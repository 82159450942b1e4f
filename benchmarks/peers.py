"""One adapter for each peer: its own notation, its own call, and what comes out of it.

An adapter is made of routes (`benchmarks.tables`), and leaves out those that its peer refuses. Every
one finds a route by its number, and its parameters, converted where the peer can.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from benchmarks.tables import PARAMETER, Table

Answer: TypeAlias = tuple[int, dict[str, Any]] | None


@dataclass
class Peer:
    """A peer with a table in it.

    Attributes:
        find: the call that is timed, on a path with its leading slash, or without.
        answer: what `find` returned, as a number and parameters.
        refused: the numbers of the routes that it did not take.
        takes_slash: whether `find` wants the leading slash.
        converts: whether its parameters are of their types.
        gives: whether it gives parameters at all.
    """

    find: Callable[[str], Any]
    answer: Callable[[Any], Answer]
    refused: set[int] = field(default_factory=set)
    takes_slash: bool = True
    converts: bool = True
    gives: bool = True


def written(route: str, plain: str, number: str) -> str:
    """Return a route in a notation: one format for a parameter, one for a numeric one."""
    return PARAMETER.sub(lambda found: (number if found[2] else plain).format(found[1]), route)


def added(table: Table, add: Callable[[int, str], Any]) -> set[int]:
    """Add every route that the peer takes; return the numbers of the others."""
    refused = set()
    for number, route in enumerate(table.routes):
        try:
            add(number, route)
        except Exception:  # noqa: BLE001 - each peer has its own errors
            refused.add(number)
    return refused


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Do nothing."""


def asgi_routes(table: Table) -> Peer:
    """Ours, by the compiled matcher."""
    from asgi_routes import URLRouter  # noqa: PLC0415

    router = URLRouter(_django_routes(table, "asgi_routes"))
    numbers = {row.index: _number(row.target.route) for row in router._table.rows}  # noqa: SLF001

    def answer(hit: Any) -> Answer:
        return hit and (numbers[hit[0].index], dict(hit[2]))

    return Peer(router.matcher, answer, takes_slash=False)


def _django_routes(table: Table, package: str) -> list[Any]:
    if package == "asgi_routes":
        from asgi_routes import path, re_path  # noqa: PLC0415
    else:
        from django.urls import path, re_path  # noqa: PLC0415
    routes: list[Any] = []
    for number, route in enumerate(table.routes):
        if number in table.regexes:
            routes.append(re_path(table.regexes[number], app, {}, name="-1"))
        text = written(route, "<{}>", "<int:{}>").removeprefix("/")
        routes.append(path(text, app, {}, name=str(number)))
    return routes


def _number(route: Any) -> int:
    return int(route.name)


def falcon(table: Table) -> Peer:
    """Falcon's CompiledRouter."""
    from falcon.routing import CompiledRouter  # noqa: PLC0415

    class Resource:
        def __init__(self, number: int) -> None:
            self.number = number

        def on_get(self, request: Any, response: Any) -> None: ...

    router = CompiledRouter()
    refused = added(
        table,
        lambda n, route: router.add_route(written(route, "{{{}}}", "{{{}:int}}"), Resource(n)),
    )
    return Peer(router.find, lambda found: found and (found[0].number, found[2] or {}), refused)


def sanic_routing(table: Table) -> Peer:
    """The router of Sanic."""
    import sanic_routing as sanic  # noqa: PLC0415
    from sanic_routing.exceptions import NotFound  # noqa: PLC0415

    class Router(sanic.BaseRouter):  # type: ignore[misc]
        def get(self, path: str, method: str, extra: Any = None) -> Any:
            return self.resolve(path=path, method=method, extra=extra)

    router = Router()
    refused = added(
        table, lambda n, route: router.add(written(route, "<{}:str>", "<{}:int>"), handler=n)
    )
    router.finalize()

    def find(path: str) -> Any:
        try:
            return router.get(path, "BASE")
        except NotFound:
            return None

    return Peer(find, lambda found: found and (found[1], found[2]), refused)


def litestar(table: Table) -> Peer:
    """The trie of Litestar."""
    from litestar import Litestar, get  # noqa: PLC0415
    from litestar._asgi.routing_trie.traversal import parse_path_to_route  # noqa: PLC0415
    from litestar.exceptions import NotFoundException  # noqa: PLC0415

    def handler(number: int, route: str) -> Any:
        async def serve() -> None: ...

        return get(written(route, "{{{}:str}}", "{{{}:int}}"), opt={"number": number})(serve)

    accepted: list[Any] = []
    refused = added(table, lambda n, route: accepted.append(handler(n, route)))
    trie = Litestar(accepted, openapi_config=None).asgi_router
    find_route = functools.partial(
        parse_path_to_route,
        method="GET",
        mount_paths_regex=trie._mount_paths_regex,  # noqa: SLF001
        mount_routes=trie._mount_routes,  # noqa: SLF001
        plain_routes=trie._plain_routes,  # noqa: SLF001
        root_node=trie.root_route_map_node,
    )

    def find(path: str) -> Any:
        try:
            return find_route(path=path)
        except NotFoundException:
            return None

    return Peer(find, lambda found: found and (found[1].opt["number"], found[3]), refused)


def werkzeug(table: Table) -> Peer:
    """The state machine of Werkzeug, which serves Flask and Quart."""
    from werkzeug.exceptions import NotFound  # noqa: PLC0415
    from werkzeug.routing import Map, Rule  # noqa: PLC0415

    rules = Map(merge_slashes=False)
    refused = added(
        table, lambda n, route: rules.add(Rule(written(route, "<{}>", "<int:{}>"), endpoint=n))
    )
    match = rules.bind("localhost").match

    def find(path: str) -> Any:
        try:
            return match(path, "GET")
        except NotFound:
            return None

    return Peer(find, lambda found: found, refused)


def aiohttp(table: Table) -> Peer:
    """The dispatcher of aiohttp, without the URL object that a request brings."""
    from aiohttp.web_urldispatcher import UrlDispatcher  # noqa: PLC0415

    class Request:
        method = "GET"

        def __init__(self) -> None:
            self.rel_url = self
            self.path_safe = ""
            self.raw_path = ""

    async def handler(request: Any) -> Any: ...

    dispatcher = UrlDispatcher()
    refused = added(
        table,
        lambda n, route: dispatcher.add_get(
            written(route, "{{{}}}", r"{{{}:\d+}}"), handler, name=f"n{n}"
        ),
    )
    request: Any = Request()

    def find(path: str) -> Any:
        request.path_safe = request.raw_path = path
        try:
            dispatcher.resolve(request).send(None)
        except StopIteration as stop:
            return stop.value
        raise AssertionError

    def answer(found: Any) -> Answer:
        if found.http_exception is not None:
            return None
        return int(found.route.resource.name[1:]), dict(found)

    return Peer(find, answer, refused, converts=False)


def configure_django() -> None:
    """Let Django's routing be used without a project."""
    from django.conf import settings  # noqa: PLC0415

    if not settings.configured:
        settings.configure()


def channels(table: Table) -> Peer:
    """The loop of Channels' URLRouter over the patterns, without its scope and its call."""
    configure_django()
    from channels.routing import URLRouter  # noqa: PLC0415

    routes = URLRouter(_django_routes(table, "django")).routes

    def find(path: str) -> Any:
        for route in routes:
            found = route.pattern.match(path)
            if found:
                return route, found[2]
        return None

    return Peer(find, lambda found: found and (_number(found[0]), found[1]), takes_slash=False)


def django(table: Table) -> Peer:
    """Django's resolver."""
    configure_django()
    from django.urls import Resolver404  # noqa: PLC0415
    from django.urls.resolvers import RegexPattern, URLResolver  # noqa: PLC0415

    resolver = URLResolver(RegexPattern(r"^/"), _django_routes(table, "django"))

    def find(path: str) -> Any:
        try:
            return resolver.resolve(path)
        except Resolver404:
            return None

    return Peer(find, lambda found: found and (int(found.url_name), found.kwargs))


def _starlette_routes(table: Table, kind: Any, endpoint: Any) -> list[Any]:
    return [
        kind(written(route, "{{{}}}", "{{{}:int}}"), endpoint, name=str(number))
        for number, route in enumerate(table.routes)
    ]


def _first_full(routes: list[Any]) -> Callable[[str], Any]:
    from starlette.routing import Match  # noqa: PLC0415

    scope = {"type": "http", "method": "GET", "headers": [], "root_path": ""}

    def find(path: str) -> Any:
        asked = {**scope, "path": path}
        for route in routes:
            match, child = route.matches(asked)
            if match is Match.FULL:
                return route, child["path_params"]
        return None

    return find


def starlette(table: Table) -> Peer:
    """The loop of Starlette's router over its routes."""
    from starlette.routing import Route  # noqa: PLC0415

    async def endpoint(request: Any) -> Any: ...

    routes = _starlette_routes(table, Route, endpoint)
    return Peer(_first_full(routes), lambda found: found and (int(found[0].name), found[1]))


def fastapi(table: Table) -> Peer:
    """The same with the routes of FastAPI; it converts later, by the types of the function."""
    from fastapi.routing import APIRoute  # noqa: PLC0415

    async def endpoint() -> None: ...

    routes: list[Any] = []
    refused = added(
        table,
        lambda n, route: routes.append(
            APIRoute(written(route, "{{{}}}", "{{{}:int}}"), endpoint, name=str(n))
        ),
    )
    return Peer(
        _first_full(routes), lambda found: found and (int(found[0].name), found[1]), refused
    )


def blacksheep(table: Table) -> Peer:
    """The router of BlackSheep, past its cache of whole paths."""
    from blacksheep.server.routing import Router  # noqa: PLC0415

    def handler(number: int) -> Any:
        async def serve() -> None: ...

        serve.number = number  # type: ignore[attr-defined]
        return serve

    router = Router()
    refused = added(
        table,
        lambda n, route: router.add("GET", written(route, "{{{}}}", "{{int:{}}}"), handler(n)),
    )
    router.apply_routes()
    search = functools.partial(router.get_match_by_method_and_path.__wrapped__, router, "GET")

    def answer(found: Any) -> Answer:
        return found and (found.handler.number, dict(found.values or {}))

    return Peer(search, answer, refused, converts=False)


def bottle(table: Table) -> Peer:
    """The router of bottle."""
    import bottle as package  # noqa: PLC0415

    router = package.Router()
    refused = added(
        table, lambda n, route: router.add(written(route, "<{}>", "<{}:int>"), "GET", n)
    )

    def find(path: str) -> Any:
        try:
            return router.match({"REQUEST_METHOD": "GET", "PATH_INFO": path})
        except package.HTTPError:
            return None

    return Peer(find, lambda found: found, refused)


def routrie(table: Table) -> Peer:
    """A radix tree in Rust; everything is text."""
    from routrie import Router  # noqa: PLC0415

    router = Router({written(route, ":{}", ":{}"): n for n, route in enumerate(table.routes)})
    return Peer(router.find, lambda found: found and (found[0], dict(found[1])), converts=False)


def ffroute(table: Table) -> Peer:
    """A trie in Rust; it finds the number alone."""
    from ffroute import Router  # noqa: PLC0415

    router = Router([written(route, "{{{}}}", "{{{}:int}}") for route in table.routes])
    return Peer(router.match, lambda found: None if found is None else (found, {}), gives=False)


PEERS: dict[str, Callable[[Table], Peer]] = {
    "asgi_routes": asgi_routes,
    "falcon": falcon,
    "sanic-routing": sanic_routing,
    "litestar": litestar,
    "bottle": bottle,
    "werkzeug": werkzeug,
    "aiohttp": aiohttp,
    "blacksheep": blacksheep,
    "channels": channels,
    "django": django,
    "starlette": starlette,
    "fastapi": fastapi,
    "routrie": routrie,
    "ffroute": ffroute,
}
"""Every peer by the name of its package; routrie and ffroute are native code, to aim at."""
