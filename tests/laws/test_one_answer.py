"""What explain says, match finds, and a client gets, is the same.

Through ``explain``, ``match``, ``assert_routes``, ``asgi-routes match``, and by calling; wherever no wrapper changes
the scope. One that changes it, or answers by itself, gets what it did, and is named.
"""

import functools
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_routes import URLRouter
from asgi_routes.inspection import explain
from asgi_routes.testing import (
    Client,
    WebSocketClosed,
    WebSocketDenied,
    assert_no_route,
    assert_routes,
)
from tests.laws.asking import Answer, Request
from tests.laws.building import Built, build
from tests.laws.commands import found, matched
from tests.laws.drawing import Limits, several, trees
from tests.laws.shares import Shares, lawful
from tests.laws.test_transparency import by_hand, chosen, spots_of, with_middleware
from tests.laws.trees import App, Keyed, Place, Route, Target, Urls, shown, walk
from tests.laws.wrappers import Changing, forbid

WRAPPED = Limits(wrapped=True)


def is_default(app: str | None) -> bool:
    """Tell whether an application is the default of a router."""
    return app is not None and app.startswith("default")


def name_in(application: str | None) -> str | None:
    """Return the name of an application, as it is told of it."""
    return None if application is None else application.rpartition(":")[2]


def hold_explained(built: Built, request: Request, answer: Answer, wrapped: frozenset[str]) -> Any:
    """Assert that an explanation says what a client got, and return it.

    What somebody has wrapped by hand is the wrapper, as far as anybody can tell.
    """
    said: Any = explain(built.app, request.scope())
    told = f"{request} {answer.status} {answer.app} {said} {built.tree}"
    if answer.is_hit:
        if is_default(answer.app) and not said:
            assert name_in(said.default) == answer.app, told
            return said
        if answer.app not in wrapped:
            assert name_in(said.application) == answer.app, told
        seen = answer.seen[-1]
        if "url_route" in seen.scope:
            assert dict(said.kwargs) == seen.scope["url_route"]["kwargs"], told
        if not is_default(answer.app):
            template = seen.template[0] if seen.template else None
            assert said.template == (template or None), told
        return said
    assert not said, told
    if answer.error is None:
        allow, location = answer.header(b"allow"), answer.header(b"location")
        assert ", ".join(said.allowed) == (allow or ""), told
        assert said.location == location, told
        if request.kind == "http":
            assert said.status == answer.status, told
    return said


def hold_matched(
    built: Built, request: Request, answer: Answer, said: Any, wrapped: frozenset[str]
) -> None:
    """Assert that a router finds what a client got."""
    found = built.router.match(request.scope())
    told = f"{request} {answer.status} {answer.app} {found} {built.tree}"
    if said.through:
        return  # What is behind a wrapper, the router does not know.
    if found:
        if not is_default(answer.app):
            assert said, told
        if answer.app not in wrapped:
            assert found.endpoint is built.apps[answer.app or ""], told
        return
    assert not answer.is_hit or is_default(answer.app), told
    if answer.error is None and not answer.is_hit:
        assert ", ".join(sorted(found.allowed)) == (answer.header(b"allow") or ""), told
        assert found.location == answer.header(b"location"), told


def hold_asserted(
    built: Built, request: Request, answer: Answer, said: Any, wrapped: frozenset[str]
) -> None:
    """Assert that the assertions for tests of one's own say the same."""
    if request.path[:1] != "/" or request.subprotocols or request.kind == "channel":
        return
    method = "WEBSOCKET" if request.kind == "websocket" else request.method
    options: Any = {"headers": {"host": request.host}, "root_path": request.root_path}
    if said:
        app = built.apps[answer.app or ""]
        to = None if said.through or wrapped else app
        assert_routes(built.app, method, request.path, to=to, **options)
        with pytest.raises(AssertionError):
            assert_no_route(built.app, method, request.path, **options)
    else:
        assert_no_route(built.app, method, request.path, **options)
        with pytest.raises(AssertionError):
            assert_routes(built.app, method, request.path, **options)


def hold_printed(built: Built, request: Request, said: Any) -> None:
    """Assert that the command line says the same."""
    is_typed = request.path[:1] == "/" and request.path[:2] != "//" and request.has_asgi
    if not is_typed and request.kind != "channel":
        return
    code, printed = matched(built.app, request)
    assert code == (0 if said else 1)
    assert printed["application"] == said.application
    assert printed["allowed"] == [*said.allowed]
    assert printed["location"] == said.location
    assert printed["template"] == said.template


async def asked_by_client(app: Any, several: list[Request]) -> list[tuple[Any, ...]]:
    """Return status, body, methods and location as a client gets them."""
    answers: list[tuple[Any, ...]] = []
    for request in several:
        client = Client(app, root_path=request.root_path, headers={"host": request.host})
        if request.kind == "websocket":
            answers.append((await _connect(client, request),))
            continue
        got = await client.request(request.method, request.path)
        headers = got.headers.get("allow"), got.headers.get("location")
        answers.append((got.status, got.body, *headers))
    return answers


async def _connect(client: Client, request: Request) -> int:
    try:
        async with client.websocket(request.path, subprotocols=request.subprotocols):
            return 101
    except WebSocketDenied as denied:
        return denied.status
    except WebSocketClosed:
        return 403


def hold_served(built: Built, several: list[tuple[Request, Answer]], backend: str) -> None:
    """Assert that a client gets the same in an event loop."""
    several = [
        (request, answer)
        for request, answer in several
        if request.path[:1] == "/" and request.kind != "channel" and answer.error is None
    ]
    got = anyio.run(
        asked_by_client, built.app, [request for request, _ in several], backend=backend
    )
    for (request, answer), one in zip(several, got, strict=True):
        right: tuple[Any, ...] = (answer.status,)
        if request.kind == "http":
            body = b"" if request.method == "HEAD" else answer.body
            right = (answer.status, body, answer.header(b"allow"), answer.header(b"location"))
        assert one == right, (request, shown(built.tree))


def test_one_answer() -> None:
    shares = Shares("one answer")
    count = iter(range(10**9))

    @lawful(38)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(WRAPPED))
        hands = data.draw(chosen(by_hand(tree))) if data.draw(st.booleans()) else {}
        layers = data.draw(chosen(with_middleware(tree))) if data.draw(st.booleans()) else {}
        built = build(tree, {place: [one] for place, one in layers.items()}, hands)
        shares.tree(tree, has_middleware=bool(hands or layers))
        wrapped = frozenset(
            spot.node.name
            for spot in walk(tree)
            if isinstance(spot.node, App) and spot.place in hands
        )
        answers = []
        for request in data.draw(several(tree)):
            answer = built.ask(request)
            answers.append((request, answer))
            shares.answer(answer)
            said = hold_explained(built, request, answer, wrapped)
            hold_matched(built, request, answer, said, wrapped)
            hold_asserted(built, request, answer, said, wrapped)
            if next(count) % 25 == 0:
                hold_printed(built, request, said)
        number = next(count)
        if number % 10 == 0:
            hold_served(built, answers, ("asyncio", "trio")[number // 10 % 2])

    law()
    shares.hold()


class Guard(URLRouter):
    """A router that somebody has derived, to let nobody in."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] == "lifespan":
            return await super().__call__(scope, receive, send)
        return await forbid(scope, receive, send)


def names_of(said: Any) -> str:
    """Return the wrappers that an explanation names; around an application, one is what serves."""
    return " ".join(map(str, (*said.through, *said.middleware, said.application)))


def test_what_answers_by_itself_answers_everything_below_it() -> None:
    shares = Shares("a guard is passed by nobody")

    @lawful(20)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees())
        place, built = data.draw(guarded(tree))
        plain, spots = build(tree), spots_of(tree)
        shares.tree(tree, has_middleware=True)
        for request in data.draw(several(tree)):
            served, answer = plain.ask(request), built.ask(request)
            shares.answer(served)
            said = explain(built.app, request.scope())
            told = (request, place, served.app, answer.status, said, shown(tree))
            is_named = any(name in names_of(said) for name in ("Changing", "Guard"))
            if served.app in spots:
                above = {one for one, _ in spots[served.app].above} | {spots[served.app].place}
                if place in above:
                    assert answer.status == 403, told
            if answer.error is None and request.kind != "channel":
                assert is_named is (answer.status == 403), told

    law()
    shares.hold()


@st.composite
def guarded(draw: st.DrawFn, tree: Target) -> tuple[Place, Built]:
    """Draw a tree with something in it that answers by itself: where it is, and what was built."""
    routers = [spot.place for spot in walk(tree) if isinstance(spot.node, Urls | Keyed)]
    guards = [spot.place for spot in walk(tree) if isinstance(spot.node, Urls)]
    match draw(st.sampled_from(("middleware", "by hand", "class"))):
        case "middleware":
            place = draw(st.sampled_from(with_middleware(tree)))
            return place, build(tree, {place: [Changing]})
        case "by hand":
            place = draw(st.sampled_from([*routers, *by_hand(tree)]))
            return place, build(tree, by_hand={place: Changing})
    place = draw(st.sampled_from(guards))
    return place, build(tree, classes={place: Guard})


def _as_get(scope: Any) -> Any:
    return {**scope, "method": "GET"}


def _as_other_host(scope: Any) -> Any:
    return {**scope, "headers": [(b"host", b"two.example")]}


def _as_shorter_path(scope: Any) -> Any:
    path = scope["path"].removesuffix("/x") or "/"
    changed = {**scope, "path": path, "raw_path": path.encode()}
    if "path_remaining" in scope:
        changed["path_remaining"] = scope["path_remaining"].removesuffix("/x")
    return changed


CHANGES: tuple[tuple[Callable[[Any], Any], str], ...] = (
    (_as_get, "method"),
    (_as_other_host, "host"),
    (_as_shorter_path, "path"),
)


def test_a_wrapper_that_changes_the_scope_gets_what_it_did() -> None:
    """At the top, a client gets what the changed scope gets; ``middleware=`` comes after the choice."""
    shares = Shares("wrappers that change the scope")

    @lawful(28)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(Limits(encoded=False)))
        change, _ = data.draw(st.sampled_from(CHANGES))
        wrap = functools.partial(Changing, change=change)
        plain, at_top = build(tree), build(tree, by_hand={(): wrap})
        place = data.draw(st.sampled_from(with_middleware(tree)))
        within = build(tree, {place: [wrap]})
        shares.tree(tree, has_middleware=True)
        spots = spots_of(tree)
        for request in data.draw(several(tree)):
            if request.kind == "channel":
                continue
            served = plain.ask(request)
            shares.answer(served)
            _hold_changed_at_top(plain, at_top, request, change)
            answer, said = within.ask(request), explain(within.app, request.scope())
            told = (request, place, served, answer, shown(tree))
            if served.app in spots:
                assert (served.status, served.app) == (answer.status, answer.app), told
                is_on_the_way = place in {one for one, _ in spots[served.app].above}
                assert ("Changing" in names_of(said)) is is_on_the_way, told
                if is_on_the_way:
                    changed = change({**served.seen[-1].scope, "headers": ()})
                    seen = answer.seen[-1].scope
                    assert seen == {key: changed[key] for key in seen}, told

    law()
    shares.hold()


def _hold_changed_at_top(
    plain: Built, at_top: Built, request: Request, change: Callable[[Any], Any]
) -> None:
    app, plain.app = plain.app, Changing(plain.app, change=change)
    right, answer = plain.ask(request), at_top.ask(request)
    plain.app = app
    assert (right.status, right.headers, right.app) == (
        answer.status,
        answer.headers,
        answer.app,
    ), (request, plain.tree)
    said = explain(at_top.app, request.scope())
    assert "Changing" in names_of(said), (request, said, plain.tree)


def test_nobody_is_served_by_what_check_calls_unreachable() -> None:
    shares = Shares("check is never wrong")

    @lawful(20)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        tree = data.draw(trees(WRAPPED))
        change, _ = data.draw(st.sampled_from(CHANGES))
        routers = [spot.place for spot in walk(tree) if isinstance(spot.node, Urls | Keyed)]
        places = data.draw(
            st.lists(st.sampled_from([*routers, *by_hand(tree)]), min_size=1, max_size=2)
        )
        wrap = functools.partial(Changing, change=change)
        built = build(tree, by_hand=dict.fromkeys(places, wrap))
        dead, alone = dead_templates(built.app), apps_alone(tree)
        shares.tree(tree, has_middleware=bool(places))
        for request in data.draw(several(tree)):
            answer = built.ask(request)
            shares.answer(answer)
            if answer.app in alone and answer.seen[-1].template:
                template = answer.seen[-1].template[0]
                assert template not in dead, (request, answer.app, template, shown(tree))

    law()
    shares.hold()


def dead_templates(app: Any) -> set[str]:
    """Return the templates of routes that are called unreachable."""
    return {one["routes"][0]["template"] for one in found(app) if one["id"] == "R101"}


def apps_alone(tree: Target) -> set[str]:
    """Return the names of applications to whose template no other route leads."""
    texts: dict[tuple[str, ...], list[Any]] = {}
    for spot in walk(tree):
        if isinstance(spot.node, Route):
            above = [node.text for _, node in spot.above if isinstance(node, Route)]
            segments = tuple(filter(None, "/".join([*above, spot.node.text]).split("/")))
            texts.setdefault(segments, []).append(spot.node.target)
    alone = [targets[0] for targets in texts.values() if len(targets) == 1]
    return {app.name for app in alone if isinstance(app, App)} & set(spots_of(tree))
