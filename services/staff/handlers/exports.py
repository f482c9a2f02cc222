"""What is held about somebody, handed out for them."""

from contracts.staff.privacy import ExportStaff, StaffApproval, StaffExport, StaffExported, StaffSession
from services.runtime.clock import stamp
from services.staff.handlers.people import person_in_reach
from services.staff.model.credit import by_period
from services.staff.model.people import Record
from services.staff.model.sessions import Approval, Session
from services.staff.transactions import StaffTx


def export_staff(command: ExportStaff, tx: StaffTx) -> StaffExport:
    """Hand out all that is held about somebody, and tell that it was.

    It says what they sold, so it takes what a report of persons takes, but for one's own.

    Rejections:
        StaffNotFound: nobody ever had that id.
        PermissionDenied: their role may more than that of whoever asks.
        PermissionDenied, ApprovalNeeded, ApprovalInvalid: they are somebody else, and ``staff.report_person`` lacks.
    """
    record = person_in_reach(command.staff_id, tx)
    exported_by = tx.signed_on_here
    if command.staff_id != exported_by:
        tx.giver("staff.report_person")
    tx.record(StaffExported(command.staff_id, exported_by))
    return _held(record, tx)


def staff_export_again(command: ExportStaff, tx: StaffTx) -> StaffExport:
    """Answer a repeated export with what is held by now; that is told once."""
    return _held(tx.staff.get(command.staff_id), tx)


def _held(record: Record, tx: StaffTx) -> StaffExport:
    staff_id = record.member.staff_id
    return StaffExport(
        member=record.member,
        sessions=tuple(_session(each) for each in tx.sessions.of_person(staff_id)),
        wrong_tries=tx.tries.of_all_registers(staff_id),
        approvals=tuple(_approval(each) for each in tx.approvals.given_by_person(staff_id)),
        credit=by_period(tx.credits.credited_to(staff_id), "day"),
        asked_for=tuple(_approval(each) for each in tx.approvals.asked_by_person(staff_id)),
        rung_up=by_period(tx.credits.rung_up_by(staff_id), "day"),
        lately_credited=tuple(tx.credits.lately_at(staff_id)),
    )


def _session(session: Session) -> StaffSession:
    return StaffSession(
        register=session.register,
        session=session.number,
        started_at=stamp(session.started_at),
        ended_at=None if session.ended_at is None else stamp(session.ended_at),
        end_reason=session.ended,
    )


def _approval(approval: Approval) -> StaffApproval:
    return StaffApproval(
        register=approval.register,
        action=approval.action,
        command=approval.command,
        sale_id=approval.sale_id,
        asked_by=approval.asked_by,
        approved_at=stamp(approval.approved_at),
        approved_by=approval.approved_by,
        also=approval.also,
    )
