"""Whose parts of balances are, in the database: who was merged into a holder keeps what was theirs apart.

Never here: whose part something is taken from (``model/owners.py``).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or

from contracts.customers.balances import Ledger
from services.customers.model.ledgers import Owner
from services.customers.store.ledger_tables import entry_part, ledger_part
from services.runtime.prepared import Prepared

PartsOfEntries = dict[tuple[Ledger, str, int], tuple[tuple[Owner, int], ...]]
"""By ledger, holder and number of the entry."""
_PARTS = Prepared(
    select(ledger_part.c.owner_id, ledger_part.c.balance, ledger_part.c.active_at)
    .where(ledger_part.c.ledger == bindparam("ledger"), ledger_part.c.holder_id == bindparam("holder_id"))
    .order_by(ledger_part.c.owner_id)
)


class KeptPart(NamedTuple):
    """What is kept of an owner's part."""

    balance: int
    active_at: str | None


class Elsewhere(NamedTuple):
    """A part, and who has it."""

    ledger: Ledger
    holder_id: str
    owner_id: str
    balance: int


class OwnerStore:
    """The parts of all ledgers that are not their holder's own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def parts(self, ledger: Ledger, holder_id: str) -> dict[str, KeptPart]:
        """What others have in a holder's ledger, by whose it is; mostly nothing."""
        rows = _PARTS.run(self._connection, {"ledger": ledger, "holder_id": holder_id})
        return {owner_id: KeptPart(balance, active_at) for owner_id, balance, active_at in rows}

    def book(
        self, ledger: Ledger, holder_id: str, number: int, parts: Mapping[str, int], active_at: str | None
    ) -> None:
        """Keep whose what of an entry is."""
        entry = {"ledger": ledger, "holder_id": holder_id, "number": number}
        rows = [{**entry, "owner_id": owner_id, "amount": amount} for owner_id, amount in parts.items()]
        self._connection.execute(insert(entry_part), rows)
        for owner_id, amount in parts.items():
            if owner_id != holder_id:
                self._add(ledger, holder_id, owner_id, amount, active_at)

    def keep_activity(self, ledger: Ledger, holder_id: str, owner_id: str, active_at: str) -> None:
        """Keep when an owner did something, if it was later than what is known."""
        self._add(ledger, holder_id, owner_id, 0, active_at)

    def gone(self, ledger: Ledger, holder_id: str, owner_id: str) -> None:
        """Forget a part of which nothing is left; of what is left nobody is active there any more."""
        whose = _part(ledger, holder_id, owner_id)
        self._connection.execute(update(ledger_part).where(whose).values(active_at=None))
        self._connection.execute(delete(ledger_part).where(whose, ledger_part.c.balance == 0))

    def elsewhere(self, owner_ids: Collection[str], holder_id: str) -> list[Elsewhere]:
        """What somebody else than a holder has of these owners'."""
        rows = self._connection.execute(
            select(*_COLUMNS).where(ledger_part.c.owner_id.in_(owner_ids), ledger_part.c.holder_id != holder_id)
        )
        return [Elsewhere(*row) for row in rows]

    def everywhere(self) -> list[Elsewhere]:
        """All parts that are not their holder's own."""
        return [Elsewhere(*row) for row in self._connection.execute(select(*_COLUMNS).order_by(*_COLUMNS[:3]))]

    def holders_of(self, owner_ids: Collection[str]) -> tuple[str, ...]:
        """In whose ledgers entries of these owners' stand, beside their own."""
        others = select(entry_part.c.holder_id).where(
            entry_part.c.owner_id.in_(owner_ids), entry_part.c.holder_id.not_in(owner_ids)
        )
        return tuple(self._connection.execute(others.distinct().order_by(entry_part.c.holder_id)).scalars())

    def parts_of_entries(self, ledger: Ledger | None = None, holder_id: str | None = None) -> PartsOfEntries:
        """Whose what of each entry is, of a holder or of all; without those that are all their holder's own."""
        statement = select(entry_part)
        if holder_id is not None:
            statement = statement.where(entry_part.c.ledger == ledger, entry_part.c.holder_id == holder_id)
        found: defaultdict[tuple[Ledger, str, int], tuple[tuple[Owner, int], ...]] = defaultdict(tuple)
        for row in self._connection.execute(statement):
            owner = None if row.owner_id == row.holder_id else row.owner_id
            found[row.ledger, row.holder_id, row.number] += ((owner, row.amount),)
        return dict(found)

    def _add(self, ledger: Ledger, holder_id: str, owner_id: str, amount: int, active_at: str | None) -> None:
        added = insert_or(ledger_part).values(
            ledger=ledger, holder_id=holder_id, owner_id=owner_id, balance=amount, active_at=active_at
        )
        before, new = ledger_part.c, added.excluded
        later = func.nullif(func.max(func.coalesce(before.active_at, ""), func.coalesce(new.active_at, "")), "")
        self._connection.execute(
            added.on_conflict_do_update(
                index_elements=[before.ledger, before.holder_id, before.owner_id],
                set_={"balance": before.balance + new.balance, "active_at": later},
            )
        )


_COLUMNS = (ledger_part.c.ledger, ledger_part.c.holder_id, ledger_part.c.owner_id, ledger_part.c.balance)


def _part(ledger: Ledger, holder_id: str, owner_id: str) -> ColumnElement[bool]:
    part = ledger_part.c
    return and_(part.ledger == ledger, part.holder_id == holder_id, part.owner_id == owner_id)
