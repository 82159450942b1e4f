"""Odd request targets at real servers: guard and router agree, and nothing of a target comes back as more than text."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from itertools import islice
from urllib.parse import urljoin, urlsplit

import pytest

from tests.debug_page.test_debug_page import Parsed
from tests.live.odd_targets import Connection, odd_headers, odd_targets
from tests.live.servers import KINDS, Kind, Response, running

TARGETS = int(os.environ.get("TARGETS", "1800"))
"""How many are sent in all; ``make targets`` sends 100,000."""

ROOT_PATHS = ["", "/api"]
OF_THE_SERVER = {400, 403, 404, 405, 414, 431, 501}
OURS = {"content-type", "content-length", "location", "allow", "transfer-encoding", "connection"}
HEADERS = OURS | {"date", "server"}
OF_THE_PAGE = {"content-security-policy", "x-content-type-options", "cache-control"}
METHOD = b"Method Not Allowed"
ANSWERS = [
    *((b"/debugged", accept) for accept in ("text/html", "application/json", "*/*")),
    *((b"/only", "*/*"), (b"", "*/*")),
]
HOSTILE = [
    *(b"/%3Cscript%3Ealert(1)%3C/script%3E", b"/<script>", b"/%22%3E%3Cimg%20src=x%3E", b"/%0A"),
    *(b"/7/%0D%0Aset-cookie:%20a=b", b"/7%0D%0Aset-cookie:%20a=b", b"/a%00b", b"/%E2%80%AE"),
    *(b"//evil.test/7", b"/%2Fevil.test", b"/%5Cevil.test/", b"/\\evil.test", b"/x/?%0D%0Aa:b"),
]
TAGS = {
    *("html", "head", "meta", "title", "style", "script", "body", "h1", "h2", "span", "code", "p"),
    *("label", "input", "div", "table", "thead", "tbody", "tr", "th", "td", "footer"),
}


@pytest.mark.parametrize("root_path", ROOT_PATHS, ids=["", "root path"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_guard_and_router_agree(
    kind: Kind, root_path: str, record_property: Callable[[str, object], None]
) -> None:
    """What ``route_path`` shows a guard is what is routed, whatever a client sends."""
    record_property("matrix", ("odd targets", kind.name, root_path or "no root path"))
    count = -(-TARGETS // (len(KINDS) * len(ROOT_PATHS)))
    seed = KINDS.index(kind) * len(ROOT_PATHS) + ROOT_PATHS.index(root_path)
    found: Counter[str] = Counter()
    arguments = kind.arguments("tests.live.guarded:guarded", root_path)
    with running(*arguments, ready=kind.ready) as server, Connection(server) as client:
        for target, headers in zip(
            islice(odd_targets(seed), count), odd_headers(seed), strict=False
        ):
            response = client.get(target, headers)
            found[outcome(target, response)] += 1
            if response and response.status == 308 and not headers[1:]:
                location = response.headers["location"]
                # Where the server puts the root path in front, the proxy takes it off.
                asked = location.removeprefix(root_path) if kind.prepends else location
                followed = client.get(asked.encode())
                assert followed
                assert followed.status == 200, (target, location)
        assert "Traceback" not in server.log, server.log
    shown = ", ".join(f"{number} {name}" for name, number in found.most_common())
    print(f"{kind.name}{root_path and ' below ' + root_path}: {shown}; {client.made} connections")
    assert found["hits"] > count / 10
    assert found["misses"] > count / 10


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_of_a_target_is_more_than_text(kind: Kind) -> None:
    """A miss, a wrong method, a redirect and the debug page: nobody's markup, header or host."""
    arguments = kind.arguments("tests.live.guarded:unguarded")
    targets = [*HOSTILE, *islice(odd_targets(len(KINDS) * len(ROOT_PATHS)), 60)]
    found: Counter[str] = Counter()
    with running(*arguments, ready=kind.ready) as server, Connection(server) as client:
        for target in targets:
            for prefix, accept in ANSWERS:
                response = client.get(prefix + target, ["host: localhost", f"accept: {accept}"])
                if response and response.status != 200:
                    assert_harmless(response)
                    found[f"{response.status} {response.headers.get('content-type')}"] += 1
        assert "Traceback" not in server.log, server.log
    for answer in ("404 text/html", "404 text/plain", "404 application/json", "405", "308"):
        assert any(answer in name for name in found), answer


def assert_harmless(response: Response) -> None:
    """Assert that an answer of ours is what it always is, but for texts."""
    kind = response.headers.get("content-type", "").partition(";")[0]
    assert response.status in OF_THE_SERVER | {308}
    if response.status == 308:
        assert_stays_here(response.headers["location"])
    elif kind == "text/html" and b"default=debug_page" in response.body:
        page = Parsed(response.body.decode())
        assert set(page.tags) <= TAGS
        assert page.tags.count("script") == page.tags.count("style") == 1
        assert page.links == []
    elif kind == "application/json":
        json.loads(response.body)
    elif response.status == 405:
        assert (response.body, response.headers["allow"]) == (METHOD, "OPTIONS, POST")
    assert response.headers.keys() <= HEADERS | OF_THE_PAGE


def outcome(target: bytes, response: Response | None) -> str:
    """Name what came back, once it has been looked at."""
    if response is None:
        return "hung up"
    if response.headers.get("content-type") == "application/json":
        shown = json.loads(response.body)
        for guarded in shown["guarded"]:
            assert guarded == shown["routed"], target
        assert response.headers.keys() <= HEADERS
        return "hits" if response.status == 200 else "misses"
    if response.status == 308:
        assert_stays_here(response.headers["location"])
        assert response.headers.keys() <= HEADERS
        return "redirects"
    assert response.status in OF_THE_SERVER
    return "refused by the server"


def assert_stays_here(location: str) -> None:
    """Assert that a browser stays on this host, and gets a path that has a route."""
    assert re.fullmatch(r"/(?!/)[!-~]*", location)
    assert not re.search(r'[\\<>"]', location)
    assert urlsplit(urljoin("http://localhost/here/", location)).netloc == "localhost"
