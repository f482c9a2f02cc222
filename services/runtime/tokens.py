"""Tokens: who is signed on where, proved by a signature that every service can check without asking.

A token is a JSON Web Token signed with Ed25519 (RFC 8037). One service holds the private key;
all read the public one. A token is bound to one client's login and one session there.
"""

from functools import lru_cache
from pathlib import Path

import jwt
import msgspec

from contracts.base import PermissionDenied, TokenInvalid, TokenMissing
from services.runtime.clock import Clock

ALGORITHM = "EdDSA"


class Claims(msgspec.Struct, frozen=True):
    """What a token says: ``sub`` is signed on at ``client`` in its session number ``session`` until ``exp``."""

    sub: str
    client: str
    session: int
    role: str
    permissions: tuple[str, ...]
    exp: int

    @property
    def subject(self) -> str:
        """The id of the person."""
        return self.sub


class TokenSigner:
    """Makes tokens; only the service that holds the private key has one."""

    def __init__(self, private_key: bytes) -> None:
        self._key = private_key

    def sign(self, claims: Claims) -> str:
        """Write the token for these claims."""
        return jwt.encode(msgspec.to_builtins(claims), self._key, algorithm=ALGORITHM)


class TokenVerifier:
    """Checks tokens against the public key, and sessions against those that have ended."""

    def __init__(self, public_key_file: Path, clock: Clock) -> None:
        self._file = public_key_file
        self._clock = clock
        self._void_below: dict[str, int] = {}
        self._read = lru_cache(maxsize=256)(self._read_signed)

    def void_below(self, client: str, session: int) -> None:
        """Refuse tokens of that client's sessions with a lower number from now on."""
        self._void_below[client] = max(session, self._void_below.get(client, 0))

    def check(self, token: str | None, *, caller: str, permission: str | None) -> Claims | None:
        """Return what the token says, or None where none is given and none is needed.

        Raises:
            TokenMissing: a permission is needed and no token was given.
            TokenInvalid: the token is not signed by this store, expired, of another client or of an ended session.
            PermissionDenied: the person may not do this.
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
        if permission is not None and permission not in claims.permissions:
            raise PermissionDenied(permission=permission)
        return claims

    def _read_signed(self, token: str) -> Claims | None:
        try:
            content = jwt.decode(
                token,
                self._public_key(),
                algorithms=[ALGORITHM],
                options={"require": ["exp", "sub"], "verify_exp": False},
            )
            return msgspec.convert(content, Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError):
            return None

    def _public_key(self) -> bytes:
        return self._file.read_bytes()
