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

    def theirs_if(self, *agreed: str, without_slash: bool = True) -> object:
        """Return what Channels would answer if it agreed with us in some respects."""
        self.notes.hidden_misses = 0
        side = their_side(self.notes, ("wrapped", *agreed))
        root_path = self.root_path.rstrip("/") if without_slash else self.root_path
        return call(side.router(side.routes(self.table)), self.path, root_path)


def wrapped_routers_are_prefixes(case: Difference) -> bool:
    """Channels sees no router behind a middleware (its issue 1428); ours does.

    The answer is that of Channels for a middleware that says so itself.
    """
    return case.ours == case.theirs_if(without_slash=False)


def root_path_may_end_in_a_slash(case: Difference) -> bool:
    """Granian and Daphne hand ``/root/`` on as it was given; ours answers as for ``/root``."""
    return case.root_path.endswith("/") and case.ours == case.theirs_if()


def root_path_ends_at_a_segment(case: Difference) -> bool:
    """Channels takes any text off that the path begins with: ``/root`` off ``/rootfoo/``.

    Ours is a miss there, since the path is outside the root path.
    """
    root_path = case.root_path.rstrip("/")
    rest = case.path.removeprefix(root_path)
    return bool(root_path) and rest != case.path and rest[:1] not in ("", "/") and not case.ours


def one_slash_at_the_top(case: Difference) -> bool:
    """Channels takes every leading slash off; ours takes one.

    ``//admin/`` must not be another spelling of ``/admin/``: guards compare paths.
    """
    return case.ours == case.theirs_if("slash")


def nested_routers_read_on_behind_their_prefix(case: Difference) -> bool:
    """Channels takes slashes off in front of a nested router, also where its prefix ended in one.

    ``/api//users/`` must not be another spelling of ``/api/users/``, and ``/apiusers/`` is not below
    ``api``.
    """
    return case.ours == case.theirs_if("slash", "levels")


def what_is_wrapped_ends_the_search(case: Difference) -> bool:
    """Channels tries the next route where a wrapped router misses, after the wrapper was called.

    Ours never calls two applications for one request.
    """
    return case.ours == case.theirs_if("slash", "ends")


def wrapped_and_nested(case: Difference) -> bool:
    """Both of the two before."""
    return case.ours == case.theirs_if("slash", "levels", "ends")


RULES: list[Callable[[Difference], bool]] = [
    wrapped_routers_are_prefixes,
    root_path_may_end_in_a_slash,
    root_path_ends_at_a_segment,
    one_slash_at_the_top,
    nested_routers_read_on_behind_their_prefix,
    what_is_wrapped_ends_the_search,
    wrapped_and_nested,
]
