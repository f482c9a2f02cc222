"""Ledgers keep apart whose part is whose, so that a merge is undone to the cent; merges of before are sorted out."""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

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
    moved = _Moved(connection)
    open_sales = _open_sales(connection)
    for ledger, holder_id in moved.taken_over:
        left = _replay(connection, ledger, holder_id, moved)
        if ledger != "account":
            _keep_apart(connection, holder_id, left, open_sales[ledger, holder_id])


class _Moved:
    """What merges moved.

    Of one that was undone all went back then, and what had been settled with it stays settled: it is looked at only
    where some of it is still kept for a sale.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        rows = connection.execute(
            sa.text("SELECT * FROM ledger_entry WHERE transfer_id IS NOT NULL ORDER BY ledger, holder_id, number")
        ).all()
        rests = {tuple(row) for row in connection.execute(sa.text("SELECT merge_id, ledger FROM merge_rest"))}
        merges = connection.execute(sa.text("SELECT * FROM customer_merge ORDER BY merged_at")).all()
        self._entries = {row.entry_id: row for row in rows}
        self._losers: dict[str, str] = {row.merge_id: row.loser_id for row in merges}
        ended = {row.merge_id for row in merges if row.undone_at is not None and row.goes_back is None}
        self._over = {
            row.entry_id for row in rows if row.transfer_id in ended and (row.transfer_id, row.ledger) not in rests
        }
        self.came: dict[str, str] = {
            _in_id(row): row.lot for row in rows if row.kind == "transferred_out" and row.lot is not None
        }
        """The lots that came in, and what they were before."""
        last = {
            (row.ledger, row.holder_id): row.entry_id
            for row in rows
            if row.kind == "transferred_out"
            and row.transfer_id not in ended
            and self._losers.get(row.transfer_id) == row.holder_id
        }
        self.lasts = frozenset(last.values())
        """What went last when all that somebody had went to another, who has it since."""
        self._told: dict[str, Counter[str]] = {}
        went = {row.loser_id: place for place, row in enumerate(merges) if row.merge_id not in ended}
        self.taken_over = sorted(
            {(row.ledger, row.holder_id) for row in rows if row.kind == "transferred_in"},
            key=lambda each: (went.get(each[1], len(merges)), each),
        )
        """The ledgers in which something came in; from whom it went on before whom it went to."""

    def tell(self, row: sa.Row[Any], parts: Counter[str]) -> None:
        """Say whose what went out was; the same comes in where it went."""
        self._told[_in_id(row)] = Counter({owner: -amount for owner, amount in parts.items()})

    def parts(self, row: sa.Row[Any]) -> Counter[str]:
        """Whose what came in is; what is no lot came back to whom it was of, where no merge brought it."""
        told = self._told.get(row.entry_id)
        if told is not None:
            return told
        is_back = row.lot is None and row.transfer_id not in self._losers
        return Counter({row.holder_id if is_back else self._whose(row.entry_id, row.holder_id): row.amount})

    def _whose(self, entry_id: str, holder_id: str) -> str:
        """Who had it before anything was moved."""
        seen = set()
        while entry_id not in seen:
            seen.add(entry_id)
            row = self._entries.get(entry_id)
            if row is None:
                found = self._connection.execute(
                    sa.text("SELECT holder_id FROM ledger_entry WHERE entry_id = :id"), {"id": entry_id}
                ).scalar()
                return str(found or holder_id)
            holder_id = row.holder_id
            if entry_id in self._over:
                return holder_id
            before = row.lot or self.came.get(entry_id)
            if before is None:
                return self._losers.get(row.transfer_id, holder_id) if row.kind == "transferred_in" else holder_id
            entry_id = before
        return holder_id


def _in_id(out: sa.Row[Any]) -> str:
    """The id of the other side of what went out."""
    transfer_id = uuid.UUID(out.transfer_id)
    return str(uuid.uuid5(transfer_id, f"{out.lot or uuid.uuid5(transfer_id, out.ledger)}/in"))


class _Merge(NamedTuple):
    """Who was merged into whom, and when; undone or not."""

    loser_id: str
    survivor_id: str
    merged_at: str


class _OpenSale(NamedTuple):
    """What is kept of a balance, and whose sale it is."""

    reservation_id: str
    owner_id: str
    units: int


def _open_sales(connection: sa.Connection) -> defaultdict[tuple[str, str], list[_OpenSale]]:
    """Say whose sale each is, by ledger and who has what it keeps; the oldest first."""
    found: defaultdict[tuple[str, str], list[_OpenSale]] = defaultdict(list)
    rows = connection.execute(
        sa.text("SELECT loser_id, survivor_id, merged_at, undone_at FROM customer_merge ORDER BY merged_at")
    ).all()
    merges = [_Merge(*row[:3]) for row in rows]
    lasting = [_Merge(*row[:3]) for row in rows if row.undone_at is None]
    held = connection.execute(
        sa.text("SELECT * FROM reservation WHERE state = 'held' AND ledger <> 'voucher' ORDER BY made_at")
    ).all()
    owners = _named_first(connection, held[0].made_at, merges) if merges and held else {}
    for row in held:
        owner_id = owners.get(row.reservation_id, row.holder_id)
        if row.holder_id not in _became(owner_id, NEVER, merges):
            owner_id = row.holder_id
        if row.ledger == "account" and row.holder_id not in _became(owner_id, NEVER, lasting):
            owner_id = row.holder_id  # Parted: whoever the sale names will owe it.
        if owner_id != row.holder_id:
            connection.execute(
                sa.text("UPDATE reservation SET owner_id = :owner WHERE reservation_id = :id"),
                {"owner": owner_id, "id": row.reservation_id},
            )
        found[row.ledger, row.holder_id].append(_OpenSale(row.reservation_id, owner_id, row.units))
    return found


def _named_first(connection: sa.Connection, since: str, merges: Sequence[_Merge]) -> dict[str, str]:
    """Of whom the tills were told that it is kept; an answer that names who it is since a merge says nothing new.

    Answers are there for days, sales are open for minutes.
    """
    owners: dict[str, str] = {}
    answers = connection.execute(
        sa.text("SELECT reply, at FROM handled_request WHERE reply IS NOT NULL AND at >= :since ORDER BY at, id"),
        {"since": since},
    )
    for reply, at in answers:
        if reply.startswith(b'{"reserved":{'):
            kept = json.loads(reply)["reserved"]
            before = owners.get(kept["reservation_id"])
            if before is None or kept["holder_id"] not in _became(before, at, merges):
                owners[kept["reservation_id"]] = kept["holder_id"]
    return owners


def _became(customer_id: str, at: str, merges: Sequence[_Merge]) -> set[str]:
    """Who has had what was a customer's up to a time."""
    ids = {customer_id}
    for loser_id, survivor_id, merged_at in merges:
        if loser_id in ids and merged_at <= at:
            ids.add(survivor_id)
    return ids


class _Lot:
    """What is left of what one owner got at once, and what it is called."""

    def __init__(self, order: tuple[str, str, int], owner_id: str, left: int, names: set[str]) -> None:
        self.order, self.owner_id, self.left, self.names = order, owner_id, left, names


class _Left:
    """What is left of a ledger, taken from as it was then; who took what was not there owes it."""

    def __init__(self) -> None:
        self._lots: list[_Lot] = []
        self._owed: Counter[str] = Counter()
        self._names: dict[str, set[str]] = {}

    def put(self, row: sa.Row[Any], owner_id: str, amount: int) -> None:
        filled = min(self._owed[owner_id], amount)
        self._owed[owner_id] -= filled
        names = {row.entry_id, *((row.lot, *self._names.get(row.lot, ())) if row.lot else ())}
        self._names[row.entry_id] = names
        self._lots.append(_Lot((row.expires_on or NEVER, row.day, row.number), owner_id, amount - filled, names))
        self._lots.sort(key=lambda lot: lot.order)

    def take(self, amount: int, named: str | None = None, *, of: str | None = None) -> Counter[str]:
        """Take from the named lot first, then in order; of one owner or of all. May find less."""
        found: Counter[str] = Counter()
        for lot in sorted(self._lots, key=lambda lot: named not in lot.names):
            if of in {None, lot.owner_id}:
                taken = min(lot.left, amount)
                lot.left -= taken
                amount -= taken
                found[lot.owner_id] += taken
        return +found

    def owe(self, owner_id: str, amount: int) -> None:
        self._owed[owner_id] += amount


def _replay(connection: sa.Connection, ledger: str, holder_id: str, moved: _Moved) -> _Left:
    """Write down whose what of each entry is, and what each has; says what is left."""
    rows = connection.execute(
        sa.text("SELECT * FROM ledger_entry WHERE ledger = :ledger AND holder_id = :holder_id ORDER BY number"),
        {"ledger": ledger, "holder_id": holder_id},
    ).all()
    left, whole = _Left(), Counter[str]()
    for row in rows:
        parts = _parts(row, left, whole, moved)
        for owner, amount in parts.items():
            whole[owner] += amount
        if set(parts) - {holder_id}:
            _write(connection, "entry_part", ((ledger, holder_id, row.number, *part) for part in parts.items()))
        if row.kind == "transferred_in" and row.lot is None and row.entry_id in moved.came:
            connection.execute(
                sa.text("UPDATE ledger_entry SET lot = :lot WHERE entry_id = :id"),
                {"lot": moved.came[row.entry_id], "id": row.entry_id},
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
    return left


def _parts(row: sa.Row[Any], left: _Left, whole: Counter[str], moved: _Moved) -> Counter[str]:
    """Say whose what of an entry is, and replay it."""
    parts = Counter({row.holder_id: row.amount})
    if row.kind == "transferred_in":
        parts = moved.parts(row)
    elif row.entry_id in moved.lasts and row.amount == -whole.total():
        # What one of them owed and another one had was settled only as long as both were one.
        parts = Counter({owner: -amount for owner, amount in whole.items() if amount})
        moved.tell(row, parts)
    elif row.amount < 0:
        taken = left.take(-row.amount, row.lot)
        missing = -row.amount - taken.total()
        left.owe(row.holder_id, missing)
        taken[row.holder_id] += missing
        return Counter({owner: -amount for owner, amount in taken.items() if amount})
    for owner, amount in parts.items():
        if amount > 0:
            left.put(row, owner, amount)
        else:
            left.owe(owner, -amount - left.take(-amount, row.lot, of=owner).total())
    return parts


def _keep_apart(connection: sa.Connection, holder_id: str, left: _Left, open_sales: list[_OpenSale]) -> None:
    """Say of whose part a sale keeps how much: of its owner's what is left of it, then of the others'."""
    for sale in open_sales:
        kept = left.take(sale.units, of=sale.owner_id)
        kept.update(left.take(sale.units - kept.total()))
        kept[sale.owner_id] += sale.units - kept.total()
        kept = +kept
        if set(kept) - {holder_id}:
            _write(connection, "reservation_part", ((sale.reservation_id, *part) for part in kept.items()))


def _write(connection: sa.Connection, table: str, rows: Iterable[tuple[str | int, ...]]) -> None:
    for row in rows:
        values = {f"c{place}": value for place, value in enumerate(row)}
        names = ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO {table} VALUES ({names})"), values)  # noqa: S608 - a table's name
