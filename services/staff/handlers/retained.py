"""What is retained and what a new follower starts from."""

from typing import Final

from contracts.base import Event
from services.runtime.service import SnapshotPiece
from services.runtime.states import Shown
from services.staff.model.people import changed as person_changed
from services.staff.model.roles import changed as role_changed
from services.staff.model.sessions import register_session, told
from services.staff.store.people import StaffStore
from services.staff.store.roles import RoleStore
from services.staff.store.sessions import SessionStore
from services.staff.transactions import StaffView

STAFF_A_PIECE = 500
ROLES: Final = "6f1c1c0e-5a0b-5d8e-9c5e-0f2a8f4f7b31"
"""What the ids of roles in a snapshot are derived from."""


async def shown(view: StaffView) -> list[Shown]:
    """Everything that is retained: who is signed on at each register."""
    sessions = await view.read(lambda connection: SessionStore(connection).latest_everywhere())
    return [Shown(register_session(session), {"register": session.register}) for session, _ in sessions]


async def snapshot(view: StaffView, number: int, following: str | None) -> SnapshotPiece:  # noqa: ARG001
    """Tell the staff list a piece at a time, with the last piece the roles and every register's newest session.

    Who changes while the pieces are read is told as they are by then; the journal's later event says the
    same again, which changes nothing.
    """
    page, roles, sessions = await view.read(
        lambda connection: (
            StaffStore(connection).page_after(following or "", STAFF_A_PIECE),
            RoleStore(connection).ever(),
            SessionStore(connection).latest_everywhere(),
        )
    )
    events: list[tuple[Event, str, str]] = [
        (
            person_changed(record.member),
            view.ids.derived(record.member.staff_id, f"snapshot {record.revision}"),
            changed_at,
        )
        for record, changed_at in page
    ]
    if len(page) == STAFF_A_PIECE:
        return events, page[-1][0].member.staff_id
    events += [
        (role_changed(role, removed=gone), view.ids.derived(ROLES, f"snapshot {role.role} {role.revision}"), changed_at)
        for role, gone, changed_at in roles
    ]
    can = {role.role: role for role, gone, _ in roles if not gone}
    events += [
        (told(session, can.get(session.role)), view.ids.derived(session.command_id, f"snapshot {session.ended}"), at)
        for session, at in sessions
    ]
    return events, None
