"""What came of the rules afterwards: counts, sales that did not go by them, and what draft settings would have done.

Never here: what a sale must have now.
"""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.base import Message, Query, Reply
from contracts.ids import Day, ReceiptNumber, RegisterId, SaleId, StaffId, Timestamp
from contracts.policy import PolicySettings, PurposeRefused, UnknownRegister
from contracts.policy.checking import Outcome, RuleKind, SkipReason

ExceptionKind = Literal[
    "waiver", "policy_unavailable", "policy_unsatisfied", "offline", "unsatisfied_offline", "clock_unsure"
]
ReportBy = Literal["rule", "register", "staff", "day", "reason"]


class WhatIfCell(Message, frozen=True):
    """What would have happened at one register in one hour of the day (0 to 23, the shop's wall clock).

    Each sale counts once, in the hour of its first check and by the strictest answer it had or would have had.
    ``was_prompted`` and ``was_blocked`` is what did happen. ``examples`` are sales that the draft would have
    prompted or blocked, as far as they are still named.
    """

    register: RegisterId
    hour: int
    sales: int
    prompted: int
    blocked: int
    was_prompted: int
    was_blocked: int
    examples: tuple[SaleId, ...] = ()


class WhatIfReport(Reply, frozen=True):
    """What draft settings would have done, by register and then by hour; the first counts are of all cells.

    A check whose sale is no longer named counts as a sale of its own.
    """

    days: int
    sales: int
    prompted: int
    blocked: int
    was_prompted: int
    was_blocked: int
    cells: tuple[WhatIfCell, ...]
    warnings: tuple[str, ...] = ()


class WhatIf(Query[WhatIfReport], frozen=True):
    """Try draft settings on the decisions of the last ``days`` days; nothing is changed."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.edit"
    rejections = (PurposeRefused, UnknownRegister)

    settings: PolicySettings
    days: Annotated[int, Meta(ge=1, le=366)] = 28


class SkipCount(Message, frozen=True):
    """How many prompts were skipped for one reason."""

    reason: SkipReason
    count: int


class PolicyReportRow(Message, frozen=True):
    """What policy said in one part of a report. ``key`` is a rule, a register, a staff id, a day or a reason.

    A prompt and a block count once for a sale and rule, and afresh once its customer changed. ``unavailable``
    counts checks that policy did not answer. A staff id that has faded is an empty key.
    """

    key: str
    prompts: int = 0
    skips: int = 0
    skip_reasons: tuple[SkipCount, ...] = ()
    blocks: int = 0
    waivers: int = 0
    unavailable: int = 0


class PolicyReport(Reply, frozen=True):
    """Prompts, skips, blocks and waivers of a period, by key."""

    by: ReportBy
    rows: tuple[PolicyReportRow, ...]


class GetPolicyReport(Query[PolicyReport], frozen=True):
    """Count what policy said between two business days, both included. By staff it needs ``staff.report_person``."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.report"

    from_day: Day
    to_day: Day
    by: ReportBy = "rule"
    register: RegisterId | None = None


class PolicyException(Message, frozen=True):
    """One sale that did not go as the rules have it. ``staff_id`` is the cashier's, None once it has faded.

    ``rechecked`` is what policy says afterwards of a sale that was paid while it was away, by the settings of
    that time. ``receipt_number`` is None where the sale was not completed.
    """

    kind: ExceptionKind
    sale_id: SaleId | None
    register: RegisterId
    business_day: Day
    at: Timestamp
    staff_id: StaffId | None = None
    approved_by: StaffId | None = None
    receipt_number: ReceiptNumber | None = None
    fields: tuple[RuleKind, ...] = ()
    rechecked: Outcome | None = None


class PolicyExceptions(Reply, frozen=True):
    """Exceptions, newest first; ``next`` asks for the following page."""

    exceptions: tuple[PolicyException, ...]
    next: str | None = None


class ListExceptions(Query[PolicyExceptions], frozen=True):
    """Waivers, sales without policy, flagged and offline sales between two business days, both included."""

    asked_by = ("register", "backoffice", "hub")
    permission = "policy.report"

    from_day: Day
    to_day: Day
    register: RegisterId | None = None
    kind: ExceptionKind | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    next: Annotated[str, Meta(max_length=200)] | None = None
