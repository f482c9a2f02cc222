"""Which ledgers there are, and what of a balance is reserved for a sale: the words that others build on."""

from typing import Annotated, Literal, NewType

from msgspec import Meta

from contracts.base import Message
from contracts.ids import TaxClassCode, Uuid
from contracts.money import LARGEST

Ledger = Literal["store_credit", "account", "loyalty", "voucher"]
CustomerLedger = Literal["store_credit", "account", "loyalty"]
Units = Annotated[
    int, Meta(ge=-LARGEST, le=LARGEST, description="Minor units (cents) of a money ledger, points of loyalty.")
]
VoucherPurpose = Literal["single_purpose", "multi_purpose"]
"""Directive (EU) 2016/1065: the tax of a single-purpose voucher is due when it is sold, of others when it is spent."""
ReservationId = NewType("ReservationId", Uuid)
VoucherId = NewType("VoucherId", Uuid)
HolderId = NewType("HolderId", Uuid)
"""Whose balance it is: a customer's id, or a voucher's."""


class Reserved(Message, frozen=True):
    """What a sale has reserved of a balance; named where the sale is completed, so that it can be booked from there.

    ``units`` is what the tender's amount is in the ledger: minor units, or points. Of a voucher its ``purpose`` is kept
    here, and the ``tax_class`` of a single-purpose one.
    """

    reservation_id: ReservationId
    ledger: Ledger
    holder_id: HolderId
    units: Units
    purpose: VoucherPurpose | None = None
    tax_class: TaxClassCode | None = None
