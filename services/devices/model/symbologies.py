"""The kinds of barcode, by the identifier that scanners can send ahead of a code. Pure."""

import re

# ISO/IEC 15424: a symbology identifier is "]", a letter for the kind of symbol and a modifier.
_AIM = re.compile(r"\]([A-Za-z])([0-9A-Za-z])")
SYMBOLOGIES = {
    "A": "code39",
    "B": "telepen",
    "C": "code128",
    "E": "ean",
    "F": "codabar",
    "G": "code93",
    "H": "code11",
    "I": "itf",
    "J": "dotcode",
    "L": "pdf417",
    "M": "msi",
    "P": "plessey",
    "Q": "qr",
    "R": "2of5",
    "S": "2of5",
    "U": "maxicode",
    "d": "datamatrix",
    "e": "databar",
    "z": "aztec",
}
"""What the letters stand for; UPC and EAN, whatever their lengths, are one kind."""


def without_identifier(text: str) -> tuple[str, str, str]:
    """A scanned text without its identifier, and the identifier's letter and modifier, both empty where it has none."""
    identifier = _AIM.match(text)
    if identifier is None or len(text) == identifier.end():
        return text, "", ""
    return text[identifier.end() :], identifier[1], identifier[2]
