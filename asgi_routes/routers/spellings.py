"""Values of formats in other spellings, where the usual ones do not lead back.

Rule: the fewest fields are spelled otherwise, and as usual as can be; after so many tries the values
have no URL.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from asgi_routes.patterns import FormatConverter, Slot

SlotKey: TypeAlias = tuple[int, str | int]
"""The number of a declaration on the way, and the parameter."""

Spelled: TypeAlias = Mapping[SlotKey, str]
"""The texts of some parameters."""

_MOST_TRIED = 600
_MOST_SPELLINGS = 24


def list_spellings(
    slots: Mapping[SlotKey, Slot], values: Mapping[SlotKey, Any]
) -> Iterator[Spelled]:
    """Yield the ways to spell the values of formats, the most usual first."""
    choices = {
        key: slot.converter
        for key, slot in slots.items()
        if isinstance(slot.converter, FormatConverter)
    }
    if not choices:
        return
    texts = [
        [*itertools.islice(converter.list_texts(values[key]), _MOST_SPELLINGS)]
        for key, converter in choices.items()
    ]
    for ranks in itertools.islice(_list_ranks([*map(len, texts)]), _MOST_TRIED):
        chosen = (spellings[rank] for spellings, rank in zip(texts, ranks, strict=True))
        yield dict(zip(choices, chosen, strict=True))


def _list_ranks(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield a rank for each field, those with the lowest sum first; not all of them 0.

    >>> [*_list_ranks([2, 3])]
    [(0, 1), (1, 0), (0, 2), (1, 1), (1, 2)]
    """
    for total in range(1, sum(sizes) - len(sizes) + 1):
        yield from _share_out(total, sizes)


def _share_out(total: int, sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    if not sizes:
        if not total:
            yield ()
        return
    for first in range(min(total, sizes[0] - 1) + 1):
        for others in _share_out(total - first, sizes[1:]):
            yield (first, *others)
