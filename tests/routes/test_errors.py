"""The full text of every mistake that can be written."""

import copy
import pickle
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django.urls.converters
import flask
import parse
import pytest
from django.views import View

import asgi_routes
from asgi_routes import (
    ChannelNameRouter,
    Converters,
    ImproperlyConfigured,
    ProtocolTypeRouter,
    URLRouter,
    format_path,
    include,
    mount,
    path,
    re_path,
    register_converter,
)


async def app(scope: Any, receive: Any, send: Any) -> None: ...


async def asgi2(scope: Any) -> None: ...


def view(request: Any) -> None: ...


class Consumer:
    @classmethod
    def as_asgi(cls) -> Any:
        return app


class Endpoint:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class OfTwo:
    async def __call__(self, receive: Any, send: Any) -> None: ...


class Hex:
    regex = "[0-9a-f]+"

    def to_python(self, value: str) -> int:
        return int(value, 16)

    def to_url(self, value: int) -> str:
        return f"{value:x}"


def with_regex(regex: str) -> Any:
    return type("Custom", (Hex,), {"regex": regex})


# Each row: what is written, and what is said. HERE stands for the line of the first.
MISTAKES: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: path("users/<itn:id>/", app),
        """\
unknown converter 'itn' in path pattern
    users/<itn:id>/
           ~~~
declared at HERE
hint: did you mean 'int'?""",
    ),
    (
        lambda: path("users/<hexadecimal:id>/", app),
        """\
unknown converter 'hexadecimal' in path pattern
    users/<hexadecimal:id>/
           ~~~~~~~~~~~
declared at HERE
hint: known converters: int, path, slug, str, uuid""",
    ),
    (
        lambda: path("users/<id:int>/", app),
        """\
unknown converter 'id' in path pattern
    users/<id:int>/
           ~~
declared at HERE
hint: did you mean '<int:id>'?""",
    ),
    (
        lambda: path("users/<int:id/<slug:name>/", app),
        """\
parameter name 'id/<slug:name' is not an identifier in path pattern
    users/<int:id/<slug:name>/
               ~~~~~~~~~~~~~
declared at HERE
hint: missing '>' after '<int:id'""",
    ),
    (
        lambda: path("<name/edit>", app),
        """\
parameter name 'name/edit' is not an identifier in path pattern
    <name/edit>
     ~~~~~~~~~
declared at HERE
hint: missing '>' after '<name'""",
    ),
    (
        lambda: path("users/<int: id>/", app),
        """\
whitespace between '<' and '>' in path pattern
    users/<int: id>/
               ~
declared at HERE""",
    ),
    (
        lambda: path("a<b\n>c", app),
        """\
whitespace between '<' and '>' in path pattern
    a<b\\n>c
       ~~
declared at HERE""",
    ),
    (
        lambda: path("<int:book.id>/", app),
        """\
parameter name 'book.id' is not an identifier in path pattern
    <int:book.id>/
         ~~~~~~~
declared at HERE""",
    ),
    (
        lambda: path("<:id>", app),
        """\
parameter name ':id' is not an identifier in path pattern
    <:id>
     ~~~
declared at HERE
hint: the converter goes before the colon, as in <int:id>""",
    ),
    (
        lambda: path("<int:>", app),
        """\
parameter name 'int:' is not an identifier in path pattern
    <int:>
     ~~~~
declared at HERE
hint: the name goes after the colon, as in <int:id>""",
    ),
    (
        lambda: path("<a:b:c>", app),
        """\
parameter name 'b:c' is not an identifier in path pattern
    <a:b:c>
       ~~~
declared at HERE""",
    ),
    (
        lambda: path("<\u00a0id>", app),
        """\
parameter name '\\xa0id' is not an identifier in path pattern
    <\\xa0id>
     ~~~~~~
declared at HERE""",
    ),
    (
        lambda: path("<<int:id>>", app),
        """\
unknown converter '<int' in path pattern
    <<int:id>>
     ~~~~
declared at HERE
hint: did you mean 'int'?""",
    ),
    (
        lambda: path("<int:a>/<str:a>/", app),
        """\
parameter 'a' appears twice in path pattern
    <int:a>/<str:a>/
                 ~
declared at HERE
hint: each parameter of a route needs a unique name""",
    ),
    (
        lambda: path(r"<back:x>", app, converters=Converters({"back": with_regex(r"(.)\1")})),
        """\
the regexes of the converters cannot be combined in path pattern: cannot refer to an open group
    <back:x>
    ~~~~~~~~
declared at HERE""",
    ),
    (
        lambda: path(5, app),  # type: ignore[arg-type]
        """\
a path pattern must be a str, not 5
declared at HERE""",
    ),
    (
        lambda: URLRouter([], default=Consumer),  # type: ignore[arg-type]
        """\
default of URLRouter: Consumer is a class whose as_asgi() returns the application
declared at HERE
hint: pass Consumer.as_asgi()""",
    ),
    (
        lambda: path("<int::a>", app),
        """\
parameter name ':a' is not an identifier in path pattern
    <int::a>
         ~~
declared at HERE""",
    ),
    (
        lambda: path(re.compile("^a$"), app),  # type: ignore[arg-type]
        """\
a path pattern must be a str, not re.compile('^a$')
declared at HERE
hint: use re_path() for regular expressions""",
    ),
    (
        lambda: re_path(r"^users/(?P<id>\d+/$", app),
        r"""invalid regex pattern: missing ), unterminated subpattern
    ^users/(?P<id>\d+/$
           ~
declared at HERE""",
    ),
    (
        lambda: re_path(r"^(?P<a>x)(?P<a>y)$", app),
        """\
invalid regex pattern: redefinition of group name 'a' as group 2; was group 1
    ^(?P<a>x)(?P<a>y)$
                 ~
declared at HERE""",
    ),
    (
        lambda: re_path("a**", app),
        """\
invalid regex pattern: multiple repeat
    a**
      ~
declared at HERE""",
    ),
    (
        lambda: re_path("users/(<int:id>/", app),
        """\
invalid regex pattern: missing ), unterminated subpattern
    users/(<int:id>/
          ~
declared at HERE
hint: this looks like path() syntax""",
    ),
    (
        lambda: re_path(re.compile(b"a"), app),
        """\
a regex pattern must be a str or a compiled re.Pattern of str, not b'a'
declared at HERE""",
    ),
    (
        lambda: format_path("users/{id:dd}/", app),
        """\
unknown format specification 'dd' in format pattern: unknown type 'dd'
    users/{id:dd}/
              ~~
declared at HERE
hint: known converters: int, path, slug, str, uuid""",
    ),
    (
        lambda: format_path("users/{id:d/", app),
        """\
lone '{' in format pattern
    users/{id:d/
          ~
declared at HERE
hint: escape a literal brace by doubling it""",
    ),
    (
        lambda: format_path("users/{}/", app),
        """\
a field of a format pattern needs a name
    users/{}/
          ~~
declared at HERE
hint: write {name}, as in users/{id:d}/""",
    ),
    (
        lambda: format_path("users/{user.id}/", app),
        """\
parameter name 'user.id' is not an identifier in format pattern
    users/{user.id}/
           ~~~~~~~
declared at HERE""",
    ),
    (
        lambda: format_path("users/{id!r}/", app),
        """\
conversion '!r' is not supported in a format pattern
    users/{id!r}/
             ~~
declared at HERE""",
    ),
    (
        lambda: format_path("{a}/{a}/", app),
        """\
parameter 'a' appears twice in format pattern
    {a}/{a}/
         ~
declared at HERE
hint: each parameter of a route needs a unique name""",
    ),
    (
        lambda: path("", Consumer),
        """\
Consumer is a class whose as_asgi() returns the application
declared at HERE
hint: pass Consumer.as_asgi()""",
    ),
    (
        lambda: path("", Endpoint),
        """\
Endpoint is a class, not an application
declared at HERE
hint: pass an instance, Endpoint(…)""",
    ),
    (
        lambda: path("", asgi2),  # type: ignore[arg-type]
        """\
asgi2 cannot be called as app(scope, receive, send)
declared at HERE""",
    ),
    (
        lambda: path("", partial(view, 1)),  # type: ignore[arg-type]
        """\
a partial of view cannot be called as app(scope, receive, send)
declared at HERE""",
    ),
    (
        lambda: path("", partial(Endpoint)),  # type: ignore[arg-type]
        """\
Endpoint is a class, not an application
declared at HERE
hint: pass an instance, Endpoint(…)""",
    ),
    (
        lambda: path("", partial(Consumer)),  # type: ignore[arg-type]
        """\
Consumer is a class whose as_asgi() returns the application
declared at HERE
hint: pass Consumer.as_asgi()""",
    ),
    (
        lambda: path("", OfTwo()),  # type: ignore[arg-type]
        """\
OfTwo cannot be called as app(scope, receive, send)
declared at HERE""",
    ),
    (
        lambda: mount("old", flask.Flask(__name__)),  # type: ignore[arg-type]
        """\
Flask cannot be called as app(scope, receive, send)
declared at HERE
hint: wrap a WSGI application with a2wsgi: mount('old', WSGIMiddleware(app))""",
    ),
    (
        lambda: path("", view),  # type: ignore[arg-type]
        """\
view cannot be called as app(scope, receive, send)
declared at HERE
hint: Django's views are served by get_asgi_application(): mount that""",
    ),
    (
        lambda: path("", View.as_view()),
        """\
View.as_view.<locals>.view cannot be called as app(scope, receive, send)
declared at HERE
hint: Django's views are served by get_asgi_application(): mount that""",
    ),
    (
        lambda: path("", app, view=app),
        """\
path() has an application and a view
declared at HERE
hint: view= is Django's name for the second argument""",
    ),
    (
        lambda: re_path(""),
        """\
re_path() has neither an application nor a view
declared at HERE
hint: view= is Django's name for the second argument""",
    ),
    (
        lambda: path("", "shop.views.app"),  # type: ignore[arg-type]
        """\
'shop.views.app' is not an ASGI application: it cannot be called
declared at HERE
hint: import the application and pass the object; only include() takes the name of a module""",
    ),
    (
        lambda: path("", [path("", app)]),  # type: ignore[arg-type]
        """\
list is not an ASGI application
declared at HERE
hint: write include(routes)""",
    ),
    (
        lambda: path("", app, "index"),  # type: ignore[arg-type]
        """\
kwargs of a route must be a dict with str keys, not 'index'
declared at HERE
hint: write name='index'""",
    ),
    (
        lambda: path("", app, name=5),  # type: ignore[arg-type]
        """\
the name of a route must be a str, not 5
declared at HERE""",
    ),
    (
        lambda: mount("files/<path:name>", app, at_prefix="redirect"),
        """\
at_prefix='redirect' is for the prefix without a slash behind it, and 'name' takes that slash, too
    files/<path:name>
          ~~~~~~~~~~~
declared at HERE
hint: leave at_prefix out, or write what comes behind the parameter""",
    ),
    (
        lambda: mount("static", include([])),  # type: ignore[arg-type]
        """\
mount() takes an application, not an include()
declared at HERE
hint: use path()""",
    ),
    (
        lambda: include("shop.urls"),
        """\
no module named 'shop.urls' to include
declared at HERE
hint: include() takes a module's dotted name, 'shop.urls'""",
    ),
    (
        lambda: include("tests.spec.cases"),
        """\
module 'tests.spec.cases' has no urlpatterns
declared at HERE
hint: define a list named urlpatterns in it""",
    ),
    (
        lambda: include([], namespace="shop"),
        """\
namespace 'shop' requires an application name, which these routes lack
declared at HERE
hint: include((routes, 'name'), namespace=…), or set app_name in the module""",
    ),
    (
        lambda: URLRouter("users/"),  # type: ignore[arg-type]
        """\
URLRouter takes a list of routes, not 'users/'
declared at HERE""",
    ),
    (
        lambda: URLRouter(["users/"]),  # type: ignore[list-item]
        """\
item 1 of the routes of URLRouter is not a route: 'users/'
declared at HERE
hint: write path('users/', app)""",
    ),
    (
        lambda: URLRouter([], default=5),  # type: ignore[arg-type]
        """\
default of URLRouter: 5 is not an ASGI application: it cannot be called
declared at HERE""",
    ),
    (
        lambda: ProtocolTypeRouter({"websocket": Consumer}),
        """\
scope type 'websocket': Consumer is a class whose as_asgi() returns the application
declared at HERE
hint: pass Consumer.as_asgi()""",
    ),
    (
        lambda: ProtocolTypeRouter({b"http": app}),  # type: ignore[dict-item]
        """\
a scope type of ProtocolTypeRouter must be a str, not b'http'
declared at HERE
hint: write 'http'""",
    ),
    (
        lambda: ProtocolTypeRouter(None),  # type: ignore[arg-type]
        """\
ProtocolTypeRouter takes a dict from scope type to application, not None
declared at HERE""",
    ),
    (
        lambda: ChannelNameRouter({"mail": None}),  # type: ignore[dict-item]
        """\
channel name 'mail': None is not an ASGI application: it cannot be called
declared at HERE""",
    ),
    (
        lambda: register_converter(Hex, "int"),
        """\
a converter named 'int' is already registered
declared at HERE
hint: give override=True to replace it, or use a Converters registry of your own""",
    ),
    (
        lambda: Converters({"a:b": Hex}),
        """\
'a:b' cannot name a converter
declared at HERE
hint: a name is a string without whitespace, ':' and '>'""",
    ),
    (
        lambda: Converters({"hex": object}),
        """\
converter 'hex' has no regex, or it is not a str
declared at HERE""",
    ),
    (
        lambda: Converters({"hex": type("Half", (), {"regex": "x"})}),
        """\
converter 'hex' has no method to_python()
declared at HERE""",
    ),
    (
        lambda: Converters({"hex": with_regex("[a-")}),
        """\
converter 'hex' has an invalid regex: unterminated character set
    [a-
declared at HERE""",
    ),
    (
        lambda: Converters({"hex": with_regex("(?P<inner>a+)")}),
        """\
converter 'hex' has a named group 'inner' in its regex; only routes can name parameters
    (?P<inner>a+)
declared at HERE""",
    ),
    (
        lambda: re_path("a{99999999999999999999}", app),
        """\
invalid regex pattern: the repetition number is too large
    a{99999999999999999999}
declared at HERE""",
    ),
    (
        lambda: re_path("a[b-", app),
        """\
invalid regex pattern: unterminated character set
    a[b-
     ~
declared at HERE""",
    ),
    (
        lambda: Converters({"hex": with_regex("(?i)[a-f]+")}),
        """\
converter 'hex' has an invalid regex: global flags not at the start of the expression
    (?i)[a-f]+
declared at HERE""",
    ),
]


@pytest.mark.parametrize(
    ("write", "text"), MISTAKES, ids=lambda value: "" if callable(value) else value[:60]
)
def test_mistake(write: Callable[[], Any], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake is refused where it is written, and the error shows the place."""
    # What other tests have registered with Django would be among the known converters.
    monkeypatch.setattr(django.urls.converters, "REGISTERED_CONVERTERS", {})
    with pytest.raises(ImproperlyConfigured) as caught:
        write()
    here = f"{Path(__file__).relative_to(Path.cwd())}:{write.__code__.co_firstlineno}"
    assert str(caught.value) == text.replace("HERE", here)
    assert bool(caught.value.hint) == ("\nhint: " in text)
    assert caught.value.hint != ""
    if caught.value.span is not None:
        start, end = caught.value.span
        assert start < end


def test_all_mistakes_of_a_table_come_together() -> None:
    """A table with several mistakes is refused once, with all of them."""
    with pytest.raises(ImproperlyConfigured) as caught:
        URLRouter(["users/", path("ok/", app), include([]), ("a", app)])  # type: ignore[list-item]
    assert isinstance(caught.value, ExceptionGroup)
    assert [str(mistake).splitlines()[0][:50] for mistake in caught.value.exceptions] == [
        "item 1 of the routes of URLRouter is not a route: ",
        "item 3 of the routes of URLRouter is not a route: ",
        "item 4 of the routes of URLRouter is not a route: ",
    ]
    assert str(caught.value).startswith("3 mistakes in the routes of URLRouter\n\nitem 1")


def test_all_mistakes_of_a_route_come_together() -> None:
    """So is a route: its text, its application and its other arguments are looked at together."""
    with pytest.raises(ImproperlyConfigured) as caught:
        path("<itn:a>/<a b>/", Consumer, kwargs="name")  # type: ignore[arg-type]
    assert isinstance(caught.value, ExceptionGroup)
    assert len(caught.value.exceptions) == 3
    texts, _, _ = caught.value.exceptions
    assert isinstance(texts, ExceptionGroup)
    assert len(texts.exceptions) == 2
    of_converters, rest = caught.value.split(lambda error: str(error).startswith("unknown conv"))
    assert isinstance(of_converters, ImproperlyConfigured)
    assert isinstance(rest, ImproperlyConfigured)
    assert "whitespace" in str(rest)


def test_a_regex_that_has_changed() -> None:
    """It is read when a route is written; where it is no good by then, the place is shown."""
    kind = with_regex("a+")
    registry = Converters({"some": kind})
    kind.regex = "["
    with pytest.raises(ImproperlyConfigured) as caught:
        path("a/<some:x>/", app, converters=registry)
    assert str(caught.value).splitlines()[:3] == [
        "converter 'some' has an invalid regex: unterminated character set",
        "    a/<some:x>/",
        "      ~~~~~~~~",
    ]


def test_all_mistakes_of_a_text_come_together() -> None:
    """So is a text, of which the group says what it is."""
    for route, text, of in [
        (path, "<a b>/<itn:c>", "path pattern '<a b>/<itn:c>'"),
        (format_path, "{a b}/{c:dd}", "format pattern '{a b}/{c:dd}'"),
    ]:
        with pytest.raises(ImproperlyConfigured) as caught:
            route(text, app)
        assert str(caught.value).startswith(f"2 mistakes in {of}\n\n")


def test_routes_of_starlette_are_recognised() -> None:
    """They need Starlette's own router, which can be mounted."""
    from starlette.routing import Mount, Route, WebSocketRoute  # noqa: PLC0415

    for route in (Route("/a", app), WebSocketRoute("/a", app), Mount("/a", app)):
        with pytest.raises(ImproperlyConfigured) as caught:
            URLRouter([route])  # type: ignore[list-item]
        assert caught.value.hint == (
            "routes of Starlette need its router: mount('', starlette.routing.Router([…]))"
        )


def test_a_broken_module_is_not_taken_for_a_missing_one(tmp_path: Path, monkeypatch: Any) -> None:
    """What a module to include fails to import is its own error."""
    (tmp_path / "broken_urls.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        include("broken_urls")


def test_the_place_is_the_users_line_through_functions_of_theirs() -> None:
    """A function of the user's that makes routes is where they were declared."""

    def make() -> Any:
        return path("x", app)

    assert make().declared.line == make.__code__.co_firstlineno + 1
    assert make().declared.file == __file__


def test_errors_copy_and_pickle() -> None:
    """An error survives being sent to another process."""
    with pytest.raises(ImproperlyConfigured) as caught:
        path("<itn:id>", app)
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):  # noqa: S301
        assert str(again) == str(caught.value)


def test_with_pattern_functions_are_converters() -> None:
    """What `parse.with_pattern` makes can be registered, and used in both syntaxes."""

    @parse.with_pattern(r"\d{4}")
    def year(text: str) -> int:
        return int(text)

    mine = Converters({"Year": year})
    for route in (
        path("<Year:y>/", app, converters=mine),
        format_path("{y:Year}/", app, converters=mine),
    ):
        router = URLRouter([route])
        assert asgi_routes.URLRouter is type(router)
        found = router.match({"type": "http", "path": "/2026/"})
        assert found
        assert found.scope["url_route"]["kwargs"] == {"y": 2026}
        assert not router.match({"type": "http", "path": "/26/"})
