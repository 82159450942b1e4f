"""What is asked for, and what has to come back.

The answer to each request is worked out here from the table, by regular expressions and in order, and not
by any router that is measured.
"""

import random
import re
from dataclasses import dataclass

from benchmarks.load.changing import ONE_SIDED, PREFIX
from benchmarks.tables import PARAMETER, damaged, filled, operations

_SEED = 11
_MISSES = 0.15
_WRONG_METHODS = 0.1
_NUMBERED = re.compile(r"(.*) (\d+) (\d+)")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Asked:
    """One request, and the answer to it.

    Attributes:
        method, target: of the request.
        status, body: of the answer.
        is_numbered: whether two equal numbers of a table come behind the body.
        side: the parity of these numbers; in the tables of the other parity it is a miss.
    """

    method: str
    target: str
    status: int
    body: str
    is_numbered: bool = False
    side: str | None = None

    def is_answered_by(self, status: int, body: str) -> bool:
        """Tell whether an answer is right."""
        if self.side is not None and (status, body) == (404, "Not Found"):
            return True
        if not self.is_numbered:
            return (status, body) == (self.status, self.body)
        found = _NUMBERED.fullmatch(body)
        if status != self.status or not found or found[1] != self.body or found[2] != found[3]:
            return False
        return self.side is None or self.side == ("odd" if int(found[2]) % 2 else "even")


class Answers:
    """The answers that the first route of the table that fits gives."""

    def __init__(self) -> None:
        self._table = operations()
        self._routes = [
            (re.compile(PARAMETER.sub(_group, text)), text, methods)
            for text, methods in self._table.items()
        ]

    def to(self, method: str, target: str, variant: str) -> Asked:
        """Return a request with the answer that a variant has to give."""
        allowed = False
        for regex, text, methods in self._routes:
            if not (found := regex.fullmatch(target)):
                continue
            if method in methods:
                params = [f"{name}={value}" for name, value in found.groupdict().items()]
                body = " ".join([f"{method} {text}", *params, target])
                is_numbered = variant == "changing" and text.startswith(f"{PREFIX}/")
                return Asked(method, target, 200, body, is_numbered)
            allowed = True
        if allowed:
            return Asked(method, target, 405, "Method Not Allowed")
        return Asked(method, target, 404, "Not Found")

    def mix(self, variant: str) -> list[Asked]:
        """Return every operation twice, with misses and wrong methods among them; always the same."""
        chosen = random.Random(_SEED)  # noqa: S311 - to be repeated, not to be secret
        asked = [
            (method, filled(text, chosen))
            for text, methods in self._table.items()
            for method in methods * 2
        ]
        hits = len(asked)
        misses = damaged([*self._table], hits, lambda _: False)()
        asked += [("GET", target) for target in chosen.sample(misses, int(hits * _MISSES))]
        for text in chosen.choices([*self._table], k=int(hits * _WRONG_METHODS)):
            asked.append((chosen.choice(METHODS), filled(text, chosen)))
        chosen.shuffle(asked)
        return [self.to(method, target, variant) for method, target in asked]


def one_sided() -> list[Asked]:
    """Return requests for what every second table has."""
    return [
        Asked(
            "GET",
            target,
            200,
            f"GET {PREFIX}/:one{tail} one=some {target}",
            is_numbered=True,
            side=side,
        )
        for side, tail in ONE_SIDED.items()
        for target in [f"{PREFIX}/some{tail}"]
    ]


def _group(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'[0-9]+' if found[2] else '[^/]+'})"
