"""A copy of a router answers as the router does, and goes on doing so whatever becomes of that."""

import io
import pickle
from collections.abc import Callable
from copy import deepcopy
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_routes import ProtocolTypeRouter, URLRouter, mount, path
from asgi_routes.apps import walk as walk_apps
from asgi_routes.inspection import explain
from tests.laws.building import build
from tests.laws.drawing import Limits, several, trees
from tests.laws.shares import Shares, lawful
from tests.laws.test_transparency import chosen, with_middleware
from tests.laws.trees import Wrapped, shown, walk
from tests.laws.wrappers import FUNCTION, DoingNothing, Wrapper

WRAPPED = Limits(wrapped=True)


def pickled(value: Any) -> Any:
    """Return what comes out of a pickle, in which the applications of a test stand as they are."""
    kept: list[Any] = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> int | None:
            is_class = isinstance(obj, type) and issubclass(obj, Wrapper)
            if not is_class and not isinstance(obj, FunctionType | DoingNothing):
                return None
            kept.append(obj)
            return len(kept) - 1

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: Any) -> Any:
            return kept[pid]

    file = io.BytesIO()
    Pickler(file).dump(value)
    return Unpickler(io.BytesIO(file.getvalue())).load()


COPIES = [deepcopy, pickled]


@pytest.mark.parametrize("make_copy", COPIES)
def test_a_copy_answers_the_same(make_copy: Callable[[Any], Any]) -> None:
    shares = Shares(f"a router {make_copy.__name__}")

    @lawful(25)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(WRAPPED))
        middleware = data.draw(chosen(with_middleware(tree)))
        layers = {place: [one] for place, one in middleware.items()}
        built = build(tree, layers, with_urls=True)
        requests = data.draw(several(tree))
        expected = [built.ask(request) for request in requests]
        original, built.app = built.app, make_copy(built.app)
        # A function hides what it holds, and is the same in a copy.
        nodes = [spot.node for spot in walk(tree)]
        if not any(isinstance(node, Wrapped) and node.attribute == FUNCTION for node in nodes):
            _empty(original)
        shares.tree(tree, has_middleware=bool(middleware))
        for request, right in zip(requests, expected, strict=True):
            answer = built.ask(request)
            shares.answer(answer)
            assert answer == right, f"{request} {layers} {shown(tree)}"

    law()
    shares.hold()


def _empty(app: Any) -> None:
    for visit in [*walk_apps(app)]:
        if isinstance(visit.router, URLRouter):
            visit.router.replace([])


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """Serve nothing."""


class Guard:
    """A wrapper that somebody has written."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def in_itself() -> URLRouter:
    """Return a router that is its own inner one."""
    router = URLRouter([])
    router.replace([path("x/", serve, name="x"), path("<a>/", router), mount("m", router)])
    return router


def in_another() -> URLRouter:
    """Return a router that contains one of other settings, which contains it."""
    router = URLRouter([], slashes="both")
    inner = URLRouter([path("x/", serve), path("a/", router)], encoded_slashes="preserve")
    router.replace([path("x/", serve, name="x"), path("a/", inner)])
    return router


def by_type() -> ProtocolTypeRouter:
    """Return a router that goes by the type, and leads back to itself."""
    urls = URLRouter([])
    router = ProtocolTypeRouter({"http": urls})
    urls.replace([path("x/", serve, name="x"), path("a/", router)])
    return router


def behind_a_wrapper() -> URLRouter:
    """Return a router that contains a wrapper around itself."""
    router = URLRouter([])
    router.replace([path("x/", serve, name="x"), path("a/", Guard(router))])
    return router


CIRCLES: list[Callable[[], Any]] = [in_itself, in_another, by_type, behind_a_wrapper]


@pytest.mark.parametrize("make_copy", [deepcopy, lambda router: pickle.loads(pickle.dumps(router))])  # noqa: S301
@pytest.mark.parametrize("make", CIRCLES)
def test_a_router_that_leads_back_to_itself(
    make: Callable[[], Any], make_copy: Callable[[Any], Any]
) -> None:
    router = make()
    again = make_copy(router)
    assert type(again) is type(router)
    _empty(router)
    for asked in ("/x/", "/a/x/", "/a/a/x/", "/a/a/a/x/"):
        assert explain(again, {"type": "http", "path": asked}), asked
    assert not explain(again, {"type": "http", "path": "/a/y/"})
    assert again.reverse("x") == "/x/"


class Site(URLRouter):
    """A router as somebody derives one, with a constructor and attributes of its own."""

    def __init__(self, title: str) -> None:
        super().__init__([path("", serve)], slashes="both")
        self.title = title


def test_a_class_of_ones_own() -> None:
    """Its constructor is not called again; what it has set is kept."""
    for site in (deepcopy(Site("a")), pickle.loads(pickle.dumps(Site("a")))):  # noqa: S301
        assert isinstance(site, Site)
        assert site.title == "a"
        assert site.match({"type": "http", "path": "/"})
