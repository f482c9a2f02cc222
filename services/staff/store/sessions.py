"""Who is and was signed on where, wrong tries, and who approved what."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from contracts.ids import RegisterId, StaffId
from services.runtime.clock import read_stamp, stamp
from services.staff.model.sessions import Approval, EndReason, Session, Tries
from services.staff.store.tables import approval, session, sign_on_try


class TryStore:
    """Wrong tries to sign on or to approve."""

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

    def of_all_registers(self, staff_id: StaffId) -> int:
        """How many wrong tries of one person still count, on all registers together."""
        wrong: int = self._connection.execute(
            select(func.coalesce(func.sum(sign_on_try.c.wrong), 0)).where(sign_on_try.c.staff_id == staff_id)
        ).scalar_one()
        return wrong

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

    def alive(self) -> list[Session]:
        """All sessions that last, by register."""
        rows = self._connection.execute(
            select(session).where(session.c.ended_at.is_(None)).order_by(session.c.register)
        )
        return [_session(row) for row in rows]

    def of_person(self, staff_id: StaffId) -> list[Session]:
        """All sessions that somebody ever had, in order."""
        rows = self._connection.execute(
            select(session)
            .where(session.c.staff_id == staff_id)
            .order_by(session.c.started_at, session.c.register, session.c.number)
        )
        return [_session(row) for row in rows]

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


class ApprovalStore:
    """Who let what pass."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_command(self, register: RegisterId, command: str) -> Approval | None:
        """The approval of a register's command, or None."""
        row = self._connection.execute(
            select(approval).where(approval.c.register == register, approval.c.command == command)
        ).one_or_none()
        return None if row is None else _approval(row)

    def given_by(self, register: RegisterId, approve_id: str) -> Approval:
        """What an ``approve`` at that register gave."""
        return _approval(
            self._connection.execute(
                select(approval).where(approval.c.register == register, approval.c.approve_id == approve_id)
            ).one()
        )

    def given_by_person(self, staff_id: StaffId) -> list[Approval]:
        """All approvals that somebody gave, in order."""
        return self._in_order(approval.c.approved_by == staff_id)

    def asked_by_person(self, staff_id: StaffId) -> list[Approval]:
        """All approvals that somebody asked for and that are not too old to say so, in order."""
        return self._in_order(approval.c.asked_by == staff_id)

    def add(self, given: Approval) -> None:
        """Keep an approval."""
        self._connection.execute(
            insert(approval).values(
                {**given._asdict(), "approved_at": stamp(given.approved_at), "also": ",".join(given.also)}
            )
        )

    def fade(self, before: datetime) -> None:
        """Forget who asked for approvals that were given before then, and about which sale; who gave them stays."""
        self._connection.execute(
            update(approval)
            .where(approval.c.approved_at < stamp(before), approval.c.asked_by.is_not(None))
            .values(asked_by=None, sale_id=None)
        )

    def _in_order(self, which: ColumnElement[bool]) -> list[Approval]:
        rows = self._connection.execute(
            select(approval).where(which).order_by(approval.c.approved_at, approval.c.register, approval.c.command)
        )
        return [_approval(row) for row in rows]


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        register=row.register,
        number=row.number,
        staff_id=row.staff_id,
        role=row.role,
        started_at=read_stamp(row.started_at),
        command_id=row.command_id,
        ended=row.end_reason,
        ended_at=None if row.ended_at is None else read_stamp(row.ended_at),
    )


def _approval(row: Row[tuple[object, ...]]) -> Approval:
    also = tuple(row.also.split(",")) if row.also else ()
    return Approval(**{**row._asdict(), "approved_at": read_stamp(row.approved_at), "also": also})
