"""A scanner's hands: text in, the key events that a layout needs for it out."""

from collections.abc import Iterator

from evdev import ecodes

from services.devices.scanners.keys import GS
from services.devices.scanners.layouts import LAYOUTS, SPACING, LayoutName

KEY_GAP_S, HAND_S = 0.004, 0.03
"""Between two keys of a scanner, and between two scans: no hand is faster."""
DOWN, UP, REPEAT = 1, 0, 2
Event = tuple[int, int, int, float]
_MARKS = {spacing: mark for mark, spacing in SPACING.items()}


class Typist:
    """A scanner set up for a layout, with a clock of its own."""

    def __init__(self, layout: LayoutName = "us", *, key_gap_s: float = KEY_GAP_S) -> None:
        self.now = 1_000.0
        self._key_gap_s = key_gap_s
        self._chords: dict[str, tuple[int, ...]] = {}
        for key, levels in LAYOUTS[layout].keys.items():
            if key not in KEYPAD:
                for level, typed in enumerate(levels):
                    shift = (ecodes.KEY_RIGHTSHIFT,) if level & 1 else ()
                    altgr = (ecodes.KEY_RIGHTALT,) if level & 2 else ()
                    self._chords.setdefault(typed, (*shift, *altgr, key))

    def can(self, character: str) -> bool:
        """Whether the layout has a character."""
        return character in self._chords or _MARKS.get(character) in self._chords

    def press(self, *keys: int) -> Iterator[Event]:
        """Press keys in turn, then let them go in the opposite order, as a chord."""
        for key in keys:
            yield from self.event(key, DOWN)
        for key in reversed(keys):
            yield from self.event(key, UP)

    def event(self, key: int, value: int) -> Iterator[Event]:
        """One change of one key and the report that closes it."""
        yield ecodes.EV_MSC, ecodes.MSC_SCAN, 0x70000 + key, self.now
        yield ecodes.EV_KEY, key, value, self.now
        yield ecodes.EV_SYN, ecodes.SYN_REPORT, 0, self.now
        self.now += self._key_gap_s / 2

    def type(self, text: str) -> Iterator[Event]:
        """Type text; GS as Ctrl+], a character that is a dead key alone with a blank behind it."""
        for character in text:
            if character == GS:
                yield from self.press(ecodes.KEY_LEFTCTRL, ecodes.KEY_RIGHTBRACE)
            elif character in self._chords:
                yield from self.press(*self._chords[character])
            else:
                yield from self.press(*self._chords[_MARKS[character]])
                yield from self.press(ecodes.KEY_SPACE)

    def rest(self) -> Iterator[Event]:
        """A hand moves to the next symbol."""
        self.now += HAND_S
        yield from ()

    def lose_events(self) -> Iterator[Event]:
        """What the kernel says when its buffer overran."""
        yield ecodes.EV_SYN, ecodes.SYN_DROPPED, 0, self.now


KEYPAD = frozenset(key for name, key in ecodes.ecodes.items() if name.startswith("KEY_KP") and isinstance(key, int))
