"""What patterns match, as rows: every matcher, the parity runs and the benchmarks read them.

A row is a route text, how far it has to reach, a path (without its leading slash), and what comes of
it: ``(rest, args, kwargs)``, or None for no match. Rows with the same first cell stand together.
"""

import uuid
from typing import Any, NamedTuple

from asgi_routes.engine import Mode

END, PREFIX, LEVEL, MOUNT = Mode

UUID = "0f0f0f0f-1234-4abc-8def-0123456789ab"


class Case(NamedTuple):
    """One row."""

    route: str
    mode: Mode
    path: str
    expected: tuple[str, tuple[Any, ...], dict[str, Any]] | None


def hit(
    rest: str = "", /, *args: Any, **kwargs: Any
) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Return the last cell of a row that matches."""
    return rest, args, kwargs


PATH_CASES = [
    # Literals stand for themselves, whatever they look like.
    Case("", END, "", hit()),
    Case("", END, "/", None),
    Case("", END, "x", None),
    Case("", PREFIX, "any/thing", hit("any/thing")),
    Case("foo/", END, "foo/", hit()),
    Case("foo/", END, "foo", None),
    Case("foo/", END, "FOO/", None),
    Case("foo/", END, "foo//", None),
    Case("foo/", END, "foo/\n", None),
    Case("foo/", END, "foo/\r\n", None),
    Case("foo/", PREFIX, "foo/\n", hit("\n")),
    Case("foo/", PREFIX, "foobar", None),
    Case("foo", PREFIX, "foobar", hit("bar")),
    Case("/foo/", END, "foo/", None),
    Case("a.b+c*(d)[e]{f}|g^h$i\\j?k", END, "a.b+c*(d)[e]{f}|g^h$i\\j?k", hit()),
    Case("a.b", END, "axb", None),
    Case("^foo$", END, "foo", None),
    Case("^foo$", END, "^foo$", hit()),
    Case("a b\n", END, "a b\n", hit()),
    Case("caf\u00e9/", END, "cafe\u0301/", None),
    Case("<>", END, "<>", hit()),
    Case("<int:id", END, "<int:id", hit()),
    Case("a > b < c", END, "a > b < c", hit()),
    Case("(?P<x>a)", END, "(?Pqa)", hit(x="q")),
    # The five converters.
    Case("x/<int:v>", END, "x/0", hit(v=0)),
    Case("x/<int:v>", END, "x/007", hit(v=7)),
    Case("x/<int:v>", END, "x/" + "9" * 30, hit(v=int("9" * 30))),
    Case("x/<int:v>", END, "x/" + "9" * 4301, None),
    Case("x/<int:v>", END, "x/-1", None),
    Case("x/<int:v>", END, "x/+1", None),
    Case("x/<int:v>", END, "x/1_000", None),
    Case("x/<int:v>", END, "x/\u0663", None),
    Case("x/<int:v>", END, "x/\u00b2", None),
    Case("x/<int:v>", END, "x/1\n", None),
    Case("x/<int:v>", END, "x/", None),
    Case("x/<v>", END, "x/a b", hit(v="a b")),
    Case("x/<v>", END, "x/%2F", hit(v="%2F")),
    Case("x/<v>", END, "x/a\nb", hit(v="a\nb")),
    Case("x/<v>", END, "x/a\n", hit(v="a\n")),
    Case("x/<v>", END, "x/", None),
    Case("x/<v>", END, "x/a/b", None),
    Case("x/<slug:v>", END, "x/a-b_C9", hit(v="a-b_C9")),
    Case("x/<slug:v>", END, "x/a.b", None),
    Case("x/<slug:v>", END, "x/\u00e9", None),
    Case("x/<uuid:v>", END, f"x/{UUID}", hit(v=uuid.UUID(UUID))),
    Case("x/<uuid:v>", END, f"x/{UUID.upper()}", None),
    Case("x/<uuid:v>", END, f"x/{UUID.replace('-', '')}", None),
    Case("x/<path:v>", END, "x/a/b/c", hit(v="a/b/c")),
    Case("x/<path:v>", END, "x//", hit(v="/")),
    Case("x/<path:v>", END, "x/a\rb", hit(v="a\rb")),
    Case("x/<path:v>", END, "x/a\nb", None),
    Case("x/<path:v>", END, "x/", None),
    # Several parameters: greedy, leftmost, with backtracking across them.
    Case("<a><b>", END, "xyz", hit(a="xy", b="z")),
    Case("<int:a><int:b>", END, "123", hit(a=12, b=3)),
    Case("<a>-<b>-<c>x", END, "1-2-3-4x", hit(a="1-2", b="3", c="4")),
    Case("<a>-<b>-<c>x", END, "--------", None),
    Case("<a>-<b>-<c>x", END, "-----x", hit(a="-", b="-", c="-")),
    Case("x/<path:a>/<path:b>", END, "x/1/2/3/4", hit(a="1/2/3", b="4")),
    Case("<path:a>.<str:b>", END, "x/y.tar.gz", hit(a="x/y.tar", b="gz")),
    Case("<path:p>/edit/", END, "a/edit/edit/", hit(p="a/edit")),
    Case("<path:p>/edit/", END, "a/b/", None),
    Case("<path:p>/<int:n>/", END, "a/1/2/", hit(p="a/1", n=2)),
    Case("<int:a><slug:b>/<path:c>", END, "12x/y/z", hit(a=12, b="x", c="y/z")),
    Case("<uuid:u><rest>", END, UUID + "tail", hit(u=uuid.UUID(UUID), rest="tail")),
    Case("<a><uuid:u>", END, "x" + UUID, hit(a="x", u=uuid.UUID(UUID))),
    # Prefixes take what they can get, and know no segments.
    Case("x/<path:v>/", PREFIX, "x/12/rest/more/tail", hit("tail", v="12/rest/more")),
    Case("x/<path:v>", PREFIX, "x/a\nb", hit("\nb", v="a")),
    Case("x/<int:v>", PREFIX, "x/12abc", hit("abc", v=12)),
    Case("x/<int:v>", PREFIX, "x/1.0", hit(".0", v=1)),
    Case("x/<v>", PREFIX, "x/12/rest", hit("/rest", v="12")),
    Case("<a>-<b>", PREFIX, "1-2-3/4-5", hit("/4-5", a="1-2", b="3")),
    # Nested routers read on behind a slash, or at the end, or behind one slash that is taken off.
    Case("", LEVEL, "any/thing", hit("any/thing")),
    Case("", LEVEL, "/any", hit("/any")),
    Case("a/", LEVEL, "a/", hit()),
    Case("a/", LEVEL, "a/x", hit("x")),
    Case("a/", LEVEL, "a//x", hit("/x")),
    Case("a/", LEVEL, "a", None),
    Case("a", LEVEL, "a", hit()),
    Case("a", LEVEL, "a/", None),
    Case("a", LEVEL, "a/x", hit("x")),
    Case("a", LEVEL, "a//", hit("/")),
    Case("a", LEVEL, "a//x", hit("/x")),
    Case("a", LEVEL, "ax", None),
    Case("a", LEVEL, "a\n", None),
    Case("a", LEVEL, "a/\n", hit("\n")),
    Case("t/<slug:t>", LEVEL, "t/a/b", hit("b", t="a")),
    Case("t/<slug:t>", LEVEL, "t/a.b/c", None),
    Case("<a>-<b>", LEVEL, "1-2-3/4-5", hit("4-5", a="1-2", b="3")),
    Case("<path:p>", LEVEL, "a/b/", hit(p="a/b/")),
    Case("<path:p>", LEVEL, "a/\n", hit("\n", p="a/")),
    Case("<path:p>", LEVEL, "a\nb", None),
    # Mounts end where a segment ends.
    Case("m", MOUNT, "m", hit()),
    Case("m", MOUNT, "m/", hit("/")),
    Case("m", MOUNT, "m/x/y", hit("/x/y")),
    Case("m", MOUNT, "mx", None),
    Case("", MOUNT, "any/thing", hit("any/thing")),
    Case("t/<slug:t>", MOUNT, "t/a/b", hit("/b", t="a")),
    Case("t/<slug:t>", MOUNT, "t/a.b/c", None),
    Case("<a>-<b>", MOUNT, "1-2-3/4-5", hit("/4-5", a="1-2", b="3")),
    Case("<path:a>-<b>", MOUNT, "1-2/3-4/5", hit("/5", a="1-2/3", b="4")),
]

REGEX_CASES = [
    # A regex is searched for, unless it is an endpoint whose text ends in "$".
    Case("bar", END, "xbarx", hit("x")),
    Case("bar", END, "x/bar/baz/", hit("/baz/")),
    Case("^bar", END, "bar/baz", hit("/baz")),
    Case("bar$", END, "xbar", None),
    Case("bar$", PREFIX, "xbar", hit()),
    Case("^bar$", END, "bar\n", None),
    Case("^bar$", PREFIX, "bar\n", hit("\n")),
    Case(r"bar\$", END, "bar$", hit()),
    Case(r"bar\$", END, "bar$x", None),
    Case(r"bar\$", PREFIX, "bar$x", hit("x")),
    Case("bar[$]", END, "xbar$y", hit("y")),
    Case("", END, "abc", hit("abc")),
    Case("$", END, "abc", None),
    Case("$", PREFIX, "abc", hit()),
    Case("^a|b$", END, "axx", None),
    Case("^a|b$", END, "b", hit()),
    Case("^a|b$", PREFIX, "axx", hit("xx")),
    Case("(?:^a|b$)", END, "xxb", hit()),
    Case("(?m)^bar$", PREFIX, "foo\nbar", hit()),
    Case("(?x) ^ab$ ", END, "ab", hit()),
    Case("^a+?", END, "aaa", hit("aa")),
    Case("^a+?$", END, "aaa", hit()),
    Case(r"^\w+$", END, "caf\u00e9", hit()),
    # What a regex leaves is read, one slash less where what is before it does not end in one.
    Case("^a", LEVEL, "a", hit()),
    Case("^a", LEVEL, "a/", hit()),
    Case("^a", LEVEL, "a/x", hit("x")),
    Case("^a", LEVEL, "a//x", hit("/x")),
    Case("^a", LEVEL, "ax", hit("x")),
    Case("^a/", LEVEL, "a//x", hit("/x")),
    Case("^a*", LEVEL, "/x", hit("/x")),
    Case("a", LEVEL, "/ba/x", hit("x")),
    Case("^a(/)?", LEVEL, "a//x", hit("/x", "/")),
    # Groups: named ones only, where there is any; else all of them, by position.
    Case(r"^(\d+)/(\d+)/$", END, "1/2/", hit("", "1", "2")),
    Case(r"^(?P<a>\d+)/(\d+)/$", END, "1/2/", hit(a="1")),
    Case("^a(b)?/$", END, "a/", hit("", None)),
    Case("^a(?P<x>b)?/$", END, "a/", hit()),
    Case("^(?:(?P<x>b)|(c))/$", END, "c/", hit()),
    Case("^(?P<x>b*)/$", END, "/", hit(x="")),
    Case("^((a)(b))/$", END, "ab/", hit("", "ab", "a", "b")),
    Case("^(?P<o>(?P<i>a)b)/$", END, "ab/", hit(o="ab", i="a")),
    Case(r"^(\w+/)*$", END, "a/b/c/", hit("", "c/")),
]

FORMAT_CASES = [
    Case("users/{id:d}/", END, "users/42/", hit(id=42)),
    Case("users/{id:d}/", END, "users/-5/", hit(id=-5)),
    Case("users/{id:d}/", END, "users/0x1F/", hit(id=31)),
    Case("users/{id:d}/", END, "users/x/", None),
    Case("users/{id:d}/", END, "users/4/2/", None),
    Case("users/{id:d}/", END, "users/" + "9" * 5000 + "/", None),
    Case("users/{id:d}/", PREFIX, "users/42/posts/", hit("posts/", id=42)),
    Case("users/{id:d}", LEVEL, "users/42/posts/", hit("posts/", id=42)),
    Case("users/{id:d}", LEVEL, "users/42/", None),
    Case("users/{id:d}", END, "users/42\n", None),
    Case("Users/{id:d}/", END, "users/42/", None),
    Case("{name}", END, "a b", hit(name="a b")),
    Case("{name}", END, "a/b", None),
    Case("{name}", END, "", None),
    Case("{{{name}}}", END, "{x}", hit(name="x")),
    Case("a/{{,3}}", END, "a/{,3}", hit()),
    Case("{name}.{ext:w}", END, "a.tar.gz", hit(name="a.tar", ext="gz")),
    Case("{price:f}", END, "1.5", hit(price=1.5)),
    Case("{price:f}", END, "free", None),
    Case("{year:4d}", END, "2026", hit(year=2026)),
    Case("{day:ti}", END, "2024-02-30", None),
    Case("{word:w}", END, "abc", hit(word="abc")),
    Case("{word:w}", END, "a-b", None),
    Case("{id:int}", END, "7", hit(id=7)),
    Case("{id:int}", END, "-7", None),
    Case("{id:uuid}", END, UUID, hit(id=uuid.UUID(UUID))),
    Case("files/{rest:path}", END, "files/a/b", hit(rest="a/b")),
]
