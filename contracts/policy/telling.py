"""What policy tells unasked: which settings are in force, and what it says of a sale that was paid while it was away.

Never here: requests and their replies.
"""

from typing import ClassVar

from contracts.base import Event, State
from contracts.ids import DecisionId, Hash, RegisterId, SaleId, StaffId
from contracts.policy import AttributionMode, Moment, OnPolicyUnavailable
from contracts.policy.checking import Outcome, RuleKind


class SettingsChanged(Event, frozen=True):
    """Other settings are in force from now on; what checkout must know while policy is away is told along."""

    revision: int
    staff_id: StaffId
    settings_hash: Hash
    on_policy_unavailable: OnPolicyUnavailable = "refuse"
    attribution: AttributionMode = "not_required"
    moment: Moment = "before_payment"
    approved_by: StaffId | None = None


class SaleRechecked(Event, frozen=True):
    """A sale that was paid while policy was away was checked afterwards, by the settings of its time."""

    decision_id: DecisionId
    sale_id: SaleId
    register: RegisterId
    settings_revision: int
    outcome: Outcome
    missing: tuple[RuleKind, ...]


class PolicyRevision(State, frozen=True):
    """Which revision of the settings is in force."""

    path: ClassVar = "settings"
    read_by: ClassVar = ("ops", "register", "display", "backoffice", "checkout")

    revision: int
    on_policy_unavailable: OnPolicyUnavailable
