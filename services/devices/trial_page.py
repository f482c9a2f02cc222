"""What a test page shows: whether a printer's width, letters and codes are as the settings say. Pure."""

from services.devices.printers.settings import PrinterSettings
from services.devices.receipt import Barcode, Printed, QrCode, Row
from services.devices.spelling import printable
from services.runtime.texts import Texts

WORDS = ("Test page", "{count} characters in a line", "Letters: {letters}", "Can you read all of it?")
LETTERS = "ä ö å Ä Ö Å ß é è ñ ç € £"


def lay_out_test(printer: PrinterSettings, texts: Texts, language: str) -> list[Printed]:
    """Set a page that a person compares with what they know of their printer."""

    def said(msgid: str, **params: object) -> str:
        return printable(texts.get(language, msgid, **params), printer.code_page)

    columns = printer.columns
    return [
        Row(said("Test page"), centred=True, bold=True, tall=True),
        Row(printer.device[:columns], centred=True),
        Row("".join(str(place % 10) for place in range(1, columns + 1))),
        Row(said("{count} characters in a line", count=columns)[:columns]),
        Row(said("Letters: {letters}", letters=LETTERS)[:columns]),
        Barcode(printer.device[:20]),
        QrCode(printer.device),
        Row(said("Can you read all of it?")[:columns], centred=True),
    ]
