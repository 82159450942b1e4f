"""What can hardly have been meant: a warning at its line, and the same words from ``check``."""

import copy
import itertools
import linecache
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest

from asgi_routes import SuspiciousRouteWarning, URLRouter
from asgi_routes.inspection.check import check

BEGIN = """\
import contextlib, functools
from asgi_routes import *
from tests.inspection.sample import app as leaf

def forgotten(scope, receive, send): leaf(scope, receive, send)
def generator(scope, receive, send): yield
async def yielding(scope, receive, send): yield
def returning(scope, receive, send): return leaf(scope, receive, send)
def conditional(scope, receive, send): return leaf(scope, receive, send) if scope else None
def chosen(scope, receive, send):
    if scope: return None
    return leaf(scope, receive, send)
def raising(scope, receive, send): raise NotImplementedError
def old(scope): return forgotten
def old_and_forgotten(scope): forgotten
class Forgotten:
    def __call__(self, scope, receive, send): self.app
    def method(self, scope, receive, send): return
class Returning:
    def __call__(self, scope, receive, send): return leaf(scope, receive, send)
class Holder:
    def __init__(self, app): self.table = app
    async def __call__(self, scope, receive, send): ...

async def plain(router): ...
def nothing(router): ...
def one_yield(router): yield
@contextlib.asynccontextmanager
async def right(router): yield
@contextlib.asynccontextmanager
async def no_yield(router): ...
@contextlib.contextmanager
def sync(router): yield
@contextlib.asynccontextmanager
async def alone(): yield
class Entered:
    def __init__(self, router): ...

inner = URLRouter([])
"""
"""What the rows below are written with; each stands on the line behind it."""

_TYPES = "ProtocolTypeRouter({%s: leaf})"
_LIFESPAN = "URLRouter([], lifespan=%s)"
ROUTES = [
    # A slash in front.
    ('path("/users/", leaf)', "R203", "starts with a slash"),
    ('path("/", leaf)', "R203", "starts with a slash"),
    ('format_path("/users/{id:d}/", leaf)', "R203", "starts with a slash"),
    ('re_path("^/users/$", leaf)', "R203", "starts with a slash"),
    (r're_path(r"^\/users/$", leaf)', "R203", "starts with a slash"),
    (r're_path(r"\A/users/$", leaf)', "R203", "starts with a slash"),
    # A regex.
    ('path("^users/$", leaf)', "R204", "re_path()"),
    ('format_path("users/$", leaf)', "R204", "re_path()"),
    # The syntax of another function.
    ('path("users/{id}/", leaf)', "R209", "write '<id>', or use format_path()"),
    ('path("users/{id:int}/", leaf)', "R209", "write '<int:id>', or use format_path()"),
    ('path("users/{}/", leaf)', "R209", "write '<name>'"),
    (r'path(r"users/{id:\d+}/", leaf)', "R209", "write '<id>'"),
    ('path("files/<a>/{b}.txt", leaf)', "R209", "write '<b>'"),
    ('mount("tenants/{id}", leaf)', "R209", "write '<id>'"),
    ('format_path("users/<int:id>/", leaf)', "R209", "write '{id:int}', or use path()"),
    ('format_path("users/<id>/", leaf)', "R209", "write '{id}', or use path()"),
    ('re_path("^users/<int:id>/$", leaf)', "R209", "write '(?P<id>[0-9]+)', or use path()"),
    ('re_path("^users/{id}/$", leaf)', "R209", "write '(?P<id>[^/]+)', or use path()"),
    # A parameter that does not begin or end.
    ('path("users/<int:id/", leaf)', "R210", "'<' or '>'"),
    ('path("users/int:id>/", leaf)', "R210", "'<' or '>'"),
    ('path("users/<>/", leaf)', "R210", "'<' or '>'"),
    # Parts of a URL that are none of a path.
    ('path("base/<a>?/", leaf)', "R211", "the query string is not part of the path"),
    ('path("search?q=<q>", leaf)', "R211", "in 'search?q=…'"),
    (r're_path(r"^search\?q=(.*)$", leaf)', "R211", "the query string is not part of the path"),
    ('path("page#top", leaf)', "R211", "clients never send the fragment"),
    ('path("x%20y/", leaf)', "R211", "write ' '"),
    ('path("x%2Fy/", leaf)', "R211", "write '/'"),
    ('path("%E4%BD%A0/", leaf)', "R211", "write '\N{CJK UNIFIED IDEOGRAPH-4F60}'"),
    ('path("caf%C3/", leaf)', "R211", r"write '\\xc3'"),
    ('re_path("^x%20y/$", leaf)', "R211", "write ' '"),
    ('path("http://example.com/x", leaf)', "R211", "a scheme"),
    ('mount("static?v=1", leaf)', "R211", "the query"),
    # Methods.
    ('path("a", leaf, methods=["GTE"])', "R212", "'GTE'; did you mean 'GET'?"),
    ('path("a", leaf, methods=["GET", "POSTT"])', "R212", "did you mean 'POST'?"),
    ('path("a", leaf, methods=["GET,POST"])', "R212", "no method 'GET,POST'"),
    ('path("a", leaf, methods=["*"])', "R212", "no method '*'"),
    ('path("a", MethodRouter({"DELTE": leaf}))', "R212", "did you mean 'DELETE'?"),
    # What is called.
    ('path("a", forgotten)', "R214", "forgotten returns nothing"),
    ('path("a", lambda scope, receive, send: "hello")', "R214", "returns a constant"),
    ('path("a", generator)', "R214", "returns a generator"),
    ('path("a", yielding)', "R214", "returns a generator"),
    ('path("a", lambda scope, receive, send: None)', "R214", "returns nothing"),
    ('path("a", functools.partial(forgotten))', "R214", "returns nothing"),
    ('path("a", old_and_forgotten)', "R214", "returns nothing"),
    ('path("a", Forgotten())', "R214", "Forgotten returns nothing"),
    ('path("a", Forgotten().method)', "R214", "returns nothing"),
    ('mount("a", forgotten)', "R214", "returns nothing"),
    ('path("a", Holder(inner))', "R207", "in its attribute 'table'"),
    # What is right, or may be.
    *(
        (text, None, "")
        for text in (
            'path("", leaf)',
            'path("users/<int:id>/", leaf)',
            'path("a$b/", leaf)',
            'path("50%/", leaf)',
            'path("a:b/", leaf)',
            'path("<a>:<b>", leaf)',
            'path("{<uuid:id>}/", leaf)',
            'mount("/static/", leaf)',
            'mount("", leaf)',
            'format_path("{d:%Y-%m-%d}/", leaf)',
            'format_path("{{id}}/", leaf)',
            're_path("^/?users/$", leaf)',
            're_path("^/*users/$", leaf)',
            're_path("/users/$", leaf)',
            're_path("^(?:/|x)users/$", leaf)',
            're_path("^/a|b$", leaf)',
            r're_path(r"^(?P<id>\d{4})-(?P=id)/$", leaf)',
            r're_path(r"^(?<!x)[{<?#%20>}]{2,3}/$", leaf)',
            r're_path(r"(?x)^ [#] a  # a comment? {id}", leaf)',
            'path("a", leaf, methods=["PROPFIND", "PURGE", "QUERY"])',
            'path("a", returning)',
            'path("a", conditional)',
            'path("a", chosen)',
            'path("a", lambda scope, receive, send: leaf(scope, receive, send) or None)',
            'path("a", raising)',
            'path("a", old)',
            'path("a", Returning())',
            'path("a", functools.partial(returning))',
        )
    ),
]
ROUTERS = [
    *(
        (_TYPES % repr(written), "R213", f"did you mean '{meant}'?")
        for written, meant in {
            "websockets": "websocket",
            "WebSocket": "websocket",
            "web_socket": "websocket",
            "socket": "websocket",
            "ws": "websocket",
            "https": "http",
            "HTTP": "http",
            "http2": "http",
            "channels": "channel",
            "lifespans": "lifespan",
        }.items()
    ),
    *((_TYPES % repr(kind), None, "") for kind in ("mqtt", "telegram", "email", "", "x")),
    ('MethodRouter({"get ".strip().upper(): leaf, "PSOT": leaf})', "R212", "did you mean 'POST'?"),
    ('ProtocolTypeRouter({"http": forgotten})', "R214", "returns nothing"),
    ('HostRouter({"example.com": forgotten})', "R214", "returns nothing"),
    ('ChannelNameRouter({"mail": forgotten})', "R214", "returns nothing"),
    ('SubprotocolRouter({"mqtt": forgotten})', "R214", "returns nothing"),
    ("URLRouter([], default=forgotten)", "R214", "returns nothing"),
    (_LIFESPAN % "plain", "R215", "lifespan of URLRouter is a coroutine function"),
    ("HostRouter({}, lifespan=plain)", "R215", "lifespan of HostRouter is a coroutine function"),
    ("ProtocolTypeRouter({}, lifespan=plain)", "R215", "is a coroutine function"),
    (_LIFESPAN % "functools.partial(plain)", "R215", "is a coroutine function"),
    (_LIFESPAN % "one_yield", "R215", "is a generator function"),
    (_LIFESPAN % "nothing", "R215", "returns nothing"),
    (_LIFESPAN % "no_yield", "R215", "is a coroutine function under contextlib"),
    (_LIFESPAN % "sync", "R215", "is a generator function under contextlib"),
    (_LIFESPAN % "alone", "R215", "called with the router, which it does not take"),
    (_LIFESPAN % "right", None, ""),
    (_LIFESPAN % "Entered", None, ""),
    (_LIFESPAN % "lambda router: right(router)", None, ""),
]
ROWS = [(f"URLRouter([{text}])", id_, said) for text, id_, said in ROUTES] + ROUTERS
_NUMBERS = itertools.count()


def write(text: str) -> tuple[Any, str, list[warnings.WarningMessage]]:
    """Return what an expression makes, the file that it stands in, and what was warned of."""
    source, file = f"{BEGIN}made = {text}\n", f"/elsewhere/urls_{next(_NUMBERS)}.py"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    names: dict[str, Any] = {"__name__": "urls"}
    with warnings.catch_warnings(record=True, action="always") as caught:
        exec(compile(source, file, "exec"), names)  # noqa: S102 - it is one of the rows
    return names["made"], file, caught


@pytest.mark.parametrize(("text", "id_", "said"), ROWS, ids=[text for text, *_ in ROWS])
def test_suspicions(text: str, id_: str | None, said: str) -> None:
    """Each is warned of once, at its line; check finds it there, in the same words."""
    made, file, caught = write(text)
    ids = {one for _, one, _ in ROWS if one}
    found = [finding for finding in check(made) if finding.id in ids]
    if id_ is None:
        assert (caught, found) == ([], [])
        return
    (warned,), (finding,) = caught, found
    line = BEGIN.count("\n") + 1
    assert warned.category is SuspiciousRouteWarning
    assert (warned.filename, warned.lineno) == (file, line)
    assert (finding.id, finding.level) == (id_, "warning")
    assert finding.subjects[0].declared == (file, line)
    assert str(warned.message) == f"{finding.message} ({id_})"
    assert said in finding.message


@pytest.mark.parametrize("text", [text for text, id_, _ in ROWS if id_])
def test_silence(text: str) -> None:
    """One comment silences both; one of another id silences neither."""
    id_ = next(id_ for one, id_, _ in ROWS if one == text)
    for comment in ("# asgi-routes: ignore", f"# asgi-routes: ignore[R101, {id_}]"):
        made, _, caught = write(f"{text}  {comment}")
        assert (caught, [one for one in check(made) if one.id == id_]) == ([], [])
        assert [one.id for one in check(made, silenced=True) if one.id == id_] == [id_]
    made, _, caught = write(f"{text}  # asgi-routes: ignore[R101]")
    assert (len(caught), [one.id for one in check(made) if one.id == id_]) == (1, [id_])


def test_slow_regexes_are_silenced_alike() -> None:
    """What a router warns of bears the same comment."""
    text = r'URLRouter([re_path(r"^(\w+)*$", leaf)])'
    for comment, number in (("", 1), ("  # asgi-routes: ignore[R301]", 0)):
        made, _, caught = write(text + comment)
        assert made.match("/a")
        assert len(caught) == number
        assert [one.id for one in check(made)] == ["R301"] * number


def test_every_id_is_tested() -> None:
    """Whatever is warned of is a row above."""
    package = Path(__file__).parents[2] / "asgi_routes" / "suspicions"
    texts = "".join(file.read_text() for file in package.glob("*.py"))
    ids = {id_ for _, id_, _ in ROWS if id_}
    assert {f"R{number}" for number in range(100, 400) if f'"R{number}"' in texts} == ids


def test_a_slash_behind_the_text_of_an_include() -> None:
    """A route cannot know that it is put behind one; check sees that it is right there."""
    text = 'URLRouter([path("api", include([path("/users/", leaf)]))])'
    made, _, (warned,) = write(text)
    assert "unless it follows the prefix of an include()" in str(warned.message)
    assert check(made) == []
    assert made.match("/api/users/")


def test_a_copy_keeps_the_line() -> None:
    """What is found in a copy stands where the original was written, and is not warned of again."""
    text = "URLRouter([], lifespan=contextlib.nullcontext.__class__)"
    made, file, _ = write(text)
    assert isinstance(made, URLRouter)
    assert copy.deepcopy(made).declared == made.declared == (file, BEGIN.count("\n") + 1)
    assert pickle.loads(pickle.dumps(URLRouter([]))).declared.file == __file__  # noqa: S301
