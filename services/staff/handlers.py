"""What the staff service does with each message: the staff list, signing on and off, credit for sales.

The runtime opens the transaction, commits state and journal together and then replies. Nothing here
commits, retries, catches or reads a clock. PINs are hashed and compared in ``prepare_`` functions,
while no transaction is held; what they found is judged in the transaction.
"""

from typing import NamedTuple

from contracts.base import Event, Malformed, PermissionDenied, TokenInvalid, TokenMissing
from contracts.checkout import SaleCompleted
from contracts.ids import RegisterId, StaffId
from contracts.staff import (
    AddOwner,
    AttributedTotals,
    BadgeTaken,
    CreateStaff,
    GetAttributedTotals,
    ListStaff,
    OwnerExists,
    SessionEnded,
    SessionStarted,
    SignedOff,
    SignedOn,
    SignOff,
    SignOn,
    SignOnLocked,
    SignOnRefused,
    StaffChanged,
    StaffExists,
    StaffFile,
    StaffList,
    StaffMember,
)
from services.runtime.requester import Ask
from services.runtime.service import SnapshotPiece
from services.runtime.states import Shown
from services.runtime.transactions import StaleFacts
from services.staff.model import (
    Record,
    Session,
    after_wrong_try,
    check_may_give,
    check_period,
    credited,
    locked_s,
    new_member,
    next_number,
    register_session,
    sales_in,
)
from services.staff.pins import NO_PIN
from services.staff.store import CreditStore, SessionStore, StaffStore, TryStore
from services.staff.transactions import StaffTx, StaffView

STAFF_A_PIECE = 500
HUB = "hub"


class PinFacts(NamedTuple):
    """What a new staff member's PIN came to: its hash, or whether it fits the record that was ``seen`` already."""

    seen: int | None
    pin_hash: str
    fits: bool


class SignOnFacts(NamedTuple):
    """Which record a sign-on named, at which revision, and whether the PIN fits; None where it was not compared."""

    seen: tuple[StaffId, int] | None
    fits: bool | None


async def prepare_create_staff(command: CreateStaff, view: StaffView, ask: Ask) -> PinFacts:  # noqa: ARG001
    """Hash the PIN, or compare it where the id is taken already."""
    return await _pin_facts(command.staff_id, command.pin, view)


def create_staff(command: CreateStaff, facts: PinFacts, tx: StaffTx) -> StaffFile:
    """Put somebody new on the staff list.

    The same details under the same id are answered alike, however often and late they come.

    Rejections:
        PermissionDenied: the role stands above that of whoever asks.
        StaffExists: the id was used with other details.
        BadgeTaken: another staff member has the badge.
        Malformed: the name is blank, or a name holds a control character.
    """
    if tx.claims is None:
        raise TokenMissing
    check_may_give(tx.claims.role, command.role)
    member = new_member(command)
    known = _same_again(member, facts, tx)
    return known or _add(member, facts.pin_hash, tx)


async def prepare_add_owner(command: AddOwner, view: StaffView, ask: Ask) -> PinFacts:  # noqa: ARG001
    """Hash the PIN, or compare it where the id is taken already.

    Rejections:
        PermissionDenied: somebody other than the hub asks.
    """
    if view.caller != HUB:
        raise PermissionDenied(asked_by=HUB)
    return await _pin_facts(command.staff_id, command.pin, view)


def add_owner(command: AddOwner, facts: PinFacts, tx: StaffTx) -> StaffFile:
    """Put the first owner on the staff list, or another when no owner is active any more.

    The same details under the same id are answered alike, however often and late they come.

    Rejections:
        StaffExists: the id was used with other details.
        OwnerExists: there is an active owner.
        BadgeTaken: another staff member has the badge.
        Malformed: the name is blank, or a name holds a control character.
    """
    member = new_member(command)
    known = _same_again(member, facts, tx)
    if known is not None:
        return known
    if tx.staff.active_owners():
        raise OwnerExists
    return _add(member, facts.pin_hash, tx)


def staff_file_again(command: CreateStaff | AddOwner, tx: StaffTx) -> StaffFile:
    """Answer a repeated creation with the record as it is by now."""
    return StaffFile(tx.staff.get(command.staff_id).member)


async def list_staff(query: ListStaff, view: StaffView) -> StaffList:
    """Who works here, by name, without badges."""
    members = await view.read(lambda connection: StaffStore(connection).all_members())
    wanted = (member for member in members if member.active or not query.active_only)
    return StaffList(tuple(sorted(wanted, key=lambda member: (member.name.casefold(), member.staff_id))))


async def prepare_sign_on(command: SignOn, view: StaffView, ask: Ask) -> SignOnFacts:  # noqa: ARG001
    """Compare the PIN; an unknown name or badge takes as long as a wrong PIN, and a locked person's PIN is left alone.

    Rejections:
        Malformed: both a name and a badge were given, or neither.
    """
    if (command.staff_id is None) == (command.badge is None):
        raise Malformed(field="$", rule="a sign-on names exactly one of staff_id and badge")
    await view.key.ready()
    register = RegisterId(view.caller)
    record, locked = await view.read(
        lambda connection: _named(command, StaffStore(connection), TryStore(connection), register, view)
    )
    if record is None or not record.member.active:
        await view.pins.fits(NO_PIN, command.pin)
        return SignOnFacts(_seen(record), fits=False)
    return SignOnFacts(_seen(record), fits=None if locked else await view.pins.fits(record.pin_hash, command.pin))


def sign_on(command: SignOn, facts: SignOnFacts, tx: StaffTx) -> SignedOn:
    """Sign somebody on at the asking register; whoever was signed on there no longer is.

    Rejections:
        SignOnRefused: name, badge or PIN is wrong, or the person does not work here any more.
        SignOnLocked: this was the fifth wrong try, or it comes within five minutes of that; ``retry_after_s``
            says in how many seconds to try again.
    """
    record, locked = _named(command, tx.staff, tx.tries, tx.register, tx)
    if _seen(record) != facts.seen or (facts.fits is None and not locked):
        raise StaleFacts
    if record is None or not record.member.active:
        raise SignOnRefused
    if locked:
        raise SignOnLocked(retry_after_s=locked)
    member = record.member
    if not facts.fits:
        _refuse(member, tx)
    tx.tries.clear(tx.register, member.staff_id)
    return _start_session(member, tx)


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
    return tx.signed_on(session, tx.staff.get(session.staff_id).member)


def sign_off(command: SignOff, tx: StaffTx) -> SignedOff:  # noqa: ARG001 - who asks says which register
    """Sign off whoever is signed on at the asking register; where nobody is, it stays so."""
    latest = tx.sessions.latest(tx.register)
    if latest is None:
        return SignedOff(0)
    if latest.ended is None:
        tx.show_session(tx.end(latest, "signed_off"))
    return SignedOff(latest.number)


async def get_attributed_totals(query: GetAttributedTotals, view: StaffView) -> AttributedTotals:
    """Sales by attributed staff in a period, returns taken off; shares of one line are split to the cent.

    Rejections:
        Malformed: the period is none, or longer than 366 days.
    """
    check_period(query.from_day, query.to_day)
    return AttributedTotals(
        await view.read(
            lambda connection: CreditStore(connection).attributed_totals(query.from_day, query.to_day, query.staff_id)
        )
    )


def on_sale_completed(event: SaleCompleted, tx: StaffTx) -> None:
    """The sale counts for its cashier and for everybody its lines are attributed to."""
    tx.credits.put(event, sales_in(event), credited(event.lines))


def wipe_totals(tx: StaffTx) -> None:
    """Forget all credit before the journal is replayed."""
    tx.credits.wipe()


async def shown(view: StaffView) -> list[Shown]:
    """Everything that is retained: who is signed on at each register."""
    sessions = await view.read(lambda connection: SessionStore(connection).latest_everywhere())
    return [Shown(register_session(session), {"register": session.register}) for session, _ in sessions]


async def snapshot(view: StaffView, number: int, following: str | None) -> SnapshotPiece:  # noqa: ARG001
    """Tell the staff list a piece at a time, and with the last piece the newest session of every register.

    Who changes while the pieces are read is told as they are by then; the journal's later event says the
    same again, which changes nothing.
    """
    page, sessions = await view.read(
        lambda connection: (
            StaffStore(connection).page_after(following or "", STAFF_A_PIECE),
            SessionStore(connection).latest_everywhere(),
        )
    )
    events: list[tuple[Event, str, str]] = [
        (_changed(record), view.ids.derived(record.member.staff_id, f"snapshot {record.revision}"), changed_at)
        for record, changed_at in page
    ]
    if len(page) == STAFF_A_PIECE:
        return events, page[-1][0].member.staff_id
    events += [
        (_told(session), view.ids.derived(session.command_id, f"snapshot {session.ended}"), at)
        for session, at in sessions
    ]
    return events, None


async def _pin_facts(staff_id: StaffId, pin: str, view: StaffView) -> PinFacts:
    record = await view.read(lambda connection: StaffStore(connection).find(staff_id))
    if record is None:
        return PinFacts(None, await view.pins.hash(pin), fits=False)
    return PinFacts(record.revision, record.pin_hash, await view.pins.fits(record.pin_hash, pin))


def _same_again(member: StaffMember, facts: PinFacts, tx: StaffTx) -> StaffFile | None:
    record = tx.staff.find(member.staff_id)
    if (None if record is None else record.revision) != facts.seen:
        raise StaleFacts
    if record is None:
        return None
    if not facts.fits or record.member != member:
        raise StaffExists(field="staff_id", staff_id=member.staff_id)
    return StaffFile(record.member)


def _add(member: StaffMember, pin_hash: str, tx: StaffTx) -> StaffFile:
    if member.badge is not None and tx.staff.find_badge(member.badge) is not None:
        raise BadgeTaken(field="badge")
    record = Record(member, 1, pin_hash)
    tx.staff.add(record, tx.now)
    tx.record(_changed(record))
    return StaffFile(member)


def _named(
    command: SignOn, staff: StaffStore, tries: TryStore, register: RegisterId, at: StaffTx | StaffView
) -> tuple[Record | None, int]:
    """Whom a sign-on names, and for how many more seconds they are locked on that register."""
    if command.staff_id is not None:
        record = staff.find(command.staff_id)
    else:
        record = None if command.badge is None else staff.find_badge(command.badge)
    return record, 0 if record is None else locked_s(tries.of(register, record.member.staff_id), at.now)


def _seen(record: Record | None) -> tuple[StaffId, int] | None:
    return None if record is None else (record.member.staff_id, record.revision)


def _refuse(member: StaffMember, tx: StaffTx) -> None:
    tries = after_wrong_try(tx.tries.of(tx.register, member.staff_id), tx.now)
    tx.tries.put(tx.register, member.staff_id, tries, tx.now)
    locked = locked_s(tries, tx.now)
    if locked:
        raise SignOnLocked(retry_after_s=locked)
    raise SignOnRefused


def _start_session(member: StaffMember, tx: StaffTx) -> SignedOn:
    latest = tx.sessions.latest(tx.register)
    if latest is not None and latest.ended is None:
        tx.end(latest, "replaced")
    session = Session(
        register=tx.register,
        number=next_number(latest),
        staff_id=member.staff_id,
        role=member.role,
        started_at=tx.now,
        command_id=tx.message_id,
    )
    tx.sessions.add(session)
    tx.record(_told(session))
    tx.end_session(tx.register, below=session.number)
    tx.show_session(session)
    return tx.signed_on(session, member)


def _changed(record: Record) -> StaffChanged:
    return StaffChanged(record.member.staff_id, record.revision, record.member.role, record.member.active)


def _told(session: Session) -> SessionStarted | SessionEnded:
    if session.ended is None:
        return SessionStarted(session.register, session.number, session.staff_id)
    return SessionEnded(session.register, session.number, session.staff_id, session.ended)
