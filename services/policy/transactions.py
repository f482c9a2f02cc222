"""What policy's handlers are given: a transaction with policy's stores, and a view of the settings in force."""

from contracts.base import TokenMissing
from contracts.ids import StaffId
from contracts.staff import Permission
from services.policy.model.rulebook import Rulebook
from services.policy.store.decisions import DecisionStore
from services.policy.store.settings import InForce, RoleStore, SettingsStore
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.writer import Scope

OLD_RULEBOOKS = 4
"""How many earlier revisions are kept compiled, for sales of the time that policy was away."""


class Current:
    """What this process knows by heart, read at the start and renewed after every commit.

    The settings in force and compiled, and the roles that may let a rule pass.
    """

    def __init__(self) -> None:
        self._in_force: InForce | None = None
        self._rulebook: Rulebook | None = None
        self._old: dict[int, Rulebook] = {}
        self.may_waive: tuple[str, ...] = ()

    @property
    def in_force(self) -> InForce:
        """The settings in force; there are some as soon as the service answers."""
        if self._in_force is None:
            raise LookupError("the settings are read before anything is answered")
        return self._in_force

    @property
    def rulebook(self) -> Rulebook:
        """The settings in force, compiled."""
        if self._rulebook is None:
            raise LookupError("the settings are read before anything is answered")
        return self._rulebook

    def renew(self, in_force: InForce, rulebook: Rulebook) -> None:
        """Take over settings that have been committed."""
        self._in_force, self._rulebook = in_force, rulebook

    def renew_roles(self, may_waive: tuple[str, ...]) -> None:
        """Take over roles that have been committed."""
        self.may_waive = may_waive

    def rulebook_of(self, revision: int, store: SettingsStore) -> Rulebook:
        """The settings of any revision, compiled."""
        if self._rulebook is not None and self._rulebook.revision == revision:
            return self._rulebook
        if revision not in self._old:
            if len(self._old) >= OLD_RULEBOOKS:
                self._old.clear()
            self._old[revision] = Rulebook(store.get(revision).settings, revision)
        return self._old[revision]


class PolicyTx(Tx):
    """A transaction with policy's stores."""

    def __init__(self, scope: Scope, around: Surroundings, request: Request, current: Current) -> None:
        super().__init__(scope, around, request)
        self.settings = SettingsStore(self.connection)
        self.roles = RoleStore(self.connection)
        self.decisions = DecisionStore(self.connection)
        self._current = current

    @property
    def staff_id(self) -> StaffId:
        """Who is signed on where this was asked.

        Rejections:
            TokenMissing: nobody is.
        """
        if self.claims is None:
            raise TokenMissing
        return StaffId(self.claims.subject)

    def approved_by(self, permission: Permission) -> StaffId | None:
        """Who approved what was asked; None where whoever is signed on may do it alone.

        Rejections:
            TokenMissing, PermissionDenied, ApprovalNeeded, ApprovalInvalid: as ``Request.prove_may`` says.
        """
        lets_pass = self.prove_may(permission)
        return None if lets_pass == self.staff_id else StaffId(lets_pass)

    def put_in_force(self, in_force: InForce) -> None:
        """Let every check after the commit use these settings."""
        rulebook = Rulebook(in_force.settings, in_force.revision)
        self.after_commit(lambda: self._current.renew(in_force, rulebook))

    def tell_roles(self) -> None:
        """Let every check after the commit name the roles that may let a rule pass."""
        may_waive = self.roles.may_waive()
        self.after_commit(lambda: self._current.renew_roles(may_waive))

    def rulebook_at(self, at: str) -> Rulebook:
        """The settings that were in force at a time, compiled."""
        return self._current.rulebook_of(self.settings.revision_at(at), self.settings)


class PolicyView(View):
    """A view that has the settings in force at hand, without asking the database."""

    def __init__(self, around: Surroundings, request: Request, current: Current) -> None:
        super().__init__(around, request)
        self._current = current

    @property
    def in_force(self) -> InForce:
        """The settings in force."""
        return self._current.in_force

    @property
    def rulebook(self) -> Rulebook:
        """The settings in force, compiled."""
        return self._current.rulebook

    @property
    def may_waive(self) -> tuple[str, ...]:
        """The roles that may let a rule pass."""
        return self._current.may_waive
