"""The shop's own columns: what an export writes, an import reads again to the same records.

Belongs here: columns and cells. Never here: files, whether a detail holds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import msgspec

from contracts.customers import Customer, GroupId
from contracts.customers.fields import CustomField
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.customers.profile import Address, CustomValue, FieldId
from contracts.ids import CurrencyCode
from services.customers.exchange.cells import CellRefused, day, minor_units, unguarded_throughout, whole_number, yes_no
from services.customers.exchange.known_by import contacts

TEXTS: Final = ("first_name", "last_name", "company", "language", "receipt", "group", "group_name", "notes")
CODES: Final = ("codes", "blocked_codes")
PARTED: Final = (*CODES, "websites")
"""Parted by blanks; a code that holds one stands in double quotes, those within it doubled."""
LISTED: Final = ("emails", "phones")
EXEMPTION: Final = ("reason", "vat_number", "evidence", "valid_until")
ADDRESS: Final = tuple(field.name for field in msgspec.structs.fields(Address))
BALANCES: Final = {"store_credit": "opening_store_credit", "account_owed": "opening_owed"}
OTHERS: Final = frozenset(
    {"customer_id", "revision", "placeholder", "birth_date", "tags", "handles", "loyalty_points"}
    | {"marketing_email", "marketing_sms", "currency", "account_limit", "account_grace_days"}
    | {"account_revision"}
)
NO_LIMIT: Final = "unlimited"
"""What stands for a limit where there is none; a blank says nothing of an account."""
_ADDRESS_COLUMN: Final = re.compile(rf"address_([1-9]|1[0-9]|20)_({'|'.join(ADDRESS)})")
_CODE: Final = re.compile(r'"((?:[^"]|"")+)"(?=\s|$)|(\S+)')
_CUSTOM_COLUMN: Final = re.compile(r"custom\.([a-z0-9-]{1,64})")


@dataclass(frozen=True)
class Reading:
    """How cells of one file are to be read.

    ``currency`` is the store's, with so many decimal places. ``owed_is_positive`` is how the other system writes what
    customers owe; ``point_value`` what a point is worth here, None where there is no loyalty programme.
    ``custom_columns`` says which custom field a column of another system fills. ``to_notes`` puts cells that say no
    detail aside, for the notes; ``namesakes`` takes rows of one name that say nothing else for different people.
    """

    currency: CurrencyCode
    currency_places: int
    country: str | None = None
    owed_is_positive: bool | None = None
    point_value: int | None = None
    custom_columns: Mapping[str, str] = field(default_factory=dict)
    custom_fields: Mapping[FieldId, CustomField] = field(default_factory=dict)
    to_notes: bool = False
    namesakes: bool = False

    def money(self, text: str, column: str) -> int:
        """An amount in minor units.

        Raises:
            CellRefused: it is none.
        """
        return minor_units(text, self.currency_places, column)

    def points(self, amount: int, column: str) -> int:
        """What an amount is in points.

        Raises:
            CellRefused: it is no whole number of points, or nobody knows what a point is worth.
        """
        if not amount:
            return 0
        if self.point_value is None:
            raise CellRefused(
                column,
                "what a point is worth here must be known first: put a loyalty programme in force "
                "('./tillwire request customers set-loyalty-programme'), or take this column out of the file",
            )
        if amount % self.point_value:
            raise CellRefused(column, f"a multiple of what a point is worth, {self.point_value} minor units")
        return amount // self.point_value


def is_own(column: str) -> bool:
    """Whether the shop's own files have such a column."""
    return (
        column in TEXTS
        or column in PARTED
        or column in LISTED
        or column in OTHERS
        or column in BALANCES
        or column in {f"exemption_{name}" for name in EXEMPTION}
        or bool(_ADDRESS_COLUMN.fullmatch(column) or _CUSTOM_COLUMN.fullmatch(column))
    )


def own_columns(most_addresses: int, custom: Sequence[str]) -> list[str]:
    """The columns of an export, with so many addresses and these custom fields."""
    return [
        *("customer_id", "revision", "first_name", "last_name", "company", "emails", "phones", "codes"),
        *(
            "blocked_codes",
            "language",
            "receipt",
            "group",
            "group_name",
            "birth_date",
            "placeholder",
            "tags",
            "websites",
            "handles",
        ),
        *("notes", *(f"exemption_{name}" for name in EXEMPTION)),
        *(f"address_{number}_{name}" for number in range(1, most_addresses + 1) for name in ADDRESS),
        *(f"custom.{each}" for each in custom),
        *(*BALANCES, "currency", "loyalty_points", "account_limit", "account_grace_days", "account_revision"),
    ]


def own_cells(
    customer: Customer, group_names: Mapping[GroupId, str], currency: CurrencyCode, terms: AccountTerms | None = None
) -> dict[str, str | int]:
    """A customer as cells; what is blank is left out. Balances and a limit are whole minor units of the currency.

    Whoever has no ``terms`` of an account has no cells of them.
    """
    cells: dict[str, str | int] = {
        "customer_id": customer.customer_id,
        "revision": str(customer.revision),
        **{name: getattr(customer, name) or "" for name in TEXTS if name != "group_name"},
        **{name: " ".join(map(_quoted, getattr(customer, name))) for name in PARTED},
        **{name: "; ".join(getattr(customer, name)) for name in LISTED},
        "group_name": group_names.get(customer.group, ""),
        "birth_date": customer.birth_date or "",
        "placeholder": "yes" if customer.placeholder else "",
        "tags": ", ".join(customer.tags),
        "handles": " ".join(f"{each.network}:{each.name}" for each in customer.handles),
    }
    if customer.exemption is not None:
        cells |= {f"exemption_{name}": getattr(customer.exemption, name) or "" for name in EXEMPTION}
    for number, address in enumerate(customer.addresses, 1):
        cells |= {f"address_{number}_{name}": getattr(address, name) or "" for name in ADDRESS}
    cells |= {f"custom.{name}": _written(value) for name, value in customer.custom.items()}
    if customer.balances is not None:
        cells["store_credit"] = customer.balances.store_credit
        cells["account_owed"] = customer.balances.account_owed
        cells["currency"] = currency
        cells["loyalty_points"] = customer.balances.loyalty_points
    if terms is not None:
        cells["currency"] = currency
        cells["account_limit"] = NO_LIMIT if terms.credit_limit is None else terms.credit_limit
        cells["account_grace_days"] = terms.grace_days
        cells["account_revision"] = str(terms.revision)
    return cells


def own_row(values: Mapping[str, str], reading: Reading) -> dict[str, Any]:
    """What a row of the shop's own columns says.

    Raises:
        CellRefused: a cell does not hold what its column is for.
    """
    text = {name: unguarded_throughout(value) for name, value in values.items()}
    said: dict[str, Any] = {name: text[name] for name in TEXTS if text.get(name)}
    said |= {name: _parted(text[name]) for name in CODES if text.get(name)}
    said |= {"websites": text["websites"].split()} if text.get("websites") else {}
    said |= {name: _listed(text[name]) for name in LISTED if text.get(name)}
    said |= {"tags": [each.strip() for each in text["tags"].split(",") if each.strip()]} if text.get("tags") else {}
    said |= {"birth_date": day(text["birth_date"], "birth_date")} if text.get("birth_date") else {}
    said |= {"handles": [_handle(each) for each in text["handles"].split()]} if text.get("handles") else {}
    said["placeholder"] = bool(yes_no(text.get("placeholder", ""), "placeholder"))
    exemption = {name: text[f"exemption_{name}"] for name in EXEMPTION if text.get(f"exemption_{name}")}
    said |= {"exemption": exemption} if exemption else {}
    said["addresses"] = _addresses(text)
    said["custom"] = {
        match[1]: custom_value(cell, match[1], reading)
        for column, cell in text.items()
        if cell and (match := _CUSTOM_COLUMN.fullmatch(column))
    }
    if text.get("currency", reading.currency) not in {"", reading.currency}:
        raise CellRefused("currency", f"the store's, {reading.currency}")
    for column, opening in BALANCES.items():
        said[opening] = reading.money(text.get(column, ""), column)
    said["opening_points"] = whole_number(text.get("loyalty_points", ""), "loyalty_points")
    said["account_terms"] = _account_terms(text, reading)
    answers = ((each, yes_no(text.get(f"marketing_{each}", ""), f"marketing_{each}")) for each in ("email", "sms"))
    said["answers"] = [
        {"channel": channel, "answer": "yes" if answer else "no"} for channel, answer in answers if answer is not None
    ]
    if text.get("revision"):
        said["expected_revision"] = whole_number(text["revision"], "revision")
    if text.get("customer_id"):
        said["customer_id"] = text["customer_id"].lower()
    return {**said, "key": _key(said, text, reading.country)}


def custom_value(text: str, field_id: str, reading: Reading, column: str | None = None) -> CustomValue:
    """A custom field's value as its kind has it; of a field that nobody knows it stays a text, and is refused later.

    Raises:
        CellRefused: the kind has no such value.
    """
    known = reading.custom_fields.get(FieldId(field_id))
    column = column or f"custom.{field_id}"
    match known.kind if known else "text":
        case "integer":
            return whole_number(text, column)
        case "boolean":
            return bool(yes_no(text, column))
        case "date":
            return day(text, column) or ""
        case "list_of_text":
            return tuple(each.strip() for each in text.split("\n") if each.strip())
        case _:
            return text


def _written(value: CustomValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\n".join(value) if isinstance(value, tuple | list) else str(value)


def _account_terms(text: Mapping[str, str], reading: Reading) -> dict[str, int | None] | None:
    """On which terms they may owe; None where neither limit nor days are said. Blank days say nothing of them.

    Raises:
        CellRefused: one is no amount or number of days, or there are days without a limit.
    """
    limit, days = text.get("account_limit", "").strip(), text.get("account_grace_days", "").strip()
    revision = text.get("account_revision", "").strip()
    if not limit and not days:
        return None
    if not limit:
        raise CellRefused("account_limit", f"an amount, or {NO_LIMIT!r}, where there are account_grace_days")
    unlimited = limit.casefold() == NO_LIMIT
    return {
        "credit_limit": None if unlimited else reading.money(limit, "account_limit"),
        "grace_days": whole_number(days, "account_grace_days") if days else None,
        "expected_revision": whole_number(revision, "account_revision") if revision else None,
    }


def _quoted(text: str) -> str:
    """A code as it stands among others."""
    return '"' + text.replace('"', '""') + '"' if " " in text or text.startswith('"') else text


def _parted(text: str) -> list[str]:
    return [quoted.replace('""', '"') or bare for quoted, bare in _CODE.findall(text)]


def _listed(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[;\n]", text) if each.strip()]


def _handle(text: str) -> dict[str, str]:
    network, mark, name = text.partition(":")
    if not mark:
        raise CellRefused("handles", "network:name, several with a blank between them")
    return {"network": network.lower(), "name": name}


def _addresses(text: Mapping[str, str]) -> list[dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for column, cell in text.items():
        match = _ADDRESS_COLUMN.fullmatch(column) if cell else None
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = cell
    return [found[number] for number in sorted(found)]


def _key(said: Mapping[str, Any], text: Mapping[str, str], country: str | None) -> str:
    """What the row is known by: its id, else a code, an email or a phone, else its names."""
    ids = (("id", said.get("customer_id")), ("code", next(iter(said.get("codes", ())), None)))
    for kind, known in chain(ids, contacts(said, country)):
        if known:
            return f"{kind}:{known.casefold()}"[:600]
    names = [text.get(name, "") for name in ("first_name", "last_name", "company", "address_1_postcode", "birth_date")]
    return ("name:" + "/".join(names).casefold())[:600]
