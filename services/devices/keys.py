"""What the keys of one scanner spell: key events in, whole scans or voided ones out.

Pure: no device, no thread, no clock. A scanner that plays keyboard sends key positions, so
what it spells depends on the layout it was set up for; this is the US one, the makers' default.
Half a scan is never passed on, for a code with a piece missing may be another item's code.
"""

from dataclasses import dataclass
from typing import Literal

from evdev import ecodes

VoidReason = Literal["events_lost", "too_long", "too_slow", "unknown_key"]

LONGEST = 512
PATIENCE_S = 0.3
GS = "\x1d"

_KEYS = (*range(2, 14), *range(16, 28), *range(30, 42), *range(43, 54), ecodes.KEY_SPACE)
_PLAIN = "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./ "
_SHIFTED = '!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"~|ZXCVBNM<>? '
_KEYPAD = {
    ecodes.KEY_KP0: "0",
    ecodes.KEY_KP1: "1",
    ecodes.KEY_KP2: "2",
    ecodes.KEY_KP3: "3",
    ecodes.KEY_KP4: "4",
    ecodes.KEY_KP5: "5",
    ecodes.KEY_KP6: "6",
    ecodes.KEY_KP7: "7",
    ecodes.KEY_KP8: "8",
    ecodes.KEY_KP9: "9",
    ecodes.KEY_KPDOT: ".",
    ecodes.KEY_KPMINUS: "-",
    ecodes.KEY_KPPLUS: "+",
    ecodes.KEY_KPASTERISK: "*",
    ecodes.KEY_KPSLASH: "/",
}
US: dict[int, tuple[str, str]] = {
    **{key: (plain, shifted) for key, plain, shifted in zip(_KEYS, _PLAIN, _SHIFTED, strict=True)},
    **{key: (text, text) for key, text in _KEYPAD.items()},
}
"""Key code to what it types plain and shifted, of the US layout and the keypad with Num Lock on."""

TERMINATORS = frozenset((ecodes.KEY_ENTER, ecodes.KEY_KPENTER, ecodes.KEY_TAB))
_SHIFTS = frozenset((ecodes.KEY_LEFTSHIFT, ecodes.KEY_RIGHTSHIFT))
_CONTROLS = frozenset((ecodes.KEY_LEFTCTRL, ecodes.KEY_RIGHTCTRL))


@dataclass(frozen=True, slots=True)
class Scan:
    """A whole scan. Times are the device's own, in seconds: the first key and the terminator."""

    text: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Voided:
    """A scan that was thrown away. ``length`` is how many characters had been read; ``key`` the unknown key's code."""

    reason: VoidReason
    length: int
    key: int | None = None


class KeyDecoder:
    """Reads the key events of one device, one at a time and in order.

    Characters count when their key goes down; repeats by a held key are ignored, for a
    scanner types each character anew, doubles too. A fault voids the scan: what follows
    belongs to it until a terminator, or until a pause longer than ``patience_s``.
    """

    def __init__(self, longest: int = LONGEST, patience_s: float = PATIENCE_S) -> None:
        self._longest = longest
        self._patience_s = patience_s
        self._text: list[str] = []
        self._began = 0.0
        self._last = float("-inf")
        self._void = False
        self._resyncing = False
        self._held: set[int] = set()
        self._caps = False

    def feed(self, kind: int, code: int, value: int, timestamp: float) -> Scan | Voided | None:
        """Take one event of ``linux/input.h``: its type, code, value and time in seconds.

        Returns:
            The scan that this event ends, the scan that it voids, or None while one goes on.
            An event can void the scan before it and begin the next.
        """
        if kind == ecodes.EV_SYN:
            return self._synchronise(code, timestamp)
        if kind != ecodes.EV_KEY or self._resyncing:
            return None
        if value == 0:
            self._held.discard(code)
        if value != 1:
            return None
        voided = self._pause(timestamp)
        self._last = timestamp
        return self._press(code, timestamp) or voided

    def _synchronise(self, code: int, now: float) -> Voided | None:
        # Linux, Documentation/input/event-codes.rst, SYN_DROPPED: a client ignores all events up to
        # and including the next SYN_REPORT.
        if code == ecodes.SYN_DROPPED:
            self._resyncing = True
            self._last = now
            return self._throw_away("events_lost")
        if code == ecodes.SYN_REPORT:
            self._resyncing = False
        return None

    def _pause(self, now: float) -> Voided | None:
        if now - self._last <= self._patience_s:
            return None
        length = 0 if self._void else len(self._text)
        self._begin_afresh()
        return Voided("too_slow", length) if length else None

    def _press(self, code: int, now: float) -> Scan | Voided | None:
        if code in _SHIFTS or code in _CONTROLS:
            self._held.add(code)
        elif code == ecodes.KEY_CAPSLOCK:
            self._caps = not self._caps
        elif code in TERMINATORS:
            return self._end(now)
        elif code != ecodes.KEY_NUMLOCK:
            return self._type(code, now)
        return None

    def _end(self, now: float) -> Scan | None:
        if self._void or not self._text:
            self._void = False
            return None
        text = "".join(self._text)
        self._text.clear()
        return Scan(text, self._began, now)

    def _type(self, code: int, now: float) -> Voided | None:
        if self._void:
            return None
        text = self._spell(code)
        if text is None:
            return self._throw_away("unknown_key", code)
        if len(self._text) == self._longest:
            return self._throw_away("too_long")
        if not self._text:
            self._began = now
        self._text.append(text)
        return None

    def _spell(self, code: int) -> str | None:
        if not self._held.isdisjoint(_CONTROLS):
            # ISO/IEC 15434 and GS1 General Specifications 7.8: FNC1 inside a symbol is sent as ASCII 29,
            # which a keyboard types as Ctrl+].
            return GS if code == ecodes.KEY_RIGHTBRACE else None
        spelled = US.get(code)
        if spelled is None:
            return None
        plain, shifted = spelled
        return shifted if self._held.isdisjoint(_SHIFTS) is (self._caps and plain.isalpha()) else plain

    def _throw_away(self, reason: VoidReason, key: int | None = None) -> Voided:
        length = len(self._text)
        self._begin_afresh()
        self._void = True
        return Voided(reason, length, key)

    def _begin_afresh(self) -> None:
        """Forget the scan and the modifiers; between scans a scanner holds no key and leaves Caps Lock off."""
        self._text.clear()
        self._held.clear()
        self._caps = False
        self._void = False
