"""The source that a table is compiled to, as `URLRouter.source` shows it."""

import gc
import inspect
import linecache
import sys
from typing import Any

import pytest

from asgi_routes import URLRouter, path, re_path


async def app(scope: Any, receive: Any, send: Any) -> None: ...


SOURCES: dict[str, tuple[list[Any], str]] = {
    "a literal path is looked up, or searched for behind what might match it": (
        [path("a/", app), path("<x>/", app), path("b/", app), path("c", app)],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 2:
        pass
    else:
        if count < 3:
            s0, s1 = segments
            if s1 == '':
                # <x>/
                if s0:
                    return row0, (), {'x': s0}, ''
            if s0 == 'b':
                if s1 == '':
                    # b/
                    return row1, (), {}, ''
        else:
            pass
    return None
""",
    ),
    "what differs only in rows and texts is written once": (
        [*(path(f"{text}/<int:id>/", app, {"k": text}) for text in "abcd"), path("<x>/last/", app)],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 3:
        pass
    else:
        if count < 4:
            s0, s1, s2 = segments
            if s2 == '':
                # 4 routes: a/<int:id>/, b/<int:id>/, c/<int:id>/, …
                if (r1 := by_text0(s0)) is not None:
                    r2, r3 = r1
                    if s1.isdigit() and s1.isascii():
                        try: return r2, (), {'id': int(s1), 'k': r3}, ''
                        except ValueError: pass
                if s1 == 'last':
                    # <x>/last/
                    if s0:
                        return row1, (), {'x': s0}, ''
        else:
            pass
    return None
""",
    ),
    "what differs in more is numbered, and found by halves": (
        [
            *(path(text, app) for text in ("a/<x>", "b/<int:x>", "c/<path:x>", "d/<x>-<y>")),
            path("e/<z>", app, {"k": 1}),
            re_path("^e/f$", app),
        ],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 2:
        pass
    else:
        if count < 3:
            s0, s1 = segments
            if (r1 := number0(s0)) is not None:
                if r1 < 2:
                    if r1 < 1:
                        # 'a'
                        # a/<x>
                        if s1:
                            return row1, (), {'x': s1}, ''
                    else:
                        # 'b'
                        # b/<int:x>
                        if s1.isdigit() and s1.isascii():
                            try: return row2, (), {'x': int(s1)}, ''
                            except ValueError: pass
                else:
                    if r1 < 3:
                        # 'c'
                        # c/<path:x>
                        if (tail := path[len(s0) + 1:]) and '\n' not in tail:
                            return row3, (), {'x': tail}, ''
                    else:
                        if r1 < 4:
                            # 'd'
                            # d/<x>-<y>
                            if (hit := follow4(path)) is not None: return hit
                        else:
                            # 'e'
                            # e/<z>
                            if s1:
                                return row6, (), {'z': s1, 'k': default5}, ''
                            # ^e/f$
                            if (hit := follow7(path)) is not None: return hit
        else:
            s0, *_ = segments
            if s0 == 'c':
                # c/<path:x>
                if (tail := path[len(s0) + 1:]) and '\n' not in tail:
                    return row3, (), {'x': tail}, ''
            if s0 == 'e':
                # ^e/f$
                if (hit := follow7(path)) is not None: return hit
    return None
""",
    ),
    "where most begin alike they are compared first": (
        [
            path("a/x/<a>", app),
            path("a/y/<int:b>", app),
            path("a/z/<path:c>", app),
            path("b/<d>/c", app),
        ],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 3:
        pass
    else:
        if count < 4:
            s0, s1, s2 = segments
            if s0 == 'a':
                if s1 == 'x':
                    # a/x/<a>
                    if s2:
                        return row0, (), {'a': s2}, ''
                elif s1 == 'y':
                    # a/y/<int:b>
                    if s2.isdigit() and s2.isascii():
                        try: return row1, (), {'b': int(s2)}, ''
                        except ValueError: pass
                elif s1 == 'z':
                    # a/z/<path:c>
                    if (tail := path[len(s0) + len(s1) + 2:]) and '\n' not in tail:
                        return row2, (), {'c': tail}, ''
            else:
                if s0 == 'b':
                    if s2 == 'c':
                        # b/<d>/c
                        if s1:
                            return row3, (), {'d': s1}, ''
        else:
            s0, s1, *_ = segments
            if s0 == 'a':
                if s1 == 'z':
                    # a/z/<path:c>
                    if (tail := path[len(s0) + len(s1) + 2:]) and '\n' not in tail:
                        return row2, (), {'c': tail}, ''
    return None
""",
    ),
    "behind a nested router nothing else is looked at": (
        [path("n/", URLRouter([path("<x>/", app), re_path("a", app)])), path("", app, {"k": 1})],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 3:
        if count < 2:
            s0, = segments
            if s0 == '':
                # ''
                return row1, (), {'k': default0}, ''
        else:
            s0, _ = segments
            if s0 == 'n':
                # n/a
                if (hit := follow2(path)) is not None: return hit
    else:
        if count < 4:
            s0, s1, s2 = segments
            if s0 == 'n':
                if s2 == '':
                    # n/<x>/
                    if s1:
                        return row3, (), {'x': s1}, ''
            if s0 == 'n':
                # n/a
                if (hit := follow2(path)) is not None: return hit
        else:
            s0, *_ = segments
            if s0 == 'n':
                # n/a
                if (hit := follow2(path)) is not None: return hit
    return None
""",
    ),
    "what differs in more than that is written out": (
        [
            *(
                path(f"{first}/{second}/{third}", app)
                for first, thirds in (
                    ("a", ("<int:x>", "<x>", "<slug:x>")),
                    ("b", ("<x>", "<int:x>", "<slug:x>")),
                    ("c", ("<slug:x>", "<x>", "<int:x>")),
                )
                for second, third in zip("abc", thirds, strict=True)
            )
        ],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 3:
        pass
    else:
        if count < 4:
            s0, s1, s2 = segments
            if s0 == 'a':
                if s1 == 'a':
                    # a/a/<int:x>
                    if s2.isdigit() and s2.isascii():
                        try: return row0, (), {'x': int(s2)}, ''
                        except ValueError: pass
                elif s1 == 'b':
                    # a/b/<x>
                    if s2:
                        return row1, (), {'x': s2}, ''
                elif s1 == 'c':
                    # a/c/<slug:x>
                    if s2 and not s2.strip('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'):
                        return row2, (), {'x': s2}, ''
            elif s0 == 'b':
                if s1 == 'a':
                    # b/a/<x>
                    if s2:
                        return row3, (), {'x': s2}, ''
                elif s1 == 'b':
                    # b/b/<int:x>
                    if s2.isdigit() and s2.isascii():
                        try: return row4, (), {'x': int(s2)}, ''
                        except ValueError: pass
                elif s1 == 'c':
                    # b/c/<slug:x>
                    if s2 and not s2.strip('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'):
                        return row5, (), {'x': s2}, ''
            elif s0 == 'c':
                if s1 == 'a':
                    # c/a/<slug:x>
                    if s2 and not s2.strip('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'):
                        return row6, (), {'x': s2}, ''
                elif s1 == 'b':
                    # c/b/<x>
                    if s2:
                        return row7, (), {'x': s2}, ''
                elif s1 == 'c':
                    # c/c/<int:x>
                    if s2.isdigit() and s2.isascii():
                        try: return row8, (), {'x': int(s2)}, ''
                        except ValueError: pass
        else:
            pass
    return None
""",
    ),
    "families come first, the largest of them in front, and then a few by comparison": (
        [
            *(path(f"{text}/<int:x>", app) for text in "ab"),
            *(path(f"{text}/<x>", app) for text in "cde"),
            path("f/<slug:x>", app),
            path("g/<path:x>", app),
            path("h/<x>-<y>", app),
            path("i/<x>", app, {"k": 1}),
        ],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 2:
        pass
    else:
        if count < 3:
            s0, s1 = segments
            # 3 routes: c/<x>, d/<x>, e/<x>
            if (r1 := by_text0(s0)) is not None:
                if s1:
                    return r1, (), {'x': s1}, ''
            # 2 routes: a/<int:x>, b/<int:x>
            if (r1 := by_text1(s0)) is not None:
                if s1.isdigit() and s1.isascii():
                    try: return r1, (), {'x': int(s1)}, ''
                    except ValueError: pass
            if s0 == 'f':
                # f/<slug:x>
                if s1 and not s1.strip('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'):
                    return row2, (), {'x': s1}, ''
            elif s0 == 'g':
                # g/<path:x>
                if (tail := path[len(s0) + 1:]) and '\n' not in tail:
                    return row3, (), {'x': tail}, ''
            elif s0 == 'h':
                # h/<x>-<y>
                if (hit := follow4(path)) is not None: return hit
            elif s0 == 'i':
                # i/<x>
                if s1:
                    return row6, (), {'x': s1, 'k': default5}, ''
        else:
            s0, *_ = segments
            if s0 == 'g':
                # g/<path:x>
                if (tail := path[len(s0) + 1:]) and '\n' not in tail:
                    return row3, (), {'x': tail}, ''
    return None
""",
    ),
    "where all are literal nothing is searched for": (
        [path("a/", app), path("b/", app)],
        r"""
def match(path):
    return None
""",
    ),
    "two choices in a row are written once as well": (
        [*(path(f"{first}/<x>/{second}/", app) for first in "abc" for second in ("c", "d", "e"))],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 4:
        pass
    else:
        if count < 5:
            s0, s1, s2, s3 = segments
            # 9 routes: a/<x>/c/, a/<x>/d/, a/<x>/e/, …
            if (r1 := by_text0(s0)) is not None:
                # 3 routes: a/<x>/c/, a/<x>/d/, a/<x>/e/
                if (r2 := r1(s2)) is not None:
                    r3, r4 = r2
                    if s3 == r3:
                        if s1:
                            return r4, (), {'x': s1}, ''
        else:
            pass
    return None
""",
    ),
    "those that are tried in order are written once, too": (
        [
            *(
                route
                for text in "ab"
                for route in (path(f"{text}/<int:x>", app), path(f"{text}/<x>", app))
            )
        ],
        r"""
def match(path):
    segments = path.split('/')
    count = len(segments)
    if count < 2:
        pass
    else:
        if count < 3:
            s0, s1 = segments
            # 4 routes: a/<int:x>, a/<x>, b/<int:x>, …
            if (r1 := by_text0(s0)) is not None:
                r2, r3 = r1
                if s1.isdigit() and s1.isascii():
                    try: return r2, (), {'x': int(s1)}, ''
                    except ValueError: pass
                if s1:
                    return r3, (), {'x': s1}, ''
        else:
            pass
    return None
""",
    ),
}


@pytest.mark.parametrize("what", SOURCES)
def test_source(what: str) -> None:
    """It reads like code that somebody wrote, and says for which routes it is there."""
    routes, source = SOURCES[what]
    assert URLRouter(routes).source() == source.removeprefix("\n")


def test_tracebacks_show_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at the function finds its text, for as long as the table lives."""

    def found(file: str) -> bool:
        gc.collect()
        return file in linecache.cache

    raised: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: raised.append(error))
    for is_cleared in (False, True):
        router = URLRouter([path("<x>/", app)])
        match: Any = router.matcher
        assert (match.__name__, match.__module__) == ("match", "asgi_routes.engine.compiled")
        assert match.__code__.co_flags & inspect.CO_OPTIMIZED
        file = match.__code__.co_filename
        assert "".join(linecache.getlines(file)) == inspect.getsource(match) == router.source()
        del match
        assert found(file)
        if is_cleared:
            linecache.clearcache()
        del router
        assert not found(file)
    assert raised == []
