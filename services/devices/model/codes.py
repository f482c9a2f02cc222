"""What a scanned code is, by its symbology, GS1's rules and the shop's.

Pure: no bus, no database, no clock.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stdnum import ean

from contracts.devices.scanning import Gs1Element, ScanKind
from contracts.ids import DeviceId, RegisterId, ScanId
from services.devices.model.gs1 import Elements, elements_of, is_item_number
from services.devices.model.symbologies import SYMBOLOGIES, without_identifier
from services.devices.settings import CodeKind, ScanRule

Doubt = Literal["none", "check_digit_wrong", "wrong_layout", "no_item_code", "weighed"]
"""Why a code can be no item: misread, typed on another layout than the settings say, nothing an item is called.

``weighed`` is an item whose piece has a weight or a price of its own."""

_EAN_DIGITS = {"0": 13, "3": 13, "4": 8}
"""ISO/IEC 15424, modifiers of ]E: a whole EAN-13 or UPC, the same with an add-on behind it, an EAN-8."""
_UPC_E = re.compile(r"[01][0-9]{7}")
_PAIRING = re.compile(r"TILL[0-9]{12}", re.IGNORECASE)
"""A register's pairing code: letters that lie alike on every layout, and digits, in any case for Caps Lock's sake."""
# GS1 General Specifications 3.6 and 3.8: trade measures, and the price, of an item whose pieces differ.
_MEASURED = re.compile(r"3[1256][0-9]{2}|39[23][0-9]")
_VOUCHER = re.compile(r"[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}")
"""How the hub's own vouchers are printed. Whoever holds such a code holds its money, so that it goes to no item."""
_ITEM = re.compile(r"[\x21-\x7e]{1,128}")
_ONLY_SYMBOLS = re.compile(r"[^A-Za-z0-9]{6,}")


@dataclass(frozen=True, slots=True)
class Code:
    """What a scanner read, taken apart: its text without the symbology's identifier, and what it is.

    ``item`` is what checkout is asked for: of a GS1 symbol its GTIN, of an EAN with an add-on the EAN. ``slow_rules``
    are the places, from 0, of the rules that were given up because their pattern took too long.
    """

    text: str
    kind: ScanKind
    symbology: str | None = None
    item: str = ""
    elements: tuple[Gs1Element, ...] = ()
    doubt: Doubt = "none"
    slow_rules: tuple[int, ...] = ()


def read_code(text: str, rules: Iterable[ScanRule]) -> Code:
    """Take a scanned text apart and say what it is.

    A pairing code is one whatever the shop's rules say; then the first rule that fits counts. A code that none
    fits, or only one whose pattern takes too long, is a voucher where it looks like the hub's own, else an item,
    unless it can be none.
    """
    text, family, modifier = without_identifier(text)
    symbology = SYMBOLOGIES.get(family)
    if _PAIRING.fullmatch(text):
        return Code(text.upper(), "pairing", symbology)
    ruled, slow = _ruled(text, symbology, rules)
    own = ruled is not None and not family and is_item_number(text)
    elements = Elements() if own else elements_of(text, family, modifier)
    if ruled is None and _VOUCHER.fullmatch(text):
        ruled = "voucher"
    if ruled is not None and ruled != "item":
        return Code(text, ruled, symbology, elements=elements.told, slow_rules=slow)
    item = elements.gtin or _ean(text, family, modifier)
    doubt: Doubt = "none" if elements.gtin else _doubt(text, item, family, ruled=ruled is not None)
    if elements.misread and ruled is None:
        doubt = "check_digit_wrong"
    elif any(_MEASURED.fullmatch(each.ai) for each in elements.told):
        doubt = "weighed"
    kind: ScanKind = "item" if doubt == "none" else "unknown"
    return Code(text, kind, symbology, item, elements.told, doubt, slow)


def pairing_code(seed: str) -> str:
    """A pairing code made of an id; its last digits are as good as random."""
    return f"TILL{int(seed.replace('-', '')[-16:], 16) % 10**12:012d}"


def _ruled(text: str, symbology: str | None, rules: Iterable[ScanRule]) -> tuple[CodeKind | None, tuple[int, ...]]:
    """What the first rule that fits says, and the places of those before it that took too long."""
    slow: list[int] = []
    for place, rule in enumerate(rules):
        try:
            if rule.fits(text, symbology):
                return rule.kind, tuple(slow)
        except TimeoutError:
            slow.append(place)
    return None, tuple(slow)


def _ean(text: str, family: str, modifier: str) -> str:
    if family != "E" or modifier not in _EAN_DIGITS:
        return text
    return _whole_upc(text) or text[: _EAN_DIGITS[modifier]]


def _whole_upc(text: str) -> str | None:
    """Thirteen digits of the eight of a UPC-E, or None where it is none.

    Scanners send it whole (GS1 General Specifications 5.2.2.4.2) unless they are set to send it as it is printed.
    """
    if _UPC_E.fullmatch(text) is None:
        return None
    system, body, last, check = text[0], text[1:6], text[6], text[7]
    if last in "012":
        middle = f"{body[:2]}{last}0000{body[2:]}"
    elif last == "3":
        middle = f"{body[:3]}00000{body[3:]}"
    elif last == "4":
        middle = f"{body[:4]}00000{body[4]}"
    else:
        middle = f"{body}0000{last}"
    whole = f"0{system}{middle}{check}"
    return whole if ean.is_valid(whole) else None


def _doubt(text: str, item: str, family: str, *, ruled: bool) -> Doubt:
    """What speaks against an item. A rule that calls it one is believed, unless the symbol itself is an EAN."""
    if family == "E" or (not ruled and family == "" and len(item) == 13 and item.isascii() and item.isdigit()):
        # An EAN without its check digit was misread, or typed on another layout.
        if not ean.is_valid(item):
            return "check_digit_wrong" if item.isascii() and item.isdigit() else "wrong_layout"
    elif not ruled and _ONLY_SYMBOLS.fullmatch(text):
        return "wrong_layout"  # a French scanner read as an American one types digits as $))^#*
    return "none" if _ITEM.fullmatch(item) else "no_item_code"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a scanner, or of something that stands for one; an unpaired scanner has no register.

    ``age_s`` is for how long it had waited when it was looked at.
    """

    scan_id: ScanId
    device: DeviceId
    register: RegisterId | None
    text: str
    age_s: float = 0.0
