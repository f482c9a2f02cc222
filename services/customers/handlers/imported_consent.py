"""What new customers of a file said elsewhere about being written to, kept for many at once.

Nobody said anything here before them, so that one look at the refused addresses settles all. Of customers on file
``consent.keep_imported`` keeps it, one by one.
"""

from collections.abc import Sequence

from contracts.customers import Customer
from contracts.customers.consent import MARKETING, ConsentId
from contracts.customers.importing import ImportedAnswer, ImportRow
from services.customers.handlers.consent import told
from services.customers.model.consent import (
    ALL_PURPOSES,
    REFUSALS,
    Said,
    addresses_of,
    imported_answer,
    normal_address,
    suppression,
)
from services.customers.store.importing import ImportStore
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp

IMPORTED = "imported"
"""Stands for the wording of an imported consent, and for the terms on which an imported member joined."""
LANGUAGE = "en"
"""Of who is asked in no language that is known."""

Answers = list[tuple[ImportedAnswer, str]]


def addressed(row: ImportRow, record: Customer, country: str) -> Answers:
    """What a row says, each with the address that it is about: the first one of its kind in the row."""
    found = []
    for said in row.answers:
        texts = {"email": row.emails, "sms": row.phones, "phone": row.phones}.get(said.channel, ())
        address = normal_address(said.channel, texts[0], country) if texts else ""
        if (said.channel, address) in addresses_of(record):
            found.append((said, address))
    return found


def keep_of_new(answered: Sequence[tuple[Customer, str, Answers]], tx: CustomersTx) -> None:
    """Keep what new customers said: each with the id of its row."""
    store, key, at = ImportStore(tx.connection), tx.digest_key, stamp(tx.now)
    flat = [(record, row_id, said, address) for record, row_id, answers in answered for said, address in answers]
    if not flat:
        return
    refused = store.suppressed(
        [
            suppression(key, purpose, said.channel, address)
            for _, _, said, address in flat
            for purpose in (MARKETING, ALL_PURPOSES)
        ]
    )
    kept = []
    for record, row_id, said, address in flat:
        digests = {suppression(key, purpose, said.channel, address) for purpose in (MARKETING, ALL_PURPOSES)}
        consent_id = ConsentId(tx.ids.derived(tx.ids.derived(row_id, said.answer), f"consent {said.channel} {address}"))
        kept.append(
            Said(
                consent_id=consent_id,
                customer_id=record.customer_id,
                purpose=MARKETING,
                channel=said.channel,
                address=address,
                state=imported_answer(said.answer, "unknown", suppressed=bool(digests & refused)),
                wording_id=IMPORTED,
                language=record.language or LANGUAGE,
                source="import",
                basis="consent",
                sale_id=None,
                notice_id=None,
                proven=False,
                staff_id=None,
                recorded_at=at,
                asked_id=consent_id,
            )
        )
    denied = [suppression(key, each.purpose, each.channel, each.address) for each in kept if each.state in REFUSALS]
    store.say(kept, tx.consents.last_number(), denied, tx.now)
    for each in kept:
        tx.note("consent", each.customer_id, reference=each.consent_id)
        tx.record(told(each))
