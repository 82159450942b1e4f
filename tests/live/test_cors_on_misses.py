"""What a nested router misses has the headers of its CORS middleware, on every server that we know.

Without them a browser hides the answer from the page, and ``fetch()`` fails instead of showing a 404.
"""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.live.servers import Response, Server, ask
from tests.live.with_cors import PARTS, WHOLES

SERVED = "tests.live.with_cors:app"
MATRIX = "CORS on misses"
ALL = [*PARTS, *WHOLES]
ALLOWED = "OPTIONS, POST"
ORIGIN = {"origin": "https://page.test"}


class Answer(NamedTuple):
    """What is looked at in an answer.

    Attributes:
        status: the status.
        has_cors: whether the page of another origin may see it.
        says: its ``Allow`` or ``Location``, the methods that a preflight allows, or the body.
    """

    status: int
    has_cors: bool
    says: str


class Row(NamedTuple):
    """A request to every form, and what is answered by those in the routes, and by the others.

    Attributes:
        place: the router around the forms.
        method: of the request; ``PREFLIGHT`` is what a browser asks before a PUT.
        rest: the path below the form.
        parts: the answer where ``middleware=`` belongs to the routes.
        wholes: that of what is wrapped by hand or mounted; None where it is the same.
    """

    place: str
    method: str
    rest: str
    parts: Answer
    wholes: Answer | None = None


X = Answer(200, has_cors=True, says="x")
PAGE = Answer(200, has_cors=False, says="a page")
NOT_FOUND = Answer(404, has_cors=True, says="Not Found")
WRONG_METHOD = Answer(405, has_cors=True, says=ALLOWED)
WRONG_METHOD_OF_BOTH = Answer(405, has_cors=True, says="GET, HEAD, OPTIONS, POST")
WRONG_METHOD_OF_PAGE = Answer(405, has_cors=False, says="GET, HEAD, OPTIONS")
NO_CONTENT = Answer(204, has_cors=True, says=ALLOWED)
PREFLIGHT = Answer(200, has_cors=True, says="PUT")
REDIRECT = Answer(308, has_cors=True, says="{}/x/")

ROWS = [
    Row("alone", "POST", "x/", X),
    Row("alone", "GET", "nowhere/", NOT_FOUND),
    Row("alone", "GET", "", NOT_FOUND),
    Row("alone", "PUT", "x/", WRONG_METHOD),
    Row("alone", "OPTIONS", "x/", NO_CONTENT),
    Row("alone", "POST", "x", REDIRECT),
    Row("alone", "PREFLIGHT", "x/", PREFLIGHT),
    Row("alone", "PREFLIGHT", "x", PREFLIGHT),
    Row("alone", "PREFLIGHT", "nowhere/", PREFLIGHT),
    Row("before-all", "POST", "x/", X),
    Row("before-all", "GET", "nowhere/", PAGE, NOT_FOUND),
    Row("before-all", "PUT", "x/", PAGE, WRONG_METHOD),
    Row("before-all", "OPTIONS", "x/", NO_CONTENT),
    Row("before-all", "PREFLIGHT", "x/", PREFLIGHT),
    Row("before-all", "PREFLIGHT", "nowhere/", PAGE, PREFLIGHT),
    Row("before-a-page", "GET", "nowhere/", PAGE, NOT_FOUND),
    Row("before-a-page", "GET", "x/", PAGE, WRONG_METHOD),
    Row("before-a-page", "PUT", "x/", WRONG_METHOD_OF_BOTH, WRONG_METHOD),
    Row("before-a-page", "PUT", "nowhere/", WRONG_METHOD_OF_PAGE, NOT_FOUND),
    Row("before-a-page", "PREFLIGHT", "x/", PREFLIGHT),
]
IDS = [f"{row.place} {row.method} {row.rest}" for row in ROWS]


def seen(response: Response) -> Answer:
    """Return what is looked at in a response."""
    headers = response.headers
    telling = ("access-control-allow-methods", "allow", "location")
    says = next((headers[name] for name in telling if name in headers), response.body.decode())
    return Answer(response.status, headers.get("access-control-allow-origin") == "*", says)


def asked(server: Server, method: str, target: str) -> Answer:
    """Ask as a browser does for a page of another origin."""
    if method == "PREFLIGHT":
        preflight = {**ORIGIN, "access-control-request-method": "PUT"}
        return seen(ask(server, target, "OPTIONS", preflight))
    return seen(ask(server, target, method, ORIGIN))


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_every_form(server: Server, cell: Callable[[str], None], row: Row) -> None:
    """Each form answers through its middleware: what it has, what it misses, and the preflight."""
    cell(row.method)
    found, expected = {}, {}
    for form in ALL:
        answer = row.wholes if row.wholes and form in WHOLES else row.parts
        prefix = f"/{row.place}/{form}"
        expected[form] = answer._replace(says=answer.says.format(prefix))
        found[form] = asked(server, row.method, f"{prefix}/{row.rest}")
    assert found == expected


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("/nowhere/", NOT_FOUND),
        ("/alone/", NOT_FOUND),
        ("/alone/nowhere/", NOT_FOUND),
        ("/before-all/", PAGE),
    ],
)
def test_outside(server: Server, cell: Callable[[str], None], target: str, answer: Answer) -> None:
    """What is in no form is answered without their headers."""
    cell("outside")
    assert asked(server, "GET", target) == answer._replace(has_cors=False)
