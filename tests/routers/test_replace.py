"""URLRouter.replace: other routes in the place of those that were there."""

import gc
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest

from asgi_routes import (
    ImproperlyConfigured,
    URLRouter,
    include,
    path,
    re_path,
)
from asgi_routes.engine import decision_tree
from tests.spec.driving import Wrapper, http, named

A, B, C = map(named, "ABC")


def test_replace() -> None:
    """The routes change at once, or, where there is a mistake in them, not at all."""
    router = URLRouter([path("old", A)])
    outer = URLRouter([path("", router)])
    with pytest.raises(ImproperlyConfigured, match="item 1"):
        router.replace(["new"])  # type: ignore[list-item]
    assert outer.match(http("/old"))
    router.replace([path("new", B)])
    assert not outer.match(http("/old"))
    assert outer.match(http("/new"))


def test_replace_reaches_all_routers_around() -> None:
    """A router may be in others at any depth, in several, and even in itself."""
    deepest = URLRouter([path("old", A)])
    middle = URLRouter([path("m/", deepest)])
    outer = URLRouter([path("a/", middle), path("b/", deepest), path("c/", Wrapper(middle))])
    other = URLRouter([path("o/", middle)])
    deepest.replace([path("new", B)])
    for router, text in [(outer, "/a/m/new"), (outer, "/b/new"), (other, "/o/m/new")]:
        assert router.match(http(text))
        assert not router.match(http(text.replace("new", "old")))
    deepest.replace([path("again/", deepest), path("into/", middle), path("end", C)])
    for text in ("/b/end", "/b/again/again/end", "/a/m/into/m/again/end"):
        found = outer.match(http(text))
        assert found
        assert found.app is C
        assert found.scope["route"].path == text
    deepest.replace([])
    assert not outer.match(http("/b/end"))


def test_replace_compiles_everything_before_anything_changes() -> None:
    """While a table around is compiled the old routes serve; even a router can be made meanwhile."""
    seen = []

    class Lazy:
        @property
        def app(self) -> Any:
            seen.append(bool(inner.match(http("/old"))))
            return URLRouter([path("x", A)])

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    def work() -> None:
        outer = URLRouter([path("in/", inner)])
        routes = [path("new", B), path("lazy/", Lazy())]
        seen.clear()
        inner.replace(routes)
        assert outer.match(http("/in/new"))
        seen.append(True)

    inner = URLRouter([path("old", A)])
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "it waits for itself"
    assert len(seen) > 1
    assert all(seen)


def test_replace_leaves_routers_alone_that_are_around_no_more() -> None:
    """A router that was taken out of another one has nothing to do with it any more."""
    inner = URLRouter([path("old", A)])
    outer = URLRouter([path("a/", inner)])
    outer.replace([path("b/", URLRouter([path("a/", inner)]))])
    inner.replace([path("new", B)])
    assert outer.match(http("/b/a/new"))
    outer.replace([path("c", A)])
    table = outer._table
    inner.replace([])
    assert outer._table is table


@pytest.mark.parametrize("is_around", [False, True], ids=["in the router", "in one inside"])
def test_what_is_not_there_any_more_is_freed(
    monkeypatch: pytest.MonkeyPatch, *, is_around: bool
) -> None:
    """Of a table that was asked, in whichever form its rows were: what stays holds nothing of it."""
    monkeypatch.setattr(decision_tree, "_COPIES_FREE", 4)
    texts = [
        *("a", "<x>/b", "a/<y>", "<x>/<int:y>/c/", "<x>-<y>/", "<path:p>"),
        *(f"<slug:x>/u{number}/<y>{end}" for number in range(9) for end in ("", "/")),
        *(f"t{number}/<slug:x>/<y>{end}" for number in range(9) for end in ("", "/")),
    ]
    routes: list[Any] = [path(text, named(text)) for text in texts]
    routes += [re_path("^r/(.*)$", A), path("in/", include([path("<x>", B)]))]
    for place in (0, len(routes) // 2, len(routes)):
        gone = Wrapper(C)
        with_it = [*routes[:place], path(f"<x>/u{place}/<int:y>", gone), *routes[place:]]
        inner = URLRouter(with_it)
        router = URLRouter([path("o/", inner), path("z", A)]) if is_around else inner
        assert list(router._table.hits("o/" * is_around + "t1/u1/7"))
        inner.replace(routes)
        is_gone = weakref.ref(gone)
        del gone, with_it
        gc.collect()
        assert is_gone() is None
        assert router.match(http("/o/a" if is_around else "/a"))


_COUNTED = """
import asyncio
import sys
from asgi_routes import HostRouter, URLRouter, mount, path
compiled = []
sys.addaudithook(lambda event, args: event == "compile" and compiled.append(str(args[1])))

def count():
    return sum(file.startswith("<asgi_routes matcher") for file in compiled)

async def app(scope, receive, send): ...
async def receive(): return {"type": "lifespan.startup"} if not sent else {"type": "lifespan.shutdown"}
async def send(message): sent.append(message)

users = [path("users/<int:id>/", app)]
nested = URLRouter(users)
router = URLRouter([path("api/", nested), mount("m", URLRouter(users))])
never = HostRouter({f"{number}.example": URLRouter(users) for number in range(9)})
"""
_STEPS = {
    "nothing is asked": ("router.replace(router.routes)", 0),
    # A function for the paths of a user, and one for all other lengths, where the mount alone is.
    "asked": ("router.match('/api/users/7/'), router.match('/api/users/8/')", 2),
    "behind a mount": ("router.match('/m/users/7/')", 3),
    "replaced by the same": ("router.match('/api/users/7/'); nested.replace(users)", 2),
    "replaced inside": (
        "router.match('/api/users/7/'); nested.replace([path('users/<str:id>/', app)])",
        3,
    ),
    "replaced by an equal one": (
        "router.match('/api/users/7/'); nested.replace([path('users/<int:id>/', app)])",
        2,
    ),
    "started": ("sent = []; asyncio.run(router({'type': 'lifespan'}, receive, send))", 3),
}


@pytest.mark.parametrize("step", _STEPS)
def test_only_what_is_asked_is_compiled(step: str) -> None:
    """A table inside another never is; what serves already is compiled before it takes over."""
    code, expected = _STEPS[step]
    code = f"{_COUNTED}\nbefore = count()\n{code}\nprint(count() - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == expected
