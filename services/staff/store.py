"""The staff service's tables: who works here, wrong tries, sessions, and credit for what was sold.

Belongs here: tables and queries, rows to model objects and back. Never here: rules, topics, replies.
The comment of each table that holds personal data names its eraser.
"""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from contracts.checkout import SaleCompleted
from contracts.ids import RegisterId, StaffId
from contracts.staff import AttributedTotal, StaffMember
from services.runtime.clock import read_stamp, stamp
from services.staff.model import EndReason, Record, Session, Tries
from services.staff.pins import NO_PIN

METADATA = MetaData()

staff_member = Table(
    "staff_member",
    METADATA,
    Column("staff_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("short_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("badge", Text, unique=True),
    Column("pin_hash", Text, nullable=False, comment="argon2id in PHC string format."),
    Column("changed_at", Text, nullable=False),
    comment="Who works here. Eraser: StaffStore.erase, which leaves the id and the role.",
    sqlite_with_rowid=False,
)

sign_on_try = Table(
    "sign_on_try",
    METADATA,
    Column("register", Text, primary_key=True),
    Column("staff_id", Text, ForeignKey("staff_member.staff_id"), primary_key=True),
    Column("wrong", Integer, nullable=False, comment="Since the last right PIN or the last lock."),
    Column("locked_at", Text, comment="Null while not locked."),
    Column("last_wrong_at", Text, nullable=False),
    comment="Wrong tries that still count. Eraser: StaffStore.erase.",
    sqlite_with_rowid=False,
)

session = Table(
    "session",
    METADATA,
    Column("register", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="Gapless in its register."),
    Column("staff_id", Text, ForeignKey("staff_member.staff_id"), nullable=False),
    Column("role", Text, nullable=False, comment="As it was at sign-on; the token says the same."),
    Column("started_at", Text, nullable=False),
    Column("command_id", Text, nullable=False, comment="The sign-on's own id, by which its repetition is known."),
    Column("ended_at", Text),
    Column("end_reason", Text),
    comment="Who was signed on where. Holds a staff id as the only trace of a person; "
    "with them erased it leads to nobody.",
    sqlite_with_rowid=False,
)
Index("session_command", session.c.register, session.c.command_id, unique=True)

attributed_sale = Table(
    "attributed_sale",
    METADATA,
    Column("business_day", Text, primary_key=True),
    Column("staff_id", Text, primary_key=True, comment="May be unknown here: the sale is the truth."),
    Column("sale_id", Text, primary_key=True),
    Column("sales", Integer, nullable=False, comment="1, or 0 for a return."),
    Column("amount", Integer, nullable=False, comment="Minor units, tax included: their shares of the sale's lines."),
    comment="Projection of checkout's journal: wiped and replayed it has the same rows. Holds ids and amounts only; "
    "with the staff member erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)

cashier_sale = Table(
    "cashier_sale",
    METADATA,
    Column("business_day", Text, primary_key=True),
    Column("staff_id", Text, primary_key=True, comment="The cashier."),
    Column("sale_id", Text, primary_key=True),
    Column("sales", Integer, nullable=False, comment="1, or 0 for a return."),
    Column("amount", Integer, nullable=False, comment="Minor units, tax included: the sale's total."),
    comment="Projection of checkout's journal, beside attributed_sale: who rang the sale up. Holds ids and amounts "
    "only; with the staff member erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)


class StaffStore:
    """Who works here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, staff_id: StaffId) -> Record | None:
        """The staff member with that id, or None."""
        return self._one(select(staff_member).where(staff_member.c.staff_id == staff_id))

    def find_badge(self, badge: str) -> Record | None:
        """The staff member with that badge, or None."""
        return self._one(select(staff_member).where(staff_member.c.badge == badge))

    def get(self, staff_id: StaffId) -> Record:
        """The staff member with that id, who is known to be there."""
        return _record(self._connection.execute(select(staff_member).where(staff_member.c.staff_id == staff_id)).one())

    def active_owners(self) -> int:
        """How many owners can sign on."""
        return self._connection.execute(
            select(func.count()).where(staff_member.c.role == "owner", staff_member.c.active)
        ).scalar_one()

    def all_members(self) -> list[StaffMember]:
        """Everybody, in no order, without badges."""
        columns = staff_member.c
        rows = self._connection.execute(
            select(columns.staff_id, columns.name, columns.short_name, columns.role, columns.active)
        )
        return [StaffMember(*row) for row in rows]

    def page_after(self, staff_id: str, most: int) -> list[tuple[Record, str]]:
        """The next members by id, each with when they last changed."""
        rows = self._connection.execute(
            select(staff_member).where(staff_member.c.staff_id > staff_id).order_by(staff_member.c.staff_id).limit(most)
        )
        return [(_record(row), row.changed_at) for row in rows]

    def add(self, record: Record, at: datetime) -> None:
        """Put somebody new on the list."""
        member = record.member
        self._connection.execute(
            insert(staff_member).values(
                staff_id=member.staff_id,
                revision=record.revision,
                name=member.name,
                short_name=member.short_name,
                role=member.role,
                active=member.active,
                badge=member.badge,
                pin_hash=record.pin_hash,
                changed_at=stamp(at),
            )
        )

    def erase(self, staff_id: StaffId, at: datetime) -> None:
        """Forget who a staff member was; the id stays, so that it is never given again and sales still add up.

        Nobody signs on with it any more. Erasing twice changes nothing more.
        """
        self._connection.execute(delete(sign_on_try).where(sign_on_try.c.staff_id == staff_id))
        self._connection.execute(
            update(staff_member)
            .where(staff_member.c.staff_id == staff_id, staff_member.c.name != "")
            .values(
                revision=staff_member.c.revision + 1,
                name="",
                short_name="",
                active=False,
                badge=None,
                pin_hash=NO_PIN,
                changed_at=stamp(at),
            )
        )

    def _one(self, query: Select[tuple[object, ...]]) -> Record | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row)


class TryStore:
    """Wrong tries to sign on."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, register: RegisterId, staff_id: StaffId) -> Tries:
        """The wrong tries of one person on one register."""
        row = self._connection.execute(
            select(sign_on_try.c.wrong, sign_on_try.c.locked_at).where(
                sign_on_try.c.register == register, sign_on_try.c.staff_id == staff_id
            )
        ).one_or_none()
        if row is None:
            return Tries()
        return Tries(row.wrong, None if row.locked_at is None else read_stamp(row.locked_at))

    def put(self, register: RegisterId, staff_id: StaffId, tries: Tries, at: datetime) -> None:
        """Keep one wrong try more."""
        values = {
            "wrong": tries.wrong,
            "locked_at": None if tries.locked_at is None else stamp(tries.locked_at),
            "last_wrong_at": stamp(at),
        }
        self._connection.execute(
            upsert(sign_on_try)
            .values(register=register, staff_id=staff_id, **values)
            .on_conflict_do_update(index_elements=["register", "staff_id"], set_=values)
        )

    def clear(self, register: RegisterId, staff_id: StaffId) -> None:
        """Forget the wrong tries of one person on one register."""
        self._connection.execute(
            delete(sign_on_try).where(sign_on_try.c.register == register, sign_on_try.c.staff_id == staff_id)
        )


class SessionStore:
    """Who is and was signed on where."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(self, register: RegisterId) -> Session | None:
        """The newest session at a register, ended or not."""
        row = self._connection.execute(
            select(session).where(session.c.register == register).order_by(session.c.number.desc()).limit(1)
        ).one_or_none()
        return None if row is None else _session(row)

    def started_by(self, register: RegisterId, command_id: str) -> Session:
        """The session that a sign-on at that register started."""
        return _session(
            self._connection.execute(
                select(session).where(session.c.register == register, session.c.command_id == command_id)
            ).one()
        )

    def latest_everywhere(self) -> list[tuple[Session, str]]:
        """The newest session of every register, each with when it started or ended."""
        newest = (
            select(session.c.register, func.max(session.c.number).label("number"))
            .group_by(session.c.register)
            .subquery()
        )
        rows = self._connection.execute(
            select(session)
            .join(newest, (session.c.register == newest.c.register) & (session.c.number == newest.c.number))
            .order_by(session.c.register)
        )
        return [(_session(row), row.ended_at or row.started_at) for row in rows]

    def add(self, started: Session) -> None:
        """Keep a session that has started."""
        self._connection.execute(
            insert(session).values(
                register=started.register,
                number=started.number,
                staff_id=started.staff_id,
                role=started.role,
                started_at=stamp(started.started_at),
                command_id=started.command_id,
            )
        )

    def end(self, ended: Session, reason: EndReason, at: datetime) -> None:
        """Keep that a session has ended, when and why."""
        self._connection.execute(
            update(session)
            .where(session.c.register == ended.register, session.c.number == ended.number)
            .values(ended_at=stamp(at), end_reason=reason)
        )


class CreditStore:
    """Who sold what, as completed sales tell it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, sale: SaleCompleted, sales: int, credit: dict[StaffId, int]) -> None:
        """Keep a sale's credit: its cashier's total, and each attributed staff member's part in minor units."""
        common = {"business_day": sale.business_day, "sale_id": sale.sale_id, "sales": sales}
        self._connection.execute(insert(cashier_sale), {**common, "staff_id": sale.cashier, "amount": sale.total})
        if credit:
            self._connection.execute(
                insert(attributed_sale),
                [{**common, "staff_id": staff_id, "amount": amount} for staff_id, amount in credit.items()],
            )

    def wipe(self) -> None:
        """Forget everything before the journal is replayed."""
        self._connection.execute(delete(attributed_sale))
        self._connection.execute(delete(cashier_sale))

    def attributed_totals(self, from_day: str, to_day: str, staff_id: StaffId | None) -> tuple[AttributedTotal, ...]:
        """Sums by day and then by staff id, both days included, of one staff member or of all."""
        columns = attributed_sale.c
        query = (
            select(columns.staff_id, columns.business_day, func.sum(columns.sales), func.sum(columns.amount))
            .where(columns.business_day.between(from_day, to_day))
            .group_by(columns.business_day, columns.staff_id)
            .order_by(columns.business_day, columns.staff_id)
        )
        if staff_id is not None:
            query = query.where(columns.staff_id == staff_id)
        return tuple(AttributedTotal(*row) for row in self._connection.execute(query))


def _record(row: Row[tuple[object, ...]]) -> Record:
    return Record(
        StaffMember(row.staff_id, row.name, row.short_name, row.role, row.active, row.badge), row.revision, row.pin_hash
    )


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        register=row.register,
        number=row.number,
        staff_id=row.staff_id,
        role=row.role,
        started_at=read_stamp(row.started_at),
        command_id=row.command_id,
        ended=row.end_reason,
    )
