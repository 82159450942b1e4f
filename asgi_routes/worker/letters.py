"""Dead letters: which of them are asked for, and how many are kept; what no engine does itself.

Rule: what is kept for people goes only when they say so: one by one, or by a bound that they set.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from asgi_routes.errors import ImproperlyConfigured
from asgi_routes.worker.contract import DeadLetter


class LetterBox(ABC):
    """The part of `DeadLetters` that does not depend on the engine.

    Args:
        max_dead: dead letters of a channel that are kept; the oldest make room. None for no bound.
        dead_lifetime: seconds after which a dead letter is forgotten; None for never.

    Raises:
        ImproperlyConfigured: one of them is not more than 0.
    """

    def __init__(self, *, max_dead: int | None = None, dead_lifetime: float | None = None) -> None:
        for name, value in (("max_dead", max_dead), ("dead_lifetime", dead_lifetime)):
            if value is not None and not value > 0:
                raise ImproperlyConfigured(f"{name} must be more than 0, or None, not {value!r}")
        self._max_dead = max_dead
        self._dead_lifetime = dead_lifetime

    async def dead_letters(
        self,
        channel: str | None = None,
        *,
        after: str = "",
        limit: int | None = None,
        reason: str = "",
        since: float | None = None,
        until: float | None = None,
    ) -> list[DeadLetter]:
        """Return dead letters, the oldest first; see `DeadLetters.dead_letters`."""
        found: list[DeadLetter] = []
        if limit is not None and limit < 1:
            return found
        async with aclosing(self.read_letters(channel, after)) as letters:
            async for letter in letters:
                if (
                    reason in letter.reason
                    and (since is None or letter.at >= since)
                    and (until is None or letter.at < until)
                ):
                    found.append(letter)
                    if len(found) == limit:
                        break
        return found

    async def replay(self, which: str | DeadLetter) -> int:
        """Send dead letters once more, as new messages; see `DeadLetters.replay`."""
        return sum([await self.replay_letter(letter) async for letter in self._find(which)])

    async def drop(self, which: str | DeadLetter) -> int:
        """Forget dead letters; see `DeadLetters.drop`."""
        return sum([await self.drop_letter(letter) async for letter in self._find(which)])

    async def find_letters(self, message_id: str) -> AsyncGenerator[DeadLetter]:
        """Yield the dead letters of an id. Override it where the engine has an index."""
        async for letter in self.read_letters(None, ""):
            if letter.id == message_id:
                yield letter

    @abstractmethod
    def read_letters(self, channel: str | None, after: str) -> AsyncGenerator[DeadLetter]:
        """Yield the dead letters of a channel, or all, the oldest first.

        Args:
            channel: its name, or None.
            after: the place of the last one that is not wanted, or "".

        Raises:
            ValueError: ``after`` is no place.
        """

    @abstractmethod
    async def count_dead_letters(self) -> Mapping[str, int]:
        """Return the number of dead letters by channel."""

    @abstractmethod
    async def replay_letter(self, letter: DeadLetter) -> int:
        """Send a dead letter once more; return 1, or 0 where it was gone."""

    @abstractmethod
    async def drop_letter(self, letter: DeadLetter) -> int:
        """Forget a dead letter; return 1, or 0 where it was gone."""

    async def _find(self, which: str | DeadLetter) -> AsyncGenerator[DeadLetter]:
        if isinstance(which, DeadLetter):
            yield which
            return
        async for letter in self.find_letters(which):
            yield letter
