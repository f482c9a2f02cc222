"""What the staff service's handlers are given: its stores, its PINs and the key that signs tokens."""

import asyncio
from typing import Any, NamedTuple

from contracts.base import ApprovalInvalid, TokenMissing
from contracts.ids import RegisterId, StaffId
from contracts.staff import Permission
from contracts.staff.approving import Approved
from contracts.staff.roles import StaffRole
from contracts.staff.signing_on import SessionEnded, SignedOn
from services.runtime.clock import stamp
from services.runtime.tokens import Approval as ApprovalClaims
from services.runtime.tokens import Claims, TokenSigner
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.workers import Context
from services.runtime.writer import Scope
from services.staff.idle import LastUses
from services.staff.model.authors import Author
from services.staff.model.people import Record
from services.staff.model.roles import having
from services.staff.model.sessions import Approval, EndReason, Session, expires_at, may_approve, register_session
from services.staff.pins import Pins
from services.staff.settings import StaffSettings
from services.staff.store.credit import CreditStore
from services.staff.store.people import StaffStore
from services.staff.store.roles import RoleStore
from services.staff.store.sessions import ApprovalStore, SessionStore, TryStore

KEY_FILE = "staff-token.key"


class TokenKey:
    """The private key that signs tokens, read from ``DATA/secrets`` as the service starts."""

    def __init__(self) -> None:
        self._signer: TokenSigner | None = None
        self._there = asyncio.Event()

    async def read(self, context: Context[Any, Any]) -> None:
        """Read the key; without it the service stops."""
        file = context.data / "secrets" / KEY_FILE
        self._signer = TokenSigner(await asyncio.to_thread(file.read_bytes))
        self._there.set()

    async def ready(self) -> None:
        """Wait until tokens can be signed."""
        await self._there.wait()

    @property
    def signer(self) -> TokenSigner:
        """What signs tokens."""
        if self._signer is None:
            raise LookupError("the key is read before anybody signs on")
        return self._signer


class Shared(NamedTuple):
    """What all transactions and views of one staff service have in common."""

    settings: StaffSettings
    pins: Pins
    key: TokenKey
    uses: LastUses


class StaffTx(Tx):
    """A transaction with the staff service's stores."""

    def __init__(self, scope: Scope, around: Surroundings, request: Request, shared: Shared) -> None:
        super().__init__(scope, around, request)
        self.staff = StaffStore(self.connection)
        self.roles = RoleStore(self.connection)
        self.tries = TryStore(self.connection)
        self.sessions = SessionStore(self.connection)
        self.approvals = ApprovalStore(self.connection)
        self.credits = CreditStore(self.connection)
        self._settings = shared.settings
        self._key = shared.key
        self._uses = shared.uses

    @property
    def register(self) -> RegisterId:
        """The register that asks: its login."""
        return RegisterId(self.caller)

    def giver(self, permission: Permission) -> StaffRole | None:
        """The role of whoever lets this pass: of whoever is signed on, or of whoever approved; None if it is gone.

        Rejections:
            TokenMissing, PermissionDenied, ApprovalNeeded, ApprovalInvalid: as ``Claims.prove_may`` says.
            ApprovalInvalid: whoever approved has left meanwhile, or their role may not any more.
        """
        who = self.prove_may(permission)
        if self.claims is not None and who == self.claims.subject:
            return self.roles.find(self.claims.role)
        approver = self.staff.find(StaffId(who))
        role = None if approver is None or not approver.member.active else self.roles.find(approver.member.role)
        if not may_approve(role, permission):
            raise ApprovalInvalid(reason="approver", permission=permission)
        return role

    def author(self, permission: Permission) -> Author:
        """Who does what asks for this permission: whoever is signed on, and whoever approved it, if somebody did.

        Rejections:
            TokenMissing, PermissionDenied, ApprovalNeeded, ApprovalInvalid: as ``Claims.prove_may`` says.
        """
        let_pass_by, signed_on = StaffId(self.prove_may(permission)), self.signed_on_here
        return Author(signed_on, None if let_pass_by == signed_on else let_pass_by)

    @property
    def signed_on_here(self) -> StaffId:
        """Who is signed on where this was asked.

        Rejections:
            TokenMissing: nobody is.
        """
        if self.claims is None:
            raise TokenMissing
        return StaffId(self.claims.subject)

    def expired(self, session: Session) -> bool:
        """Whether a session's token has run out."""
        return expires_at(session, self._settings.session_hours) <= self.now

    def end(self, session: Session, reason: EndReason) -> Session:
        """End a session, tell it, and make its token void here; others follow the event."""
        ended = session._replace(ended=reason)
        self.sessions.end(session, reason, self.now)
        self.record(SessionEnded(session.register, session.number, session.staff_id, reason))
        self.end_session(session.register, below=session.number + 1)
        return ended

    def end_and_show(self, session: Session, reason: EndReason) -> None:
        """End a session after which nobody is signed on at its register."""
        self.show_session(self.end(session, reason))

    def end_everywhere(self, staff_id: StaffId, reason: EndReason) -> None:
        """Sign somebody off at every register."""
        for session in self.sessions.alive():
            if session.staff_id == staff_id:
                self.end_and_show(session, reason)

    def show_session(self, session: Session) -> None:
        """Retain who is signed on at the session's register."""
        self.show(register_session(session), register=session.register)

    def used(self, register: RegisterId, session: int) -> None:
        """Note that somebody is at the register, once this is committed."""
        self.after_commit(lambda: self._uses.note(register, session))

    def signed_on(self, session: Session, record: Record) -> SignedOn:
        """The answer to whoever signed on, with the session's token; the same session gives the same token."""
        expires = expires_at(session, self._settings.session_hours)
        role = self.roles.get(session.role)
        allowed, needs_approval = having(role, "allowed"), having(role, "needs_approval")
        claims = Claims(
            sub=session.staff_id,
            client=session.register,
            session=session.number,
            role=session.role,
            permissions=allowed,
            exp=int(expires.timestamp()),
            needs_approval=needs_approval,
        )
        return SignedOn(
            staff_id=session.staff_id,
            name=record.member.name,
            session=session.number,
            token=self._key.signer.sign(claims),
            expires_at=stamp(expires),
            permissions=allowed,
            needs_approval=needs_approval,
            role=session.role,
            idle_lock_s=self._settings.idle_lock_s,
        )

    def approved(self, approval: Approval) -> Approved:
        """The answer to an approval; the same one gives the same token."""
        claims = ApprovalClaims(
            sub=approval.approved_by,
            client=approval.register,
            session=approval.session,
            approves=approval.approves,
            command=approval.command,
            sale=approval.sale_id,
            exp=int(approval.expires_at.timestamp()),
        )
        return Approved(self._key.signer.sign(claims), approval.approved_by, stamp(approval.expires_at))


class StaffView(View):
    """A view with PINs that can be compared."""

    def __init__(self, around: Surroundings, request: Request, shared: Shared) -> None:
        super().__init__(around, request)
        self.settings = shared.settings
        self.pins = shared.pins
        self.key = shared.key
