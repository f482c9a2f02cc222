"""What customers of a file said elsewhere about being written to, kept here.

Of new customers it is kept for many at once: nobody said anything here before them, so that one look at the refused
addresses settles all. Of those on file it is kept one by one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from contracts.customers import Customer
from contracts.customers.consent import MARKETING, Answer, Channel, ConsentId, Purpose
from contracts.customers.importing import ImportedAnswer, ImportRow
from services.customers.handlers.consent import keep, said_now, state_after, told
from services.customers.model.consent import (
    ALL_PURPOSES,
    REFUSALS,
    Said,
    addresses_of,
    adds_something,
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
    held = addresses_of(record) if row.answers else ()
    for said in row.answers:
        texts = {"email": row.emails, "sms": row.phones, "phone": row.phones}.get(said.channel, ())
        address = texts[0] if texts else ""
        # What is on file just as the row has it needs no second look.
        if address and (said.channel, address) not in held:
            address = normal_address(said.channel, address, country)
        if (said.channel, address) in held:
            found.append((said, address))
    return found


class Imported(NamedTuple):
    """What a file of another system says about writing to a customer."""

    channel: Channel
    address: str
    do_not_write: bool
    language: str
    wording_id: str
    purpose: Purpose = MARKETING


def keep_imported(customer: Customer, imported: Imported, source_key: str, tx: CustomersTx) -> bool:
    """Keep what an import says: a refusal counts, a yes is granted but unproven. Says whether it was new.

    A yes is nothing new where something proven was said, or an answer waits for its link.

    Args:
        customer: as they are on file; the address must be theirs.
        imported: what the row says.
        source_key: a UUID that names the row, so that it is kept once.
        tx: where it is kept.
    """
    consent_id = ConsentId(tx.ids.derived(source_key, f"consent {imported.channel} {imported.address}"))
    if tx.consents.find(consent_id) is not None:
        return False
    about = (imported.purpose, imported.channel, imported.address)
    answer: Answer = "no" if imported.do_not_write else "yes"
    now = said_now(customer.customer_id, about, tx)
    if not adds_something(answer, now):
        return False
    state = state_after(answer, now, about, tx, confirm=False, imported=True)
    said = Said(
        consent_id=consent_id,
        customer_id=customer.customer_id,
        purpose=imported.purpose,
        channel=imported.channel,
        address=imported.address,
        state=state,
        wording_id=imported.wording_id,
        language=imported.language,
        source="import",
        basis="consent",
        sale_id=None,
        notice_id=None,
        proven=False,
        staff_id=None,
        recorded_at=stamp(tx.now),
        asked_id=consent_id,
    )
    keep(said, tx)
    return True


def keep_of_new(answered: Sequence[tuple[Customer, str, Answers]], tx: CustomersTx) -> None:
    """Keep what new customers said: each with the id of its row."""
    store, key, at = ImportStore(tx.connection), tx.digest_key, stamp(tx.now)
    flat = [(record, row_id, said, address) for record, row_id, answers in answered for said, address in answers]
    if not flat:
        return
    digests = {
        (said.channel, address): [suppression(key, each, said.channel, address) for each in (MARKETING, ALL_PURPOSES)]
        for _, _, said, address in flat
    }
    refused = store.suppressed([each for both in digests.values() for each in both], MARKETING)
    kept = []
    for record, row_id, said, address in flat:
        consent_id = ConsentId(tx.ids.derived(tx.ids.derived(row_id, said.answer), f"consent {said.channel} {address}"))
        kept.append(
            Said(
                consent_id=consent_id,
                customer_id=record.customer_id,
                purpose=MARKETING,
                channel=said.channel,
                address=address,
                state=imported_answer(
                    said.answer, "unknown", suppressed=not refused.isdisjoint(digests[said.channel, address])
                ),
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
    denied = [digests[each.channel, each.address][0] for each in kept if each.state in REFUSALS]
    store.say(kept, tx.consents.last_number(), denied, tx.now)
    for each in kept:
        tx.note("consent", each.customer_id, reference=each.consent_id)
        tx.record(told(each))
