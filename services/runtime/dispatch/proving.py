"""Who asks, as far as it is proved: by a token, an approval, or the login alone.

Never here: what a role may do, what the request is for.
"""

from contextlib import suppress

from contracts.base import ApprovalInvalid, Rejection, TokenInvalid
from services.runtime.clock import Clock
from services.runtime.dispatch.asked import Asked
from services.runtime.session_uses import SessionUses
from services.runtime.tokens import Approval, Claims, TokenVerifier
from services.runtime.transactions import Request


class Proving:
    """Makes of what was asked the request that handlers see."""

    def __init__(self, verifier: TokenVerifier, uses: SessionUses, clock: Clock) -> None:
        self._verifier = verifier
        self._uses = uses
        self._clock = clock

    def proved(self, asked: Asked) -> Request:
        """The request as handlers see it, once the token is found to be right where one is needed.

        Where none is needed, one that is no longer valid is as good as none: whoever signs on again may send it along.

        Raises:
            TokenMissing, TokenInvalid, PermissionDenied, ApprovalNeeded, ApprovalInvalid.
        """
        verifier, caller, permission = self._verifier, asked.asker, asked.route.request.permission
        approval: Approval | ApprovalInvalid | None = None
        if asked.approval is not None:
            approval = verifier.approval(asked.approval, caller=caller, command=asked.message_id, sale=asked.about)
        claims: Claims | None = None
        try:
            claims = verifier.check(asked.token, caller=caller, permission=permission, approval=approval)
        except TokenInvalid:
            if permission is not None:
                raise
        return self.by_login(asked, claims, approval)

    def by_login(
        self, asked: Asked, claims: Claims | None = None, approval: Approval | ApprovalInvalid | None = None
    ) -> Request:
        """The request as handlers see it, by the login that the broker proved and what else was found to be right."""
        return Request(
            now=self._clock.now(), caller=asked.asker, message_id=asked.message_id, claims=claims, approval=approval
        )

    def note_use(self, asked: Asked) -> None:
        """Note that a session is used; a token that is none says nothing."""
        with suppress(Rejection):
            claims = self._verifier.check(asked.token, caller=asked.asker, permission=None)
            if claims is not None:
                self._uses.note(claims.client, claims.session)
