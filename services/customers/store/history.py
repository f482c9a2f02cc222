"""What befell customers: their sales, as checkout's journal told them, and notes of everything else.

The sales are a projection that may be wiped and replayed; the notes are facts and never recomputed.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Select, delete, exists, insert, literal, null, select, tuple_, union_all
from sqlalchemy.dialects.sqlite import insert as insert_or_leave

from contracts.base import Malformed
from contracts.customers import CustomerNotFound
from contracts.customers.asking import HistoryEntry
from contracts.ids import CustomerId
from services.customers.store.aliases import family
from services.customers.store.customers import CustomerStore
from services.customers.store.tables import history, history_note
from services.runtime.clock import read_stamp, stamp
from services.runtime.prepared import Prepared

_NOTE = Prepared(insert_or_leave(history_note).on_conflict_do_nothing())
_SELL = ("sale", "exchange")
"""Kinds of transaction that sell something."""
_PLACE = re.compile(r"([0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z)_([0-9a-f-]{36})")


class Place(NamedTuple):
    """Where a page of history ends: the time of its last entry, and the sale or note it is."""

    time: str
    entry_id: str

    def write(self) -> str:
        """Put the place into the text that asks for the following page."""
        return f"{self.time}_{self.entry_id}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """Read a place that ``write`` wrote.

        Rejections:
            Malformed: it is none.
        """
        match = _PLACE.fullmatch(text)
        if match is None:
            raise Malformed(field="$.next", rule="'next' is taken from the page before as it stands there")
        return cls(match[1], match[2])


class HistoryStore:
    """The history of all customers, those unknown here included."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, customer_id: CustomerId, entry: HistoryEntry) -> None:
        """Keep a sale, in the place of what was known of it before."""
        self._connection.execute(delete(history).where(history.c.sale_id == entry.sale_id))
        self._connection.execute(
            insert(history).values(
                sale_id=entry.sale_id,
                customer_id=customer_id,
                kind=entry.kind,
                receipt_number=entry.receipt_number,
                time=stamp(read_stamp(entry.time)),
                total=entry.total,
                currency=entry.currency,
            )
        )

    def note(  # noqa: PLR0913 - whatever may befall a customer is noted here
        self,
        kind: str,
        customer_id: str,
        at: datetime,
        *,
        note_id: str,
        revision: int | None = None,
        fields: Sequence[str] = (),
        staff_id: str | None = None,
        sale_id: str | None = None,
        amount: int | None = None,
        currency: str | None = None,
        reference: str | None = None,
    ) -> None:
        """Note something that befell a customer besides a sale; noting it again under the same id changes nothing.

        Args:
            kind: A word of the trade in lower case: ``changed``, ``payment``, ``notice``, ``merged``.
            customer_id: Whom it befell, by the id that was named then.
            at: When.
            note_id: A UUID: new, or derived from the event that tells of it.
            revision: Of the record, where this changed it.
            fields: Names of details that changed; never what they hold.
            staff_id: Who did it.
            sale_id: In which sale it happened.
            amount: Minor units of ``currency``, or points without one.
            currency: ISO 4217.
            reference: An id or code of what it is about; never a text, a name or a contact.
        """
        _NOTE.run(
            self._connection,
            {
                "note_id": note_id,
                "customer_id": customer_id,
                "kind": kind,
                "time": stamp(at),
                "revision": revision,
                "fields": msgspec.json.encode(tuple(fields)).decode(),
                "staff_id": staff_id,
                "sale_id": sale_id,
                "amount": amount,
                "currency": currency,
                "reference": reference,
            },
        )

    def changed_since(self, customer_id: str, revision: int) -> tuple[str, ...]:
        """The names of the details that changed after a revision, each once, in the order of the alphabet."""
        rows = self._connection.execute(
            select(history_note.c.fields).where(
                history_note.c.customer_id == customer_id, history_note.c.revision > revision
            )
        ).scalars()
        return tuple(sorted({name for text in rows for name in msgspec.json.decode(text, type=tuple[str, ...])}))

    def page(
        self, customer_id: CustomerId, limit: int, after: Place | None
    ) -> tuple[tuple[HistoryEntry, ...], Place | None]:
        """So many entries of a customer, newest first, and where the page ends if more follow.

        What befell customers who were merged into this one is among them.

        Rejections:
            CustomerNotFound: the customer is not on file, whatever they bought.
        """
        customers = CustomerStore(self._connection)
        if not customers.exists(customer_id):
            raise CustomerNotFound(customer_id=customer_id)
        ids = family(self._connection, customers.present_id(customer_id))
        parts = [_of(part, ids, after).limit(limit + 1).subquery() for part in (_sales(), _notes())]
        whole = union_all(*(select(part) for part in parts)).subquery("entries")
        rows = self._connection.execute(
            select(whole).order_by(whole.c.time.desc(), whole.c.entry_id.desc()).limit(limit + 1)
        ).all()
        entries = tuple(
            HistoryEntry(
                row.kind,
                row.sale_id,
                row.receipt_number,
                row.time,
                row.total,
                row.currency,
                msgspec.json.decode(row.fields, type=tuple[str, ...]),
                row.staff_id,
                row.reference,
            )
            for row in rows[:limit]
        )
        more = len(rows) > limit
        return entries, Place(rows[limit - 1].time, rows[limit - 1].entry_id) if more else None

    def bought(self, customer_id: CustomerId, sale_id: str | None) -> bool:
        """Whether a completed sale was this customer's, or of whoever was merged into them; a return sells nothing."""
        ids = family(self._connection, customer_id)
        theirs = (history.c.sale_id == sale_id, history.c.customer_id.in_(ids), history.c.kind.in_(_SELL))
        return bool(self._connection.execute(select(exists().where(*theirs))).scalar())

    def is_of_others(self, sale_id: str, customer_ids: Sequence[str]) -> bool:
        """Whether a completed sale was somebody else's."""
        theirs = (history.c.sale_id == sale_id, history.c.customer_id.not_in(customer_ids))
        return bool(self._connection.execute(select(exists().where(*theirs))).scalar())

    def wipe(self) -> None:
        """Forget the sales; the journal is replayed to the same rows. Notes are facts and stay."""
        self._connection.execute(delete(history))


def _sales() -> Select[tuple[object, ...]]:
    return select(
        history.c.sale_id.label("entry_id"),
        history.c.customer_id,
        history.c.kind,
        history.c.sale_id,
        history.c.receipt_number,
        history.c.time,
        history.c.total,
        history.c.currency,
        literal("[]").label("fields"),
        null().label("staff_id"),
        null().label("reference"),
    )


def _notes() -> Select[tuple[object, ...]]:
    return select(
        history_note.c.note_id.label("entry_id"),
        history_note.c.customer_id,
        history_note.c.kind,
        history_note.c.sale_id,
        null().label("receipt_number"),
        history_note.c.time,
        history_note.c.amount.label("total"),
        history_note.c.currency,
        history_note.c.fields,
        history_note.c.staff_id,
        history_note.c.reference,
    )


def _of(part: Select[tuple[object, ...]], ids: Sequence[str], after: Place | None) -> Select[tuple[object, ...]]:
    """Those entries of a customer, by all their ids, that are older than a place, the newest first."""
    columns = part.selected_columns
    place = (columns.time, columns.entry_id)
    mine = part.where(columns.customer_id.in_(ids)).order_by(*(each.desc() for each in place))
    return mine if after is None else mine.where(tuple_(*place) < tuple_(*after))
