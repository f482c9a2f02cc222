"""A customer's copy as a page that they can read: HTML in their language, nothing fetched from anywhere, no script.

Belongs here: headings, tables, escaping. Never here: what is in the copy.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from html import escape
from typing import Any, Final, NamedTuple

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision

from services.customers.labels import BOUGHT, CODED, NO_LIMIT, label, points, word

NOTHING: Final[Mapping[str, Any]] = {}

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top;"
    "overflow-wrap:anywhere}@media print{body{margin:0}}"
)


PURCHASES = ("time", "kind", "receipt_number", "total")
"""What is told of a sale; what was bought in it stands on its receipt."""
MONEY = frozenset({"store_credit", "account_owed", "account_limit", "credit_limit"})
MONEY_OR_POINTS = frozenset({"amount", "balance", "total"})
LIMITS = frozenset({"account_limit", "credit_limit"})
DAYS = frozenset({"day", "due_on", "expires_on", "keep_until", "birth_date", "valid_until"})
TIMES = frozenset({"at", "time", "joined_at", "recorded_at", "sealed_at"})
OWN_FIELDS = "custom"
"""What the shop's own fields hold: it called them, maybe as something here is called."""


class Style(NamedTuple):
    """How a page writes: its language, and the shop's currency and time zone."""

    language: str
    currency: str = "EUR"
    zone: tzinfo = UTC


def readable_page(document: Mapping[str, Any], style: Style, made_at: str) -> str:
    """The page; what is empty is left out."""
    language = style.language
    title = label("What we hold about you", language)
    sections = "".join(_section(name, value, style) for name, value in _told(document).items() if value)
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(label('As of', language))} {escape(_time(made_at, style))}</p>{sections}</body></html>"
    )


def _told(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with what was bought apart from what else happened."""
    told: dict[str, Any] = {}
    for name, value in document.items():
        if name == "history":
            told["purchases"] = [
                {part: each.get(part) for part in (*PURCHASES, "currency")} for each in value if _is_sale(each)
            ]
            told[name] = [each for each in value if not _is_sale(each)]
        else:
            told[name] = value
    return told


def _is_sale(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("receipt_number"))


def _section(name: str, value: Any, style: Style) -> str:
    heading = f"<h2>{escape(label(name, style.language))}</h2>"
    if isinstance(value, Mapping):
        return heading + _details(value, style)
    if value and isinstance(value[0], Mapping):
        hint = f"<p>{escape(label(BOUGHT, style.language))}</p>" if name == "purchases" else ""
        return heading + _table(value, style) + hint
    return heading + f"<p>{_shown(name, value, style)}</p>"


def _details(values: Mapping[str, Any], style: Style) -> str:
    rows = (
        f'<tr><th scope="row">{escape(label(name, style.language))}</th>'
        f"<td>{_shown(name, value, style, values)}</td></tr>"
        for name, value in values.items()
        if _says_something(value) or (name in LIMITS and value is None)
    )
    return f"<table>{''.join(rows)}</table>"


def _table(rows: Sequence[Mapping[str, Any]], style: Style) -> str:
    said = [name for name in rows[0] if any(_says_something(row.get(name)) for row in rows)]
    # An amount of money names its currency.
    names = [name for name in said if name != "currency"]
    head = "".join(f'<th scope="col">{escape(label(name, style.language))}</th>' for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{_shown(name, row.get(name), style, row)}</td>' for name in names)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(name: str, value: Any, style: Style, beside: Mapping[str, Any] = NOTHING) -> str:
    """A value; what it means may stand ``beside`` it."""
    if name == OWN_FIELDS:
        return _lines(f"{key}: {_as_noted(each, style)}" for key, each in value.items() if _says_something(each))
    if isinstance(value, Mapping):
        return _lines(
            f"{label(part, style.language)}: {_plain(part, each, style, value)}"
            for part, each in value.items()
            if _says_something(each)
        )
    if isinstance(value, list | tuple):
        return "<br>".join(_shown(name, each, style, beside) for each in value)
    return escape(_plain(name, value, style, beside))


def _as_noted(value: Any, style: Style) -> str:
    """What a field of the shop's own holds: whatever it is called, it is no money, time or code of ours."""
    if isinstance(value, bool):
        return word("true" if value else "false", style.language)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _plain(name: str, value: Any, style: Style, beside: Mapping[str, Any]) -> str:
    if isinstance(value, bool):
        return word("true" if value else "false", style.language)
    if value is None:
        return label(NO_LIMIT, style.language) if name in LIMITS else ""
    if isinstance(value, int):
        return _number(name, value, style, beside)
    if name in TIMES:
        return _time(str(value), style)
    if name in DAYS:
        return _day(str(value), style)
    return word(str(value), style.language) if name in CODED else str(value)


def _number(name: str, value: int, style: Style, beside: Mapping[str, Any]) -> str:
    """Money in its currency; beside a ledger of points, or where no currency is named in a history, it is points."""
    of_points = beside.get("ledger") == "loyalty" or ("currency" in beside and beside["currency"] is None)
    if name in MONEY or (name in MONEY_OR_POINTS and not of_points):
        currency = beside.get("currency") or style.currency
        amount = Decimal(value).scaleb(-get_currency_precision(currency))
        return format_currency(amount, currency, locale=style.language)
    plain = format_decimal(value, locale=style.language)
    return points(plain, style.language) if name in MONEY_OR_POINTS else plain


def _time(text: str, style: Style) -> str:
    """When it was by the shop's wall clock; what is no time stands as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return format_datetime(at.astimezone(style.zone), "medium", locale=style.language)


def _day(text: str, style: Style) -> str:
    try:
        return format_date(date.fromisoformat(text), "long", locale=style.language)
    except ValueError:
        return text


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(escape(each) for each in lines)


def _says_something(value: Any) -> bool:
    return value is not None and value not in ("", [], {}, ())
