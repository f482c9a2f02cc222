"""Everything that forgets a customer, called one after another; whoever keeps personal data adds its eraser here."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, or_, select

from contracts.ids import CustomerId
from services.customers.store.customers import CustomerStore
from services.customers.store.importing import forget_marks
from services.customers.store.merging import MergeStore
from services.customers.store.privacy_tables import customer_merge
from services.runtime.tables import failed_request

Eraser = Callable[[Connection, CustomerId, datetime], None]
SHORTEST_MARK = 3
"""A shorter name stands in everything; what holds no more than that leads to nobody."""
LAST_DIGITS = 7
"""Of a phone, in whatever form it was typed."""
_BETWEEN_DIGITS = re.compile(r"[\s()./-]")


def forget(connection: Connection, customer_id: CustomerId, at: datetime) -> None:
    """Forget all that is known of a customer."""
    for erase in ERASERS:
        erase(connection, customer_id, at)


def _failed_requests(connection: Connection, customer_id: CustomerId, at: datetime) -> None:  # noqa: ARG001 - an eraser
    """Requests that met a bug are kept for a person to look at; those that say something of the customer go."""
    texts, phones = _marks(connection, customer_id)
    kept = connection.execute(select(failed_request.c.caller, failed_request.c.id, failed_request.c.payload)).all()
    for caller, request_id, payload in kept:
        said = _as_said(payload)
        packed = _BETWEEN_DIGITS.sub("", said)
        if any(each in said for each in texts) or any(each in packed for each in phones):
            connection.execute(
                delete(failed_request).where(failed_request.c.caller == caller, failed_request.c.id == request_id)
            )


def _as_said(payload: bytes) -> str:
    """A payload in small letters, whatever way its text was escaped."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):  # it is no JSON; that may be why it failed
        payload = msgspec.json.encode(msgspec.json.decode(payload))
    return payload.decode(errors="replace").casefold()


def _marks(connection: Connection, customer_id: CustomerId) -> tuple[set[str], set[str]]:
    """What a customer would be known by in a text: words in small letters, and the last digits of phones."""
    records = list(CustomerStore(connection).load([customer_id]).values())
    kept = select(customer_merge.c.merge_id).where(
        customer_merge.c.kept.is_not(None),
        or_(customer_merge.c.survivor_id == customer_id, customer_merge.c.loser_id == customer_id),
    )
    for merge_id in connection.execute(kept).scalars().all():
        found = MergeStore(connection).kept(merge_id)
        if found is not None:
            records += [found[0].survivor, found[0].loser, found[0].result]
    texts = {str(customer_id)}
    for record in records:
        names = (record.first_name, record.last_name, record.company)
        texts |= {each.casefold() for each in (*names, *record.emails, *record.codes, *record.blocked_codes)}
    phones = {each[-LAST_DIGITS:] for record in records for each in record.phones}
    return {each for each in texts if len(each) >= SHORTEST_MARK}, phones


def _records(connection: Connection, customer_id: CustomerId, at: datetime) -> None:
    CustomerStore(connection).erase(customer_id, at)


def _merges(connection: Connection, customer_id: CustomerId, at: datetime) -> None:  # noqa: ARG001 - an eraser
    MergeStore(connection).erase(customer_id)


ERASERS: tuple[Eraser, ...] = (_failed_requests, _merges, forget_marks, _records)
"""In this order: what is looked for by the record comes before the record. The last one leaves the id."""
