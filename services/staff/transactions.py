"""What the staff service's handlers are given: its stores, its PINs and the key that signs tokens."""

import asyncio
from typing import Any

from contracts.ids import RegisterId
from contracts.staff import SessionEnded, SignedOn, StaffMember
from services.runtime.clock import stamp
from services.runtime.running import Context
from services.runtime.tokens import Claims, TokenSigner
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.writer import Scope
from services.staff.model import PERMISSIONS, EndReason, Session, expires_at, register_session
from services.staff.pins import Pins
from services.staff.settings import StaffSettings
from services.staff.store import CreditStore, SessionStore, StaffStore, TryStore

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


class StaffTx(Tx):
    """A transaction with the staff service's stores."""

    def __init__(
        self, scope: Scope, around: Surroundings, request: Request, settings: StaffSettings, key: TokenKey
    ) -> None:
        super().__init__(scope, around, request)
        self.staff = StaffStore(self.connection)
        self.tries = TryStore(self.connection)
        self.sessions = SessionStore(self.connection)
        self.credits = CreditStore(self.connection)
        self._hours = settings.session_hours
        self._key = key

    @property
    def register(self) -> RegisterId:
        """The register that asks: its login."""
        return RegisterId(self.caller)

    def expired(self, session: Session) -> bool:
        """Whether a session's token has run out."""
        return expires_at(session, self._hours) <= self.now

    def end(self, session: Session, reason: EndReason) -> Session:
        """End a session, tell it, and make its token void here; others follow the event."""
        ended = session._replace(ended=reason)
        self.sessions.end(session, reason, self.now)
        self.record(SessionEnded(session.register, session.number, session.staff_id, reason))
        self.end_session(session.register, below=session.number + 1)
        return ended

    def show_session(self, session: Session) -> None:
        """Retain who is signed on at the session's register."""
        self.show(register_session(session), register=session.register)

    def signed_on(self, session: Session, member: StaffMember) -> SignedOn:
        """The answer to whoever signed on, with the session's token; the same session gives the same token."""
        expires = expires_at(session, self._hours)
        permissions = PERMISSIONS[session.role]
        claims = Claims(
            sub=session.staff_id,
            client=session.register,
            session=session.number,
            role=session.role,
            permissions=permissions,
            exp=int(expires.timestamp()),
        )
        return SignedOn(
            staff_id=session.staff_id,
            name=member.name,
            session=session.number,
            token=self._key.signer.sign(claims),
            expires_at=stamp(expires),
            permissions=permissions,
        )


class StaffView(View):
    """A view with PINs that can be compared."""

    def __init__(self, around: Surroundings, request: Request, pins: Pins, key: TokenKey) -> None:
        super().__init__(around, request)
        self.pins = pins
        self.key = key
