"""Who asks checkout for something, where, and what they may."""

from collections.abc import Callable
from typing import Final

from contracts.base import ApprovalNeeded, TokenMissing
from contracts.ids import RegisterId, StaffId
from contracts.staff import Grant, Permission
from services.checkout.current import Current
from services.checkout.store.signed_on import SignedOn
from services.runtime.tokens import Claims

WITHOUT_POLICY: Final[Permission] = "policy.pass_unavailable"


class Asking:
    """Who asks, and what they may: alike in a transaction and in a view."""

    caller: str
    claims: Claims | None
    prove_may: Callable[[str], str]
    _current: Current
    _scanned_at: RegisterId | None = None

    @property
    def register(self) -> RegisterId:
        """The register that asks, whose id is its login; of a scan, the one that it was scanned at."""
        return self._scanned_at or RegisterId(self.caller)

    @property
    def staff_id(self) -> StaffId:
        """Who is signed on where this was asked.

        Rejections:
            TokenMissing: nobody is.
        """
        seller = self._seller
        if seller is None:
            raise TokenMissing
        return seller

    @property
    def is_signed_on(self) -> bool:
        """Whether somebody is signed on where this was asked."""
        return self._seller is not None

    def scanned_at(self, register: RegisterId) -> SignedOn | None:
        """What follows is done at that register, by whoever is signed on there; None where nobody is.

        A scanner has no token and no approval. It may do what a scan does, for whoever may sell, and nothing that needs
        another permission.
        """
        self._scanned_at = register
        return self._current.signed_on.get(register) if self.is_signed_on else None

    @property
    def _seller(self) -> StaffId | None:
        if self._scanned_at is None:
            return None if self.claims is None else StaffId(self.claims.subject)
        signed_on = self._current.signed_on.get(self._scanned_at)
        return None if signed_on is None else signed_on.staff_id

    def let_pass_by(self, permission: Permission) -> StaffId:
        """Who lets this pass: whoever is signed on, or whoever approved it.

        Rejections:
            TokenMissing, PermissionDenied, ApprovalNeeded, ApprovalInvalid.
        """
        return StaffId(self.prove_may(permission))

    def approved_by(self, permission: Permission) -> StaffId | None:
        """Who approved this; None where whoever is signed on may do it alone.

        Rejections:
            TokenMissing, PermissionDenied, ApprovalNeeded, ApprovalInvalid.
        """
        let_pass_by = self.let_pass_by(permission)
        return None if let_pass_by == self.staff_id else let_pass_by

    @property
    def grant_without_policy(self) -> Grant:
        """What whoever is signed on may by themselves where policy is away and the store takes no money without it."""
        if self.claims is None:
            return "denied"
        if WITHOUT_POLICY in self.claims.permissions:
            return "allowed"
        return "needs_approval" if WITHOUT_POLICY in self.claims.needs_approval else "denied"

    def does_without_policy(self, *, said: bool) -> bool:
        """Whether somebody lets money be taken without policy, and chose to: who may do it alone has to say so.

        Rejections:
            ApprovalInvalid: an approval was sent along that is for something else.
        """
        if self.grant_without_policy != "needs_approval":
            return said and self.grant_without_policy == "allowed"
        try:  # without an approval the refusal is about policy, and says that one would help
            self.prove_may(WITHOUT_POLICY)
        except ApprovalNeeded:
            return False
        return True
