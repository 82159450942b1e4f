"""What `check` finds: each kind once, nothing where there is nothing, and every proof tried."""

import functools
import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.wsgi import WsgiToAsgi
from starlette.applications import Starlette

from asgi_routes import (
    MethodRouter,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
)
from asgi_routes.inspection.check import IDS, check
from tests.inspection.check import test_keys, test_levels
from tests.inspection.sample import app, application
from tests.spec.driving import Wrapper, hidden
from tests.suspicions import test_suspicions


class Guard(URLRouter):
    """A router that is called, and never passed by."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await super().__call__(scope, receive, send)


ROUTER = URLRouter([path("x", app)])


async def guard(router: Any, scope: Any, receive: Any, send: Any) -> Any:
    return await router(scope, receive, send)


async def calls_a_global(scope: Any, receive: Any, send: Any) -> Any:
    return await ROUTER(scope, receive, send)


async def reverses_by_a_global(scope: Any, receive: Any, send: Any) -> Any:
    return ROUTER.reverse("x")


def make_view(router: Any) -> Any:
    async def view(scope: Any, receive: Any, send: Any) -> Any:
        return router.reverse("x")

    return view


pytestmark = pytest.mark.filterwarnings("ignore::asgi_routes.SlowRegexWarning")


def found(*routes: Any, **options: Any) -> list[tuple[str, str, str | None]]:
    """Return id, template and witness of each finding."""
    findings = check(URLRouter(routes, **options))
    return [(one.id, one.subjects[0].template, one.witness) for one in findings]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([path("<a>/", app), path("<int:b>/", app)], [("R101", "/<int:b>/", "/1/")]),
        ([path("<int:a>/", app), path("<b>/", app)], []),
        ([path("<int:a>/", app), re_path(r"^[0-9]+/$", app)], []),
        ([re_path(r"^[0-9]+/$", app), path("<int:a>/", app)], [("R101", "/<int:a>/", "/1/")]),
        ([format_path("{a}/", app), path("x/", app)], [("R101", "/x/", "/x/")]),
        (
            [re_path(r"^(?:a|b/x)$", app), path("b/x", app), path("a", app)],
            [("R101", "/b/x", "/b/x"), ("R101", "/a", "/a")],
        ),
        # Together two routes take everything that a third one matches.
        (
            [re_path(r"^[ab]$", app), re_path(r"^[cd]$", app), re_path(r"^[a-d]$", app)],
            [("R101", "/^[a-d]$", "/a")],
        ),
        # By method.
        ([path("a", app, methods=["GET"]), path("a", app)], []),
        ([path("a", app), path("a", app, methods=["GET"])], [("R101", "/a", "/a")]),
        ([path("a", app, methods=["GET"]), path("a", app, methods=["GET", "PUT"])], []),
        (
            [
                path("a", app, methods=["GET"]),
                path("a", app, methods=["PUT"]),
                path("a", app, methods=["HEAD", "PUT"]),
            ],
            [("R101", "/a", "/a")],
        ),
        ([path("a", MethodRouter({"GET": app})), path("a", MethodRouter({"GET": app}))], ["R101"]),
        ([path("a", app), path("a", app, methods=["OPTIONS"])], ["R101"]),
        (
            [*(path("a", app, methods=[one]) for one in ("GET", "PUT")), path("a", app)],
            [],
        ),
        # Behind a route with methods, one without any does not get OPTIONS.
        (
            [
                path("a", app, methods=["GET"]),
                path("a", app),
                path("a", app, methods=["OPTIONS"]),
            ],
            [],
        ),
        ([path("a", MethodRouter({"GET": app}, default=app)), path("a", app)], ["R101"]),
        ([path("a", MethodRouter({"GET": app})), path("a", app)], []),
        ([path("a", app, methods=["GET"]), path("a", MethodRouter({"GET": app}))], ["R101"]),
        (
            [path("a", app, methods=["GET"]), path("a", MethodRouter({"GET": app}, default=app))],
            [],
        ),
        ([path("a", MethodRouter({"PUT": app}), methods=["GET"]), path("a", app)], ["R101"]),
        (
            [
                path("a", URLRouter([path("", app, methods=["PUT"])]), methods=["GET"]),
                path("a", app),
            ],
            ["R101"],
        ),
        # What may decline takes nothing, and what has to be called everything.
        ([path("a/", URLRouter([path("x", app)])), path("a/y", app)], []),
        ([path("a/", URLRouter([path("x", app)])), path("a/x", app)], ["R101"]),
        ([path("a", URLRouter([path("x", app)])), path("a/x", app)], ["R101"]),
        ([path("a", URLRouter([path("x", app)])), path("ax", app), path("a/", app)], []),
        ([path("a/", Wrapper(URLRouter([path("x", app)]))), path("a/y", app)], ["R101"]),
        ([path("a/", Wrapper(URLRouter([path("x", app)]))), path("a", app)], []),
        ([path("a", Wrapper(URLRouter([path("x", app)]))), path("a", app)], ["R101"]),
        ([path("a", Wrapper(URLRouter([path("x", app)]))), path("a/", app)], []),
        ([path("a/", Guard([path("x", app)])), path("a/y", app)], ["R101"]),
        (
            [re_path(r"^a/", hidden(URLRouter([path("x", app)]))), path("a/y", app)],
            ["R207", "R101"],
        ),
        ([mount("a", app, at_prefix="miss"), path("a", app)], []),
        ([mount("a", app), path("a", app), path("a/b", app), path("ab", app)], ["R101", "R101"]),
        ([mount("a", URLRouter([path("x", app)])), path("a/y", app)], ["R101"]),
        # A default does, unless it may be that only the method is wrong.
        ([path("a/", URLRouter([path("x", app)], default=app)), path("a/y", app)], ["R101"]),
        (
            [
                path("a/", URLRouter([path("x", app, methods=["GET"])], default=app)),
                path("a/y", app),
            ],
            ["R103"],
        ),
        ([path("a/", include([path("x", app)])), path("a/x", app)], ["R101"]),
        # Overlaps are information; a special case before the general one is none.
        ([path("a/<b>", app), path("<c>/b", app)], [("R102", "/<c>/b", "/a/b")]),
        ([path("me", app), path("<name>", app)], []),
        ([re_path(r"^(?P<a>\w)(?=x)", app)], ["R103"]),
        # What was written.
        ([path("a", app, name="n"), path("b", app, name="m")], []),
        ([re_path(r"^(?P<a>\d)/(\d)$", app)], ["R202"]),
        ([path("a/", Starlette())], ["R205"]),
        ([mount("a/", Starlette())], []),
        ([path("a/<path:rest>", Starlette())], []),
        ([path("", Starlette())], ["R205"]),
        ([mount("", app), path("a", app)], ["R206", "R101"]),
        ([path("a", app), mount("", app)], []),
        # Where a segment has not ended, nothing is mounted: /mm/ goes on to the second.
        ([path("m", include([mount("", app), path("m/", app)]))], []),
        ([path("m/", include([mount("", app), path("m/", app)]))], ["R101"]),
        ([re_path(r"", app), path("a", app)], ["R206", "R101"]),
        ([path("a", hidden(app))], []),
        ([path("a", hidden(URLRouter([])))], ["R207"]),
        ([path("a", hidden(hidden(Wrapper(URLRouter([])))))], ["R207"]),
        ([mount("a", hidden(URLRouter([])))], []),
        ([path("a", functools.partial(guard, URLRouter([])))], ["R207"]),
        ([path("a", Wrapper(URLRouter([])).__call__)], ["R207"]),
        ([path("a", calls_a_global)], ["R207"]),
        ([path("a", reverses_by_a_global)], []),
        ([path("a", make_view(URLRouter([])))], []),
        ([mount("a", WsgiToAsgi(app))], ["R208"]),
        ([path("a", functools.wraps(URLRouter([]))(hidden(URLRouter([]))))], []),
        ([re_path(r"^(\w+)*$", app)], ["R301"]),
        (
            [path("x", include([re_path(r"^(\w+)*$", app)]))],
            [("R301", "/x^(\\w+)*$", "x" * 40 + "-")],
        ),
        ([re_path(r"^(\w)\1$", app)], ["R103", "R302"]),
        ([re_path(r"^(\w+/)*$", app)], []),
    ],
    ids=lambda value: " ".join(str(item) for item in value if isinstance(item, str | tuple)),
)
def test_findings(routes: Any, expected: list[Any]) -> None:
    """Each kind is found where it is, and only there."""
    seen = found(*routes)
    if all(isinstance(one, str) for one in expected):
        assert [id_ for id_, *_ in seen] == expected
    else:
        assert seen == expected


def test_every_kind_is_tested() -> None:
    """The tables here have all of them, and that of what is warned of, too."""
    files = (Path(one.__file__) for one in (test_keys, test_levels, test_suspicions))
    text = "".join(file.read_text() for file in (Path(__file__), *files))
    assert {id_ for id_ in IDS if f'"{id_}"' not in text} == set()


def test_every_kind_is_documented() -> None:
    """A page has a table of them, with their levels."""
    page = Path(__file__).parents[3] / "docs" / "reference" / "findings.rst"
    told = re.findall(r"^``(R\d+)`` +(\w+) +(.+)$", page.read_text(), re.MULTILINE)
    assert {id_: (level, what) for id_, level, what in told} == IDS


def test_same_names() -> None:
    """R201: the same name with the same parameters; reverse() gives the last."""
    routes = [
        path("a/<x>", app, name="n"),
        path("b/<x>", app, name="n"),
        path("c/<y>", app, name="n"),
        path("d/", include(([path("<x>", app, name="n")], "d"))),
    ]
    (finding,) = check(URLRouter(routes))
    assert (finding.id, finding.level) == ("R201", "warning")
    assert [one.template for one in finding.subjects] == ["/b/<x>", "/a/<x>"]
    assert [one.declared.line for one in finding.subjects] == sorted(
        (one.declared.line for one in finding.subjects), reverse=True
    )
    assert (
        check(
            ProtocolTypeRouter({"http": URLRouter(routes[:1]), "websocket": URLRouter(routes[1:2])})
        )
        == []
    )


@pytest.mark.parametrize("engine", ["re", "re2"])
def test_another_engine(engine: str) -> None:
    """What a regex matches is the same on every engine, its digits too."""
    regexes = URLRouter(
        [re_path(r"^\d$", app), re_path("^\N{ARABIC-INDIC DIGIT ONE}$", app)], regex=engine
    )
    plain = [path("<a>", app), path("b", app)]
    assert [one.id for one in check(regexes)] == ["R101"]
    findings = check(URLRouter([path("x/", regexes), *plain]))
    assert [one.id for one in findings] == ["R101", "R101"]


def test_one_route_for_each_method() -> None:
    """Routes that stand in the way of each other for some methods only are reached."""
    routes = [path(f"{n}/<a>", app, methods=[one]) for n in range(9) for one in ("GET", "PUT")]
    assert check(URLRouter(routes)) == []
    (finding,) = check(URLRouter([*routes, path("3/x", app, methods=["PUT", "GET"])]))
    assert [one.template for one in finding.subjects] == ["/3/x", "/3/<a>", "/3/<a>"]


def test_silence() -> None:
    """A comment on the line of a route silences it, all of it or one finding."""
    routes = [
        path("a", app),
        path("a", app),  # asgi-routes: ignore
        path("a", app),  # asgi-routes: ignore[R101]
        path("a", app),  # asgi-routes: ignore[R102, R301]
    ]
    assert [one.subjects[0].declared.line for one in check(URLRouter(routes))] == [
        routes[3].declared.line
    ]
    assert len(check(URLRouter(routes), silenced=True)) == 3


def test_an_application_without_faults() -> None:
    """Nothing is found where nothing is."""
    assert check(application) == []


def test_tables_of_their_own() -> None:
    """Mounted routers and those of other hosts and protocols are checked by themselves."""
    twice = URLRouter([path("<a>", app), path("b", app)])
    router = ProtocolTypeRouter(
        {"http": URLRouter([mount("m", twice)]), "websocket": Wrapper(twice)}
    )
    assert [(one.id, one.subjects[0].template) for one in check(router)] == [
        ("R101", "/m/b"),
        ("R101", "/b"),
    ]


def test_a_slow_regex_is_shown_by_a_text() -> None:
    """The witness of R301 is what the warning speaks of."""
    route = re_path(r"^users/(\d+)+/$", app)
    assert check(URLRouter([route], regex="re2")) == []
    (finding,) = check(URLRouter([route]))
    assert finding.witness is not None
    assert re.fullmatch(r"users/1{40}", finding.witness)
    assert "matching 'users/' + '1' * n takes time exponential in n" in finding.message


def test_the_end_of_a_search_is_named() -> None:
    """Whoever wraps a router by hand learns what hides the routes behind it, and what would not."""
    routes = URLRouter([path("x", app)])
    wrapped, mounted = check(
        URLRouter(
            [
                path("a/", Wrapper(routes)),
                path("a/y", app),
                mount("b", routes),
                path("b/y", app),
            ]
        )
    )
    said = "it can never be reached: earlier routes match every path that it matches; "
    assert wrapped.message == said + (
        "at /a/ the search ends, because tests.spec.driving:Wrapper wraps a router and "
        "must be called; with middleware=, it would continue"
    )
    assert [one.template for one in wrapped.subjects] == ["/a/y", "/a/"]
    assert mounted.message == said + (
        "at /b the search ends, because asgi_routes.routers.url:URLRouter is mounted there; with "
        "path(…, middleware=…) instead of mount(), it would continue"
    )


@pytest.mark.parametrize("slashes", ["both", "redirect"])
def test_a_slash_more_or_less(slashes: Any) -> None:
    """What a path with another slash leads to is reached, too."""
    strict = [path("", URLRouter([path("a", app)], slashes="strict"))]
    guard = Wrapper(URLRouter([path("x", app)]))
    assert found(*strict, path("a", app), slashes=slashes) == []
    assert found(path("a", guard), path("a", app), slashes=slashes) == []
    assert found(mount("a", app, at_prefix="miss"), path("a/", app), slashes=slashes) == []
    bare = path("a", URLRouter([mount("", app)]))
    assert found(bare, path("a", app), slashes=slashes) == []
    assert found(path("<path:p>", guard), path("a", app), slashes=slashes) == []
    for routes in (
        [path("a", app), path("a", app)],
        [path("<x>", app), path("a", app)],
        [path("a", guard), path("a/y", app)],
        [mount("a", app), path("a", app)],
        [path("n/", URLRouter([path("a", app)])), path("n/a", app)],
        [*strict, path("", URLRouter([path("a", app)], slashes="strict"))],
    ):
        assert [id_ for id_, *_ in found(*routes, slashes=slashes)] == ["R101"]


def test_encoded_slashes() -> None:
    """Routers that read different texts take nothing from each other."""
    routes = [path("a/b", app)]
    preserving = URLRouter(routes, encoded_slashes="preserve")
    assert found(path("", preserving), *routes) == []
    assert found(path("", URLRouter(routes, encoded_slashes="reject")), *routes) == []
    assert [id_ for id_, *_ in found(*routes, path("", preserving))] == []
    rejecting = URLRouter(routes, encoded_slashes="reject")
    assert [id_ for id_, *_ in found(*routes, path("", rejecting))] == ["R101"]


def test_a_router_that_matches_in_its_own_way() -> None:
    """What it does with its routes is not known."""

    class Backwards(URLRouter):
        def hits(self, path: str) -> Any:
            return reversed([*super().hits(path)])

    assert check(Backwards([path("a", app), path("a", app)])) == []
