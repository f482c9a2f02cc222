"""The columns of Shopify's and Lightspeed's own customer files, and what a row of each says.

Belongs here: foreign columns in our words. Never here: the shop's own columns (``own_columns.py``), what holds.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from services.customers.exchange.cells import (
    CellRefused,
    country,
    day,
    street_parts,
    unguarded,
    unmarked,
    yes_no,
)
from services.customers.exchange.columns import (
    LIGHTSPEED_HOME,
    SHOPIFY_HOME,
    Values,
    lightspeed_column,
    own_column,
    shopify_column,
)
from services.customers.exchange.known_by import contacts
from services.customers.exchange.own_columns import Reading, custom_value, own_row
from services.customers.exchange.own_columns import is_own as is_own_column

Said = dict[str, Any]


class Layout(NamedTuple):
    """A system's columns. ``needed`` must be there; ``left_out`` are known and not kept.

    ``column`` tells in which one a detail of a row stands. ``spared`` tells, of a column whose cell says no detail,
    which cells a row can do without then: that one, or a whole address; of money, names and answers none.
    """

    name: str
    columns: frozenset[str]
    needed: tuple[str, ...]
    left_out: frozenset[str]
    row: Callable[[Values, Reading], Said]
    column: Callable[[Values, str, Reading], str | None]
    spared: Callable[[str], tuple[str, ...]]

    def knows(self, column: str) -> bool:
        """Whether this system has such a column."""
        return column in self.columns or (self.name == OWN and is_own_column(column))


OWN: Final = "tillwire"
_SHOPIFY_ADDRESS: Final = ("Company", "Address1", "Address2", "City", "Province Code", "Country Code", "Zip", "Phone")
_SHOPIFY_COMMON: Final = frozenset(
    {"Customer ID", "First Name", "Last Name", "Email", "Phone", "Tags", "Note", "Tax Exempt", "Accepts SMS Marketing"}
    | {"Accepts Email Marketing", "Accepts Marketing", "Total Spent", "Total Orders", "Language"}
)
_LIGHTSPEED_ADDRESS: Final = ("address1", "address2", "suburb", "city", "postcode", "state", "country_id")
CUSTOM: Final = tuple(f"custom_field_{number}" for number in range(1, 5))
_LIGHTSPEED_LEFT_OUT: Final = frozenset(("sex", "fax", "year_to_date", "id", "enable_loyalty", "loyalty_email_sent"))


def _shopify(values: Values, reading: Reading, before: str) -> Said:
    """Both layouts of Shopify: one names each column of the address ``Default Address ...``."""
    text = {name: unguarded(value) for name, value in values.items()}
    address_of = {name: text.get(f"{before}{name}", "") for name in (*_SHOPIFY_ADDRESS, "Country", "Province")}
    named = "Country Code" if address_of["Country Code"] else "Country"
    there = country(address_of[named], f"{before}{named}")
    phones = [unmarked(text.get("Phone", ""))]
    phones += [unmarked(address_of["Phone"])] if before else []
    email, number = text.get("Email", ""), unmarked(text.get("Customer ID", ""))
    said: Said = {
        "first_name": text.get("First Name", ""),
        "last_name": text.get("Last Name", ""),
        "company": address_of["Company"],
        "emails": [email] if email else [],
        "phones": [each for each in dict.fromkeys(phones) if each],
        "notes": text.get("Note", ""),
        "tags": _parted(text.get("Tags", "")),
        "language": text.get("Language", "").lower()[:2] or None,
        "answers": _answers(
            email=_either(text, "Accepts Email Marketing", "Accepts Marketing"),
            sms=yes_no(text.get("Accepts SMS Marketing", ""), "Accepts SMS Marketing"),
        ),
    }
    address = {
        "kind": "shipping",
        **street_parts(address_of["Address1"], there or reading.country),
        "extra": address_of["Address2"],
        "postcode": unmarked(address_of["Zip"]),
        "city": address_of["City"],
        "region": unmarked(address_of["Province Code"] or address_of["Province"]),
    }
    said["addresses"] = _addresses((address, there))
    if yes_no(text.get("Tax Exempt", ""), "Tax Exempt"):
        said["exemption"] = {"reason": "other"}
    return {**said, "key": _key(said, reading, id=number)}


def _lightspeed(values: Values, reading: Reading) -> Said:
    text = {name: unguarded(value) for name, value in values.items()}
    code = unmarked(text.get("customer_code", ""))
    email = text.get("email", "")
    phones = (unmarked(text.get("mobile", "")), unmarked(text.get("phone", "")))
    no_email = yes_no(text.get("do_not_email", ""), "do_not_email")
    said: Said = {
        "first_name": text.get("first_name", ""),
        "last_name": text.get("last_name", ""),
        "company": text.get("company_name", ""),
        "emails": [email] if email else [],
        "phones": [each for each in dict.fromkeys(phones) if each],
        "codes": [code] if code else [],
        "group_name": text.get("customer_group_name", ""),
        "birth_date": day(text.get("date_of_birth", ""), "date_of_birth"),
        "notes": text.get("customer_note", ""),
        "websites": [text["website"]] if text.get("website") else [],
        "handles": [{"network": "twitter", "name": text["twitter"]}] if text.get("twitter") else [],
        # What the shop may do there is not what the person was asked: kept as unproven.
        "answers": _answers(email=None if no_email is None else not no_email),
        "addresses": _addresses(
            _lightspeed_address(text, "shipping", "physical", reading),
            _lightspeed_address(text, "billing", "postal", reading),
        ),
        "custom": {
            field: custom_value(text[column], field, reading, column)
            for column in CUSTOM
            if text.get(column) and (field := _field_of(column, reading))
        },
        **_lightspeed_balances(text, reading),
    }
    return {**said, "key": _key(said, reading, code=code)}


def _lightspeed_address(text: Values, kind: str, at: str, reading: Reading) -> tuple[Said, str | None]:
    part = {name: text.get(f"{at}_{name}", "") for name in _LIGHTSPEED_ADDRESS}
    there = country(part["country_id"], f"{at}_country_id")
    address = {
        "kind": kind,
        **street_parts(part["address1"], there or reading.country),
        "extra": ", ".join(filter(None, (part["address2"], part["suburb"]))),
        "postcode": unmarked(part["postcode"]),
        "city": part["city"],
        "region": part["state"],
    }
    return address, there


def _lightspeed_balances(text: Values, reading: Reading) -> Said:
    credit = reading.money(text.get("store_credit_balance", ""), "store_credit_balance")
    account = reading.money(text.get("account_balance", ""), "account_balance")
    loyalty = reading.money(text.get("loyalty_balance", ""), "loyalty_balance")
    if account and reading.owed_is_positive is None:
        raise CellRefused("account_balance", "say with --owed whether what customers owe is positive or negative there")
    if credit < 0:
        raise CellRefused("store_credit_balance", "not below zero")
    if loyalty < 0:
        raise CellRefused("loyalty_balance", "not below zero")
    return {
        "opening_store_credit": credit,
        "opening_owed": account if reading.owed_is_positive else -account,
        "opening_points": reading.points(loyalty, "loyalty_balance"),
    }


def _field_of(column: str, reading: Reading) -> str:
    """The custom field that a column of Lightspeed's fills."""
    return reading.custom_columns.get(column, column.replace("_", "-"))


def _either(text: Values, column: str, older: str) -> bool | None:
    named = column if text.get(column) else older
    return yes_no(text.get(named, ""), named)


def _spared_of_shopify(column: str, before: str) -> tuple[str, ...]:
    home = tuple(f"{before}{each}" for each in SHOPIFY_HOME)
    return home if column in home else ()


def _spared_of_lightspeed(column: str) -> tuple[str, ...]:
    at = column.partition("_")[0]
    if column == f"{at}_country_id":
        return tuple(f"{at}_{each}" for each in LIGHTSPEED_HOME)
    return (column,) if column == "date_of_birth" or column in CUSTOM else ()


def _spared_of_ours(column: str) -> tuple[str, ...]:
    return (column,) if column in {"birth_date", "handles"} or column.startswith("custom.") else ()


def _answers(**said: bool | None) -> list[Said]:
    return [
        {"channel": channel, "answer": "yes" if answer else "no"}
        for channel, answer in said.items()
        if answer is not None
    ]


def _addresses(*given: tuple[Said, str | None]) -> list[Said]:
    """Those that say anything but a country."""
    return [
        {**{name: text for name, text in address.items() if text}, **({"country": there} if there else {})}
        for address, there in given
        if any(text for name, text in address.items() if name != "kind")
    ]


def _parted(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _key(said: Said, reading: Reading, **ids: str) -> str:
    """What the row is known by there: its id or code, else its email or phone, else its names and home."""
    given = ((kind, text) for kind, text in ids.items() if text)
    found = next(chain(given, contacts(said, reading.country)), None)
    if found is not None:
        return f"{found[0]}:{found[1].casefold()}"[:600]
    home = said["addresses"][0] if said["addresses"] else {}
    names = (said["first_name"], said["last_name"], said["company"], home.get("postcode", ""), home.get("street", ""))
    return ("name:" + "/".join(names).casefold())[:600]


SHOPIFY: Final = Layout(
    "shopify",
    _SHOPIFY_COMMON | {f"Default Address {name}" for name in (*_SHOPIFY_ADDRESS, "Country", "Province")},
    ("Email",),
    frozenset({"Total Spent", "Total Orders"}),
    lambda values, reading: _shopify(values, reading, "Default Address "),
    lambda values, field, _: shopify_column(values, field, "Default Address "),
    lambda column: _spared_of_shopify(column, "Default Address "),
)
SHOPIFY_OLDER: Final = Layout(
    "shopify",
    _SHOPIFY_COMMON | {*_SHOPIFY_ADDRESS, "Country", "Province"},
    ("Email",),
    frozenset({"Total Spent", "Total Orders"}),
    lambda values, reading: _shopify(values, reading, ""),
    lambda values, field, _: shopify_column(values, field, ""),
    lambda column: _spared_of_shopify(column, ""),
)
LIGHTSPEED: Final = Layout(
    "lightspeed",
    frozenset(
        {"customer_code", "first_name", "last_name", "company_name", "customer_group_name", "date_of_birth", "phone"}
        | {"mobile", "email", "do_not_email", "customer_note", "website", "twitter", *CUSTOM}
        | {"account_balance", "store_credit_balance", "loyalty_balance"}
    )
    | {f"{at}_{name}" for at in ("postal", "physical") for name in _LIGHTSPEED_ADDRESS}
    | _LIGHTSPEED_LEFT_OUT,
    ("customer_code",),
    _LIGHTSPEED_LEFT_OUT,
    _lightspeed,
    lambda values, field, reading: lightspeed_column(values, field, lambda column: _field_of(column, reading)),
    _spared_of_lightspeed,
)
OURS: Final = Layout(
    OWN,
    frozenset(),
    (),
    frozenset(),
    own_row,
    lambda values, field, _: own_column(values, field),
    _spared_of_ours,
)
LAYOUTS: Final[tuple[Layout, ...]] = (OURS, LIGHTSPEED, SHOPIFY, SHOPIFY_OLDER)


def _none_known(names: Sequence[str]) -> str:
    there = ", ".join(repr(each[:40]) for each in names[:5] if each)
    return (
        f"there are {there}; columns of Shopify, Lightspeed or Tillwire are wanted, in English, with their capitals, "
        "such as 'First Name' and 'Email', or 'first_name' and 'emails'"
    )


def fitness(names: Sequence[str]) -> int:
    """How many of these columns the best layout knows."""
    return max(sum(map(layout.knows, names)) for layout in LAYOUTS)


def layout_of(names: Sequence[str]) -> Layout:
    """The layout that knows most of these columns.

    Raises:
        CellRefused: none knows any, a column that must be there is missing, or one stands twice.
    """
    best = max(LAYOUTS, key=lambda each: (sum(map(each.knows, names)), set(each.needed) <= set(names)))
    if not any(map(best.knows, names)):
        raise CellRefused("header", _none_known(names))
    for needed in best.needed:
        if needed not in names:
            raise CellRefused("header", f"{best.name} files have a column {needed!r}, written just so")
    for name in names:
        if name and names.count(name) > 1:
            raise CellRefused("header", f"each column once; {name[:40]!r} stands there again")
    return best
