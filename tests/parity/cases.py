"""Random tables and paths, as plain data that both sides are built from.

Tables are dense: many routes over few texts and depths, so that they overlap. Paths are made from a
route of the table, and then a part of them is damaged; noise alone would miss on both sides.
"""

import random

from asgi_routes.migration.tables import Declared, Target

TEXTS = ["a", "b", "1", "a-b", "x.y"]
SAMPLES = {
    "": ["a", "b", "1", "a-b", "é", "x.y", "a b"],
    "str:": ["a", "b", "7"],
    "int:": ["0", "1", "007", "12"],
    "slug:": ["a-b", "b_1", "1"],
    "uuid:": ["0f0f0f0f-1234-4abc-8def-0123456789ab"],
    "path:": ["a/b", "1", "a/b/1", "b/"],
    "even:": ["2", "14", "3"],
    "group:": ["a", "aab"],
    "maybe:": ["", "ab"],
    "pair:": ["ab", "11"],
}
NAMES = [*SAMPLES]
WEIGHTS = [8, 2, 6, 3, 1, 3, 2, 1, 1, 1]
REGEXES = [
    ("^a/", ["a/"]),
    ("^a", ["a", "ab"]),
    ("b", ["b", "ab", "xb"]),
    ("", [""]),
    ("^a/$", ["a/"]),
    (r"^(\d+)/", ["1/", "12/"]),
    (r"^(\w+)/(\w+)/$", ["a/b/", "1/a/"]),
    (r"^(?P<x>\d+)/", ["7/"]),
    (r"^(?P<x>\w+)/(?P<y>\w+)/", ["a/1/"]),
    (r"^(?P<p>\w)/(\d)", ["a/1"]),
    ("^a(b)?/", ["a/", "ab/"]),
    ("^a(?P<q>b)?/$", ["a/", "ab/"]),
    ("^(?:(?P<x>b)|(1))/", ["b/", "1/"]),
    (r"^(\w+/)*$", ["a/b/", ""]),
    (r"^x\.y/(.*)$", ["x.y/a/b"]),
    ("^a|1$", ["a", "1"]),
    ("b/$", ["b/", "a/b/"]),
]


class Generator:
    """Makes random tables, and paths for them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self.leaves = 0

    def table(self, nested: tuple[str, ...], depth: int = 2) -> tuple[Declared, ...]:
        """Return the routes of a table; ``nested`` are the kinds of targets that have routes."""
        most = 12 if depth == 2 else 5
        return tuple(self.route(nested, depth) for _ in range(self.random.randint(1, most)))

    def route(self, nested: tuple[str, ...], depth: int) -> Declared:
        is_nested = depth > 0 and self.random.random() < 0.3
        function = self._function(nested)
        if function == "mount":
            text, samples = self.text(is_prefix=False)
            text = text.strip("/")
            samples = [sample.strip("/") for sample in samples]
        elif function == "re_path":
            text, samples = self.random.choice(REGEXES)
        else:
            text, samples = self.text(is_prefix=is_nested)
        target = Target("leaf", self.leaves)
        self.leaves += 1
        if is_nested:
            kind = "router" if function == "mount" else self.random.choice(nested)
            target = Target(kind, 0, self.table(nested, depth - 1))
        kwargs = None
        if function != "mount" and self.random.random() < 0.2:
            kwargs = {self.random.choice(["p0", "x", "d"]): self.random.choice(["D", 5, None])}
        return Declared(function, text, tuple(samples), target, kwargs)

    def _function(self, nested: tuple[str, ...]) -> str:
        chance = self.random.random()
        if chance < 0.06 and "router" in nested:
            return "mount"
        return "re_path" if chance < 0.35 else "path"

    def text(self, *, is_prefix: bool) -> tuple[str, list[str]]:
        """Return a text in the syntax of path(), and paths that it matches."""
        texts, samples = [], []
        for number in range(self.random.randint(0, 3)):
            name = self.random.choices(NAMES, WEIGHTS)[0]
            parameter, values = f"<{name}p{number}>", SAMPLES[name]
            kind = self.random.random()
            if kind < 0.45:
                texts.append(self.random.choice(TEXTS))
                samples.append([texts[-1]])
            elif kind < 0.9:
                texts.append(parameter)
                samples.append(values)
            else:
                shape = self.random.choice(["{}-{}", "x{}{}", "{}.{}"])
                texts.append(shape.format(parameter, f"<q{number}>"))
                samples.append([shape.format(value, "z") for value in values])
        end = "/" if texts and self.random.random() < (0.8 if is_prefix else 0.6) else ""
        made = ["/".join(map(self.random.choice, samples)) + end for _ in range(3)]
        return "/".join(texts) + end, made

    def path(self, table: tuple[Declared, ...]) -> str:
        """Return a path that a route of the table was made for, perhaps damaged."""
        text = self._derived(table)
        if self.random.random() < 0.35:
            text = self._damaged(text)
        return self.random.choice([*["/"] * 8, "", "", "//"]) + text

    def _derived(self, table: tuple[Declared, ...]) -> str:
        route = self.random.choice(table)
        text = self.random.choice(route.samples)
        return text + (self._derived(route.target.routes) if route.target.routes else "")

    def _damaged(self, text: str) -> str:
        at = self.random.randint(0, len(text))
        segments = text.split("/")
        number = self.random.randrange(len(segments))
        before, behind = segments[:number], segments[number + 1 :]
        return self.random.choice(
            [
                text[:at] + self.random.choice("ab1/-.é\n٣") + text[at:],
                text[:at] + text[at + 1 :],
                "/".join([*before, *behind]),
                "/".join([*before, segments[number], segments[number], *behind]),
                "/".join([*before, "9" * 5000, *behind]),
                text.removesuffix("/"),
                text + self.random.choice(["/", "\n", "/\n", "x", "/a", "//"]),
                text.upper(),
                text.replace("/", "//", 1),
                self.random.choice(["", "/", "?x=1", "%61/", "..", "./a/"]),
            ]
        )
