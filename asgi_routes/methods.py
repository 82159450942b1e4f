"""The http methods of a route.

In: what a user wrote. Out: the methods that it serves, or the mistakes in them. The rule kept here: HEAD
follows from GET (RFC 9110, 9.3.2).
"""

from collections.abc import Iterable, Iterator

from asgi_routes.errors import ImproperlyConfigured


def served_methods(methods: Iterable[str], *, head: bool = True) -> frozenset[str]:
    """Return the methods that a route with these serves.

    >>> sorted(served_methods(["GET", "POST"]))
    ['GET', 'HEAD', 'POST']
    """
    served = frozenset(methods)
    return served | {"HEAD"} if head and "GET" in served else served


def mistakes_in_methods(methods: object) -> Iterator[ImproperlyConfigured]:
    """Yield the mistakes in a list of methods.

    >>> [mistake.hint for mistake in mistakes_in_methods(["GET", "post"])]
    ["write 'POST'"]
    """
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        hint = f"write [{methods!r}]" if isinstance(methods, str) else None
        yield ImproperlyConfigured(f"methods are a list of texts, not {methods!r}", hint=hint)
        return
    names = list(methods)
    if not names:
        yield ImproperlyConfigured("a route without any method would never match")
    for method in names:
        if not isinstance(method, str):
            yield ImproperlyConfigured(f"a method is text, not {method!r}")
        elif method != method.upper():
            yield ImproperlyConfigured(
                f"method {method!r} would never match: methods are case-sensitive",
                hint=f"write {method.upper()!r}",
            )
