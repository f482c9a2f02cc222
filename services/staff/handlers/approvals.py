"""Letting one command of somebody else pass, by typing a PIN at their register."""

from contracts.base import ApprovalInvalid, TokenMissing
from contracts.ids import StaffId
from contracts.staff.approving import ActionApproved, Approve, Approved
from services.runtime.asking import Ask
from services.runtime.tokens import Claims
from services.staff.handlers.pin_facts import TypedPin, compare, judge
from services.staff.model.sessions import (
    APPROVAL_NAMES_FOR,
    Approval,
    check_lasts,
    check_may_approve,
    check_not_approved,
)
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
    """Let one command of whoever is signed on pass, for one sale where it is about one, in that session only.

    Rejections:
        TokenMissing: nobody is signed on at the register.
        TokenInvalid: the session at the register has ended in this very moment.
        SignOnRefused, SignOnLocked: as for signing on; tries of both count together.
        NotApprovable: the person's role may not do all of it alone, or may not approve.
        ApprovalGiven: somebody has approved the command already.
    """
    asker = _asker(tx)
    check_lasts(tx.sessions.latest(tx.register), asker.session)
    approver = judge(command, facts, tx).member
    also = tuple(each for each in dict.fromkeys(command.also) if each != command.action)
    check_may_approve(tx.roles.find(approver.role), (command.action, *also))
    check_not_approved(tx.approvals.of_command(tx.register, command.command))
    asked_by = StaffId(asker.subject)
    approval = Approval(
        register=tx.register,
        command=command.command,
        session=asker.session,
        action=command.action,
        sale_id=command.sale_id,
        asked_by=asked_by,
        approved_by=approver.staff_id,
        approved_at=tx.now,
        approve_id=tx.message_id,
        also=also,
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
            asked_by=asked_by,
            also=approval.also,
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


def fade(tx: StaffTx) -> None:
    """Approvals that are old no longer say who asked for them, nor about which sale."""
    tx.approvals.fade(tx.now - APPROVAL_NAMES_FOR)


def _asker(at: StaffTx | StaffView) -> Claims:
    if at.claims is None:
        raise TokenMissing
    return at.claims
