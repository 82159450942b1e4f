"""WSGI applications below a router, on every server that runs asyncio: no request is lost."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.servers import Kind, Server, ask

SERVED = "examples.wsgi:app"
MATRIX = "WSGI through a2wsgi"
REQUESTS = 40


@pytest.mark.parametrize("of", ["flask", "django"])
def test_wsgi(server: Server, kind: Kind, of: str, cell: object) -> None:
    """Several threads, each of which asks for pages, get all of them."""
    if kind.name == "hypercorn trio":
        return  # a2wsgi needs asyncio, and says so.
    cell(of)  # type: ignore[operator]
    prefix = f"/{of}/hello"
    with ThreadPoolExecutor(4) as threads:
        answers = [*threads.map(lambda n: ask(server, f"{prefix}/{n}/"), range(REQUESTS))]
    for number, answer in enumerate(answers):
        said = f"hello {number} below /{of} at {prefix}/{number}/\n"
        assert (answer.status, answer.body.decode()) == (200, said)
    assert ask(server, f"{prefix}/").status == 404
