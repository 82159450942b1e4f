"""What `check` finds: the ids, and what each finding holds.

Rule: a finding is true. What cannot be decided is a finding of its own, not a guess.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from asgi_routes.apps import Visit, is_called_as_router, name_of
from asgi_routes.errors import Place
from asgi_routes.routes import Route
from asgi_routes.suspicions import is_silenced

Level: TypeAlias = Literal["error", "warning", "info"]

IDS: dict[str, tuple[Level, str]] = {
    "R101": ("error", "a route or a key can never be reached"),
    "R102": ("info", "two routes overlap in part"),
    "R103": ("info", "whether a route can be reached cannot be decided"),
    "R104": ("warning", "what a guard's prefix misses is served by a later route without it"),
    "R201": ("warning", "two routes have the same name and the same parameters"),
    "R202": ("warning", "a regex has named and unnamed groups"),
    "R203": ("warning", "a route begins with a slash"),
    "R204": ("warning", "a path() or format_path() looks like a regex"),
    "R205": ("warning", "a whole application is served at one path only"),
    "R206": ("warning", "a route that matches everything is not the last"),
    "R207": ("warning", "a route leads to a router that it cannot see"),
    "R208": ("warning", "a whole application is not given what it needs"),
    "R209": ("warning", "a route has a parameter in the syntax of another function"),
    "R210": ("warning", "a parameter of a route does not begin or end"),
    "R211": ("warning", "a route has '?', '#', '%20' or a scheme in it"),
    "R212": ("warning", "a method is none of HTTP's"),
    "R213": ("warning", "a scope type is nearly one of ASGI's"),
    "R214": ("warning", "an application returns nothing that could be awaited"),
    "R215": ("warning", "a lifespan is no function from the router to a context manager"),
    "R216": ("warning", "a parameter replaces that of the same name on an outer level"),
    "R217": ("warning", "a middleware that answers OPTIONS never gets it"),
    "R218": ("warning", "a key around a route or key excludes what it is for"),
    "R301": ("warning", "a regex can take very long"),
    "R302": ("info", "whether a regex can take very long cannot be decided"),
}
"""The level of each finding, and what it is."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A route that a finding is about.

    Attributes:
        template: as declared, over all levels.
        declared: where it was written.
    """

    template: str
    declared: Place


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a table of routes should not have, or that one should know.

    Attributes:
        id: one of `IDS`.
        message: what it is, in one sentence.
        subjects: the routes, the one that it is about first.
        witness: a path that proves it, a host or a channel; None where there is none to show.
        through: ``module:name`` of what somebody has wrapped around the routes by hand, the outermost
            first. It was not called, and may do otherwise.
    """

    id: str
    message: str
    subjects: tuple[Subject, ...]
    witness: str | None = None
    through: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """``error``, ``warning`` or ``info``."""
        return IDS[self.id][0]

    @property
    def is_silenced(self) -> bool:
        """Whether the line of its first route says ``# asgi-routes: ignore``, or so of its id."""
        return is_silenced(self.subjects[0].declared, self.id)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain data for JSON."""
        return {
            "id": self.id,
            "level": self.level,
            "message": self.message,
            "routes": [
                {"template": one.template, "declared": str(one.declared)} for one in self.subjects
            ],
            "witness": self.witness,
            "through": list(self.through),
        }


def make_subject(template: str, route: Route) -> Subject:
    """Return a route as the subject of a finding."""
    return Subject(template, route.declared)


def list_through(visit: Visit | None) -> tuple[str, ...]:
    """Return what stands by hand around a router, and around those on the way to it."""
    names: list[str] = []
    while visit is not None:
        own = visit.router is not None and not is_called_as_router(visit.router)
        around = [*visit.wrappers, *([visit.router] if own else [])]
        names = [*map(name_of, around), *names]
        visit = visit.outer
    return tuple(names)
