"""What the keys of a scanner spell, and when a scan is void."""

import string
from collections.abc import Iterator

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from services.devices.keys import GS, US, KeyDecoder, Scan, Voided

KEY_GAP_S = 0.004
DOWN, UP, REPEAT = 1, 0, 2
PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
MAIN_KEYS = {key: spelled for key, spelled in US.items() if key < ecodes.KEY_KPASTERISK or key == ecodes.KEY_SPACE}
PLAIN = {plain: key for key, (plain, _) in MAIN_KEYS.items()}
SHIFTED = {shifted: key for key, (_, shifted) in MAIN_KEYS.items()}


class Typist:
    """A scanner of the US layout with a clock of its own: turns text into key events."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def press(self, *keys: int) -> Iterator[tuple[int, int, int, float]]:
        """Press keys in turn, then let them go in the opposite order, as a chord."""
        for key in keys:
            yield from self.event(key, DOWN)
        for key in reversed(keys):
            yield from self.event(key, UP)

    def event(self, key: int, value: int) -> Iterator[tuple[int, int, int, float]]:
        """One change of one key and the report that closes it."""
        yield ecodes.EV_MSC, ecodes.MSC_SCAN, 0x70000 + key, self.now
        yield ecodes.EV_KEY, key, value, self.now
        yield ecodes.EV_SYN, ecodes.SYN_REPORT, 0, self.now
        self.now += KEY_GAP_S / 2

    def type(self, text: str) -> Iterator[tuple[int, int, int, float]]:
        """Type text, GS as Ctrl+]."""
        for character in text:
            if character == GS:
                yield from self.press(ecodes.KEY_LEFTCTRL, ecodes.KEY_RIGHTBRACE)
            elif character in PLAIN:
                yield from self.press(PLAIN[character])
            else:
                yield from self.press(ecodes.KEY_RIGHTSHIFT, SHIFTED[character])

    def lose_events(self) -> Iterator[tuple[int, int, int, float]]:
        """What the kernel says when its buffer overran."""
        yield ecodes.EV_SYN, ecodes.SYN_DROPPED, 0, self.now


def heard(decoder: KeyDecoder, *events: Iterator[tuple[int, int, int, float]]) -> list[Scan | Voided]:
    """Everything that the decoder makes of the events."""
    results = (decoder.feed(*event) for part in events for event in part)
    return [result for result in results if result is not None]


def texts(results: list[Scan | Voided]) -> list[str]:
    return [result.text for result in results if isinstance(result, Scan)]


@given(st.text(alphabet=PRINTABLE + GS, min_size=1, max_size=512), st.sampled_from(["ENTER", "KPENTER", "TAB"]))
def test_whatever_is_typed_is_read(text: str, terminator: str) -> None:
    typist = Typist()

    results = heard(KeyDecoder(), typist.type(text), typist.press(ecodes.ecodes[f"KEY_{terminator}"]))

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


def test_lost_events_void_the_scan_up_to_its_terminator() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    lost = heard(decoder, typist.type("4006"), typist.lose_events(), typist.type("8133"))
    tail = heard(decoder, typist.type("3931"), typist.press(ecodes.KEY_ENTER))
    following = heard(decoder, typist.type("4012345678901"), typist.press(ecodes.KEY_ENTER))

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
    following = heard(decoder, typist.type("ab1"), typist.press(ecodes.KEY_ENTER))

    assert texts(following) == ["ab1"]


def test_half_a_scan_is_void_after_a_pause() -> None:
    typist = Typist()
    decoder = KeyDecoder()

    heard(decoder, typist.type("40063"))
    typist.now += 0.301
    results = heard(decoder, typist.type("4012345678901"), typist.press(ecodes.KEY_ENTER))

    assert results[0] == Voided("too_slow", 5)
    assert texts(results) == ["4012345678901"]


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
    typist.now += 0.301
    results = heard(decoder, typist.type("A1"), typist.press(ecodes.KEY_ENTER))

    assert texts(results) == ["A1"]


def test_a_scan_that_is_too_long_is_void() -> None:
    typist = Typist()

    results = heard(
        KeyDecoder(longest=4),
        typist.type("123456789"),
        typist.press(ecodes.KEY_ENTER),
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
