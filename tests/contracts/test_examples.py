"""Every message has one golden, and what was once released can still be read."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.base import Message, Rejected
from services.hub.published.messages import every_message, example_path

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"


def test_every_message_has_one_golden_and_every_golden_one_message() -> None:
    expected = sorted(example_path(message) for message in every_message())

    found = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*") if path.is_file())

    assert found == expected


@pytest.mark.parametrize("message", every_message(), ids=lambda message: message.__name__)
def test_a_golden_is_read_by_its_contract_and_written_as_it_was(message: type[Message]) -> None:
    golden = (EXAMPLES / example_path(message)).read_bytes()

    decoded = msgspec.json.decode(golden, type=message)

    assert _value(msgspec.json.encode(decoded)) == _value(golden)


@pytest.mark.parametrize("message", every_message(), ids=lambda message: message.__name__)
def test_a_golden_shows_every_field_of_its_message(message: type[Message]) -> None:
    golden = _value((EXAMPLES / example_path(message)).read_bytes())
    optional = {field.encode_name for field in msgspec.structs.fields(message) if field.default is msgspec.UNSET}

    shown = set(golden) - ({"type"} if message is Rejected else set())

    assert shown >= {field.encode_name for field in msgspec.structs.fields(message)} - optional


def test_the_golden_receipt_adds_up() -> None:
    """The shop scene is plausible to the cent: lines, taxes, tenders and change agree."""
    sale = _value((EXAMPLES / "checkout" / "sale.json").read_bytes())
    totals = sale["totals"]

    assert totals["total"] == sum(line["amount"] for line in sale["lines"]) == totals["net"] + totals["tax"]
    assert totals["total"] == sum(rate["gross"] for rate in totals["rates"])
    assert totals["paid"] == sum(tender["amount"] for tender in sale["tenders"])
    assert all(tender["tendered"] - tender["change"] == tender["amount"] for tender in sale["tenders"])


def _value(document: bytes) -> dict[str, Any]:
    return msgspec.json.decode(document, type=dict[str, Any])
