"""Ledgers keep apart whose part is whose, so that a merge is undone to the cent; merges of before are sorted out."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

NEVER = "9999-12-31"


def upgrade() -> None:
    for name, keys, columns in (
        (
            "entry_part",
            ("ledger", "holder_id", "number", "owner_id"),
            (sa.Column("amount", sa.Integer(), nullable=False),),
        ),
        (
            "ledger_part",
            ("ledger", "holder_id", "owner_id"),
            (
                sa.Column("balance", sa.Integer(), nullable=False),
                sa.Column("active_at", sa.Text(), comment="When the owner last did something."),
            ),
        ),
        ("reservation_part", ("reservation_id", "owner_id"), (sa.Column("units", sa.Integer(), nullable=False),)),
    ):
        op.create_table(
            name,
            *(sa.Column(key, sa.Integer() if key == "number" else sa.Text(), nullable=False) for key in keys),
            *columns,
            sa.PrimaryKeyConstraint(*keys),
            sqlite_with_rowid=False,
        )
    op.create_index("entry_part_owner", "entry_part", ["owner_id"])
    op.create_index("ledger_part_owner", "ledger_part", ["owner_id"])
    op.add_column("reservation", sa.Column("owner_id", sa.Text()))
    op.add_column("ledger_entry", sa.Column("since", sa.Text()))
    _sort_out(op.get_bind())
    op.drop_table("merge_rest")


def _sort_out(connection: sa.Connection) -> None:
    """Say whose what was moved is, and whose what was taken since was: from the lots that it was taken from then."""
    moved = connection.execute(
        sa.text("SELECT * FROM ledger_entry WHERE transfer_id IS NOT NULL ORDER BY ledger, holder_id, number")
    ).all()
    came: dict[str, str] = {}
    for row in moved:
        if row.kind == "transferred_out" and row.lot is not None:
            came[str(uuid.uuid5(uuid.UUID(row.transfer_id), f"{row.lot}/in"))] = row.lot
    losers = dict(connection.execute(sa.text("SELECT merge_id, loser_id FROM customer_merge")).all())
    entries = {row.entry_id: row for row in moved}

    def whose(entry_id: str, holder_id: str) -> str:
        """Who had it before anything was moved."""
        seen = set()
        while entry_id not in seen:
            seen.add(entry_id)
            row = entries.get(entry_id)
            if row is None:
                found = connection.execute(
                    sa.text("SELECT holder_id FROM ledger_entry WHERE entry_id = :id"), {"id": entry_id}
                ).scalar()
                return found or holder_id
            before = row.lot or came.get(entry_id)
            if before is None:
                return losers.get(row.transfer_id, row.holder_id) if row.kind == "transferred_in" else row.holder_id
            entry_id, holder_id = before, row.holder_id
        return holder_id

    for ledger, holder_id in sorted({(row.ledger, row.holder_id) for row in moved if row.kind == "transferred_in"}):
        _replay(connection, ledger, holder_id, lambda entry_id, holder=holder_id: whose(entry_id, holder), came)


def _replay(  # noqa: C901, PLR0912 - one entry after another, as they were replayed then
    connection: sa.Connection, ledger: str, holder_id: str, whose: Callable[[str], str], came: dict[str, str]
) -> None:
    rows = connection.execute(
        sa.text("SELECT * FROM ledger_entry WHERE ledger = :ledger AND holder_id = :holder_id ORDER BY number"),
        {"ledger": ledger, "holder_id": holder_id},
    ).all()
    lots: list[list[Any]] = []  # order, owner, what is left, names
    names: dict[str, set[str]] = {}
    whole: Counter[str] = Counter()
    for row in rows:
        parts: defaultdict[str, int] = defaultdict(int)
        if row.amount >= 0:
            owner = whose(row.entry_id) if row.kind == "transferred_in" else holder_id
            parts[owner] += row.amount
            names[row.entry_id] = {row.entry_id, *((row.lot, *names.get(row.lot, ())) if row.lot else ())}
            order = (row.expires_on or NEVER, row.day, row.number)
            lots.append([order, owner, row.amount, names[row.entry_id]])
            lots.sort(key=lambda lot: lot[0])
            if row.kind == "transferred_in" and row.lot is None and row.entry_id in came:
                connection.execute(
                    sa.text("UPDATE ledger_entry SET lot = :lot WHERE entry_id = :id"),
                    {"lot": came[row.entry_id], "id": row.entry_id},
                )
        else:
            left = -row.amount
            if row.kind == "transferred_in":
                parts[whose(row.entry_id)] -= left
            else:
                for lot in sorted(lots, key=lambda lot: row.lot not in lot[3]):
                    taken = min(lot[2], left)
                    lot[2] -= taken
                    left -= taken
                    if taken:
                        parts[lot[1]] -= taken
                if left:
                    parts[holder_id] -= left
        whole.update(parts)
        if set(parts) - {holder_id}:
            for owner, amount in parts.items():
                connection.execute(
                    sa.text("INSERT INTO entry_part VALUES (:ledger, :holder_id, :number, :owner, :amount)"),
                    {
                        "ledger": ledger,
                        "holder_id": holder_id,
                        "number": row.number,
                        "owner": owner,
                        "amount": amount,
                    },
                )
    for owner, balance in whole.items():
        if owner != holder_id and balance:
            connection.execute(
                sa.text(
                    "INSERT INTO ledger_part VALUES (:ledger, :holder_id, :owner, :balance, (SELECT active_at FROM "
                    "ledger_balance WHERE ledger = :ledger AND holder_id = :owner))"
                ),
                {"ledger": ledger, "holder_id": holder_id, "owner": owner, "balance": balance},
            )
