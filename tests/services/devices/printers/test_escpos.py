"""The strict reader of a job's bytes, and what no job of ours may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.devices.printers.escpos import NotEscPos, Token, Tokenizer, check_job

PICTURE = b"\x1dv0\x00\x02\x00\x03\x00" + bytes(6)
BARCODE = b"\x1dk\x49\x06{Btill"
WHOLE = b"\x1b@\x1c.\x1bt\x13ok\n" + PICTURE + BARCODE + b"\n\x1dV\x00"


def test_a_whole_job_may_be_sent() -> None:
    check_job(WHOLE, opens_drawer=False)


@pytest.mark.parametrize(
    "job",
    [
        b"ok\n\x1bp\x00\x19\xfa",
        b"ok\n\x10\x04\x01",
        b"ok\n\x10\x14\x01\x00\x01",
        b"ok\n\x1dr\x01",
        b"ok\n\x1bZ",
        b"ok\n\x07",
        PICTURE[:-1],
        BARCODE[:-1],
        b"\x1dv0\x00\x00\x00\x01\x00",
        b"\x1dv1\x00\x01\x00\x01\x00\x00",
        b"\x1dk\x04ABC\x00",
        b"\x1dk\x49\x04{Atill",
    ],
)
def test_a_job_that_says_something_else_is_never_sent(job: bytes) -> None:
    with pytest.raises(NotEscPos):
        check_job(job, opens_drawer=False)


@pytest.mark.parametrize("command", [b"\x10\x04\x01", b"\x10\x05\x02", b"\x10\x14\x01\x00\x01"])
def test_the_dots_of_a_picture_may_not_command_the_printer(command: bytes) -> None:
    """A printer obeys these the moment they arrive, whatever they stand in (Epson command reference, DLE DC4)."""
    picture = b"\x1dv0\x00\x05\x00\x01\x00" + command.ljust(5, b"\x00")

    with pytest.raises(NotEscPos, match="obey at once"):
        check_job(picture, opens_drawer=True)


@pytest.mark.parametrize("data", [b"\x10\x14\x02\x01\x08", b"\x10\x14\x01\x02\x01", b"\x10\x14\x01\x00\x09"])
def test_of_the_real_time_commands_only_a_drawer_pulse_is_known(data: bytes) -> None:
    assert list(Tokenizer().feed(b"\x10\x14\x01\x01\x01")) == [Token("drawer_pulse_at_once", b"\x01\x01")]
    with pytest.raises(NotEscPos):
        list(Tokenizer().feed(data))


def test_only_a_drawers_job_may_open_the_drawer() -> None:
    check_job(b"\x1bp\x00\x19\xfa", opens_drawer=True)


@given(st.lists(st.integers(1, 40)))
def test_a_job_is_cut_into_the_same_commands_however_its_bytes_come(lengths: list[int]) -> None:
    tokenizer, rest = Tokenizer(), WHOLE
    tokens: list[Token] = []
    for length in lengths:
        tokens += tokenizer.feed(rest[:length])
        rest = rest[length:]
    tokens += tokenizer.feed(rest)

    joined = b"".join(token.data for token in tokens if token.name == "text")
    assert tokenizer.unfinished == b""
    assert joined == b"ok"
    assert [token for token in tokens if token.name != "text"] == [
        token for token in Tokenizer().feed(WHOLE) if token.name != "text"
    ]


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_being_refused(data: bytes) -> None:
    tokenizer = Tokenizer()
    try:
        list(tokenizer.feed(data))
    except NotEscPos as error:
        assert "at byte" in str(error)  # noqa: PT017 - both ways out are right
