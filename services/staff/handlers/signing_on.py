"""Signing on and off at a register, and its lock when nobody is there."""

from collections.abc import Iterable

from contracts.base import Malformed, TokenInvalid
from contracts.staff.signing_on import Lock, SignedOff, SignedOn, SignOff, SignOn
from services.runtime.asking import Ask
from services.staff.handlers.pin_facts import TypedPin, compare, judge
from services.staff.model.people import Record
from services.staff.model.sessions import EndReason, Session, next_number, told
from services.staff.transactions import StaffTx, StaffView


async def prepare_sign_on(command: SignOn, view: StaffView, ask: Ask) -> TypedPin:  # noqa: ARG001
    """Compare the PIN.

    Rejections:
        Malformed: both a name and a badge were given, or neither; or no PIN, where it takes one.
    """
    if command.pin is None and (command.badge is None or not view.settings.badge_signs_on):
        raise Malformed(field="$.pin", rule="a PIN is typed; a badge alone signs on only where the store has it so")
    return await compare(command, view)


def sign_on(command: SignOn, facts: TypedPin, tx: StaffTx) -> SignedOn:
    """Sign somebody on at the asking register; whoever was signed on there no longer is.

    Rejections:
        SignOnRefused: name, badge or PIN is wrong, or the person does not work here any more.
        SignOnLocked: this was the fifth wrong try, or it comes within five minutes of that; ``retry_after_s``
            says in how many seconds to try again.
    """
    return _start_session(judge(command, facts, tx), tx)


def signed_on_again(command: SignOn, tx: StaffTx) -> SignedOn:  # noqa: ARG001 - the session is found by the id
    """Answer a repeated sign-on with its own session's token.

    Rejections:
        TokenInvalid: the session has ended or its token has run out.
    """
    session = tx.sessions.started_by(tx.register, tx.message_id)
    if session.ended is not None:
        raise TokenInvalid(reason="session_ended")
    if tx.expired(session):
        raise TokenInvalid(reason="expired")
    return tx.signed_on(session, tx.staff.get(session.staff_id))


def sign_off(command: SignOff, tx: StaffTx) -> SignedOff:  # noqa: ARG001 - who asks says which register
    """Sign off whoever is signed on at the asking register; where nobody is, it stays so."""
    return _end_latest("signed_off", tx)


def lock(command: Lock, tx: StaffTx) -> SignedOff:  # noqa: ARG001 - who asks says which register
    """Lock the asking register; where nobody is signed on, it stays so."""
    return _end_latest("idle", tx)


def lock_idle(idle: Iterable[Session], tx: StaffTx) -> None:
    """Lock the registers whose sessions nobody has used; one that has ended meanwhile stays as it is."""
    for session in idle:
        if tx.sessions.latest(session.register) == session:
            tx.end_and_show(session, "idle")


def _end_latest(reason: EndReason, tx: StaffTx) -> SignedOff:
    latest = tx.sessions.latest(tx.register)
    if latest is None:
        return SignedOff(0)
    if latest.ended is None:
        tx.end_and_show(latest, reason)
    return SignedOff(latest.number)


def _start_session(record: Record, tx: StaffTx) -> SignedOn:
    latest = tx.sessions.latest(tx.register)
    if latest is not None and latest.ended is None:
        tx.end(latest, "replaced")
    session = Session(
        register=tx.register,
        number=next_number(latest),
        staff_id=record.member.staff_id,
        role=record.member.role,
        started_at=tx.now,
        command_id=tx.message_id,
    )
    tx.sessions.add(session)
    tx.record(told(session, tx.roles.get(session.role)))
    tx.end_session(tx.register, below=session.number)
    tx.show_session(session)
    tx.used(tx.register, session.number)
    return tx.signed_on(session, record)
