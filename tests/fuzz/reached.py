"""How much of the package the kept inputs reach: ``python -m tests.fuzz.reached``, at the end of `make fuzz`.

What they do not reach is for other callers than a client and a table of routes: the command line, the
worker, the lifespan, ``check``, what is for tests.
"""

import importlib
import logging
import sys
import warnings
from collections import defaultdict
from pathlib import Path

import coverage

import tests.fuzz

_PACKAGE = Path(tests.fuzz.__path__[0]).parents[1] / "asgi_routes"
_NOT_ASKED = ("cli", "inspection/check", "lifespan", "migration", "testing", "worker", "__main__")


def main() -> None:
    """Replay every input, and print statements and branches by folder, and the file least reached."""
    watching = coverage.Coverage(data_file=None, branch=True, source=[str(_PACKAGE)])
    with watching.collect():
        targets = importlib.import_module("tests.fuzz.targets")
        corpus = importlib.import_module("tests.fuzz.corpus")
        for name, target in targets.TARGETS.items():
            kept = corpus.inputs(name)
            for data in kept:
                target(data)
            print(f"{name}: {len(kept)} inputs")
    by_folder: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for file in sorted(_PACKAGE.rglob("*.py")):
        found = watching._analyze(str(file)).numbers  # It has no other name.
        reached, there = found.ratio_covered
        where = file.relative_to(_PACKAGE)
        if there and not where.as_posix().startswith(_NOT_ASKED):
            folder = where.parts[0] if len(where.parts) > 1 else "asgi_routes"
            by_folder[folder].append((there, reached, str(where)))
    by_folder["in all"] = [one for files in by_folder.values() for one in files]
    for folder, files in by_folder.items():
        there, reached = (sum(one[column] for one in files) for column in (0, 1))
        least = min(files, key=lambda one: one[1] / one[0])
        said = f"least: {least[2]}, {least[1] / least[0]:.0%}"
        print(f"{folder:14}{reached / there:6.1%} of {there:5}  {said}")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.exit(main())
