"""Everything that forgets a customer, called one after another; whoever keeps personal data adds its eraser here."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select

from contracts.ids import CustomerId
from services.customers.store.customers import CustomerStore
from services.customers.store.importing import forget_marks
from services.customers.store.merging import MergeStore
from services.customers.store.privacy_tables import customer_merge
from services.runtime.tables import failed_request

Eraser = Callable[[Connection, CustomerId, datetime], None]
SHORTEST_MARK = 3
"""A shorter name stands in everything; what holds no more than that leads to nobody."""


def forget(connection: Connection, customer_id: CustomerId, at: datetime) -> None:
    """Forget all that is known of a customer."""
    for erase in ERASERS:
        erase(connection, customer_id, at)


def _failed_requests(connection: Connection, customer_id: CustomerId, at: datetime) -> None:  # noqa: ARG001 - an eraser
    """Requests that met a bug are kept for a person to look at; those that say something of the customer go."""
    marks = _marks(connection, customer_id)
    held = func.lower(failed_request.c.payload)
    connection.execute(delete(failed_request).where(or_(*(func.instr(held, each) > 0 for each in marks))))


def _marks(connection: Connection, customer_id: CustomerId) -> list[str]:
    """What a customer would be known by in a text, in lower case."""
    records = [record for record in (CustomerStore(connection).load([customer_id]).get(customer_id),) if record]
    kept = select(customer_merge.c.merge_id).where(
        customer_merge.c.kept.is_not(None),
        or_(customer_merge.c.survivor_id == customer_id, customer_merge.c.loser_id == customer_id),
    )
    for merge_id in connection.execute(kept).scalars().all():
        found = MergeStore(connection).kept(merge_id)
        if found is not None:
            records += [found[0].survivor, found[0].loser, found[0].result]
    texts = {customer_id.lower()}
    for record in records:
        names = (record.first_name, record.last_name, record.company)
        contacts = (*record.emails, *(each.lstrip("+") for each in record.phones))
        texts |= {each.lower() for each in (*names, *contacts, *record.codes, *record.blocked_codes)}
    return sorted(each for each in texts if len(each) >= SHORTEST_MARK)


def _records(connection: Connection, customer_id: CustomerId, at: datetime) -> None:
    CustomerStore(connection).erase(customer_id, at)


def _merges(connection: Connection, customer_id: CustomerId, at: datetime) -> None:  # noqa: ARG001 - an eraser
    MergeStore(connection).erase(customer_id)


ERASERS: tuple[Eraser, ...] = (_failed_requests, _merges, forget_marks, _records)
"""In this order: what is looked for by the record comes before the record. The last one leaves the id."""
