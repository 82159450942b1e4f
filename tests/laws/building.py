"""Routers made of a tree, with middleware and wrappers wherever one wants them.

An option that is not set is not written down, and only public names are used.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asgi_routes
from asgi_routes import NoReverseMatch, reverse
from tests.laws.asking import Answer, Request, Seen, ask, seen_by
from tests.laws.trees import (
    PARAMETER,
    App,
    Default,
    Included,
    Keyed,
    Page,
    Place,
    Route,
    Target,
    Urls,
    Wrapped,
    filled,
    is_endpoint,
    values,
    walk,
)
from tests.laws.wrappers import DoingNothing

Wrap: TypeAlias = Callable[[Any], Any]

ROUTERS = {
    "type": asgi_routes.ProtocolTypeRouter,
    "host": asgi_routes.HostRouter,
    "method": asgi_routes.MethodRouter,
    "subprotocol": asgi_routes.SubprotocolRouter,
    "channel": asgi_routes.ChannelNameRouter,
}


@dataclass
class Built:
    """What was made of a tree.

    Attributes:
        app: what a server would call.
        apps: the applications, by their names.
        seen: what the applications were called with since the last question.
        starts: how often each was started.
        received: returns the scope that the outermost router was called with, where that is known.
    """

    tree: Target
    app: Any = None
    router: Any = None
    apps: dict[str, Any] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    starts: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    names: dict[str, dict[str, Any]] = field(default_factory=dict)
    received: Callable[[], Any] | None = None

    def ask(self, request: Request) -> Answer:
        """Return what becomes of a request."""
        return ask(self.app, request.scope(), self.seen, self.received)


def build(
    tree: Target,
    middleware: Mapping[Place, Iterable[Wrap]] | None = None,
    by_hand: Mapping[Place, Wrap] | None = None,
    classes: Mapping[Place, type] | None = None,
    *,
    with_urls: bool = False,
) -> Built:
    """Make routers of a tree.

    Args:
        tree: the tree.
        middleware: what stands in ``middleware=``, by the place of a route or router.
        by_hand: what somebody has put around an application or a router, by its place.
        classes: other classes for routers by path, by their place.
        with_urls: whether endpoints write down the URLs of all names as they see them.
    """
    built = Built(tree, names=named_routes(tree) if with_urls else {})
    making = _Making(built, middleware or {}, by_hand or {}, classes or {})
    built.app = making.target(tree, ())
    return built


def named_routes(tree: Target) -> dict[str, dict[str, Any]]:
    """Return the names of all routes, each with a value for every parameter on the way."""
    found = {}
    for spot in walk(tree):
        route = spot.node
        if isinstance(route, Route) and route.name:
            texts = [route.text]
            for place, one in spot.above:
                texts.append(one.text if isinstance(one, Route) else str(place[-1:]))
            found[route.name] = values(" ".join(texts))
            if route.syntax == "mount":
                found[route.name]["path"] = "deep"
    return found


@dataclass
class _Making:
    built: Built
    middleware: Mapping[Place, Iterable[Wrap]]
    by_hand: Mapping[Place, Wrap]
    classes: Mapping[Place, type]

    def target(self, node: Target, place: Place) -> Any:
        made = self._bare(node, place)
        if not place:
            self.built.router = made
        wrap = self.by_hand.get(place)
        return made if wrap is None else wrap(made)

    def _bare(self, node: Target, place: Place) -> Any:
        match node:
            case App(name=name):
                return self._app(name)
            case Included(routes=routes):
                return asgi_routes.include(self._routes(routes, place), **self._layers(place))
            case Wrapped(inner=inner, attribute=attribute):
                return DoingNothing("pass", attribute)(self.target(inner, (*place, "in")))
            case Urls():
                return self._urls(node, place)
            case Keyed():
                return self._keyed(node, place)

    def _urls(self, node: Urls, place: Place) -> Any:
        options: dict[str, Any] = {}
        if node.slashes is not None:
            options["slashes"] = node.slashes
        if node.encoded_slashes is not None:
            options["encoded_slashes"] = node.encoded_slashes
        if node.root_path != "auto":
            options["root_path"] = node.root_path
        options |= self._default(node.default) | self._layers(place)
        router = self.classes.get(place, asgi_routes.URLRouter)
        return router(self._routes(node.routes, place), **options)

    def _keyed(self, node: Keyed, place: Place) -> Any:
        mapping = {key: self.target(inner, (*place, key)) for key, inner in node.targets}
        options = self._default(node.default) | self._layers(place)
        router: Any = ROUTERS[node.kind]
        return router(mapping, **options)

    def _routes(self, routes: tuple[Route, ...], place: Place) -> list[Any]:
        return [self._route(route, (*place, number)) for number, route in enumerate(routes)]

    def _route(self, route: Route, place: Place) -> Any:
        target = self.target(route.target, (*place, "to"))
        options = self._layers(place)
        if route.name is not None:
            options["name"] = route.name
        if route.methods:
            options["methods"] = [*route.methods]
        match route.syntax:
            case "mount":
                if route.at_prefix != "serve":
                    options["at_prefix"] = route.at_prefix
                return asgi_routes.mount(route.text, target, **options)
            case "re_path":
                return asgi_routes.re_path(written_as_regex(route), target, **options)
            case "format_path":
                return asgi_routes.format_path(written_as_format(route.text), target, **options)
            case "path":
                return asgi_routes.path(route.text, target, **options)

    def _layers(self, place: Place) -> dict[str, Any]:
        layers = [*self.middleware.get(place, ())]
        return {"middleware": layers} if layers else {}

    def _default(self, default: Default) -> dict[str, Any]:
        match default:
            case "unset":
                return {}
            case "raises":
                return {"default": None}
            case "not_found":
                return {"default": asgi_routes.not_found}
            case Page(app=App(name=name)):
                not_found: Any = vars(asgi_routes)["NotFound"]
                return {"default": not_found(page=self._app(name))}
            case App(name=name):
                return {"default": self._app(name)}

    def _app(self, name: str) -> Any:
        if name not in self.built.apps:
            self.built.apps[name] = application(name, self.built)
        return self.built.apps[name]


def written_as_regex(route: Route) -> str:
    """Return the text of a route as a regex.

    >>> written_as_regex(Route("re_path", "m/<a>", App()))
    '^m/(?P<a>[^/]+)$'
    """

    def group(found: re.Match[str]) -> str:
        return f"(?P<{found['name']}>{'[0-9]+' if found['converter'] else '[^/]+'})"

    is_prefix = route.is_open or not is_endpoint(route.target)
    return f"^{PARAMETER.sub(group, route.text)}{'' if is_prefix else '$'}"


def written_as_format(text: str) -> str:
    """Return the text of a route in the syntax of ``format_path()``.

    >>> written_as_format("m/<a>/<int:n>")
    'm/{a}/{n:int}'
    """

    def field_of(found: re.Match[str]) -> str:
        converter = found["converter"]
        return f"{{{found['name']}{f':{converter}' if converter else ''}}}"

    return PARAMETER.sub(field_of, text)


def application(name: str, built: Built) -> Any:
    """Return an application that answers with its name, and writes down what it saw."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await _live(name, built, receive, send)
            return
        built.seen.append(seen_by(name, scope, urls_in(scope, built.names)))
        if kind == "http":
            body = name.encode()
            headers = [(b"content-length", b"%d" % len(body)), (b"x-app", body)]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await receive()

    app.__qualname__ = name
    return app


async def _live(name: str, built: Built, receive: Any, send: Any) -> None:
    await receive()
    built.starts[name] += 1
    await send({"type": "lifespan.startup.complete"})
    await receive()
    built.stops[name] += 1
    await send({"type": "lifespan.shutdown.complete"})


def urls_in(scope: Any, names: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the URL of each name as seen from a scope; where there is none, that."""
    found = []
    for name, kwargs in names.items():
        try:
            url = reverse(scope, name, kwargs=kwargs)
        except NoReverseMatch:
            url = "no URL"
        found.append((name, url))
    return tuple(found)


def path_for(texts: Iterable[str]) -> str:
    """Return a path that leads through texts, one slash between two of them.

    >>> path_for(["m", "<a>/", "x"])
    '/m/va/x'
    """
    path = "/"
    for text in map(filled, texts):
        path += text if path.endswith("/") or not text else f"/{text}"
    return path
