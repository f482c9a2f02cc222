"""A shop's logo as the bands of a raster picture, made once and kept. Never here: where it stands on a receipt."""

from functools import lru_cache
from pathlib import Path

from services.devices.printers.escpos import REAL_TIME, check_job

MOST_DOTS_HIGH = 400
MOST_PIXELS = 16_000_000
_BAND = 96
"""Rows of dots in one command: small printers have no memory for more."""


class NoLogo(Exception):
    """The picture cannot be printed; the sentence says why. A receipt goes out without it."""


def logo_bands(path: str, dots_wide: int) -> tuple[bytes, ...]:
    """The commands that print a picture, black and white, no wider than the paper.

    Made anew when the file has changed. Slow the first time: call it in a thread.

    Raises:
        NoLogo: there is no such picture, or it is none that can be printed.
    """
    try:
        changed = Path(path).stat().st_mtime_ns
    except OSError as error:
        raise NoLogo(f"{path}: {error.strerror}") from error
    return _bands(path, changed, dots_wide)


@lru_cache(maxsize=16)
def _bands(path: str, _changed: int, dots_wide: int) -> tuple[bytes, ...]:
    from PIL import Image  # noqa: PLC0415 - 3 MB that a shop without a logo need not pay

    try:
        with Image.open(path) as picture:
            visible = None if picture.width * picture.height > MOST_PIXELS else picture.convert("RGBA")
    except Exception as error:  # what a broken picture makes its reader raise is anybody's guess
        raise NoLogo(f"{path} is no picture that can be read: {error}") from error
    if visible is None:
        raise NoLogo(f"{path} has more than {MOST_PIXELS} pixels")
    on_white = Image.new("RGBA", visible.size, "white")
    on_white.alpha_composite(visible)
    grey = on_white.convert("L")
    shrunk = min(1.0, dots_wide / grey.width, MOST_DOTS_HIGH / grey.height)
    wide, high = (max(1, int(side * shrunk)) for side in grey.size)
    dots = grey.resize((wide, high)).convert("1")
    bands = []
    for top in range(0, high, _BAND):
        band = dots.crop((0, top, wide, min(top + _BAND, high)))
        # In the command a set bit is a black dot; in a picture it is a white one. Bits past the edge stay white.
        black = band.point(lambda value: 255 - value).tobytes()
        size = ((wide + 7) // 8).to_bytes(2, "little") + band.height.to_bytes(2, "little")
        bands.append(b"\x1dv0\x00" + size + _without_commands(black))
    check_job(b"".join(bands), opens_drawer=False)
    return tuple(bands)


def _without_commands(dots: bytes) -> bytes:
    """The dots of a picture, one fewer wherever they would command the printer: nobody sees one dot in a logo."""
    for command in REAL_TIME:
        dots = dots.replace(command, b"\x00" + command[1:])
    return dots
