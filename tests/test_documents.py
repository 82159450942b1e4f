"""The documents are true: every block of every page runs, and all of them are well-formed."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import docutils.nodes
import pytest

import asgi_routes
from asgi_routes import inspection, testing, worker
from asgi_routes.inspection import check
from tests.documents.reading import DOCUMENTS, RESULTS, ROOT, name_of_document, parsed
from tests.documents.running import run_page
from tests.documents.tables import read_table

README = ROOT / "README.rst"
REFERENCE = "".join(
    file.read_text() for file in sorted((ROOT / "docs" / "reference").glob("*.rst"))
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of_document)
def test_documents_are_well_formed(document: Path) -> None:
    """The documents are reStructuredText without a warning, and no row of a table has come apart."""
    for row in parsed(document).findall(docutils.nodes.row):
        first, *others = (entry.astext().strip() for entry in row)
        # In a simple table, text in the first column begins a row.
        assert any(others) or not others, first


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of_document)
def test_documents_run(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a page run one after the other, and give what they show."""
    run_page(document, tmp_path, monkeypatch)


def test_the_error_is_the_real_one() -> None:
    """The error that a page shows is the one that is raised, to the letter."""
    shown = re.search(
        r"ImproperlyConfigured: (.*?)\n    declared at .*?\n    (hint.*?)\n\n",
        (ROOT / "docs" / "reference" / "errors.rst").read_text(),
        re.DOTALL,
    )
    assert shown
    with pytest.raises(asgi_routes.ImproperlyConfigured) as caught:
        asgi_routes.path("users/<itn:id>/", asgi_routes.not_found)
    lines = str(caught.value).splitlines()
    assert [line.removeprefix("    ") for line in shown[1].splitlines()] == [
        lines[0],
        *lines[1:3],
    ]
    assert shown[2] == lines[-1]


def test_commands_exist() -> None:
    """Every `make` target that a document names is one."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        for named in re.findall(r"(?:\$ |``)make ([a-z -]+)", document.read_text()):
            assert set(named.split()) <= targets


def test_named_tests_exist() -> None:
    """Every file or folder of tests that a document names is there."""
    for document in DOCUMENTS:
        for named in re.findall(r"``(tests/[\w/.]*)``", document.read_text()):
            assert (ROOT / named).exists(), f"{document.name}: {named}"


def test_every_public_name_is_listed() -> None:
    """The table of public names is complete, and so is what the pages document of each module."""
    names = [row[0] for row in read_table("docs/reference/index.rst", "name", "what").rows]
    assert sorted(names) == sorted(asgi_routes.__all__)


@pytest.mark.parametrize(
    "module", [asgi_routes, inspection, check, testing, worker], ids=lambda one: one.__name__
)
def test_every_public_name_is_documented(module: Any) -> None:
    """Each name has one place in the reference."""
    documented = re.findall(
        r"^\.\. (?:auto(?:class|function|data|exception)|data):: ([\w.]+)", REFERENCE, re.MULTILINE
    )
    counts = Counter(name.rpartition(".")[2] for name in documented)
    assert {name: counts[name] for name in module.__all__} == dict.fromkeys(module.__all__, 1)


def test_the_figures_are_the_saved_ones() -> None:
    """The table of speeds is what the last benchmark saved, and README has some of its rows."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    hits, misses = (results["peers"][name] for name in ("GitHub", "GitHub, misses"))
    page = ROOT / "docs" / "performance.rst"
    for document in (page, README):
        text = document.read_text()
        shown = re.findall(r"^([a-z_-]+) +([\d.]+) +([\d.]+)\b", text, re.MULTILINE)
        assert document == README or {name for name, *_ in shown} == hits.keys() - {"dict.get"}
        assert len(shown) > 3
        for name, hit, miss in shown:
            assert float(hit) == pytest.approx(hits[name]["falcon"], abs=0.005, rel=0.04)
            assert float(miss) == pytest.approx(misses[name]["falcon"], abs=0.005, rel=0.04)
        assert f"Python {results['python']}" in text.replace("\n", " ")


def test_readme_works_on_an_index() -> None:
    """README is short, and neither a link nor a picture of it needs the repository around it."""
    text = README.read_text()
    assert text.count("\n") <= 250
    places = re.findall(r"`[^`]*<([^>`]+)>`_", text)
    places += re.findall(r"^\.\. (?:image|figure):: (\S+)|^ +:target: (\S+)", text, re.MULTILINE)
    flat = [place for found in places for place in ((found,) if isinstance(found, str) else found)]
    assert [place for place in flat if place and not place.startswith("https://")] == []


def test_results_of_the_load_are_the_saved_ones() -> None:
    """The tables of the load are what the last run saved: all answers and all ratios."""
    saved = json.loads((ROOT / "benchmarks" / "load" / "results.json").read_text())
    text = RESULTS.read_text()
    shown = re.findall(r"^(\w+) +(routed|bare|starlette|changing) +([\d, ]+)$", text, re.MULTILINE)
    assert [
        (server, variant, *(int(figure.replace(",", "")) for figure in figures.split()))
        for server, variant, figures in shown
    ] == [
        (
            server,
            variant,
            row["requests"],
            row["wrong answers"] + row["broken connections"] + row["late answers"],
            sum(row["other clients"].values()) + row["other clients, wrong"],
            row["other clients, wrong"],
            row["lines of exceptions"],
            round(row["memory at the start, MiB"]),
            round(row["memory at the end, MiB"]),
        )
        for server, result in saved["servers"].items()
        for variant, row in result["variants"].items()
    ]
    for server, result in saved["servers"].items():
        ratios = " +".join(f"{ratio:.2f}" for ratio in result["ratios"].values())
        assert re.search(rf"^{server} +{ratios} ", text, re.MULTILINE), server


def test_results_of_the_workers_are_the_saved_ones() -> None:
    """So are the tables of the workers: speed and processor time, idle ones, and those killed."""
    saved = json.loads((ROOT / "benchmarks" / "worker" / "results.json").read_text())["brokers"]
    text = RESULTS.read_text()
    section = text[text.index("\nWorkers\n=") : text.index("\nRandom cases beside")]
    shown = [
        (name.strip(), *(float(figure.replace(",", "")) for figure in figures.split()))
        for name, figures in re.findall(
            r"^([A-Za-z' ]+(?:, \w+)?) {1,9}((?:[\d,.]+ *)+)%?$", section, re.MULTILINE
        )
    ]
    speeds = [(name, row["sent/s"], row["handled/s"], row["CPU"]) for name, row in saved.items()]
    idle = [(name, row["idle"]) for name, row in saved.items() if "idle" in row]
    kills = [(name, row["kill -9"]) for name, row in saved.items() if "kill -9" in row]
    assert shown == [
        *speeds,
        *idle,
        *((name, row["sent"], row["lost"]) for name, row in kills),
    ]


def test_no_paths_of_a_machine() -> None:
    """No tracked file names a place of somebody's machine."""
    done = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git is what a checkout has
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    for name in filter(None, done.stdout.split("\0")):
        text = (ROOT / name).read_text(errors="replace")
        assert not re.search(r"/(home|Users)/\w+/|/root/\.|/work/(main|shared)/", text), name
