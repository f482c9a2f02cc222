"""Tokens: who is signed on where, and who approved what, proved by a signature that every service can check.

A token is a JSON Web Token signed with Ed25519 (RFC 8037). One service holds the private key;
all read the public one. A session's token is bound to one client's login and one session there, an
approval to one client, one permission and one command. Neither can stand for the other.
"""

from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

import jwt
import msgspec

from contracts.base import ApprovalInvalid, ApprovalNeeded, PermissionDenied, TokenInvalid, TokenMissing
from services.runtime.clock import Clock

T = TypeVar("T")

ALGORITHM = "EdDSA"


class Approval(msgspec.Struct, frozen=True):
    """What an approval says: ``sub`` lets ``client`` do what needs one of ``approves`` with one ``command``.

    It is good until ``exp`` and for whoever is signed on in that ``session``. ``sale`` is the sale that the command
    is about, None where it is about none.
    """

    sub: str
    client: str
    session: int
    approves: tuple[str, ...]
    command: str
    sale: str | None
    exp: int

    @property
    def subject(self) -> str:
        """The id of the person who approved."""
        return self.sub


class Claims(msgspec.Struct, frozen=True):
    """What a token says: ``sub`` is signed on at ``client`` in its session number ``session`` until ``exp``.

    What is neither in ``permissions`` nor in ``needs_approval`` is denied.
    """

    sub: str
    client: str
    session: int
    role: str
    permissions: tuple[str, ...]
    exp: int
    needs_approval: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The id of the person."""
        return self.sub

    def prove_may(self, permission: str, approval: Approval | ApprovalInvalid | None) -> str:
        """Check that the person may do this, alone or with the approval given; returns the id of who lets it pass.

        Raises:
            PermissionDenied: the person may not, whoever approves.
            ApprovalNeeded: the person may with an approval, and none was given.
            ApprovalInvalid: the approval given is for another action or session, or was found to be none.
        """
        if permission in self.permissions:
            return self.sub
        if permission not in self.needs_approval:
            raise PermissionDenied(permission=permission)
        if approval is None:
            raise ApprovalNeeded(permission=permission)
        if isinstance(approval, ApprovalInvalid):
            raise approval
        if permission not in approval.approves:
            raise ApprovalInvalid(reason="action", permission=permission)
        if approval.session != self.session:
            raise ApprovalInvalid(reason="session")
        return approval.sub


class TokenSigner:
    """Makes tokens; only the service that holds the private key has one."""

    def __init__(self, private_key: bytes) -> None:
        self._key = private_key

    def sign(self, claims: Claims | Approval) -> str:
        """Write the token for these claims, or for this approval."""
        return jwt.encode(msgspec.to_builtins(claims), self._key, algorithm=ALGORITHM)


class TokenVerifier:
    """Checks tokens against the public key, and sessions against those that have ended."""

    def __init__(self, public_key_file: Path, clock: Clock) -> None:
        self._file = public_key_file
        self._clock = clock
        self._void_below: dict[str, int] = {}
        self._read = lru_cache(maxsize=256)(partial(self._read_signed, kind=Claims))

    def void_below(self, client: str, session: int) -> None:
        """Refuse tokens of that client's sessions with a lower number from now on."""
        self._void_below[client] = max(session, self._void_below.get(client, 0))

    def check(
        self,
        token: str | None,
        *,
        caller: str,
        permission: str | None,
        approval: Approval | ApprovalInvalid | None = None,
    ) -> Claims | None:
        """Return what the token says, or None where none is given and none is needed.

        Raises:
            TokenMissing: a permission is needed and no token was given.
            TokenInvalid: the token is not signed by this store, expired, of another client or of an ended session.
            PermissionDenied, ApprovalNeeded, ApprovalInvalid: as ``Claims.prove_may`` says.
        """
        if token is None:
            if permission is None:
                return None
            raise TokenMissing(permission=permission)
        claims = self._read(token)
        if claims is None:
            raise TokenInvalid(reason="signature")
        if claims.exp <= self._clock.now().timestamp():
            raise TokenInvalid(reason="expired")
        if claims.client != caller:
            raise TokenInvalid(reason="client")
        if claims.session < self._void_below.get(caller, 0):
            raise TokenInvalid(reason="session_ended")
        if permission is not None:
            claims.prove_may(permission, approval)
        return claims

    def approval(self, token: str, *, caller: str, command: str, sale: str | None) -> Approval | ApprovalInvalid:
        """Return what an approval says if it is for this command, else why it is not: only who needs it is refused."""
        approval = self._read_signed(token, kind=Approval)
        if approval is None:
            return ApprovalInvalid(reason="signature")
        for reason, differs in (
            ("client", approval.client != caller),
            ("command", approval.command != command),
            ("sale", approval.sale != sale),
            ("expired", approval.exp <= self._clock.now().timestamp()),
        ):
            if differs:
                return ApprovalInvalid(reason=reason)
        return approval

    def _read_signed(self, token: str, *, kind: type[T]) -> T | None:
        try:
            content = jwt.decode(
                token,
                self._public_key(),
                algorithms=[ALGORITHM],
                options={"require": ["exp", "sub"], "verify_exp": False},
            )
            return msgspec.convert(content, kind)
        except (jwt.InvalidTokenError, msgspec.ValidationError, UnicodeEncodeError):
            return None

    def _public_key(self) -> bytes:
        return self._file.read_bytes()
