"""The law: every start has its stop, once.

Whatever wrappers an application is reached through, however many places it has, whoever else refuses, fails or
hangs, and whenever the host is cancelled. The oracle is what the applications themselves have written down.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_routes import Lifespan, LifespanError
from asgi_routes.lifespan import WITH_STATE
from tests.laws.shares import lawful
from tests.lifespan.actors import SCOPE
from tests.lifespan.layouts import (
    Dispatched,
    Layout,
    Leaf,
    Routed,
    Wrapped,
    build,
    layouts,
    leads_to,
    leaves_of,
)
from tests.lifespan.virtual import run_virtually
from tests.lifespan.witnesses import Journal

BODY = 10
"""Seconds that the host serves; long enough for those that start late."""
LONGEST = 1000
"""Seconds in which everything is over, with all the timeouts that there are."""
EXAMPLES = 160


@dataclass(frozen=True)
class Host:
    """Who runs the lifespan, and when it is cancelled, if ever.

    Attributes:
        kind: ``serve``: as a server does; ``enter``: as a framework does.
        concurrent: see `Lifespan`.
        startup_timeout: see `Lifespan`.
        shutdown_timeout: see `Lifespan`.
        cancelled_after: so many events.
        cancelled_at: so many seconds.
        native: as asyncio does, without a scope.
    """

    kind: str
    concurrent: bool
    startup_timeout: float | None
    shutdown_timeout: float | None
    cancelled_after: int | None
    cancelled_at: float | None
    native: bool


hosts = st.builds(
    Host,
    st.sampled_from(["serve", "enter"]),
    st.sampled_from([False, False, True]),
    st.sampled_from([None, 3.0]),
    st.sampled_from([None, 20.0]),
    st.one_of(st.none(), st.none(), st.integers(1, 12)),
    st.one_of(st.none(), st.none(), st.sampled_from([0, 0.5, 1, 3, 4, 4.5, 8, 12, 13])),
    st.booleans(),
)


class Run:
    """One lifespan from its beginning to its end."""

    def __init__(self, layout: Layout, host: Host) -> None:
        self.layout, self.host = layout, host
        self.journal = Journal()
        self.outcome = "cancelled"
        self.is_cancelled = self.has_served = False
        self.cancelled_at = math.inf

    async def __call__(self) -> None:
        self.journal.began = anyio.current_time()
        app = Lifespan(
            [build(self.layout, self.journal)],
            concurrent=self.host.concurrent,
            startup_timeout=self.host.startup_timeout,
            shutdown_timeout=self.host.shutdown_timeout,
        )
        is_asyncio = anyio.get_cancelled_exc_class() is asyncio.CancelledError
        if self.host.native and is_asyncio:
            await self._in_a_task(app)
        else:
            await self._in_a_scope(app)
        self.journal.note("over", "host")

    async def _in_a_scope(self, app: Lifespan) -> None:
        with anyio.CancelScope() as scope:
            self.journal.after = lambda count: self._cancel(scope.cancel, count)
            if self.host.cancelled_at is not None:
                scope.deadline = anyio.current_time() + self.host.cancelled_at
            await self._serve(app)
        if scope.cancelled_caught and not self.is_cancelled:
            self.is_cancelled, self.cancelled_at = True, self.host.cancelled_at or 0

    async def _in_a_task(self, app: Lifespan) -> None:
        task = asyncio.create_task(self._serve(app))
        self.journal.after = lambda count: self._cancel(task.cancel, count)
        if self.host.cancelled_at is not None:
            asyncio.get_running_loop().call_later(
                self.host.cancelled_at, lambda: self._cancel(task.cancel, None)
            )
        await asyncio.wait([task])

    def _cancel(self, cancel: Any, count: int | None) -> None:
        if count == self.host.cancelled_after or count is None:
            if self.outcome == "cancelled" and not self.is_cancelled:
                self.is_cancelled = True
                self.cancelled_at = anyio.current_time() - self.journal.began
            cancel()

    async def _serve(self, app: Lifespan) -> None:
        try:
            await (self._speak(app) if self.host.kind == "serve" else self._enter(app))
        except LifespanError as error:
            self.outcome = error.phase

    async def _enter(self, app: Lifespan) -> None:
        async with app.context():
            await self._body()
        self.outcome = "ok"

    async def _speak(self, app: Lifespan) -> None:
        sent: list[str] = []
        events = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> Any:
            if sent:
                await self._body()
            return {"type": next(events)}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await app(dict(SCOPE), receive, send)
        last = sent[-1].removeprefix("lifespan.")
        self.outcome = "ok" if last == "shutdown.complete" else last.removesuffix(".failed")

    async def _body(self) -> None:
        self.has_served = True
        self.journal.note("ready", "host")
        await anyio.sleep(BODY)


def check(run: Run) -> None:
    """Compare what the applications have written with the law."""
    who = {event.who for event in run.journal.events} - {"host"}
    for one in who:
        assert_paired(run.journal.of(one))
    last = run.journal.events[-1]
    assert last.who == "host", "somebody is left behind"
    assert last.at < LONGEST, "somebody is waited for"
    asked = [event.at for event in run.journal.events if event.kind == "asked"]
    assert max(asked, default=0) <= run.cancelled_at, "the start goes on after a cancellation"
    assert not WITH_STATE
    if not run.host.concurrent:
        assert_reversed(run)
    if run.has_served:
        assert_all_started(run)
    elif not run.is_cancelled:
        assert run.outcome == "startup"
        assert may_fail(run), "there was no reason not to start"


def assert_paired(events: list[str]) -> None:
    """Each start is followed by one stop, unless the application leaves by itself, and before the next."""
    is_running = False
    for event in events:
        match event:
            case "start":
                assert not is_running, f"started twice: {events}"
                is_running = True
            case "stop" | "gone":
                assert is_running, f"stopped without a start: {events}"
                is_running = False
            case "end":
                assert not is_running, f"not told to stop: {events}"
    assert events.count("start") <= 1, f"started again: {events}"
    assert events.count("asked") == events.count("end")


def assert_reversed(run: Run) -> None:
    """Who was started later is stopped before.

    What a dispatcher does is its own, as is a late answer; and nobody waits for ever for a router behind a
    wrapper in which one hangs.
    """
    events = [event for event in run.journal.events if "." not in event.who]
    leaves = all_leaves(run.layout)
    if any(event.kind == "stop" and is_hanging(leaves, event.who) for event in events):
        return
    late = {name for name, leaf in leaves.items() if leaf.start == "late"}
    stopped = [event.who for event in events if event.kind == "stop" and event.who not in late]
    started = [event.who for event in events if event.kind == "start" and event.who in stopped]
    assert stopped == started[::-1]


def is_hanging(leaves: dict[str, Leaf], name: str) -> bool:
    """Tell whether an application never says that it has stopped."""
    return name in leaves and leaves[name].stop == "hang"


def assert_all_started(run: Run) -> None:
    """Whoever is able to start was started before the first request; nobody who failed is passed over."""
    events = run.journal.events
    ready = next(number for number, event in enumerate(events) if event.kind == "ready")
    before = {event.who for event in events[:ready]}
    started = {event.who for event in events if event.kind == "start"} & before
    able = {name for name, leaf in leaves_of(run.layout).items() if leaf.start in ("ok", "slow")}
    dispatched = {name for name in able if "." in name}
    assert able - dispatched <= started
    assert all("asked" in run.journal.of(name) for name in dispatched)
    assert not [event for event in events if event.kind == "fail"]


def may_fail(run: Run) -> bool:
    """Tell whether something in the layout is a reason to fail."""
    leaves = all_leaves(run.layout).values()
    routers = [node for node in run.layout if isinstance(node, Routed)]
    return (
        any(leaf.start in ("fail", "hang", "late", "slow") for leaf in leaves)
        or (run.host.startup_timeout and any(leaf.start == "read on" for leaf in leaves))
        or any(node.own == "fail to start" for node in routers)
        or any(policy == "on" for node in routers for _, policy in node.children)
    )


def all_leaves(layout: Layout) -> dict[str, Leaf]:
    """Return every application of a layout by name."""
    found = {str(number): node for number, node in enumerate(layout) if isinstance(node, Leaf)}
    for number, node in enumerate(layout):
        if isinstance(node, Dispatched):
            found.update({f"{number}.{place}": leaf for place, leaf in enumerate(node.apps)})
    return found


def ends_by_itself(layout: Layout, host: Host) -> Host:
    """Return the host with the timeouts without which this layout might never come to an end."""
    leaves = all_leaves(layout).values()
    if any(leaf.start == "hang" for leaf in leaves) and host.startup_timeout is None:
        host = replace(host, startup_timeout=3.0)
    if any(leaf.stop == "hang" for leaf in leaves) and host.shutdown_timeout is None:
        host = replace(host, shutdown_timeout=20.0)
    return host


def kinds_of(run: Run) -> Iterator[str]:
    """Yield what a run is an example of."""
    places = Counter(child for node in run.layout for child in leads_to(node))
    events = {event.kind for event in run.journal.events}
    started = [event for event in run.journal.events if event.kind == "start"]
    held = [inner.inner for inner in run.layout if isinstance(inner, Wrapped)]
    yield from (
        kind
        for kind, is_so in {
            "served": run.has_served,
            "cancelled": run.is_cancelled,
            "cancelled with something to stop": run.is_cancelled and bool(started),
            "failing to start": run.outcome == "startup",
            "failing to stop": run.outcome == "shutdown",
            "wrappers": bool(held),
            "wrapped and elsewhere": any(places[number] > 1 for number in held),
            "dispatchers": any(isinstance(node, Dispatched) for node in run.layout),
            "somebody leaves": "gone" in events,
            "many started": len(started) > 1,
        }.items()
        if is_so
    )


LEAST = {
    "served": 0.2,
    "cancelled": 0.2,
    "cancelled with something to stop": 0.1,
    "failing to start": 0.2,
    "failing to stop": 0.02,
    "wrappers": 0.2,
    "wrapped and elsewhere": 0.1,
    "dispatchers": 0.1,
    "somebody leaves": 0.03,
    "many started": 0.2,
}
"""The share of all runs that each kind has to have, because a law that is never tried says nothing."""


@pytest.fixture
def _impatient() -> None:
    """Leave all timeouts as they are: here, waiting takes no time."""


def test_every_start_has_its_stop_once(capsys: pytest.CaptureFixture[str]) -> None:
    shares: Counter[str] = Counter()

    @lawful(EXAMPLES)
    @given(layouts(), hosts)
    def law(layout: Layout, host: Host) -> None:
        host = ends_by_itself(layout, host)
        for backend in ("asyncio", "trio"):
            run = Run(layout, host)
            run_virtually(run, backend)
            check(run)
            shares.update(["all", *kinds_of(run)])

    logging.getLogger("asgi_routes.lifespan").setLevel(logging.CRITICAL)
    try:
        law()
    finally:
        logging.getLogger("asgi_routes.lifespan").setLevel(logging.NOTSET)
    found = {kind: shares[kind] / shares["all"] for kind in LEAST}
    with capsys.disabled():
        print("\n" + ", ".join(f"{kind} {share:.0%}" for kind, share in found.items()))
    assert [kind for kind, share in found.items() if share < LEAST[kind]] == []
