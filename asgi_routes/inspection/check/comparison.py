"""Languages beside each other: paths that some match and others do not.

Rule: what is returned was decided over all paths there are, and a path that is shown was tried with
the matchers themselves. Where these disagree, or there is too much to look at, the answer is
`Undecided`.
"""

from collections.abc import Sequence
from itertools import chain
from typing import TypeAlias

from asgi_routes.inspection.check.languages import Language, Undecided
from asgi_routes.regular.alphabet import Alphabet
from asgi_routes.regular.automata import Automaton, Effort, TooLargeError
from asgi_routes.regular.programs import Assertion
from asgi_routes.regular.surroundings import list_sets
from asgi_routes.regular.witness import WitnessSearch

Found: TypeAlias = str | Undecided | None
"""A path; None if there is none (the empty path is falsy, too); or why that cannot be decided."""

_LONGEST_HEAD = 100
_TOO_LARGE = Undecided("too large to decide")
_NOT_CONFIRMED = Undecided("the matchers do not confirm it")
_TOO_SLOW = Undecided("a regex would take too long to confirm it")


class Comparison:
    """Some languages over one alphabet, which are named by their indexes."""

    def __init__(self, languages: Sequence[Language]) -> None:
        self._languages = languages
        programs = {program for language in languages for program in language.programs}
        sets = chain.from_iterable((*program.sets, *list_sets(program)) for program in programs)
        has_final = any(Assertion.LAST_NEWLINE_OR_END in program.assertions for program in programs)
        self._alphabet = Alphabet(sets, has_final=has_final)
        self._effort = Effort()
        self._automata: dict[int, Automaton] = {}

    @property
    def size(self) -> int:
        """How many languages there are."""
        return len(self._languages)

    def get_automaton(self, index: int) -> Automaton:
        """Return the automaton of a language; it is made when it is first asked for."""
        found = self._automata.get(index)
        if found is None:
            language = self._languages[index]
            for program in reversed(language.programs):
                found = Automaton(
                    program,
                    self._alphabet,
                    found,
                    self._effort,
                    most_digits=language.most_digits,
                )
            assert found is not None
            self._automata[index] = found
        return found

    def find_path(self, wanted: Sequence[int], unwanted: Sequence[int] = ()) -> Found:
        """Return a path that all wanted languages match and no unwanted one."""
        automata = [*map(self.get_automaton, wanted)], [*map(self.get_automaton, unwanted)]
        search = WitnessSearch(self._alphabet, *automata, effort=self._effort)
        try:
            found = search.find()
        except TooLargeError:
            return _TOO_LARGE
        if found is None:
            return None
        for indexes, expected in ((wanted, True), (unwanted, False)):
            answers = {self._languages[index].matches(found) for index in indexes}
            if None in answers:
                return _TOO_SLOW
            if answers - {expected}:
                return _NOT_CONFIRMED
        return found

    def find_head(self, index: int) -> str:
        """Return a text that all paths of a language begin with; of a long one only a part."""
        automaton = self.get_automaton(index)
        state = automaton.start
        chars: list[str] = []
        # A language without any path may go round in a circle.
        while len(chars) < _LONGEST_HEAD and not automaton.accepts(state):
            arcs = automaton.find_arcs(state)
            char = self._alphabet.find_single(arcs[0][0]) if len(arcs) == 1 else None
            if char is None:
                break
            chars.append(char)
            state = arcs[0][1]
        return "".join(chars)

    def takes(self, index: int, path: str) -> bool:
        """Tell whether a language has a path, by its automaton alone."""
        automaton = self.get_automaton(index)
        state = automaton.start
        for symbol in self._alphabet.translate(path):
            after = [target for mask, target in automaton.find_arcs(state) if mask & symbol]
            if not after:
                return False
            [state] = after
        return automaton.accepts(state)

    def find_covering(
        self, wanted: Sequence[int], earlier: Sequence[int]
    ) -> tuple[int, ...] | Undecided | None:
        """Return a few of the earlier ones that match together whatever all wanted ones match.

        None of them can be left out. The answer is None where they do not match all of it.
        """
        left = self.find_path(wanted, earlier)
        if left is not None:
            return left if isinstance(left, Undecided) else None
        for one in earlier:
            if self.find_path(wanted, [one]) is None:
                return (one,)
        kept = [*earlier]
        for one in reversed(earlier):
            fewer = [other for other in kept if other != one]
            if self.find_path(wanted, fewer) is None:
                kept = fewer
        return tuple(kept)
