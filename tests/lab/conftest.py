"""The lab's machine, and a loud word where it cannot run."""

import os

import pytest

from tests.lab.machine import LabNotPossible, Prepared, prepare

_reasons: list[str] = []


@pytest.fixture(scope="session")
def prepared() -> Prepared:
    """A kernel to boot; the tests that need one are skipped where none can be had, and nowhere else."""
    try:
        return prepare()
    except LabNotPossible as reason:
        _reasons.append(str(reason))
        if os.environ.get("CI") == "true":
            pytest.fail(f"this is where real devices have to be tried: {reason}")
        pytest.skip(str(reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end that real devices were not tried, and why."""
    for reason in _reasons:
        terminalreporter.write_line(f"NO REAL DEVICE WAS TRIED: {reason}", red=True, bold=True)
