"""What the bytes of a serial scanner spell, and when a scan is void."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.devices.scanners.keys import GS, REST_S, Scan, Voided
from services.devices.scanners.serial_lines import SerialDecoder

AT = 7.0


def texts(results: list[Scan | Voided]) -> list[str]:
    return [result.text for result in results if isinstance(result, Scan)]


@given(
    st.lists(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["C"]), min_size=1, max_size=60)),
    st.sampled_from(["\r", "\n", "\r\n", "\t"]),
    st.integers(1, 7),
)
def test_whatever_is_sent_is_read_in_whatever_pieces_it_comes(codes: list[str], terminator: str, piece: int) -> None:
    decoder = SerialDecoder()
    data = "".join(code + terminator for code in codes).encode()

    results = [each for begin in range(0, len(data), piece) for each in decoder.feed(data[begin : begin + piece], AT)]

    assert texts(results) == codes
    assert len(results) == len(codes)


def test_a_group_separator_is_kept_and_a_frame_is_not() -> None:
    results = SerialDecoder().feed(b"\x02]C1010400638133393110AB\x1d21X\x03\r", AT)

    assert texts(results) == [f"]C1010400638133393110AB{GS}21X"]


def test_latin_1_is_read_where_it_is_no_utf_8() -> None:
    assert texts(SerialDecoder().feed("Grüße\r".encode("latin-1"), AT)) == ["Grüße"]


@pytest.mark.parametrize("byte", [b"\x00", b"\x1b", b"\x07"])
def test_a_control_character_voids_the_scan_up_to_its_end(byte: bytes) -> None:
    results = SerialDecoder().feed(b"40" + byte + b"06\r42\r", AT)

    assert results == [Voided("unknown_key", 2, byte[0]), Scan("42", AT, AT)]


def test_a_scan_that_is_too_long_is_void() -> None:
    results = SerialDecoder(longest=4).feed(b"123456\r1234\r", AT)

    assert results == [Voided("too_long", 4), Scan("1234", AT, AT)]


def test_silence_voids_half_a_scan_and_ends_one_without_a_suffix() -> None:
    with_suffix, without = SerialDecoder(), SerialDecoder(end="pause")
    with_suffix.feed(b"4006", AT)
    without.feed(b"4006", AT)

    assert with_suffix.pause(AT + 0.301) == Voided("too_slow", 4)
    assert without.pause(AT + 0.301) == Scan("4006", AT, AT)
    assert not without.in_scan


def test_the_rest_of_half_a_scan_is_no_scan_and_what_comes_later_is_one() -> None:
    decoder = SerialDecoder()

    decoder.feed(b"40063813", AT)
    rest = decoder.feed(b"1002\r", AT + 0.5)
    decoder.feed(b"40063813", AT + 1)
    later = decoder.feed(b"1002\r", AT + 5)

    assert rest == [Voided("too_slow", 8), Voided("too_slow", 4)]
    assert later == [Voided("too_slow", 8), Scan("1002", AT + 5, AT + 5)]


def test_silence_after_a_void_scan_ends_it() -> None:
    decoder = SerialDecoder()
    decoder.feed(b"40063813", AT)

    assert decoder.pause(AT + 0.301) == Voided("too_slow", 8)
    assert decoder.in_scan
    assert decoder.pause(AT + 0.301 + REST_S) is None
    assert not decoder.in_scan
