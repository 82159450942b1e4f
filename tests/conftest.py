"""What every test shares: both event loops, and the rule that CI skips nothing."""

import os
from collections.abc import Iterator

import pytest

collect_ignore_glob = ["typing/*"]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run asynchronous tests on both event loops."""
    backend: str = request.param
    return backend


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI, a skipped test is a failed one: everything that tests need is installed there."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
