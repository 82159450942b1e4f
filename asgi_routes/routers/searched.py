"""What the routers have in common: how they are asked, and the check of what a user wrote.

A router that exists has only applications in it, and keeps nothing of the caller's that may change.
"""

import inspect
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any

from asgi_routes.apps import walk
from asgi_routes.callables import find_mistake_in_app, take_app
from asgi_routes.dispatch import (
    NOTHING,
    Branch,
    Child,
    Chosen,
    Found,
    Key,
    Level,
    Match,
    NoMatch,
    Router,
    Search,
    is_application,
)
from asgi_routes.errors import ImproperlyConfigured, Place, find_caller, raise_together
from asgi_routes.lifespan import LifespanContext, expect_start, policy_of_endpoint
from asgi_routes.middleware import Middleware, make_layer
from asgi_routes.patterns import find_mistake_in_text
from asgi_routes.routers.channels import MakeRouter, adopt_app, adopt_apps
from asgi_routes.routers.direct import find_behind_key, put_around
from asgi_routes.scopes import UNSET, Policy, Settings, take_scope
from asgi_routes.suspicions import Suspicion, suspect_app, suspect_lifespan, warn_of
from asgi_routes.types import App, Scope


class SearchedRouter(Router):
    """A router of ours: the search goes through it, by its `branches`.

    Attributes:
        settings: what it sets for itself and for what is below it.
        declared: the user's line; for a copy, that of the router it was made of.
        is_transparent: whether it sets nothing, and has no middleware.
        misses_by_key: whether a miss behind the key of the scope is a miss, whatever other keys
            lead to.
    """

    settings: Settings
    misses_by_key = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.has_our_match = cls.match is SearchedRouter.match
        if not cls.has_our_match:
            cls.find_at_once = Router.find_at_once  # type: ignore[method-assign]
        if "__init__" in vars(cls) and not cls.__module__.startswith("asgi_routes."):
            cls.__init__ = _check_after(cls.__init__, cls.__qualname__)  # type: ignore[method-assign]

    def __init__(
        self, default: Any, middleware: Middleware, slashes: Any = None, encoded_slashes: Any = None
    ) -> None:
        name = type(self).__qualname__
        self._is_copy = "declared" in vars(self)
        if not self._is_copy:
            self.declared: Place = find_caller()
        self.default = check_default(default, name)
        self.layer = make_layer(middleware, name)
        own = UNSET if is_application(self.default) else self.default
        self.settings = Settings(own, slashes, encoded_slashes)
        self.is_transparent = self.layer is None and self.settings == _NO_SETTINGS

    def set_lifespan(self, lifespan: LifespanContext | None) -> None:
        """Take a lifespan of its own, or None.

        Raises:
            ImproperlyConfigured: it is not a function that returns an async context manager.
        """
        self.lifespan = check_lifespan(lifespan, type(self).__qualname__)
        if lifespan is not None:
            expect_start(self)

    def warn_of_suspicions(self) -> None:
        """Warn of what can hardly have been meant; of a copy, that was done before."""
        if not self._is_copy:
            warn_of(self.list_suspicions(), self.declared)

    def list_suspicions(self) -> Iterator[Suspicion]:
        """Yield what can hardly have been meant in what the router was made of."""
        if is_application(self.default):
            yield from suspect_app(self.default)
        yield from suspect_lifespan(self.lifespan, type(self).__qualname__)

    def match(self, scope: Scope | str) -> Match | NoMatch:
        """Return what serves a scope, behind other routers too. Nothing is called.

        Args:
            scope: a scope; or a path or URL, for a GET of it, or with ``ws`` for a websocket.

        Raises:
            TypeError: it is neither.
        """
        if type(scope) is not dict:
            scope = take_scope(scope, "match")
        found = self.find_at_once(scope)
        if found is None:
            return self.find_at_length(scope)
        return Match(*found[:4]) if isinstance(found, tuple) else found

    def find_at_once(self, scope: Scope) -> Found | NoMatch | None:
        """Return what serves a scope, or a miss, where that is told without the search; else None."""
        chosen = self.find_key(scope)
        if chosen is None:
            return None
        key, taken = chosen
        is_plain = self.is_transparent and taken is NOTHING
        if not key.is_direct:
            return find_behind_key(self, key, taken, scope) if "route" not in scope else None
        found: Found | NoMatch | None = None
        if is_plain or "route" not in scope:
            found = key.app.find_at_once(scope)
        if isinstance(found, tuple):
            if not is_plain:
                return put_around(self, key, taken, scope, found)
            app, child, endpoint, passed, published = found
            return app, child, endpoint, (self, key, passed), published
        is_told = found is not None and is_plain and self.misses_by_key
        return found.put_below(self, key) if is_told else None  # type: ignore[union-attr]

    # Copying. What a router consists of follows from what it was made of, and is made again: its
    # matcher would still lead to the applications of the one that was copied.

    def _arguments(self) -> dict[str, Any]:
        """Return the arguments that make an equal router."""
        layer = self.layer
        return {"default": self.default, "middleware": () if layer is None else layer.callables}

    def __reduce__(self) -> tuple[Any, ...]:
        ours = vars(_make_blank(_class_of_ours(type(self))))
        kept = {name: value for name, value in vars(self).items() if name not in ours}
        kept["declared"] = self.declared
        return _make_blank, (type(self),), (self._arguments(), kept)

    def __setstate__(self, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
        arguments, kept = state
        vars(self).update(kept)
        _class_of_ours(type(self)).__init__(self, **arguments)  # type: ignore[misc]
        behind = [visit.router for visit in walk(self)]
        if any(router is self for router in behind[1:]):
            # It leads to itself, so what is behind it was made when it was blank.
            for router in behind:
                if isinstance(router, SearchedRouter):
                    router.look_again()

    def look_again(self) -> None:
        """Make again what was worked out from the routers behind this one."""

    def find_key(self, _scope: Scope) -> Chosen | None:
        """Return what a scope leads to by its key; None where that is nothing, or not all of it."""
        return None

    @abstractmethod
    def branches(self, level: Level, search: Search) -> Iterator[Branch]:
        """Yield where the search goes on from here, in order."""

    def lead_on(
        self,
        level: Level,
        search: Search,
        chosen: Chosen | None,
        kind: str,
        value: object,
    ) -> Iterator[Branch]:
        """Yield what the key for a value of the scope leads to; where there is none, the default.

        Args:
            level: of this router.
            search: that is under way.
            chosen: what the router has for the value, or None.
            kind: what the value is, for people: ``host``.
            value: what the scope has.
        """
        if chosen is None:
            reason = f"No application configured for {kind} {value!r}."
            yield from search.lead_nowhere(level, reason)
        elif (branch := search.lead_by_key(level, *chosen)) is not None:
            yield branch

    def policy_within(self, policy: Policy) -> Policy:
        """Return what holds here, where a policy holds around."""
        return policy if self.settings == _NO_SETTINGS else self.settings.within(policy)


_NO_SETTINGS = Settings()
_SHOWN_KEYS = 4


class KeyedRouter(SearchedRouter):
    """A router of ours that goes by one key, for each of which it has an application."""

    _apps: dict[str, App]

    def list_suspicions(self) -> Iterator[Suspicion]:
        yield from super().list_suspicions()
        for app in self._apps.values():
            yield from suspect_app(app)

    @property
    def application_mapping(self) -> Mapping[str, App]:
        """What each key leads to, read-only; `match` says what serves a scope."""
        return MappingProxyType(self._apps)

    @application_mapping.setter
    def application_mapping(self, _mapping: object) -> None:
        raise ImproperlyConfigured(
            f"the application_mapping of {type(self).__qualname__} cannot be set",
            hint="pass it to super().__init__(mapping)",
        )

    def __repr__(self) -> str:
        keys = [*map(repr, self._apps)]
        more = [f"{len(keys) - _SHOWN_KEYS} more"] if len(keys) > _SHOWN_KEYS else []
        shown = ", ".join([*keys[:_SHOWN_KEYS], *more])
        return f"<{type(self).__name__} of {shown or 'nothing'}>"


def _check_after(init: Callable[..., None], name: str) -> Callable[..., None]:
    """Make a constructor of a user's class fail at once where it has not called ours."""

    @wraps(init)
    def init_and_check(self: SearchedRouter, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        if not hasattr(self, "settings"):
            raise ImproperlyConfigured(
                f"{name}.__init__() does not call super().__init__()",
                hint="call it with the routes or the mapping; router.replace(routes) changes routes later",
            )

    return init_and_check


def _class_of_ours(kind: type) -> type:
    """Return the class of this package that a router's class is, or derives from."""
    package = __name__.partition(".")[0]
    return next(one for one in kind.__mro__ if one.__module__.partition(".")[0] == package)


def _make_blank(kind: type) -> Any:
    """Return a router that leads nowhere yet: what leads back to it can be copied before it is."""
    router: Any = object.__new__(kind)
    _class_of_ours(kind).__init__(router, {})  # type: ignore[misc]
    return router


def make_keys(apps: Mapping[str, App]) -> dict[str, Key]:
    """Return what each key of a mapping leads to."""
    return {text: Key(text, app) for text, app in apps.items()}


def check_mapping(
    mapping: object, router: str, key: str, make_router: MakeRouter
) -> dict[str, App]:
    """Return a copy of the mapping, with routers of Channels and applications of ASGI 2 adopted.

    Raises:
        ImproperlyConfigured: it is no mapping, a key is not text, or a value is not an
            application; all such mistakes together.
    """
    if not isinstance(mapping, Mapping):
        raise ImproperlyConfigured(
            f"{router} takes a dict from {key} to application, not {mapping!r}"
        )
    mistakes = []
    for name, app in mapping.items():
        is_ascii = isinstance(name, bytes) and name.isascii()
        hint = f"write {name.decode()!r}" if is_ascii else None
        if mistake := find_mistake_in_text(name, f"a {key} of {router}", hint):
            mistakes.append(mistake)
        if wrong := find_mistake_in_app(app):
            mistakes.append(ImproperlyConfigured(f"{key} {name!r}: {wrong[0]}", hint=wrong[1]))
    raise_together(mistakes, router)
    return adopt_apps({name: take_app(app) for name, app in mapping.items()}, make_router)


def check_default(default: Any, router: str) -> Any:
    """Return the default.

    Raises:
        ImproperlyConfigured: it is neither an application nor a policy.
    """
    if default is None or default is UNSET:
        return default
    if wrong := find_mistake_in_app(default):
        raise ImproperlyConfigured(f"default of {router}: {wrong[0]}", hint=wrong[1])
    return adopt_app(take_app(default))


def list_endpoints(apps: Mapping[str, App]) -> Iterator[Child]:
    """Yield the applications of a mapping, each with its part in the lifespan."""
    for key, app in apps.items():
        yield Child(key, app, lifespan=policy_of_endpoint(app))


def yield_default_child(default: Any) -> Iterator[Child]:
    """Yield the default as the last that a router leads to, where it is an application."""
    if is_application(default):
        yield Child("default", default, is_default=True)


def check_lifespan(lifespan: LifespanContext | None, router: str) -> LifespanContext | None:
    """Return a router's own lifespan.

    Raises:
        ImproperlyConfigured: it is not a function that returns an async context manager.
    """
    if lifespan is None:
        return None
    if inspect.isasyncgenfunction(lifespan):
        raise ImproperlyConfigured(
            f"lifespan of {router} is a generator, not a context manager",
            hint="decorate it with contextlib.asynccontextmanager",
        )
    if hasattr(lifespan, "__aenter__"):
        raise ImproperlyConfigured(
            f"lifespan of {router} is a context manager, which can be entered once",
            hint="pass the function that returns it",
        )
    if not callable(lifespan):
        raise ImproperlyConfigured(f"lifespan of {router} cannot be called: {lifespan!r}")
    return lifespan
