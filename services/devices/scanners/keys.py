"""What the keys of one scanner spell: key events in, whole scans or voided ones out.

Pure: no device, no thread, no clock. Half a scan is never passed on, for a code with a piece
missing may be another item's code.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from evdev import ecodes

from services.devices.scanners.layouts import LAYOUTS, SPACING, Layout
from services.devices.scanners.lines import Lines

VoidReason = Literal["events_lost", "several_lines", "too_long", "too_slow", "unknown_key"]
End = Literal["key", "pause"]
"""What ends a scan: Enter, keypad Enter or Tab; with ``pause`` silence as well, for a scanner without a suffix."""

LONGEST = 512
PATIENCE_S = 0.3
REST_S = 3.0
"""For so long after its last key what comes is the rest of a scan that was thrown away, and no scan of its own."""
GS = "\x1d"

TERMINATORS = frozenset((ecodes.KEY_ENTER, ecodes.KEY_KPENTER, ecodes.KEY_TAB))
_SHIFTS = frozenset((ecodes.KEY_LEFTSHIFT, ecodes.KEY_RIGHTSHIFT))
_CONTROLS = frozenset((ecodes.KEY_LEFTCTRL, ecodes.KEY_RIGHTCTRL))
_MODIFIERS = _SHIFTS | _CONTROLS | {ecodes.KEY_RIGHTALT}


@dataclass(frozen=True, slots=True)
class Chord:
    """A key that a scanner types for ASCII 29, with Ctrl held or not."""

    key: int
    control: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """A whole scan. Times are the device's own, in seconds: the first key and the end."""

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
    belongs to it until a terminator, or until a pause longer than ``REST_S``: a scanner that stalls in mid code
    and goes on would else be read as two codes, and the second might be another item's. What is thrown away so is told
    once more at its end, for it may have been a scan of its own. Where silence ends scans, a pause longer than
    ``patience_s`` is enough. Of a symbol with several lines the first is a scan; the others are thrown away and told
    once, unless ``several_codes`` says that each is a code of its own.
    """

    def __init__(  # noqa: PLR0913 - all that a scanner can be set to
        self,
        layout: Layout = LAYOUTS["us"],
        *,
        end: End = "key",
        separator: Chord | None = None,
        several_codes: bool = False,
        longest: int = LONGEST,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._lines = Lines(several_codes=several_codes)
        self._layout = layout
        self._end_by = end
        # GS1 General Specifications 7.8: FNC1 inside a symbol is sent as ASCII 29, which a keyboard types as Ctrl+].
        self._separators = {Chord(layout.group_separator, control=True)} | ({separator} if separator else set())
        self._longest = longest
        self._patience_s = patience_s
        self._text: list[str] = []
        self._mark = ""
        self._began = 0.0
        self._last = float("-inf")
        self._void = False
        self._stalled = False
        self._rest = 0
        """How many characters came after a void scan had stalled: its rest, or a scan whose beginning was lost."""
        self._resyncing = False
        self._held: set[int] = set()
        self._held_since = 0.0
        self._caps = False

    @property
    def in_scan(self) -> bool:
        """Whether a scan has begun whose end has not come; a pause then is news for ``pause``."""
        return bool(self._text or self._mark or self._void)

    def feed(self, kind: int, code: int, value: int, timestamp: float) -> tuple[Scan | Voided, ...]:
        """Take one event of ``linux/input.h``: its type, code, value and time in seconds.

        Returns:
            The scans that this event ends or voids: none while one goes on, two where the silence before it ended
            one and the key itself can be no part of the next.
        """
        if kind == ecodes.EV_SYN:
            return _those(self._synchronise(code, timestamp))
        if kind != ecodes.EV_KEY or self._resyncing:
            return ()
        if value == 0:
            self._held.discard(code)
        if value != 1:
            return ()
        before = self.pause(timestamp)
        self._last = timestamp
        return _those(before, self._press(code, timestamp))

    def pause(self, now: float) -> Scan | Voided | None:
        """Nothing came until now: what was begun ends here, whole or void, if that was longer than patience."""
        silence_s = now - self._last
        if silence_s <= self._patience_s:
            return None
        if self._end_by == "pause":
            scan = self._end(self._last)
            self._begin_afresh()
            return scan
        voided = self._throw_away("too_slow") if self._text else None
        if not self._void or silence_s > REST_S:
            self._begin_afresh()
        self._stalled = self._void
        return voided

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

    def _press(self, code: int, now: float) -> Scan | Voided | None:
        if code in _MODIFIERS:
            self._held_since = self._held_since if self._held else now
            self._held.add(code)
        elif code == ecodes.KEY_CAPSLOCK:
            self._caps = not self._caps
        elif code in TERMINATORS:
            return self._end_line(now)
        elif code != ecodes.KEY_NUMLOCK:
            return self._type(code, now)
        return None

    def _end_line(self, now: float) -> Scan | Voided | None:
        begun = self.in_scan
        result = self._end(now)
        if isinstance(result, Scan):
            self._lines.ended(now, (now - result.began) / len(result.text))
        elif begun or self._lines.goes_on(now):  # an end key alone may stand ahead of a code
            self._lines.ended(now)
        return result

    def _end(self, now: float) -> Scan | Voided | None:
        void, rest = self._void, self._rest
        text = "".join(self._text) + SPACING.get(self._mark, "")
        self._text.clear()
        self._mark, self._void, self._stalled, self._rest = "", False, False, 0
        if void:
            return Voided("too_slow", rest) if rest else None
        return Scan(text, self._began, now) if text else None

    def _type(self, code: int, now: float) -> Voided | None:
        if self._void:
            self._rest += self._stalled
            return None
        typed = self._spell(code)
        following = not self.in_scan and self._lines.goes_on(self._held_since if self._held else now)
        if typed is None or following:
            told = self._lines.told
            voided = self._throw_away("several_lines") if typed is not None else self._throw_away("unknown_key", code)
            return None if following and told else voided
        if not self.in_scan:
            self._began = now
        if typed in SPACING and not self._mark:
            self._mark = typed
            return None
        self._text += self._marked(typed)
        if len(self._text) > self._longest:
            return self._throw_away("too_long")
        return None

    def _marked(self, typed: str) -> str:
        """What is typed, with the mark of the dead key before it, if there was one."""
        mark, self._mark = self._mark, ""
        if not mark:
            return typed
        if typed == " ":
            return SPACING[mark]
        composed = unicodedata.normalize("NFC", typed + mark)
        return composed if len(composed) == 1 else SPACING[mark] + SPACING.get(typed, typed)

    def _spell(self, code: int) -> str | None:
        control = not self._held.isdisjoint(_CONTROLS)
        if Chord(code, control) in self._separators:
            return GS
        if control:
            return None
        shift = not self._held.isdisjoint(_SHIFTS)
        altgr = ecodes.KEY_RIGHTALT in self._held
        plain = self._layout.types(code, shift=False, altgr=False)
        # Caps Lock turns letters alone; on a layout with ö and é on keys of their own these are letters as well.
        if self._caps and plain is not None and plain.isalpha() and not altgr:
            other = self._layout.types(code, shift=True, altgr=False)
            shift = shift is not (other == plain.upper())
        return self._layout.types(code, shift=shift, altgr=altgr)

    def _throw_away(self, reason: VoidReason, key: int | None = None) -> Voided:
        length = min(len(self._text), self._longest)
        self._begin_afresh()
        self._void = self._lines.told = True
        return Voided(reason, length, key)

    def _begin_afresh(self) -> None:
        """Forget the scan and the modifiers; between scans a scanner holds no key and leaves Caps Lock off."""
        self._text.clear()
        self._mark = ""
        self._held.clear()
        self._caps = False
        self._void = self._stalled = False
        self._rest = 0


def _those(*results: Scan | Voided | None) -> tuple[Scan | Voided, ...]:
    return tuple(result for result in results if result is not None)
