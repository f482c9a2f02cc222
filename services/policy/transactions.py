"""What policy's handlers are given: a transaction with policy's stores, and a view of the settings in force."""

from contracts.base import TokenMissing
from contracts.ids import StaffId
from services.policy.store import DecisionStore, InForce, SettingsStore
from services.runtime.transactions import Request, Surroundings, Tx, View
from services.runtime.writer import Scope


class Current:
    """The settings in force as this process knows them: read at the start, renewed after every commit."""

    def __init__(self) -> None:
        self._in_force: InForce | None = None

    @property
    def in_force(self) -> InForce:
        """The settings in force; there are some as soon as the service answers."""
        if self._in_force is None:
            raise LookupError("the settings are read before anything is answered")
        return self._in_force

    def renew(self, in_force: InForce) -> None:
        """Take over settings that have been committed."""
        self._in_force = in_force


class PolicyTx(Tx):
    """A transaction with policy's stores."""

    def __init__(self, scope: Scope, around: Surroundings, request: Request, current: Current) -> None:
        super().__init__(scope, around, request)
        self.settings = SettingsStore(self.connection)
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

    def put_in_force(self, in_force: InForce) -> None:
        """Let every check after the commit use these settings."""
        self.after_commit(lambda: self._current.renew(in_force))


class PolicyView(View):
    """A view that has the settings in force at hand, without asking the database."""

    def __init__(self, around: Surroundings, request: Request, current: Current) -> None:
        super().__init__(around, request)
        self._current = current

    @property
    def in_force(self) -> InForce:
        """The settings in force."""
        return self._current.in_force
