"""What the bytes of one serial scanner spell: bytes in, whole scans or voided ones out.

Pure: no port, no thread, no clock. A serial scanner sends what the symbol holds, with ASCII 29 as it is, and
knows no layout.
"""

from services.devices.scanners.keys import LONGEST, PATIENCE_S, REST_S, End, Scan, Voided, VoidReason
from services.devices.scanners.lines import Lines

_TERMINATORS = b"\r\n\t"
# ISO/IEC 15434: group, record and file separators and the end of transmission stand inside of 2D symbols.
_SEPARATORS = b"\x1c\x1d\x1e\x04"
_FRAME = b"\x02\x03"
"""STX and ETX, which some scanners put around a code."""


class SerialDecoder:
    """Reads the bytes of one port, in order. The same rules as for keys: half a scan is never passed on.

    Bytes have no time stamps: what waited for its reader together is taken for one symbol.
    """

    def __init__(
        self,
        *,
        end: End = "key",
        several_codes: bool = False,
        longest: int = LONGEST,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._lines = Lines(several_codes=several_codes)
        self._end_by = end
        self._longest = longest
        self._patience_s = patience_s
        self._last = float("-inf")
        self._bytes = bytearray()
        self._void = self._stalled = False
        self._rest = 0
        self._began = 0.0

    @property
    def in_scan(self) -> bool:
        """Whether a scan has begun whose end has not come."""
        return bool(self._bytes) or self._void

    def feed(self, data: bytes, timestamp: float) -> list[Scan | Voided]:
        """Take bytes as they came, and tell what they end or void."""
        before = self.pause(timestamp)
        self._last = timestamp
        results: list[Scan | Voided] = [] if before is None else [before]
        for byte in data:
            result = self._take(byte, timestamp)
            if result is not None:
                results.append(result)
        return results

    def pause(self, timestamp: float) -> Scan | Voided | None:
        """Nothing came until now: what was begun ends here, whole or void, if that was longer than patience."""
        silence_s = timestamp - self._last
        if silence_s <= self._patience_s:
            return None
        if self._end_by == "pause":
            return self._end(self._last)
        voided = self._throw_away("too_slow") if self._bytes else None
        if silence_s > REST_S:
            self._void, self._rest = False, 0
        self._stalled = self._void
        return voided

    def _take(self, byte: int, now: float) -> Scan | Voided | None:
        if byte in _TERMINATORS:
            return self._end_line(now)
        if self._void or byte in _FRAME:
            self._rest += self._stalled
            return None
        if not self._bytes:
            self._began = now
            if self._lines.goes_on(now):
                told = self._lines.told
                voided = self._throw_away("several_lines")
                return None if told else voided
        # NEL and its like may be parts of UTF-8 letters; what is no text as a whole is found at its end.
        if byte < ord(" ") and byte not in _SEPARATORS:
            return self._throw_away("unknown_key", byte)
        if len(self._bytes) == self._longest:
            return self._throw_away("too_long")
        self._bytes.append(byte)
        return None

    def _end_line(self, now: float) -> Scan | Voided | None:
        begun = self.in_scan
        result = self._end(now)
        if isinstance(result, Scan):
            self._lines.ended(now, (now - result.began) / len(result.text))
        elif begun or self._lines.goes_on(now):  # an end alone may stand ahead of a code
            self._lines.ended(now)
        return result

    def _end(self, now: float) -> Scan | Voided | None:
        data, void, rest = bytes(self._bytes), self._void, self._rest
        self._bytes.clear()
        self._void, self._stalled, self._rest = False, False, 0
        if void:
            return Voided("too_slow", rest) if rest else None
        if not data:
            return None
        try:
            return Scan(data.decode("utf-8"), self._began, now)
        except UnicodeDecodeError:
            # What is no UTF-8 comes from a symbol in Latin-1, the default of ISO/IEC 18004 and 16022.
            return Scan(data.decode("latin-1"), self._began, now)

    def _throw_away(self, reason: VoidReason, byte: int | None = None) -> Voided:
        length = len(self._bytes)
        self._bytes.clear()
        self._void = self._lines.told = True
        return Voided(reason, length, byte)
