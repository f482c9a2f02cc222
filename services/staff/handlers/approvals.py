"""Letting one command of somebody else pass, by typing a PIN at their register."""

from contracts.base import ApprovalInvalid, TokenMissing
from contracts.ids import StaffId
from contracts.staff import ActionApproved, Approve, Approved
from services.runtime.requester import Ask
from services.runtime.tokens import Claims
from services.staff.handlers.pin_facts import TypedPin, compare, judge
from services.staff.model.sessions import Approval, check_lasts, check_may_approve, check_not_approved
from services.staff.transactions import StaffTx, StaffView


async def prepare_approve(command: Approve, view: StaffView, ask: Ask) -> TypedPin:  # noqa: ARG001
    """Compare the PIN.

    Rejections:
        TokenMissing: nobody is signed on at the register for whom something could be approved.
        Malformed: both a name and a badge were given, or neither.
    """
    _asker(view)
    return await compare(command, view)


def approve(command: Approve, facts: TypedPin, tx: StaffTx) -> Approved:
    """Let one command of whoever is signed on pass, for one sale where it is about one.

    Rejections:
        TokenMissing: nobody is signed on at the register.
        TokenInvalid: the session at the register is over.
        SignOnRefused, SignOnLocked: as for signing on; tries of both count together.
        NotApprovable: the person's role may not do it alone, or may not approve.
        ApprovalGiven: somebody has approved the command already.
    """
    asker = _asker(tx)
    check_lasts(tx.sessions.latest(tx.register), asker.session)
    approver = judge(command, facts, tx).member
    check_may_approve(tx.roles.find(approver.role), command.action)
    check_not_approved(tx.approvals.of_command(tx.register, command.command))
    approval = Approval(
        register=tx.register,
        command=command.command,
        session=asker.session,
        action=command.action,
        sale_id=command.sale_id,
        asked_by=StaffId(asker.subject),
        approved_by=approver.staff_id,
        approved_at=tx.now,
        approve_id=tx.message_id,
    )
    tx.approvals.add(approval)
    tx.record(
        ActionApproved(
            register=approval.register,
            session=approval.session,
            action=approval.action,
            command=approval.command,
            sale_id=approval.sale_id,
            approved_by=approval.approved_by,
            asked_by=approval.asked_by,
        )
    )
    tx.used(tx.register, asker.session)
    return tx.approved(approval)


def approved_again(command: Approve, tx: StaffTx) -> Approved:  # noqa: ARG001 - the approval is found by the id
    """Answer a repeated approval with the same token.

    Rejections:
        ApprovalInvalid: it is too old by now.
    """
    approval = tx.approvals.given_by(tx.register, tx.message_id)
    if approval.expires_at <= tx.now:
        raise ApprovalInvalid(reason="expired")
    return tx.approved(approval)


def _asker(at: StaffTx | StaffView) -> Claims:
    if at.claims is None:
        raise TokenMissing
    return at.claims
