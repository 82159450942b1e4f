"""WSGI applications below a router that is below a server's root path, on every server that runs asyncio."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.servers import Kind, Response, Server, ask

SERVED = "tests.live.wsgi_served:app"
ROOT_PATH = "/srv"
MATRIX = "WSGI below a router and a root path"
EXCUSED = "CurrentThreadExecutor already quit or is broken"  # This is how asgiref loses a request.
REQUESTS = 24
PREFIXES = ["", "/n", "/7"]
"""At the top, in a router, in a mount."""


@pytest.fixture(autouse=True)
def _needs_asyncio(kind: Kind) -> None:
    if kind.name == "hypercorn trio":
        pytest.xfail("both adapters need asyncio, and say so")


def spell(kind: Kind, target: str) -> list[str]:
    """Return how a target is spelled by a proxy that leaves the root path, and by one that strips it."""
    return [target] if kind.prepends else [ROOT_PATH + target, target]


def check_page(answer: Response, prefix: str, name: str) -> None:
    below = ROOT_PATH + prefix
    said = f"hello {name} below {below} at {below}/hello/{name}/\n"
    assert (answer.status, answer.body.decode()) == (200, said)


@pytest.mark.parametrize("of", ["flask", "django"])
def test_a2wsgi(server: Server, kind: Kind, of: str, cell: object) -> None:
    """Several threads, each of which asks for pages, get all of them, with the right URLs in them."""
    cell(f"a2wsgi {of}")  # type: ignore[operator]
    with ThreadPoolExecutor(4) as threads:
        for prefix in PREFIXES:
            prefix += f"/a2wsgi-{of}"  # noqa: PLW2901 - the rest of it
            for page in spell(kind, f"{prefix}/hello"):
                asked = [f"{page}/{number}/" for number in range(REQUESTS // len(PREFIXES))]
                for number, answer in enumerate(threads.map(lambda t: ask(server, t), asked)):
                    check_page(answer, prefix, str(number))
                assert ask(server, f"{page}/").status == 404


@pytest.mark.parametrize("of", ["flask", "django"])
def test_asgiref(server: Server, kind: Kind, of: str, cell: object) -> None:
    """What it answers is right; on some servers it loses requests (``make wsgi`` counts them)."""
    cell(f"asgiref {of}")  # type: ignore[operator]
    for prefix in PREFIXES:
        prefix += f"/asgiref-{of}"  # noqa: PLW2901 - the rest of it
        for page in spell(kind, f"{prefix}/hello"):
            answers = (ask(server, f"{page}/ada/") for _ in range(50))
            check_page(next(answer for answer in answers if answer.status != 500), prefix, "ada")
