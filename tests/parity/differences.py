"""What differs from Channels on purpose.

Each rule says why, and what our answer has to be where the rule explains it. A difference that no rule
explains is a mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.parity.cases import Declared
from tests.parity.sides import Called, Notes, call, their_side


@dataclass
class Difference:
    """A case that the two sides answer differently."""

    table: tuple[Declared, ...]
    path: str
    root_path: str
    theirs: Called | None
    ours: Called | None
    notes: Notes

    def theirs_if(self, *, one_slash: bool = False, without_slash: bool = False) -> object:
        """Return what Channels would answer if it saw wrapped routers, and agreed on slashes."""
        self.notes.hidden_misses = 0
        side = their_side(self.notes, wrapped_are_marked=True, one_slash=one_slash)
        root_path = self.root_path.rstrip("/") if without_slash else self.root_path
        return call(side.router(side.routes(self.table)), self.path, root_path)


def wrapped_routers_are_prefixes(case: Difference) -> bool:
    """Channels sees no router behind a middleware (its issue 1428); ours does.

    The answer is that of Channels for a middleware that says so itself.
    """
    return case.ours == case.theirs_if()


def root_path_may_end_in_a_slash(case: Difference) -> bool:
    """Granian and Daphne hand ``/root/`` on as it was given; ours answers as for ``/root``."""
    return case.root_path.endswith("/") and case.ours == case.theirs_if(without_slash=True)


def root_path_ends_at_a_segment(case: Difference) -> bool:
    """Channels takes any text off that the path begins with: ``/root`` off ``/rootfoo/``.

    Ours is a miss there, since the path is outside the root path.
    """
    root_path = case.root_path.rstrip("/")
    rest = case.path.removeprefix(root_path)
    return bool(root_path) and rest != case.path and rest[:1] not in ("", "/") and not case.ours


def one_slash_a_level(case: Difference) -> bool:
    """Channels takes every leading slash off, at each level; ours takes one.

    ``//admin/`` must not be another spelling of ``/admin/``: guards compare paths.
    """
    return case.ours == case.theirs_if(one_slash=True, without_slash=True)


def hidden_routers_answer_for_themselves(case: Difference) -> bool:
    """Behind a closure under an exact path, nobody can know that a router misses.

    Ours takes that miss for the answer; Channels' goes on, with whatever was sent.
    """
    case.theirs_if(one_slash=True, without_slash=True)
    return case.notes.hidden_misses > 0 and case.ours is None


RULES: list[Callable[[Difference], bool]] = [
    wrapped_routers_are_prefixes,
    root_path_may_end_in_a_slash,
    root_path_ends_at_a_segment,
    one_slash_a_level,
    hidden_routers_answer_for_themselves,
]
