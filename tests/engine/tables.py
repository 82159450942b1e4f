"""Tables of rows, and paths that try them: those that once went wrong, and random ones."""

import random
import re
from itertools import product

TABLES = [
    [],
    ["a"],
    [""],
    ["a", "b/c"],
    ["a/b/c/d"],
    ["a/x"],
    ["a/x", "<b>/x"],
    ["a/x", "a/y", "b/x"],
    ["<p>/x", "a/x", "b/y"],
    ["a/b/x", "a/b/y", "a/c/x", "b/c/z"],
    ["a/<q>", "b/<q>", "c/d/e", "f/<s>/g"],
    ["<a>-x/y", "a/x", "b/x"],
    ["<a>/x", "<b>/x", "<c>/z", "a/b"],
    ["<a>/<b>", "<b>/<c>", "<c>/<d>"],
    ["a/<x>", "<x>/b", "<x>/<y>"],
    ["a/<x>", "a/<y>", "<x>/b"],
    ["<p>/x", "a/<q>", "b/y", "<r>/<s>", "a/v"],
    ["<int:p>/<q>", "a/<q>", "1/<r>", "<slug:p>/<r>", "a/<t>", "b/<t>", "a/<u>"],
    ["a/<q>", "<a>-x/y", "b/<q>", "<path:p>", "a/z"],
    ["a/b/<x>", "a/c/<x>", "a/<y>/d", "b/b/<x>"],
    ["a/<path:p>", "b/c/d"],
    ["<path:p>"],
    ["re:a", "b/"],
    ["t/<a>-<b>/c", "u/c/<a>-<b>", "v/<x>/d"],
]

_SEGMENTS = [
    *("a", "b", "1", "a", "b", "c", "<N>", "<N>", "<int:N>", "<slug:N>", "<even:N>", "a<N>"),
    *("<N>-<mN>", "<uuid:N>", ""),
]
_ENDS = ["", "", "/", "/", "/<path:p>"]


def make_table(seed: int) -> list[str]:
    """Return random routes, dense enough to overlap wherever they can."""
    draw = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    return [
        "re:^a/b"
        if draw.random() < 0.05
        else "/".join(
            draw.choice(_SEGMENTS).replace("N", f"n{number}")
            for number in range(draw.randint(1, 3))
        )
        + draw.choice(_ENDS)
        for _ in range(draw.choice([3, 6, 12, 24]))
    ]


def make_paths(table: list[str]) -> list[str]:
    """Return paths of the texts of a table and a few others, and one that each row matches."""
    texts = {text for route in table for text in route.removeprefix("re:^").split("/")}
    segments = [*sorted(text for text in texts if "<" not in text), "2", "q-r"]
    every = ["/".join(some) for count in (1, 2, 3, 4) for some in product(segments, repeat=count)]
    some = random.Random(len(every)).sample(every, min(len(every), 80))  # noqa: S311 - as above
    return [*some, *(make_path(route) for route in table)]


def make_path(route: str) -> str:
    """Return a path that a route matches."""
    values = {"int:": "2", "even:": "2", "uuid:": "0" * 8 + "-0000" * 3 + "-" + "0" * 12}
    text = route.removeprefix("re:").removeprefix("^")
    return re.sub(r"<(\w*:)?\w+>", lambda found: values.get(found[1], "q"), text)


ALL_TABLES = [*TABLES, *map(make_table, range(60))]
