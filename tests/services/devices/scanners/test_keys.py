"""What the keys of a scanner spell, and when a scan is void."""

import string
from collections.abc import Iterator

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from services.devices.scanners.keys import GS, REST_S, Chord, KeyDecoder, Scan, Voided
from services.devices.scanners.layouts import LAYOUTS, LayoutName
from tests.services.devices.scanners.typist import DOWN, KEY_GAP_S, REPEAT, UP, Typist

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
OTHER_THAN_US: list[LayoutName] = ["gb", "de", "fr", "nl", "fi"]


def heard(decoder: KeyDecoder, *events: Iterator[tuple[int, int, int, float]]) -> list[Scan | Voided]:
    """Everything that the decoder makes of the events."""
    return [result for part in events for event in part for result in decoder.feed(*event)]


def texts(results: list[Scan | Voided]) -> list[str]:
    return [result.text for result in results if isinstance(result, Scan)]


@given(
    st.text(alphabet=PRINTABLE + GS, min_size=1, max_size=512),
    st.sampled_from(["ENTER", "KPENTER", "TAB"]),
    st.sampled_from(list(LAYOUTS)),
)
def test_whatever_is_typed_is_read_on_every_layout(text: str, terminator: str, layout: LayoutName) -> None:
    typist = Typist(layout)

    results = heard(KeyDecoder(LAYOUTS[layout]), typist.type(text), typist.press(ecodes.ecodes[f"KEY_{terminator}"]))

    assert texts(results) == [text]
    assert len(results) == 1


def test_a_scan_says_when_it_began_and_ended() -> None:
    typist = Typist()

    (scan,) = heard(KeyDecoder(), typist.type("42"), typist.press(ecodes.KEY_ENTER))

    assert isinstance(scan, Scan)
    assert scan.began == 1_000.0
    assert scan.ended - scan.began == pytest.approx(2 * KEY_GAP_S)


def test_keypad_digits_are_digits() -> None:
    typist = Typist()
    keys = [ecodes.ecodes[f"KEY_KP{digit}"] for digit in "4006381333931"]

    results = heard(KeyDecoder(), *(typist.press(key) for key in keys), typist.press(ecodes.KEY_KPENTER))

    assert texts(results) == ["4006381333931"]


def test_caps_lock_turns_letters_and_nothing_else() -> None:
    typist = Typist()
    caps = ecodes.KEY_CAPSLOCK

    results = heard(
        KeyDecoder(),
        typist.press(caps),
        typist.type("aB1-"),
        typist.press(caps),
        typist.type("c"),
        typist.press(ecodes.KEY_TAB),
    )

    assert texts(results) == ["Ab1-c"]


def test_a_held_key_types_once() -> None:
    typist = Typist()

    results = heard(
        KeyDecoder(),
        typist.event(ecodes.KEY_2, DOWN),
        typist.event(ecodes.KEY_2, REPEAT),
        typist.event(ecodes.KEY_2, UP),
        typist.press(ecodes.KEY_2),
        typist.press(ecodes.KEY_ENTER),
    )

    assert texts(results) == ["22"]


def test_carriage_return_and_line_feed_make_one_scan() -> None:
    typist = Typist()

    results = heard(KeyDecoder(), typist.type("42"), typist.press(ecodes.KEY_ENTER), typist.press(ecodes.KEY_TAB))

    assert texts(results) == ["42"]
    assert len(results) == 1


def symbol(typist: Typist, *lines: str) -> Iterator[tuple[int, int, int, float]]:
    """A symbol with line breaks in it, each of which the scanner types as Enter."""
    for line in lines:
        yield from typist.type(line)
        yield from typist.press(ecodes.KEY_ENTER)


def test_of_a_symbol_with_several_lines_the_first_is_a_scan_and_the_others_are_void_and_told_once() -> None:
    """A bank transfer's QR code; the lone digit among its lines would be an item's code."""
    typist = Typist()
    decoder = KeyDecoder()

    results = heard(decoder, symbol(typist, "BCD", "002", "1", "", "SCT", "#5"), typist.rest(), symbol(typist, "42"))

    assert texts(results) == ["BCD", "42"]
    assert [each for each in results if isinstance(each, Voided)] == [Voided("several_lines", 0)]


def test_two_symbols_are_two_scans_however_fast_a_hand_is() -> None:
    typist = Typist()

    results = heard(KeyDecoder(), symbol(typist, "7"), typist.rest(), symbol(typist, "7"), typist.rest())

    assert texts(results) == ["7", "7"]
    assert len(results) == 2


def test_each_of_several_codes_at_one_trigger_is_a_scan_where_the_scanner_is_set_so() -> None:
    typist = Typist()

    results = heard(KeyDecoder(several_codes=True), symbol(typist, "4006381333931", "1"))

    assert texts(results) == ["4006381333931", "1"]


def test_the_lines_of_a_scanner_that_types_slowly_are_of_one_symbol_too() -> None:
    typist = Typist(key_gap_s=0.05)

    results = heard(KeyDecoder(), symbol(typist, "BCD", "1", "2"))

    assert texts(results) == ["BCD"]
    assert results[1:] == [Voided("several_lines", 0)]


def test_a_line_that_begins_with_shift_begins_when_that_goes_down() -> None:
    typist = Typist(key_gap_s=0.012)
    decoder = KeyDecoder()

    first = heard(decoder, symbol(typist, "a"))
    typist.now += 0.005
    results = heard(decoder, symbol(typist, "B"))

    assert texts(first) == ["a"]
    assert results == [Voided("several_lines", 0)]


def test_a_fault_in_a_later_line_is_not_told_beside_its_symbol() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    results = heard(decoder, symbol(typist, "BCD", "2"), typist.press(ecodes.KEY_F5), symbol(typist, "3", "4"))

    assert texts(results) == ["BCD"]
    assert results[1:] == [Voided("several_lines", 0)]


def test_a_key_that_is_none_right_behind_a_code_is_named() -> None:
    """A scanner whose suffix is Enter and something else."""
    typist = Typist()

    results = heard(KeyDecoder(), symbol(typist, "42"), typist.press(ecodes.KEY_F5), symbol(typist, ""))

    assert texts(results) == ["42"]
    assert results[1:] == [Voided("unknown_key", 0, ecodes.KEY_F5)]


def test_what_follows_a_void_line_of_a_symbol_is_void_with_it() -> None:
    typist = Typist()

    results = heard(
        KeyDecoder(longest=4), symbol(typist, "12345", "1", "2"), typist.rest(), symbol(typist, "12345", "1")
    )

    assert results == [Voided("too_long", 4), Voided("too_long", 4)]


def test_an_end_key_ahead_of_a_code_makes_it_no_second_line() -> None:
    typist = Typist()

    results = heard(KeyDecoder(), symbol(typist, "", "42"), typist.rest(), symbol(typist, "", "43"))

    assert texts(results) == ["42", "43"]


def test_lost_events_void_the_scan_up_to_its_terminator() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    lost = heard(decoder, typist.type("4006"), typist.lose_events(), typist.type("8133"))
    tail = heard(decoder, typist.type("3931"), typist.press(ecodes.KEY_ENTER))
    following = heard(decoder, typist.rest(), typist.type("4012345678901"), typist.press(ecodes.KEY_ENTER))

    assert lost == [Voided("events_lost", 4)]
    assert tail == []
    assert texts(following) == ["4012345678901"]


def test_events_up_to_the_report_after_a_loss_do_not_count() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    lost = heard(decoder, typist.lose_events(), iter([(ecodes.EV_KEY, ecodes.KEY_ENTER, DOWN, typist.now)]))
    tail = heard(decoder, typist.type("931"), typist.press(ecodes.KEY_ENTER))

    assert lost == [Voided("events_lost", 0)]
    assert tail == []


def test_a_shift_key_whose_release_was_lost_is_let_go() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    heard(decoder, typist.event(ecodes.KEY_LEFTSHIFT, DOWN), typist.lose_events(), typist.press(ecodes.KEY_ENTER))
    heard(decoder, typist.press(ecodes.KEY_ENTER))
    following = heard(decoder, typist.rest(), typist.type("ab1"), typist.press(ecodes.KEY_ENTER))

    assert texts(following) == ["ab1"]


def test_half_a_scan_is_void_after_a_pause_and_so_is_the_rest_of_it() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    heard(decoder, typist.type("40063"))
    typist.now += 0.301
    results = heard(decoder, typist.type("81333931"), typist.press(ecodes.KEY_ENTER))
    following = heard(decoder, typist.rest(), typist.type("42"), typist.press(ecodes.KEY_ENTER))

    assert results == [Voided("too_slow", 5), Voided("too_slow", 8)]
    assert texts(following) == ["42"]


def test_what_comes_long_after_half_a_scan_is_a_scan_of_its_own() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    heard(decoder, typist.type("40063"))
    typist.now += 0.301
    first = decoder.pause(typist.now)
    typist.now += REST_S
    results = heard(decoder, typist.type("4012345678901"), typist.press(ecodes.KEY_ENTER))

    assert first == Voided("too_slow", 5)
    assert texts(results) == ["4012345678901"]


def test_a_whole_scan_and_a_key_that_is_none_are_both_told() -> None:
    typist = Typist()
    decoder = KeyDecoder(end="pause")

    heard(decoder, typist.type("123"))
    typist.now += 0.301
    results = heard(decoder, typist.press(ecodes.KEY_PAGEUP))

    assert texts(results) == ["123"]
    assert results[1] == Voided("unknown_key", 0, ecodes.KEY_PAGEUP)


def test_a_terminator_after_a_pause_ends_nothing() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    heard(decoder, typist.type("40063"))
    typist.now += 0.301
    results = heard(decoder, typist.press(ecodes.KEY_ENTER))

    assert results == [Voided("too_slow", 5)]


def test_a_lost_terminator_does_not_cost_the_next_scan() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    heard(decoder, typist.type("40063"), typist.lose_events(), typist.type("8"))
    typist.now += REST_S + 0.001
    results = heard(decoder, typist.type("A1"), typist.press(ecodes.KEY_ENTER))

    assert texts(results) == ["A1"]


def test_a_scan_that_is_too_long_is_void() -> None:
    typist = Typist()

    results = heard(
        KeyDecoder(longest=4),
        typist.type("123456789"),
        typist.press(ecodes.KEY_ENTER),
        typist.rest(),
        typist.type("1234"),
        typist.press(ecodes.KEY_ENTER),
    )

    assert results[0] == Voided("too_long", 4)
    assert texts(results) == ["1234"]


@pytest.mark.parametrize("key", [ecodes.KEY_DOWN, ecodes.KEY_LEFTALT, ecodes.KEY_F5])
def test_a_key_that_no_scanner_types_voids_the_scan_and_is_named(key: int) -> None:
    typist = Typist()

    results = heard(
        KeyDecoder(), typist.type("42"), typist.press(key), typist.type("7"), typist.press(ecodes.KEY_ENTER)
    )

    assert results == [Voided("unknown_key", 2, key)]


def test_control_with_another_key_voids_the_scan() -> None:
    typist = Typist()

    results = heard(KeyDecoder(), typist.press(ecodes.KEY_RIGHTCTRL, ecodes.KEY_J), typist.press(ecodes.KEY_ENTER))

    assert results == [Voided("unknown_key", 0, ecodes.KEY_J)]


@pytest.mark.parametrize(
    ("layout", "typed", "read"),
    [
        ("de", "https://ex.org/p?id=7", "https>&&ex.org&p_id)7"),
        ("de", "ABC-1234/xyz", "ABC/1234&xzy"),
        ("fr", "4006381333931", "$))^#*!###(#!"),
    ],
)
def test_another_layout_than_the_scanners_reads_something_else(layout: LayoutName, typed: str, read: str) -> None:
    """Measured on real key positions (lab): why a scanner's layout is a setting."""
    typist = Typist(layout)

    results = heard(KeyDecoder(), typist.type(typed), typist.press(ecodes.KEY_ENTER))

    assert texts(results) == [read]


@pytest.mark.parametrize(
    ("layout", "keys", "read"),
    [
        ("de", "Z Y SEMICOLON APOSTROPHE", "yzöä"),
        ("de", "EQUAL+E EQUAL+SPACE", "é´"),  # noqa: RUF001
        ("fr", "LEFTBRACE+E SHIFT:LEFTBRACE+I", "êï"),
        ("fi", "LEFTBRACE SHIFT:RIGHTBRACE+SPACE EQUAL+E", "å^é"),
        ("nl", "LEFTBRACE+E APOSTROPHE+O", "ëó"),
    ],
)
def test_letters_of_the_country_and_dead_keys_are_read(layout: LayoutName, keys: str, read: str) -> None:
    typist = Typist(layout)
    chords = []
    for part in keys.replace("+", " ").split():
        shift, _, name = part.rpartition(":")
        chords.append(([ecodes.KEY_LEFTSHIFT] if shift else []) + [ecodes.ecodes[f"KEY_{name}"]])

    results = heard(
        KeyDecoder(LAYOUTS[layout]), *(typist.press(*chord) for chord in chords), typist.press(ecodes.KEY_ENTER)
    )

    assert texts(results) == [read]


def test_a_dead_key_before_a_letter_that_takes_no_mark_is_a_character_of_its_own() -> None:
    typist = Typist("de")

    results = heard(
        KeyDecoder(LAYOUTS["de"]),
        typist.press(ecodes.KEY_GRAVE),
        typist.press(ecodes.KEY_X),
        typist.press(ecodes.KEY_GRAVE),
        typist.press(ecodes.KEY_ENTER),
    )

    assert texts(results) == ["^x^"]


def test_the_keypads_point_is_what_the_country_writes() -> None:
    points: dict[LayoutName, str] = {"us": ".", "gb": ".", "de": ",", "fi": ",", "nl": ","}
    for layout, point in points.items():
        typist = Typist()
        keys = (ecodes.KEY_KP1, ecodes.KEY_KPDOT, ecodes.KEY_KP5, ecodes.KEY_KPENTER)

        results = heard(KeyDecoder(LAYOUTS[layout]), *(typist.press(key) for key in keys))

        assert texts(results) == [f"1{point}5"]


@pytest.mark.parametrize("layout", OTHER_THAN_US)
def test_caps_lock_leaves_digits_alone_on_every_layout(layout: LayoutName) -> None:
    typist = Typist(layout)
    caps = ecodes.KEY_CAPSLOCK

    results = heard(
        KeyDecoder(LAYOUTS[layout]), typist.press(caps), typist.type("aB1-"), typist.press(ecodes.KEY_ENTER)
    )

    assert texts(results) == ["Ab1-"]


@pytest.mark.parametrize(
    ("chord", "keys"),
    [
        (Chord(ecodes.KEY_DOWN, control=False), (ecodes.KEY_DOWN,)),
        (Chord(ecodes.KEY_G, control=True), (ecodes.KEY_LEFTCTRL, ecodes.KEY_G)),
    ],
)
def test_another_key_can_stand_for_the_group_separator(chord: Chord, keys: tuple[int, ...]) -> None:
    typist = Typist()

    results = heard(
        KeyDecoder(separator=chord),
        typist.type("10AB"),
        typist.press(*keys),
        typist.type(f"21{GS}7"),
        typist.press(ecodes.KEY_ENTER),
    )

    assert texts(results) == [f"10AB{GS}21{GS}7"]


def test_a_scanner_without_a_suffix_ends_by_silence() -> None:
    typist = Typist()
    decoder = KeyDecoder(end="pause")

    first = heard(decoder, typist.type("4006381333931"))
    was_in_scan = decoder.in_scan
    ended = decoder.pause(typist.now + 0.301)

    assert first == []
    assert was_in_scan
    assert isinstance(ended, Scan)
    assert ended.text == "4006381333931"
    assert not decoder.in_scan
    assert decoder.pause(typist.now + 1.0) is None


def test_a_scan_that_silence_ends_can_be_ended_by_the_next_key_as_well() -> None:
    typist = Typist()
    decoder = KeyDecoder(end="pause")

    heard(decoder, typist.type("42"))
    typist.now += 0.301
    results = heard(decoder, typist.type("43"), typist.press(ecodes.KEY_ENTER))

    assert texts(results) == ["42", "43"]


def test_silence_in_mid_scan_voids_it_at_once() -> None:
    typist = Typist()
    decoder = KeyDecoder()
    heard(decoder, typist.type("40063"))

    assert decoder.pause(typist.now) is None
    assert decoder.pause(typist.now + 0.301) == Voided("too_slow", 5)
    assert decoder.in_scan


def test_silence_after_a_void_scan_ends_it_without_another_word() -> None:
    typist = Typist()
    decoder = KeyDecoder()
    heard(decoder, typist.type("40063"), typist.lose_events())

    assert decoder.pause(typist.now + 0.301) is None
    assert decoder.in_scan
    assert decoder.pause(typist.now + REST_S + 0.001) is None
    assert not decoder.in_scan
