"""What the bytes of a serial scanner spell, and when a scan is void."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.devices.scanners.keys import GS, REST_S, Scan, Voided
from services.devices.scanners.serial_lines import SerialDecoder
from tests.services.devices.scanners.typist import HAND_S

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
    scans = [(AT + HAND_S * place, (code + terminator).encode()) for place, code in enumerate(codes)]

    results = [
        each
        for at, data in scans
        for begin in range(0, len(data), piece)
        for each in decoder.feed(data[begin : begin + piece], at)
    ]

    assert texts(results) == codes
    assert len(results) == len(codes)


def test_a_group_separator_is_kept_and_a_frame_is_not() -> None:
    results = SerialDecoder().feed(b"\x02]C1010400638133393110AB\x1d21X\x03\r", AT)

    assert texts(results) == [f"]C1010400638133393110AB{GS}21X"]


def test_latin_1_is_read_where_it_is_no_utf_8() -> None:
    assert texts(SerialDecoder().feed("Grüße\r".encode("latin-1"), AT)) == ["Grüße"]


@pytest.mark.parametrize("byte", [b"\x00", b"\x1b", b"\x07"])
def test_a_control_character_voids_the_scan_up_to_its_end(byte: bytes) -> None:
    decoder = SerialDecoder()

    void = decoder.feed(b"40" + byte + b"06\r", AT)
    following = decoder.feed(b"42\r", AT + HAND_S)

    assert void == [Voided("unknown_key", 2, byte[0])]
    assert texts(following) == ["42"]


def test_a_scan_that_is_too_long_is_void() -> None:
    decoder = SerialDecoder(longest=4)

    void = decoder.feed(b"123456\r", AT)
    following = decoder.feed(b"1234\r", AT + HAND_S)

    assert void == [Voided("too_long", 4)]
    assert texts(following) == ["1234"]


def test_of_a_symbol_with_several_lines_the_first_is_a_scan_and_the_others_are_void_and_told_once() -> None:
    decoder = SerialDecoder()

    symbol = [*decoder.feed(b"BCD\r\n002\r", AT), *decoder.feed(b"\n1\r\n\r\n\x07SCT\r\n", AT + 0.015)]
    following = decoder.feed(b"42\r", AT + 0.015 + HAND_S)

    assert symbol == [Scan("BCD", AT, AT), Voided("several_lines", 0)]
    assert texts(following) == ["42"]


def test_each_of_several_codes_at_one_trigger_is_a_scan_where_the_scanner_is_set_so() -> None:
    assert texts(SerialDecoder(several_codes=True).feed(b"4006381333931\r1\r", AT)) == ["4006381333931", "1"]


def test_an_end_ahead_of_a_code_makes_it_no_second_line() -> None:
    decoder = SerialDecoder()

    results = [*decoder.feed(b"\n42\r", AT), *decoder.feed(b"\n43\r", AT + HAND_S)]

    assert texts(results) == ["42", "43"]


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
