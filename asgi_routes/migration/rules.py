"""The differences from Channels that random cases meet: the documented list, in parts."""

from enum import StrEnum


class Rule(StrEnum):
    """A respect in which Channels could agree with us.

    The number is that of the item in ``docs/coming-from-channels.rst``.
    """

    WRAPPED_IS_PREFIX = "2a wrapped routers are prefixes"
    """Channels sees no router behind a middleware (its issue 1428); ours does."""

    WRAPPED_ENDS = "2b what is wrapped ends the search"
    """Channels tries the next route where a router that is wrapped by hand misses, after the wrapper was
    called. Ours never calls two applications for one request."""

    ROOT_PATH_SLASH = "4a the root path may end in a slash"
    """Granian and Daphne hand ``/root/`` on as it was given; ours answers as for ``/root``."""

    ROOT_PATH_SEGMENT = "4b the root path ends at a segment"
    """Channels takes any text off that the path begins with: ``/root`` off ``/rootfoo/``. Ours is a miss
    there, since the path is outside the root path."""

    ROOT_PATH_STRIPPED = "4c the root path may have been stripped"
    """Channels has nothing outside the root path; ours takes such a path for one that a proxy stripped it
    from, unless ``root_path="in_path"`` says otherwise."""

    ONE_SLASH = "9a one slash at the top"
    """Channels takes every leading slash off; ours takes one. ``//admin/`` must not be another spelling of
    ``/admin/``: guards compare paths."""

    NO_SECOND_SLASH = "9b no slash behind a slash"
    """Channels takes slashes off in front of a nested router, also where its prefix ended in one. Ours does
    not, and takes one off behind a prefix without. ``/api//users/`` must not be another spelling of
    ``/api/users/``."""

    SLASH_BETWEEN = "9c a slash between levels"
    """Behind a prefix of path() without a slash at its end, a nested router of Channels goes on without one.
    ``/apiusers/`` is not below ``api``."""

    MORE_BEHIND_SLASH = "9d something behind the slash"
    """Behind such a prefix, Channels takes a slash off with nothing after it. ``/api/`` is not another
    spelling of ``/api``."""

    INCLUDE = "11 include() works"
    """Channels has nested routers instead of ``include()``, and takes slashes off in front of them. What
    ``include()`` puts under a prefix goes on right behind it, with the parameters that Django would hand
    over."""

    TARGET_IS_PATH = "15 a target begins with a slash"
    """Channels matches ``admin/`` as it matches ``/admin/``. From a server, that is no path, and ours a miss;
    a scope that was made by hand may leave the slash out."""

    @property
    def item(self) -> int:
        """The number of the item in the list."""
        return int(self.split(maxsplit=1)[0].rstrip("abcd"))
