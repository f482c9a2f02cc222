"""Who sold how much, and whom a register suggests."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from contracts.base import Message, Query, Reply
from contracts.ids import Day, StaffId
from contracts.money import Amount


class SuggestedStaff(Message, frozen=True):
    """Somebody who may be credited; ``lately`` where they were credited at this register in recent sales."""

    staff_id: StaffId
    name: str
    short_name: str
    lately: bool


class StaffSuggestions(Reply, frozen=True):
    """Whom to credit: those used lately at the register first, then by name.

    ``search_wanted`` is true from 12 active staff on: the register then offers to type a name.
    """

    personal: ClassVar = True

    staff: tuple[SuggestedStaff, ...]
    search_wanted: bool


class SuggestStaff(Query[StaffSuggestions], frozen=True):
    """Suggest who gets the credit at the asking register; ``text`` finds by the beginning of a name or short name."""

    asked_by = ("register", "backoffice", "hub")

    text: Annotated[str, Meta(max_length=100)] = ""


class StaffSalesRow(Message, frozen=True):
    """Sales of one period. ``period`` is a day, an ISO week (``2026-W10``), a month (``2026-03``) or ``whole``.

    ``staff_id`` is None where persons are not told apart.
    """

    period: Annotated[str, Meta(pattern=r"^([0-9]{4}-([0-9]{2}(-[0-9]{2})?|W[0-9]{2})|whole)$(?!\n)")]
    staff_id: StaffId | None
    sales: int
    amount: Amount


class StaffSales(Reply, frozen=True):
    """Sales by period and then by staff id, returns taken off.

    The two kinds of ``credit`` do not add up to the same. ``attributed`` is what the lines that somebody is credited
    with came to, however they were paid. ``cashier`` is turnover, with the lines that nobody is credited with, and
    without what single-purpose vouchers paid: that was turnover when they were sold.
    """

    credit: Literal["attributed", "cashier"]
    rows: tuple[StaffSalesRow, ...]


class GetStaffSales(Query[StaffSales], frozen=True):
    """Sales by attributed staff or by cashier between two business days, both included.

    ``by_person`` or a ``staff_id`` needs ``staff.report_person``, too. Without them the rows name nobody.
    """

    asked_by = ("register", "backoffice", "hub")
    permission = "staff.report"

    from_day: Day
    to_day: Day
    credit: Literal["attributed", "cashier"] = "attributed"
    per: Literal["day", "week", "month", "whole"] = "day"
    by_person: bool = False
    staff_id: StaffId | None = None
