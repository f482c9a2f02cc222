"""In which column of a file a detail of a row stands, so that a refusal names it as it stands there.

Asked of refused rows alone. Never here: what a column means; the layouts tell.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.customers.exchange.cells import unguarded, unmarked

Values = Mapping[str, str]

_PATH: Final = re.compile(r"([a-z_]+)(?:\[([0-9]+)\])?(?:\.(.+))?")
_OWN_NAMES: Final = {
    "opening_store_credit": "store_credit",
    "opening_owed": "account_owed",
    "opening_points": "loyalty_points",
    "expected_revision": "revision",
}
_OWN_ADDRESS: Final = re.compile(r"address_([0-9]+)_.+")
_SHOPIFY: Final = {
    "first_name": ("First Name",),
    "last_name": ("Last Name",),
    "emails": ("Email",),
    "notes": ("Note",),
    "tags": ("Tags",),
    "language": ("Language",),
    "exemption": ("Tax Exempt",),
    "answers": ("Accepts Email Marketing", "Accepts Marketing", "Accepts SMS Marketing"),
}
_LIGHTSPEED: Final = {
    "company": ("company_name",),
    "emails": ("email",),
    "codes": ("customer_code",),
    "group_name": ("customer_group_name",),
    "birth_date": ("date_of_birth",),
    "notes": ("customer_note",),
    "websites": ("website",),
    "handles": ("twitter",),
    "answers": ("do_not_email",),
    "opening_store_credit": ("store_credit_balance",),
    "opening_owed": ("account_balance",),
    "opening_points": ("loyalty_balance",),
}
_SHOPIFY_LINES: Final = {
    **dict.fromkeys(("street", "house_number", "addition"), ("Address1",)),
    "extra": ("Address2",),
    "postcode": ("Zip",),
    "city": ("City",),
    "region": ("Province Code", "Province"),
    "country": ("Country Code", "Country"),
}
_LIGHTSPEED_LINES: Final = {
    **dict.fromkeys(("street", "house_number", "addition"), ("address1",)),
    "extra": ("address2", "suburb"),
    "postcode": ("postcode",),
    "city": ("city",),
    "region": ("state",),
    "country": ("country_id",),
}
SHOPIFY_HOME: Final = tuple(dict.fromkeys(name for names in _SHOPIFY_LINES.values() for name in names))
LIGHTSPEED_HOME: Final = tuple(dict.fromkeys(name for names in _LIGHTSPEED_LINES.values() for name in names))
"""All columns of one address."""


def shopify_column(values: Values, field: str, before: str) -> str | None:
    """The column of a detail in Shopify's layouts, of which one names those of the address ``Default Address ...``."""
    name, place, part = _parsed(field)
    if name == "addresses":
        return _filled(values, [f"{before}{each}" for each in _SHOPIFY_LINES.get(part or "street", ())])
    if name == "company":
        return _filled(values, [f"{before}Company"])
    if name == "phones":
        return _nth(values, ["Phone", f"{before}Phone"] if before else ["Phone"], place)
    return _filled(values, _SHOPIFY.get(name, ()))


def lightspeed_column(values: Values, field: str, custom: Callable[[str], str]) -> str | None:
    """The column of a detail in Lightspeed's layout; ``custom`` tells the field that a column fills."""
    name, place, part = _parsed(field)
    if name == "addresses":
        there = [at for at in ("physical", "postal") if any(values.get(f"{at}_{each}") for each in LIGHTSPEED_HOME)]
        lines = _LIGHTSPEED_LINES.get(part or "street", ())
        return _filled(values, [f"{there[place]}_{each}" for each in lines]) if place < len(there) else None
    if name == "phones":
        return _nth(values, ["mobile", "phone"], place)
    if name == "custom":
        return next((each for each in values if each.startswith("custom_field_") and custom(each) == part), None)
    return _filled(values, _LIGHTSPEED.get(name, (name,)))


def own_column(values: Values, field: str) -> str | None:
    """The column of a detail in the shop's own layout."""
    name, place, part = _parsed(field)
    if name == "addresses":
        numbers = sorted({int(found[1]) for each in values if values[each] and (found := _OWN_ADDRESS.fullmatch(each))})
        return f"address_{numbers[place]}_{part or 'street'}" if place < len(numbers) else None
    if name in {"exemption", "custom"}:
        column = f"exemption_{part or 'reason'}" if name == "exemption" else f"custom.{part}"
        return column if column in values else None
    if name == "answers":
        return _filled(values, ("marketing_email", "marketing_sms"))
    column = _OWN_NAMES.get(name, name)
    return column if column in values else None


def _parsed(field: str) -> tuple[str, int, str | None]:
    found = _PATH.fullmatch(field)
    return (found[1], int(found[2] or 0), found[3]) if found else (field, 0, None)


def _filled(values: Values, columns: Sequence[str]) -> str | None:
    """The first of these columns that says something, else the first that is there."""
    there = [each for each in columns if each in values]
    return next((each for each in there if values[each]), there[0] if there else None)


def _nth(values: Values, columns: Sequence[str], place: int) -> str | None:
    """The column of the entry at a place of a list that is made of these, each entry once."""
    texts: dict[str, str] = {}
    for column in columns:
        text = unmarked(unguarded(values.get(column, "")))
        if text:
            texts.setdefault(text, column)
    return list(texts.values())[place] if place < len(texts) else None
