"""A picture of a paper, dot by dot, for a person or a barcode reader. Never here: how the paper came to be."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO

import qrcode
from barcode.charsets import code128
from PIL import Image, ImageDraw, ImageFont

from services.hub.escpos_paper import Barcode, PrintedRow

_CELL_W, _CELL_H, _MARGIN = 12, 24, 24


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def picture_of(rows: Sequence[PrintedRow], columns: int) -> bytes:
    """A PNG of the rows of a paper, one pixel a dot, with a margin."""
    pictures = [_row_picture(row, columns) for row in rows]
    width = columns * _CELL_W + 2 * _MARGIN
    paper = Image.new("L", (width, sum(each.height for each in pictures) + 2 * _MARGIN), 255)
    top = _MARGIN
    for each in pictures:
        paper.paste(each, (_MARGIN, top))
        top += each.height
    png = BytesIO()
    paper.save(png, "PNG", optimize=True)
    return png.getvalue()


def _row_picture(row: PrintedRow, columns: int) -> Image.Image:
    width = columns * _CELL_W
    if row.qr is not None:
        drawn = _qr_picture(row.qr)
    elif row.barcode is not None:
        drawn = _barcode_picture(row.barcode)
    elif row.picture is not None:
        drawn = _dots_picture(row.picture)
    else:
        drawn = Image.new("L", (max(len(row.text), 1) * _CELL_W, _CELL_H), 255)
        pen, font = ImageDraw.Draw(drawn), _font(_CELL_H - 4, bold=row.bold)
        for place, character in enumerate(row.text):
            pen.text((place * _CELL_W, 0), character, fill=0, font=font)
        drawn = drawn.resize((drawn.width * (1 + row.wide), drawn.height * (1 + row.tall)))
    picture = Image.new("L", (width, drawn.height), 255)
    picture.paste(drawn, (row.align * max(width - drawn.width, 0) // 2, 0))
    return picture


def _qr_picture(content: str) -> Image.Image:
    code = qrcode.QRCode(box_size=6, border=2)
    code.add_data(content)
    code.make(fit=True)
    modules = code.get_matrix()
    side = len(modules)
    picture = Image.new("L", (side, side), 255)
    picture.putdata([0 if dark else 255 for line in modules for dark in line])
    return picture.resize((side * 6, side * 6), Image.Resampling.NEAREST)


def _barcode_picture(barcode: Barcode) -> Image.Image:
    modules = _code_128(barcode.content)
    bars = Image.new("L", (len(modules), 1), 255)
    bars.putdata([0 if module == "1" else 255 for module in modules])
    picture = bars.resize((len(modules) * barcode.wide, barcode.high), Image.Resampling.NEAREST)
    if not barcode.with_text:
        return picture
    width = max(picture.width, len(barcode.content) * _CELL_W)
    whole = Image.new("L", (width, picture.height + _CELL_H), 255)
    whole.paste(picture, ((width - picture.width) // 2, 0))
    left = (width - len(barcode.content) * _CELL_W) // 2
    for place, character in enumerate(barcode.content):
        ImageDraw.Draw(whole).text(
            (left + place * _CELL_W, picture.height), character, fill=0, font=_font(20, bold=False)
        )
    return whole


def _code_128(content: str) -> str:
    """The modules of a barcode in code set B, 1 for black (ISO/IEC 15417)."""
    values: list[int] = [code128.START_CODES["B"], *(code128.B[character] for character in content)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    patterns: list[str] = [code128.CODES[value] for value in (*values, check)]
    return "".join(patterns) + f"{code128.STOP}11"


def _dots_picture(data: bytes) -> Image.Image:
    wide, high = (int.from_bytes(data[place : place + 2], "little") for place in (0, 2))
    dots = Image.frombytes("1", (wide * 8, high), data[4:])
    return dots.convert("L").point(lambda value: 255 - value)
