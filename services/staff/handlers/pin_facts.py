"""Whose PIN was typed and whether it fits: found while no transaction is held, judged in one."""

from typing import NamedTuple

from contracts.base import Malformed
from contracts.ids import RegisterId, StaffId
from contracts.staff.approving import Approve
from contracts.staff.signing_on import SignOn, SignOnLocked, SignOnRefused, StaffLockedOut
from services.runtime.transactions import StaleFacts
from services.staff.model.people import Record
from services.staff.model.sessions import after_wrong_try, locked_s
from services.staff.pins import NO_PIN
from services.staff.store.people import StaffStore
from services.staff.store.sessions import TryStore
from services.staff.transactions import StaffTx, StaffView

NOBODYS = "0000"
"""Compared where no PIN was typed and nobody has the badge, so that badges cannot be tried faster than PINs."""


class TypedPin(NamedTuple):
    """Which record was named, at which revision, and whether the PIN fits; None where it was not compared."""

    seen: tuple[StaffId, int] | None
    fits: bool | None


async def compare(command: SignOn | Approve, view: StaffView) -> TypedPin:
    """Compare the PIN; an unknown name or badge takes as long as a wrong PIN, and a locked person's PIN is left alone.

    A command without a PIN has a badge that signs on alone, and fits.

    Rejections:
        Malformed: both a name and a badge were given, or neither.
    """
    if (command.staff_id is None) == (command.badge is None):
        raise Malformed(field="$", rule=f"{command.wire_name()} names exactly one of staff_id and badge")
    await view.key.ready()
    register = RegisterId(view.caller)
    record, locked = await view.read(
        lambda connection: _named(command, StaffStore(connection), TryStore(connection), register, view)
    )
    if record is None or not record.member.active:
        await view.pins.fits(NO_PIN, command.pin or NOBODYS)
        return TypedPin(_seen(record), fits=False)
    if locked:
        return TypedPin(_seen(record), fits=None)
    return TypedPin(_seen(record), fits=command.pin is None or await view.pins.fits(record.pin_hash, command.pin))


def judge(command: SignOn | Approve, facts: TypedPin, tx: StaffTx) -> Record:
    """Whom the PIN proves; wrong tries of signing on and of approving count together.

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
    if not facts.fits:
        _refuse(record.member.staff_id, tx)
    tx.tries.clear(tx.register, record.member.staff_id)
    return record


def _named(
    command: SignOn | Approve, staff: StaffStore, tries: TryStore, register: RegisterId, at: StaffTx | StaffView
) -> tuple[Record | None, int]:
    """Whom a command names, and for how many more seconds they are locked on that register."""
    if command.staff_id is not None:
        record = staff.find(command.staff_id)
    else:
        record = None if command.badge is None else staff.find_badge(command.badge)
    return record, 0 if record is None else locked_s(tries.of(register, record.member.staff_id), at.now)


def _seen(record: Record | None) -> tuple[StaffId, int] | None:
    return None if record is None else (record.member.staff_id, record.revision)


def _refuse(staff_id: StaffId, tx: StaffTx) -> None:
    tries = after_wrong_try(tx.tries.of(tx.register, staff_id), tx.now)
    tx.tries.put(tx.register, staff_id, tries, tx.now)
    locked = locked_s(tries, tx.now)
    if locked:
        tx.record(StaffLockedOut(tx.register, staff_id))
        raise SignOnLocked(retry_after_s=locked)
    raise SignOnRefused
