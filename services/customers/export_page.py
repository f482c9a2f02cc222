"""A customer's copy as a page that they can read: HTML in their language, nothing fetched from anywhere, no script.

Belongs here: headings, tables, escaping. Never here: what is in the copy.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from services.customers.labels import BOUGHT, CODED, label, word

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top;"
    "overflow-wrap:anywhere}@media print{body{margin:0}}"
)


def readable_page(document: Mapping[str, Any], language: str, made_at: str) -> str:
    """The page; what is empty is left out."""
    title = label("What we hold about you", language)
    sections = "".join(_section(name, value, language) for name, value in document.items() if value)
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(label('As of', language))} {escape(made_at[:10])}</p>{sections}</body></html>"
    )


def _section(name: str, value: Any, language: str) -> str:
    heading = f"<h2>{escape(label(name, language))}</h2>"
    if isinstance(value, Mapping):
        return heading + _details(value, language)
    if value and isinstance(value[0], Mapping):
        sold = name == "history" and any(each.get("receipt_number") for each in value)
        hint = f"<p>{escape(label(BOUGHT, language))}</p>" if sold else ""
        return heading + _table(value, language) + hint
    return heading + f"<p>{_shown(name, value, language)}</p>"


def _details(values: Mapping[str, Any], language: str) -> str:
    rows = (
        f'<tr><th scope="row">{escape(label(name, language))}</th><td>{_shown(name, value, language)}</td></tr>'
        for name, value in values.items()
        if _says_something(value)
    )
    return f"<table>{''.join(rows)}</table>"


def _table(rows: Sequence[Mapping[str, Any]], language: str) -> str:
    names = [name for name in rows[0] if any(_says_something(row.get(name)) for row in rows)]
    head = "".join(f'<th scope="col">{escape(label(name, language))}</th>' for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{_shown(name, row.get(name), language)}</td>' for name in names)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(name: str, value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        return _lines(
            f"{label(part, language)}: {_plain(part, each, language)}"
            for part, each in value.items()
            if _says_something(each)
        )
    if isinstance(value, list | tuple):
        return "<br>".join(_shown(name, each, language) for each in value)
    return escape(_plain(name, value, language))


def _plain(name: str, value: Any, language: str) -> str:
    if isinstance(value, bool):
        return word("true" if value else "false", language)
    if value is None:
        return ""
    return word(str(value), language) if name in CODED else str(value)


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(escape(each) for each in lines)


def _says_something(value: Any) -> bool:
    return value is not None and value not in ("", [], {}, ())
