"""What a law was tried on: a law that is tried on misses alone proves nothing.

What is too little fails the law.
"""

import os
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, settings

from tests.laws.asking import Answer
from tests.laws.trees import Keyed, Route, Target, walk

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "0"))
"""How many examples to try of each law; 0: as many as a usual run of the tests has time for."""


def lawful(examples: int) -> settings:
    """Return the settings of a law: the same examples in every run, unless one asks for more."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=[*HealthCheck],
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )


@dataclass
class Shares:
    """Counts what a law is tried on."""

    law: str
    trees: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def tree(self, tree: Target, *, has_middleware: bool) -> None:
        """Count a tree."""
        nodes = [spot.node for spot in walk(tree)]
        self.trees["all"] += 1
        self.trees["middleware"] += has_middleware
        self.trees["mounts"] += any(isinstance(n, Route) and n.syntax == "mount" for n in nodes)
        self.trees["keyed"] += any(isinstance(node, Keyed) for node in nodes)

    def answer(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers["all"] += 1
        self.answers["hits"] += answer.is_hit
        self.answers["known"] += answer.status in (405, 204, 308)
        self.answers["errors"] += answer.error is not None

    def __str__(self) -> str:
        parts = [
            ", ".join(f"{name} {number / (counted['all'] or 1):.0%}" for name, number in rows)
            for counted in (self.trees, self.answers)
            for rows in [[(name, n) for name, n in counted.items() if name != "all"]]
        ]
        trees, answers = parts
        return (
            f"{self.law}: {self.trees['all']} trees ({trees}), "
            f"{self.answers['all']} answers ({answers})"
        )

    def hold(self) -> None:
        """Assert that the law was tried on enough of everything, and print it."""
        print(self)
        trees, answers = self.trees["all"], self.answers["all"]
        assert self.answers["hits"] >= 0.3 * answers, self
        assert self.answers["known"] >= 0.1 * answers, self
        assert self.trees["middleware"] >= 0.3 * trees, self
        assert self.trees["mounts"] >= 0.2 * trees, self
        assert self.trees["keyed"] >= 0.2 * trees, self
