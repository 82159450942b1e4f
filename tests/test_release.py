"""What several files say of a release is the same, and the lock files have what is asked for."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import asgi_routes

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "bench": ["bench"],
    "demo": ["demo"],
    "demo-channels": ["demo", "parity"],
    "dev": ["dev"],
    "docs": ["docs"],
    "release": ["release"],
}
"""The groups that are in each lock file, beside the one that makes every environment."""


def test_one_version() -> None:
    """Of the package, the changelog and the citation, with one date."""
    newest = re.search(
        r"^([\d.]+) \((\S+)\)\n=+$", (ROOT / "CHANGELOG.rst").read_text(), re.MULTILINE
    )
    citation = (ROOT / "CITATION.cff").read_text()
    assert newest
    assert newest[1] == asgi_routes.__version__
    assert f"\nversion: {newest[1]}\n" in citation
    assert f"\ndate-released: {newest[2]}\n" in citation


def test_one_address() -> None:
    """The organisation is a placeholder: whoever changes it has to find all the places."""
    source = PROJECT["project"]["urls"]["Source"]
    named = 0
    for pattern in ("*.rst", "*.cff", ".github/**/*", "docs/**/*.rst", "docs/*.py"):
        for file in ROOT.glob(pattern):
            if file.is_file() and "_build" not in file.parts:
                for found in re.findall(
                    r"https://github\.com/[\w.-]+/asgi[-_]routes\b", file.read_text()
                ):
                    assert found == source, file
                    named += 1
    assert named > 3


def test_all_has_every_extra() -> None:
    (requirement,) = map(Requirement, EXTRAS["all"])
    assert requirement.extras == EXTRAS.keys() - {"all"}


def test_every_python_is_tested() -> None:
    """Those that the metadata names are those of the workflow."""
    named = re.findall(
        r"Python :: (3\.\d+)$", "\n".join(PROJECT["project"]["classifiers"]), re.MULTILINE
    )
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    (tested,) = re.findall(r"^ +python: \[(.*)\]$", workflow, re.MULTILINE)
    assert re.findall(r"[\d.]+", tested) == named
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"


def requirements_of(group: str) -> Iterator[Requirement]:
    for one in PROJECT["dependency-groups"][group]:
        if isinstance(one, str):
            yield Requirement(one)
        else:
            yield from requirements_of(one["include-group"])


@pytest.mark.parametrize("name", LOCKS)
def test_locks_have_what_is_asked_for(name: str) -> None:
    """Every requirement has a pin that it allows, with hashes: else ``make locks`` has to be run."""
    text = (ROOT / "locks" / f"{name}.txt").read_text()
    pins: dict[str, list[str]] = {}
    for pin, version in re.findall(
        r"^([\w.-]+)==([^\s;]+).*\\\n    --hash=sha256:", text, re.MULTILINE
    ):
        pins.setdefault(pin, []).append(version)
    assert sum(map(len, pins.values())) == len(re.findall(r"^[^\s#]", text, re.MULTILINE))
    wanted = [*requirements_of("build")]
    for group in LOCKS[name]:
        wanted += requirements_of(group)
    if name != "release":
        wanted += map(Requirement, PROJECT["project"]["dependencies"])
    for requirement in wanted:
        found = pins.get(canonicalize_name(requirement.name), [])
        assert any(map(requirement.specifier.contains, found)), f"{requirement}: make locks"


def test_locks_are_all_known() -> None:
    assert {file.stem for file in (ROOT / "locks").iterdir()} == LOCKS.keys()


def test_hooks_are_what_lint_runs() -> None:
    """The versions of the pre-commit hooks are those of the lock; actionlint's are on the forge."""
    named = set(re.findall(r"\[([\w-]+==[\d.]+)\]", (ROOT / ".pre-commit-config.yaml").read_text()))
    assert len(named) == 4
    locked = (ROOT / "locks" / "dev.txt").read_text()
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert [one for one in named if f"\n{one} " not in locked] == [
        one for one in named if f"--spec {one} " in workflow
    ]
