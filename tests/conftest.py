"""What every test shares: both event loops, and the rule that CI skips nothing."""

import gc
import importlib
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pytest

import asgi_routes  # noqa: F401 - else pytest imports a module that is named first without it

with suppress(ImportError):  # make applications does without.
    import hypothesis  # noqa: F401 - it looks for who holds a random generator, and finds no frozen ones

_ROOT = Path(__file__).parent.parent

# Files for a type checker, those that configure Django, and those that need what single commands install.
collect_ignore_glob = [
    "typing/*",
    "proxies/http3.py",
    "proxies/layouts.py",
    "proxies/served.py",
    "fuzz/reached.py",
    "fuzz/running.py",
    "live/wsgi_served.py",
    "mutation.py",
]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return more than there are cores: half of the tests wait for a server most of the time."""
    return 5 * (os.cpu_count() or 1) // 2


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[object]:
    """Collect without looking for garbage, and never look at what was collected again.

    Each look goes through a million objects of tests, frameworks and plugins, which all stay.
    """
    gc.disable()
    try:
        if _is_whole_run(session.config):
            _import_a_share_first()
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a whole run, mix the files: else those whose tests wait for something come one after another."""
    if _is_whole_run(config):
        files = list(dict.fromkeys(item.path for item in items))
        random.Random(0).shuffle(files)  # noqa: S311 - in every worker the same
        places = {file: place for place, file in enumerate(files)}
        items.sort(key=lambda item: places[item.path])


def _is_whole_run(config: pytest.Config) -> bool:
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS


def _import_a_share_first() -> None:
    """In one of several workers, import tests from another place on than the other workers do.

    In a fresh clone pytest rewrites and compiles each file, once: whoever comes later reads the result.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    files = sorted(Path(__file__).parent.rglob("test_*.py"))
    start = len(files) * int(worker) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for file in files[start:] if start else ():
        # What cannot be imported is told where it is collected.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.relative_to(_ROOT).with_suffix("").parts))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run asynchronous tests on both event loops."""
    backend: str = request.param
    return backend


@pytest.fixture
def short_numbers() -> Iterator[None]:
    """Set the lowest limit for the digits of a number, and so fewer states to look at."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    yield
    sys.set_int_max_str_digits(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI, a skipped test is a failed one: everything that tests need is installed there.

    ``NOT_INSTALLED`` names what could not be, however that came, with spaces between.
    """
    report = yield
    missing = os.environ.get("NOT_INSTALLED", "").split()
    is_excused = any(name in str(report.longrepr) for name in missing)
    if (
        os.environ.get("CI")
        and report.skipped
        and not hasattr(report, "wasxfail")
        and not is_excused
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how long each folder took, and each matrix as a table."""
    _print_times(terminalreporter)
    _print_matrices(terminalreporter)


def _print_times(reporter: pytest.TerminalReporter) -> None:
    """Print the time of each folder, the setup and teardown of its tests included."""
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for report in chain.from_iterable(reporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            parts = report.nodeid.partition("::")[0].split("/")
            folder = "/".join(parts[: 2 if parts[0] == "tests" and len(parts) > 2 else 1])
            seconds[folder] += report.duration  # type: ignore[assignment]
            tests[folder] += report.when == "call"
    reporter.write_sep("-", f"{sum(seconds.values()):.0f} s on all cores together")
    for folder, took in seconds.most_common():
        reporter.write_line(f"{took:7.1f} s {tests[folder]:5} tests  {folder}")


def _print_matrices(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each matrix as a table: what passed, what failed.

    A test says where in the table it stands; one that fills many cells says of each whether it is right.
    """
    cells: dict[str, dict[str, dict[str, bool]]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, place in getattr(report, "user_properties", []):
                if name == "matrix" and report.when == "call":
                    matrix, row, column, *is_right = place
                    row_ = cells.setdefault(matrix, {}).setdefault(row, {})
                    passed = is_right[0] if is_right else outcome == "passed"
                    row_[column] = row_.get(column, True) and passed
    for matrix, rows in sorted(cells.items()):
        columns = list(dict.fromkeys(column for row in rows.values() for column in row))
        width = max(map(len, rows)) + 2
        terminalreporter.write_sep("-", matrix)
        terminalreporter.write_line(" " * width + "  ".join(columns))
        for row, found in sorted(rows.items()):
            shown = {True: "ok", False: "FAILED", None: ""}
            line = "  ".join(f"{shown[found.get(column)]:<{len(column)}}" for column in columns)
            terminalreporter.write_line(f"{row:<{width}}{line}")
