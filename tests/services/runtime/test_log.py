"""Logs: one line an entry, whatever stands in it."""

import io
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.log import Log, _Logfmt, start_logging


class Written:
    """What a log wrote."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(_Logfmt())

    def line(self) -> str:
        """The one line written since the last look."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        assert text.endswith("\n")
        assert len(text[:-1].splitlines()) == 1, text
        return text[:-1]


@pytest.fixture(scope="module")
def written() -> Iterator[Written]:
    written = Written()
    logger = logging.getLogger("tillwire.test")
    logger.addHandler(written.handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(written.handler)


def test_an_entry_is_one_line_of_pairs(written: Written) -> None:
    Log("test").warning("broker-lost", code=142, topic="tillwire/v1/s/state")

    line = written.line()

    assert line.startswith("time=20")
    assert line.endswith("Z level=warning from=tillwire.test event=broker-lost code=142 topic=tillwire/v1/s/state")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a b", '"a b"'),
        ("", '""'),
        ("a=b", '"a=b"'),
        ('"; level=error', r'"\"; level=error"'),
        ("\\", r'"\\"'),
        ("a\nlevel=error event=forged", r'"a\nlevel=error event=forged"'),
        ("a\r\u2028\x85\x0b", r'"a\r\u2028\u0085\u000b"'),
        ("\x1b[31mred", r'"\u001b[31mred"'),
        ("Zoë", r'"Zo\u00eb"'),
        (None, "None"),
    ],
)
def test_what_is_not_plain_is_quoted(written: Written, value: object, shown: str) -> None:
    Log("test").info("seen", value=value)

    assert written.line().endswith(f" event=seen value={shown}")


@given(event=st.text(), value=st.text())
def test_nothing_forges_a_second_entry_or_a_field(written: Written, event: str, value: str) -> None:
    """Outside quotes stands nothing but the pairs that the call named."""
    Log("test").error(event, value=value)

    line = written.line()
    outside = "".join(line.replace("\\\\", "").replace('\\"', "").split('"')[::2])

    assert line.isascii()
    assert outside.count("=") == 5
    assert [pair.partition("=")[0] for pair in outside.split()] == ["time", "level", "from", "event", "value"]


def test_a_bug_comes_with_its_traceback(written: Written) -> None:
    Log("test").error("bug", exc_info=ZeroDivisionError("why"))

    assert written.stream.getvalue().endswith("event=bug\nZeroDivisionError: why\n")
    written.stream.truncate(0)
    written.stream.seek(0)


def test_logs_go_to_standard_error_from_their_level_up(capsys: pytest.CaptureFixture[str]) -> None:
    root, tillwire = logging.getLogger(), logging.getLogger("tillwire")
    handlers, levels = root.handlers[:], (root.level, tillwire.level)
    try:
        start_logging("WARNING")
        Log("service").info("quiet")
        Log("service").warning("loud")
        said = capsys.readouterr()
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        tillwire.setLevel(levels[1])

    assert said.out == ""
    assert "event=loud" in said.err
    assert "quiet" not in said.err
