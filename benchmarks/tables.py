"""The tables that are measured, and the paths that are asked for.

GitHub's REST API comes from the package ghapi; the others are made up here. A parameter is written
``:name``, or ``:name|int`` where it is a number; each peer's adapter writes it in its own way.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

PARAMETER = re.compile(r":(\w+)(\|int)?")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_BRACES = re.compile(r"\{([\w-]+)\}")
_SEED = 7
_PARAMETERS = 0.4


@dataclass(frozen=True)
class Table:
    """Routes, and paths to ask for.

    Attributes:
        name: as it is printed.
        routes: texts with a leading slash.
        paths: returns fresh paths; no string is asked for twice, so that no cache is measured.
        hits: whether the paths are there.
        regexes: places at which a regex stands among the routes, for those who can.
    """

    name: str
    routes: list[str]
    paths: Callable[[], list[str]]
    hits: bool = True
    regexes: dict[int, str] = field(default_factory=dict)


def filled(route: str, chosen: random.Random) -> str:
    """Return a fresh path for a route."""

    def value(found: re.Match[str]) -> str:
        if found[2]:
            return str(chosen.randrange(1, 10**6))
        return "".join(chosen.choices(_ALPHABET, k=chosen.randint(3, 12)))

    return PARAMETER.sub(value, route)


def fresh(routes: list[str], count: int) -> Callable[[], list[str]]:
    """Return a function that makes new paths for the routes, in an order of its own."""
    chosen = random.Random(_SEED)  # noqa: S311 - to be repeated, not to be secret

    def make() -> list[str]:
        paths = [filled(route, chosen) for _ in range(count // len(routes) + 1) for route in routes]
        chosen.shuffle(paths)
        return paths

    return make


def damaged(
    routes: list[str], count: int, is_hit: Callable[[str], bool]
) -> Callable[[], list[str]]:
    """Return a function that makes new paths that no route matches, of five kinds."""
    chosen = random.Random(_SEED)  # noqa: S311
    make = fresh(routes, count)

    def damage(path: str) -> str:
        segments = path.split("/")
        match chosen.randrange(5):
            case 0:
                segments[1] += "~"
            case 1:
                segments[-1] += "~/~"
            case 2:
                segments += ["~", "~", "~", "~", "~", "~", "~", "~"]
            case 3:
                segments = ["", "wp-admin", segments[-1]]
            case _:
                segments = ["", segments[-1] + "~"]
        return "/".join(segments)

    return lambda: [path for path in map(damage, make()) if not is_hit(path)]


def operations() -> dict[str, list[str]]:
    """Return GitHub's REST API: paths, with their numeric parameters typed, and methods of each."""
    from ghapi.gh_spec import spec  # noqa: PLC0415 - only the benchmark needs it

    methods: dict[str, list[str]] = {}
    for operation in spec["ops"]:
        types = operation.get("param_types", {})
        path = _BRACES.sub(partial(_written, types), operation["path"])
        methods.setdefault(path, []).append(operation["verb"].upper())
    return methods


def github() -> list[str]:
    """Return the paths of GitHub's REST API."""
    return [*operations()]


def _written(types: dict[str, str], found: re.Match[str]) -> str:
    name = found[1].replace("-", "_")  # Most notations want an identifier.
    return f":{name}|int" if types.get(found[1]) == "int" else f":{name}"


def small_api(resources: int) -> list[str]:
    """Return the routes of so many resources, five for each."""
    return [
        f"/resource{number}{tail}"
        for number in range(resources)
        for tail in ("", "/:id|int", "/:id|int/edit", "/:owner/items/:item|int", "/about/team")
    ]


def overlapping() -> tuple[list[str], dict[int, str]]:
    """Return routes that overlap in many ways, and regexes that stand among them."""
    routes = []
    for section in ("news", "blog", "shop", "docs", "help"):
        routes += [
            f"/{section}/latest",
            f"/{section}/:id|int",
            f"/{section}/:slug",
            f"/{section}/:id|int/comments",
            f"/{section}/:slug/edit",
            f"/:lang/{section}/:id|int",
            f"/{section}/:slug/:page|int",
            f"/:lang/:kind/{section}",
        ]
    routes += ["/:lang", "/:lang/:kind", "/:lang/:kind/:id|int"]
    regexes = {
        place: rf"^archive{place}/(?P<year>[0-9]{{4}})/(?P<rest>.*)$"
        for place in range(3, len(routes), len(routes) // 8)
    }
    return routes, regexes


def random_routes(count: int) -> list[str]:
    """Return routes of random texts and parameters."""
    chosen = random.Random(_SEED)  # noqa: S311
    texts = ["a", "b", "c", "d", *(f"x{number}" for number in range(50))]
    routes = set()
    while len(routes) < count:
        segments = [
            f":p{place}" if chosen.random() < _PARAMETERS else chosen.choice(texts)
            for place in range(chosen.randint(2, 6))
        ]
        routes.add("/" + "/".join(segments))
    return sorted(routes)


def shuffled_and_typed(routes: list[str]) -> list[str]:
    """Return routes in no order, with numbers for half of their parameters: so no two agree."""
    typed = [re.sub(r":(p[135])", r":\1|int", route) for route in routes]
    random.Random(_SEED).shuffle(typed)  # noqa: S311
    return typed


def all_tables(is_hit: Callable[[list[str]], Callable[[str], bool]]) -> list[Table]:
    """Return the tables; ``is_hit`` tells of a list of routes whether one of them matches a path."""
    rest = github()
    literal = [route for route in rest if ":" not in route]
    literal += [f"/static/{name}/{number}" for number in range(40) for name in ("a", "b", "c")]
    several, regexes = overlapping()
    return [
        Table("GitHub", rest, fresh(rest, 2000)),
        Table("GitHub, misses", rest, damaged(rest, 2000, is_hit(rest)), hits=False),
        Table("literal", literal, fresh(literal, 2000)),
        Table("overlapping", several, fresh(several, 2000)),
        Table("overlapping, regexes", several, fresh(several, 2000), regexes=regexes),
    ]
