"""The lab's machine, and a loud word where it cannot run."""

import pytest

from tests.lab.machine import LabNotPossible, Prepared, prepare

_reasons: list[str] = []


@pytest.fixture(scope="session")
def prepared() -> Prepared:
    """A kernel to boot; the tests that need one are skipped where none can be had."""
    try:
        return prepare()
    except LabNotPossible as reason:
        _reasons.append(str(reason))
        pytest.skip(str(reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end that real devices were not tried, and why."""
    for reason in _reasons:
        terminalreporter.write_line(f"NO REAL DEVICE WAS TRIED: {reason}", red=True, bold=True)
